"""Who is told what of a major incident: each audience's task at a moment, and every update."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.incident.incident import Incident
from services.incident.major.events import UpdatePosted
from services.incident.major.view import TaskView, tasks
from shared.aggregate import Folded
from shared.event_view import opened, sealed_in
from shared.store.reader import Recorded
from shared.store.store import Store

_MOST_UPDATES = 200
_encode = msgspec.json.Encoder(order="deterministic").encode


class PostedUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A status update as it was posted; `event` proves it."""

    id: UUID
    event: UUID
    position: int
    at: datetime
    by: str
    audiences: tuple[str, ...]
    status: str
    impact: str | None
    action: str | None
    workaround: str | None
    next_update_at: datetime | None
    final: bool


class Communications(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks as they stood at `at`, and the updates by then, newest first, 200 at most."""

    id: UUID
    number: str
    version: int
    position: int
    at: datetime
    plan_version: int | None
    tasks: list[TaskView]
    updates: list[PostedUpdate]
    update_count: int


async def communications(store: Store, folded: Folded[Incident], at: datetime) -> bytes:
    """As JSON."""
    major = folded.state.major
    view = Communications(
        id=folded.stream,
        number=f"INC-{folded.state.number}",
        version=folded.version,
        position=folded.position,
        at=at,
        plan_version=major.plan_version,
        tasks=tasks(major, at),
        updates=await _updates(store, folded) if major.update_count else [],
        update_count=major.update_count,
    )
    return _encode(view)


async def _updates(store: Store, folded: Folded[Incident]) -> list[PostedUpdate]:
    recorded = await store.log.stream(folded.stream, until=folded.version)
    told = [(each, e) for each in recorded if isinstance(e := each.event, UpdatePosted)]
    newest = told[: -_MOST_UPDATES - 1 : -1]
    await store.vault.load(store.pool, (v for _, event in newest for v in sealed_in(event)))
    return [_posted(store, each, event) for each, event in newest]


def _posted(store: Store, recorded: Recorded, event: UpdatePosted) -> PostedUpdate:
    clear = opened(store.vault, recorded.originator_id, event)
    names = "at audiences status impact action workaround next_update_at final".split()
    told = clear.fields(*names)
    by, position = recorded.actor, recorded.position
    return PostedUpdate(id=event.update, event=recorded.event_id, position=position, by=by, **told)
