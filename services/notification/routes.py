"""Notifications over HTTP: one alone with its attempts, acknowledging and redriving it."""

from typing import Annotated

from fastapi import Depends, Response

from services.notification import notification
from services.notification.access import notifications_of, person_of, seen
from services.notification.answer import ByAnybody, ByPerson, Id, Nothing
from services.notification.escalation import acknowledging
from services.notification.escalation.lists import RUNNING
from services.notification.escalation.running import Running
from services.notification.notification import refusal
from services.notification.rules import OWN, RULES
from services.notification.state import Notification
from services.notification.view import NotificationView, notification_view
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.errors import Forbidden
from shared.http.actions import Action, action
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.managed import When, command_answer, folded_at, read_answer
from shared.http.openapi import answers
from shared.http.waiting import has_seen

ByAdmin = Annotated[Asked, Depends(allowed(*RULES["redrive"].roles))]

router = routes("notifications", "/v1/notifications")


@router.get("/{id}", **answers(NotificationView))
async def read_notification(id: Id, when: When, asked: ByAnybody) -> Response:
    """One notification with each attempt, now or as it was."""
    await has_seen(asked.service, when.wait_for)
    await seen(asked, id)
    found = await folded_at(asked, notifications_of(asked), id, when)
    view = await notification_view(asked.service.store, found)
    view.actions = [_action(name, found, asked.caller) for name in RULES]
    return read_answer(view, found.version)


@router.post("/{id}/acknowledge", **answers(NotificationView))
async def acknowledge(id: Id, asked: ByPerson, body: Nothing = None) -> Response:
    """Say that it was seen; no further attempt is made. Only of one's own, or by an admin.

    Where it is a page, nobody else is paged any more either.
    """
    ledger = notifications_of(asked)
    _require("acknowledge", await seen(asked, id), asked.caller)
    running: Running = asked.service.parts[RUNNING]
    by, at = asked.caller.id, asked.now
    after = await acknowledging.acknowledge(ledger, running, await asked.order(id), by=by, at=at)
    return command_answer(await notification_view(asked.service.store, after), after)


@router.post("/{id}/redrive", **answers(NotificationView))
async def redrive(id: Id, asked: ByAdmin, body: Nothing = None) -> Response:
    """Try a dead letter again, from the first attempt of the schedule."""
    ledger = notifications_of(asked)
    _require("redrive", await seen(asked, id), asked.caller)
    order = await asked.order(id)
    after = await ledger.execute(order, notification.redrive, at=asked.now)
    return command_answer(await notification_view(asked.service.store, after), after)


def _action(name: str, found: Folded[Notification], caller: Caller) -> Action:
    against = refusal(found.state, name), _forbidden(name, found, caller)
    return action(name, f"/v1/notifications/{found.stream}/{name}", *against)


def _require(name: str, held: Folded[Notification], caller: Caller) -> None:
    if (reason := _forbidden(name, held, caller)) is not None:
        raise Forbidden(reason)


def _forbidden(name: str, held: Folded[Notification], caller: Caller) -> str | None:
    if name in OWN and caller.id == person_of(held):
        return None
    return caller.lacks(*RULES[name].roles)
