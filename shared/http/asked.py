"""What a route knows of its request: who asks, on which conditions, about which moment."""

import hashlib
import re
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from fastapi import Request

from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.auth.roles import Role, needs
from shared.clock import new_id
from shared.errors import Forbidden, Invalid, Stale
from shared.http.service import Service
from shared.ledger import Key, Ledger, Order

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_CLOCKS_DIFFER = timedelta(days=1)  # clocks and time zones do; a wrong year is a slip
_TAG = re.compile(r'"(\d{1,9})"')


class Asked:
    """One authenticated request."""

    __slots__ = ("caller", "request", "service")

    def __init__(self, request: Request, caller: Caller) -> None:
        self.request = request
        self.caller = caller
        self.service: Service = request.app.state.service

    @property
    def now(self) -> datetime:
        """The moment of the decision, by the service's clock."""
        return self.service.store.clock()

    def stated(self, at: datetime | None, field: str = "at") -> datetime:
        """When something happened: as stated, else now. Raises Invalid for the far future."""
        now = self.now
        if at is not None and at > now + _CLOCKS_DIFFER:
            raise Invalid((f"/{field}", "lies more than a day in the future"))
        return at or now

    async def order(self, stream: UUID, **more: Any) -> Order:
        """A command's order: caller, If-Match, Idempotency-Key and correlation of the request."""
        headers = self.request.headers
        return Order(
            stream=stream,
            actor=self.caller.id,
            version=expected_version(headers.get("if-match")),
            key=await self._key(headers.get("idempotency-key")),
            correlation_id=correlation(headers.get("x-correlation-id")),
            traceparent=_traceparent(headers.get("traceparent")),
            **more,
        )

    async def repeated(self, ledger: Ledger[Any, Any]) -> Folded[Any] | None:
        """What this request was answered with before, by its key; None where it is new.

        For commands that look up what they name: what has become of that meanwhile does not
        matter to a repeat. Raises KeyReused.
        """
        if "idempotency-key" not in self.request.headers:
            return None
        order = await self.order(new_id())
        return None if order.key is None else await ledger.answered(order.key)

    async def _key(self, header: str | None) -> Key | None:
        if header is None:
            return None
        value = header.removeprefix('"').removesuffix('"') if len(header) > 1 else header
        if not 1 <= len(value) <= 255:
            raise Invalid(("header:Idempotency-Key", "must have 1 to 255 characters"))
        scope = f"{self.caller.id} {self.request.method} {self.request.url.path}"
        return Key(scope, value, hashlib.sha256(await self.request.body()).digest())


def expected_version(header: str | None) -> int | None:
    """The version an If-Match names. Raises Stale for weak tags, Invalid for what is no tag."""
    if header is None or header == "*":
        return None
    if header.startswith("W/"):
        raise Stale('weak tags never match; send the ETag as it was given, such as "3"')
    tag = _TAG.fullmatch(header)
    if tag is None:
        raise Invalid(("header:If-Match", 'must be one ETag as it was given, such as "3"'))
    return int(tag[1])


def correlation(header: str | None) -> UUID | None:
    """The id that ties this request to others. Raises Invalid unless it is a UUID."""
    if header is None:
        return None
    try:
        return UUID(header)
    except ValueError:
        raise Invalid(("header:X-Correlation-ID", "must be a UUID")) from None


def _traceparent(header: str | None) -> str | None:
    return header if header and _TRACEPARENT.fullmatch(header) else None


A = TypeVar("A", bound=Callable[..., Any])
Dependency = Callable[[Request], Coroutine[Any, Any, Asked]]


def for_roles(ask: A, *roles: Role) -> A:
    """Note on a dependency whom it lets in, for the OpenAPI document."""
    ask.roles = frozenset(roles)  # type: ignore[attr-defined]  # a function carries what is told
    return ask


def allowed(*roles: Role) -> Dependency:
    """A dependency: the request of a caller with one of these roles (any caller if none is named).

    Raises Unauthenticated, Forbidden.
    """

    async def ask(request: Request) -> Asked:
        service: Service = request.app.state.service
        authorization = request.headers.get("authorization")
        caller = service.authenticator.cached(authorization)
        if caller is None:
            caller = await service.authenticator.authenticate(authorization)
        if roles and not caller.has(*roles):
            raise Forbidden(f"{needs(roles)}; you have {_named(caller)}")
        return Asked(request, caller)

    return for_roles(ask, *roles)


def _named(caller: Caller) -> str:
    return ", ".join(sorted(caller.roles)) or "none"
