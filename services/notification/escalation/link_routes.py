"""Acknowledging by the link that a page brings: it leads to a form, and only that form acts.

Mail scanners and previews follow links; none of them sends forms.
"""

from datetime import timedelta
from html import escape
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response

from services.notification.escalation import acknowledging
from services.notification.escalation.lists import RUNNING
from services.notification.links import LINKS, PATH, Links
from services.notification.notifications import Notifications
from services.notification.said import words_of
from services.notification.state import Notification
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.errors import NotFound, Unauthenticated
from shared.http.access_log import record_access
from shared.http.app import routes
from shared.http.asked import Asked, for_roles
from shared.http.hidden import secret_of
from shared.restrictions import restricted_among
from shared.store.store import Store

_COUNTS = timedelta(days=7)
_PEOPLE = tuple(set(Role) - {Role.AUDITOR, Role.SERVICE, Role.ADMIN})
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "referrer-policy": "no-referrer",
}
_HTML: dict[str, Any] = {"text/html": {"schema": {"type": "string"}}}
_PAGE: dict[str, Any] = {
    "response_model": None,
    "openapi_extra": {"responses": {"200": {"description": "A page", "content": _HTML}}},
}
_STYLE = "body{font:1.1rem system-ui;margin:3rem auto;max-width:32rem;padding:0 1rem}"
_BUTTON = '<form method="post"><button style="font:inherit;padding:.5rem 2rem">{}</button></form>'

router = routes("notifications", PATH)


class Linked(Asked):
    """A request by a link; whoever has it acts for the person who was paged."""

    __slots__ = ("page",)

    def __init__(self, request: Request, page: Folded[Notification]) -> None:
        person = page.state.delivery.person if page.state.delivery else ""
        caller = Caller(
            id=person, name=person, kind="person", roles=frozenset(), expires=float("inf")
        )
        super().__init__(request, caller)
        self.page = page


async def _by_link(request: Request) -> Linked:
    """The page that the link of this request is for. Raises Unauthenticated."""
    service = request.app.state.service
    links: Links = service.parts[LINKS]
    page = links.page(secret_of(request))
    if page is None:
        raise Unauthenticated("the link is not one of ours, or not all of it has arrived")
    notifications: Notifications = service.parts["notifications"]
    try:
        held = await notifications.current(page)
    except NotFound:
        raise Unauthenticated("the link is not one of ours") from None
    if held.created_at is None or service.store.clock() > held.created_at + _COUNTS:
        raise Unauthenticated("the link counts no more: it is older than a week")
    linked = Linked(request, held)
    await _require_admitted(linked)
    return linked


async def _require_admitted(linked: Linked) -> None:
    """What has been restricted since is shown to whom it admits, on record."""
    delivery, pool = linked.page.state.delivery, linked.service.store.pool
    about = [delivery.about] if delivery else []
    restricted, hidden = await restricted_among(pool, linked.caller, about)
    if hidden:
        raise Unauthenticated("the link counts no more: it has been restricted since; sign in")
    await record_access(linked.request, linked.caller, restricted)


ByLink = Annotated[Linked, Depends(for_roles(_by_link, *_PEOPLE))]
Secret = Annotated[str, Path(max_length=100, description="As the page brought it")]


@router.get("/{secret}", **_PAGE)
async def read_link(secret: Secret, asked: ByLink) -> Response:
    """Where the link of a page leads: a form. Reading it acknowledges nothing."""
    return await _shown(asked.service.store, asked.page)


@router.post("/{secret}", **_PAGE)
async def acknowledge_by_link(secret: Secret, asked: ByLink) -> Response:
    """Say that the page was seen, for the person it went to; nobody else is paged any more."""
    service = asked.service
    ledger, running = service.parts["notifications"], service.parts[RUNNING]
    by, at = asked.caller.id, asked.now
    order = await asked.order(asked.page.stream)
    after = await acknowledging.acknowledge(ledger, running, order, by=by, at=at)
    return await _shown(service.store, after)


async def _shown(store: Store, page: Folded[Notification]) -> Response:
    by = page.state.acknowledged_by
    said = f"<p>Acknowledged by {escape(by)}.</p>" if by else _BUTTON.format("Acknowledge")
    subject = escape((await words_of(store, page.stream, page.state)).subject)
    content = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{subject}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body><h1>{subject}</h1>{said}</body></html>"
    )
    return Response(content, headers=_HEADERS, media_type="text/html; charset=utf-8")
