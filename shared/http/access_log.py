"""Every read of something restricted, on record before it is answered.

The log is a table of its own that can only grow. A read that cannot be recorded is refused.
"""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
import msgspec
from asyncpg.exceptions import PostgresError
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator, Field

from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.clock import new_id
from shared.errors import Unavailable
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.body import Moment
from shared.http.lists import CHANGED, WHEN, TimedQuery, listed
from shared.http.openapi import answers
from shared.http.pages import Words, split
from shared.http.service import service_of
from shared.listing import Condition, Listing
from shared.store.database import CONNECTION_LOST

_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-")
_RECORD = """insert into access_log
    (id, from_position, created_at, updated_at, principal, roles, route, subject, trace_id)
    select x.id, log.position, $1, $1, $2, $3, $4, x.subject, $5
    from log, unnest($6::uuid[], $7::uuid[]) as x (id, subject)"""
_LISTING = Listing("access_log", CHANGED)

ByAuditor = Annotated[Asked, Depends(allowed(Role.AUDITOR))]


class Access(msgspec.Struct, frozen=True):
    """Who read something restricted, when, and by which route."""

    id: UUID
    at: datetime
    principal: str
    roles: list[str]
    route: str
    subject: UUID
    trace_id: str | None


class AccessPage(msgspec.Struct):
    """A page of the access log, newest first."""

    items: list[Access]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class AccessQuery(TimedQuery):
    """Which accesses; several values of one filter are alternatives, filters add up."""

    principal: Words | None = None
    after: Annotated[Moment | None, Field(description="Read after this time")] = None
    before: Annotated[Moment | None, Field(description="Read before this time")] = None


_CONDITIONS = WHEN | {
    "principal": "t.principal = any({}::text[])",
    "after": "t.created_at > {}::timestamptz",
    "before": "t.created_at < {}::timestamptz",
}


async def record_access(request: Request, caller: Caller, subjects: Collection[UUID]) -> None:
    """Record that this request reads these restricted things. Raises Unavailable where it fails."""
    if not subjects:
        return
    store, seen = service_of(request).store, list(subjects)
    try:
        await store.pool.execute(
            _RECORD,
            store.clock(),
            caller.id,
            sorted(caller.roles),
            f"{request.method} {_route(request)}",
            _trace(request),
            [new_id() for _ in seen],
            seen,
        )
    except (*CONNECTION_LOST, PostgresError) as failure:
        raise Unavailable("this read cannot be put on record, so it is refused") from failure


async def accesses(asked: Asked, query: AccessQuery, subjects: Collection[UUID] | None) -> Response:
    """The page of the access log that this query asks for; only of these subjects if given."""
    values = {name: getattr(query, name) for name in _CONDITIONS}
    conditions: list[Condition] = [
        (_CONDITIONS[name], value) for name, value in values.items() if value is not None
    ]
    if subjects is not None:
        conditions.append(("t.subject = any({}::uuid[])", list(subjects)))
    found = await listed(asked, _LISTING, query, "-created_at", conditions)
    items = [_access(row) for row in found.rows]
    page = AccessPage(items, found.next_cursor, found.total_estimate, found.position)
    return Response(msgspec.json.encode(page), media_type="application/json")


class SubjectAccessQuery(AccessQuery):
    """Which accesses; several values of one filter are alternatives, filters add up."""

    subject: Annotated[list[UUID], BeforeValidator(split), Field(max_length=50)] | None = None


def access_log_routes(service: str) -> APIRouter:
    """The access log of a service, where its subjects have no other names than their ids."""
    router = routes("operations", f"/v1/{service}")

    @router.get("/access-log", **answers(AccessPage))
    async def list_accesses(
        query: Annotated[SubjectAccessQuery, Query()], asked: ByAuditor
    ) -> Response:
        """Every read of something restricted, newest first: who, when, of what, by which route.

        Recorded before the read was answered; nothing is ever changed.
        """
        return await accesses(asked, query, query.subject)

    return router


def _access(row: asyncpg.Record) -> Access:
    names = ("id", "created_at", "principal", "roles", "route", "subject", "trace_id")
    return Access(*(row[name] for name in names))


def _route(request: Request) -> str:
    return str(getattr(request.scope.get("route"), "path", request.url.path))


def _trace(request: Request) -> str | None:
    """The trace of the request, else what it was correlated with."""
    found = _TRACE.match(request.headers.get("traceparent", ""))
    return found[1] if found else request.headers.get("x-correlation-id", "")[:36] or None
