"""Managed policies over HTTP: read the version in force, now or then, and put the next in force."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from shared.aggregate import Folded
from shared.auth.roles import Role
from shared.event_view import event_views
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.body import Body
from shared.http.moments import AsOf, position_of
from shared.http.openapi import answers
from shared.http.past import Events, PastQuery, paged, past_page
from shared.http.waiting import WaitFor, has_seen
from shared.ledger import Order
from shared.policy import Policies, Policy, set_policy

D = TypeVar("D", bound=Body)

POLICIES = "policies"
"""Among a service's parts, its `Policies`."""

ByReader = Annotated[Asked, Depends(allowed(*(frozenset(Role) - {Role.REPORTER})))]


class PolicyView(msgspec.Struct, kw_only=True):
    """A policy's document in force. Version 1 is the built-in one, which nobody has set."""

    id: UUID
    name: str
    version: int
    position: int
    created_at: datetime | None
    updated_at: datetime | None
    document: dict[str, Any]


def _accept(document: Any) -> None:
    """Nothing beyond the document's own shape is asked of it."""


def policy_routes(
    service: str,
    name: str,
    built_in: D,
    *,
    managers: Role,
    check: Callable[[D], None] = _accept,
) -> APIRouter:
    """The routes of one policy; `check` raises Invalid for what the shape alone cannot tell."""
    router = routes("policies", f"/v1/{service}/policies/{name}")
    identifier = name.replace("-", "_")
    document, kind = built_in.model_dump(mode="json"), type(built_in)
    by_manager = Annotated[Asked, Depends(allowed(managers))]

    @router.get("", name=f"read_{identifier}", **answers(PolicyView))
    async def read(asked: ByReader, as_of: AsOf = None, wait_for: WaitFor = None) -> Response:
        """The document in force, now or as of a moment."""
        await has_seen(asked.service, wait_for)
        position = await position_of(as_of, asked.service.store.log)
        found = await _policies(asked).named(name, fresh=True, position=position)
        return _answer(name, found, document)

    @router.put("", name=f"replace_{identifier}", **answers(PolicyView))
    async def replace(body: kind, asked: by_manager) -> Response:  # type: ignore[valid-type]
        """Put another document in force; the earlier versions stay readable."""
        check(body)
        policies, wanted = _policies(asked), body.model_dump(mode="json")  # type: ignore[attr-defined]
        order = _from_shown(await asked.order(policies.stream(name)))
        folded = await policies.execute(order, set_policy, name=name, document=wanted)
        return _answer(name, folded, document)

    @router.get("/versions", name=f"list_{identifier}_versions", **answers(Events))
    async def versions(query: Annotated[PastQuery, Query()], asked: ByReader) -> Response:
        """Every document that was put in force, who did it and when, oldest first.

        `version` is the one that decisions name; 1 is the built-in document, which nobody has set.
        """
        await has_seen(asked.service, query.wait_for)
        policies = _policies(asked)
        page = await past_page(asked, query, (policies.stream(name),))
        views = await event_views(asked.service.store, page.events)
        for each in views:
            each.version += policies.shown_above
        return paged(Events, views, page)

    return router


def _policies(asked: Asked) -> Policies:
    found: Policies = asked.service.parts[POLICIES]
    return found


def _from_shown(order: Order) -> Order:
    """The built-in version counts as the first, but no event stands behind it."""
    shown = order.version
    return order if shown is None else msgspec.structs.replace(order, version=shown - 1)


def _answer(name: str, folded: Folded[Policy], built_in: dict[str, Any]) -> Response:
    view = PolicyView(
        id=folded.stream,
        name=name,
        version=folded.version + 1,
        position=folded.position,
        created_at=folded.created_at,
        updated_at=folded.updated_at,
        document=folded.state.document or built_in,
    )
    headers = {"etag": f'"{view.version}"', "tocsin-position": str(view.position)}
    content = msgspec.json.encode(view, order="deterministic")
    return Response(content, headers=headers, media_type="application/json")
