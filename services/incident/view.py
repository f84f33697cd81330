"""How an incident looks to a caller: alone with what they may do now, or as an item of a list."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from services.incident.actions import actions_of
from services.incident.catalogue.references import References
from services.incident.events import IncidentEvent
from services.incident.incident import Incident
from services.incident.major.paged import Seen
from services.incident.major.view import MajorView, major_view, texts_of
from services.incident.parts import Restriction
from services.incident.relations.view import (
    AttachmentView,
    Correction,
    EscalationView,
    LinkView,
    Related,
    beside,
)
from services.incident.rules import MajorState
from services.incident.stretches import seconds_in_status
from services.incident.suggestions.reading import Suggestion
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.domain import Personal, Stated
from shared.http.actions import Action
from shared.ledger import Ledger
from shared.search import Piece
from shared.store.store import Store

_encode = msgspec.json.Encoder(order="deterministic").encode


class Person(msgspec.Struct, frozen=True):
    """A person by id; name and address as given when they reported."""

    id: str
    name: str | None = None
    email: str | None = None


class Milestones(msgspec.Struct, frozen=True):
    """When it happened in the world, as last known."""

    started: datetime | None
    detected: datetime | None
    acknowledged: datetime | None
    mitigated: datetime | None
    resolved: datetime | None
    closed: datetime | None


class Highlights(msgspec.Struct, frozen=True):
    """Where a full-text search has hit: the title, and some of the description, in pieces.

    Each piece is plain text and says whether it is a hit: put them one after the other.
    """

    title: list[Piece] | None
    description: list[Piece] | None


class IncidentItem(msgspec.Struct, kw_only=True):
    """An incident in a list; `highlights` only where it was searched for with q.

    `source` is a name; of an imported one it is the source's own record: its `system`, and the
    counters, verdicts and references that system kept.
    """

    id: UUID
    number: str
    version: int
    position: int
    created_at: datetime
    updated_at: datetime
    title: str
    status: str
    hold_reason: str | None
    reporter: Person
    service: str | None
    item: str | None
    category: str | None
    subcategory: str | None
    impact: int | None
    urgency: int | None
    priority: int | None
    group: str | None
    assigned_to: str | None
    source: str | dict[str, Stated] | None
    imported: bool
    external_ref: str | None
    tags: list[str]
    labels: dict[str, str]
    resolution_code: str | None
    milestones: Milestones
    reopen_count: int
    reassignment_count: int
    restricted: bool
    escalation_count: int
    parent: UUID | None
    merged_into: UUID | None
    child_count: int
    major: str
    highlights: Highlights | msgspec.UnsetType = msgspec.UNSET


class Kept(msgspec.Struct, frozen=True):
    """Who may know of a restricted incident beside its participants and auditors, and why."""

    people: list[str]
    roles: list[str]
    teams: list[str]
    reason: str | None


class IncidentView(IncidentItem, kw_only=True):
    """An incident alone.

    `actions`, `references` and `suggestions` only where it was read, not after a command.

    `children`, `links` and `attachments` hold those of the incidents merged into it as well;
    `time_in_status` is in seconds, up to the moment that was asked for (of a command's answer:
    the command's), and runs in no status that is an end.
    """

    description: str | None
    matrix_version: int | None
    problem: UUID | None
    cause: str | None
    resolution: str | None
    known_error: str | None
    restriction: Kept | None
    last_escalation: EscalationView | None
    time_in_status: dict[str, float]
    corrections: list[Correction]
    parent_number: str | None
    children: list[Related]
    merged_into_number: str | None
    merged: list[Related]
    links: list[LinkView]
    attachments: list[AttachmentView]
    major_incident: MajorView | None
    references: References | msgspec.UnsetType = msgspec.UNSET
    suggestions: list[Suggestion] | msgspec.UnsetType = msgspec.UNSET
    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


class AppliedView(msgspec.Struct, frozen=True):
    """The saved view that a list was narrowed by, in the version that was applied."""

    id: UUID
    version: int


class IncidentPage(msgspec.Struct, kw_only=True):
    """A page of a list; `position` is the moment of the log it shows."""

    items: list[IncidentItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int
    view: AppliedView | msgspec.UnsetType = msgspec.UNSET


async def render(
    ledger: Ledger[Incident, IncidentEvent],
    folded: Folded[Incident],
    reader: Caller,
    *,
    offers: bool = False,
    position: int | None = None,
    until: datetime | None = None,
    pages: Seen | None = None,
) -> bytes:
    """The representation as JSON, at a moment; perhaps with the actions it `offers` the reader."""
    state, store = folded.state, ledger.store
    texts = (
        state.description,
        state.reporter_name,
        state.reporter_email,
        state.cause,
        state.resolution,
        None if state.restriction is None else state.restriction.reason,
    )
    await store.vault.load(store.pool, (*texts, *texts_of(state.major)))
    now = until or folded.updated_at or store.clock()
    clear = [_opened(store, folded.stream, text) for text in texts]
    view = IncidentView(
        **_common(state) | await beside(ledger, folded, reader, position),
        source=_source(state.source, state.stated if state.imported else None),
        id=folded.stream,
        version=folded.version,
        position=folded.position,
        **_times(folded),
        number=f"INC-{state.number}",
        reporter=Person(state.reporter, clear[1], clear[2]),
        milestones=Milestones(
            state.started_at, state.detected_at, state.acknowledged_at,
            state.mitigated_at, state.resolved_at, state.closed_at,
        ),
        description=clear[0],
        cause=clear[3],
        resolution=clear[4],
        matrix_version=state.matrix_version,
        problem=state.problem,
        known_error=state.known_error,
        restriction=_kept(state.restriction, clear[5]),
        restricted=state.restriction is not None,
        child_count=len(state.children),
        time_in_status=seconds_in_status(folded, until or folded.updated_at),
        major=state.major.state,
        major_incident=major_view(state, now, partial(_opened, store, folded.stream), pages),
    )  # fmt: skip
    content = _encode(view)
    if not offers:
        return content
    return b'%b,"actions":%b}' % (content[:-1], actions_of(folded, reader))


def _kept(restriction: Restriction | None, reason: str | None) -> Kept | None:
    if restriction is None:
        return None
    people, roles, teams = restriction.people, restriction.roles, restriction.teams
    return Kept(list(people), list(roles), list(teams), reason)


def item(row: asyncpg.Record) -> IncidentItem:
    """A list row as its item."""
    stated = row["stated"]
    fields = {name: row[name] for name in _COLUMNS}
    return IncidentItem(
        **fields,
        source=_source(row["source"], stated and msgspec.json.decode(stated)),
        major=row["major"] or MajorState.NONE,
        position=row["from_position"],
        number=f"INC-{row['number']}",
        group=row["assignment_group"],
        reporter=Person(row["reporter"]),
        milestones=Milestones(
            row["started_at"], row["detected_at"], row["acknowledged_at"],
            row["mitigated_at"], row["resolved_at"], row["closed_at"],
        ),
    )  # fmt: skip


_SHARED = (
    "title status hold_reason service item category subcategory impact urgency priority group "
    "assigned_to imported external_ref tags labels resolution_code reopen_count reassignment_count "
    "escalation_count parent merged_into"
).split()
_COLUMNS = [
    "id", "version", "created_at", "updated_at", "restricted", "child_count",
    *(name for name in _SHARED if name != "group"),
]  # fmt: skip


def _common(state: Incident) -> dict[str, Any]:
    return {name: getattr(state, name) for name in _SHARED} | {"tags": list(state.tags)}


def _source(name: str | None, stated: dict[str, Stated] | None) -> str | dict[str, Stated] | None:
    return name if stated is None else {"system": name, **stated}


def _times(folded: Folded[Incident]) -> dict[str, Any]:
    return {"created_at": folded.created_at, "updated_at": folded.updated_at}


def _opened(store: Store, stream: UUID, value: Personal | None) -> str | None:
    return None if value is None else store.vault.open(stream, value)


def page(items: Iterable[IncidentItem], **more: Any) -> bytes:
    """A list's page as JSON."""
    return _encode(IncidentPage(items=list(items), **more))
