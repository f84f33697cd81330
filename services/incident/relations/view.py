"""What stands beside an incident when it is read alone: relations, links and corrections."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from services.incident.events import IncidentEvent, MilestoneCorrected
from services.incident.incident import Incident
from services.incident.parts import Attachment, Escalation, Link
from services.incident.relations.events import LinkKind
from services.incident.relations.family import with_merged
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.domain import Personal
from shared.ledger import Ledger
from shared.restrictions import restricted_among
from shared.store.reader import Recorded
from shared.vault import Vault

_CHECKED = frozenset({LinkKind.PROBLEM, LinkKind.KNOWN_ERROR})


class Related(msgspec.Struct, frozen=True):
    """Another incident."""

    id: UUID
    number: str


class EscalationView(msgspec.Struct, frozen=True):
    """The last escalation."""

    kind: str
    reason: str
    at: datetime
    group: str | None
    person: str | None


class LinkView(msgspec.Struct, frozen=True):
    """A thing it has to do with; `through` is the merged incident that brought it.

    `known` says whether this service keeps a copy to check it by; null where nobody could.
    """

    kind: str
    reference: str
    id: UUID | None
    url: str | None
    caused_by: bool
    known: bool | None
    through: str | None


class AttachmentView(msgspec.Struct, frozen=True):
    """Where a document is, and what its bytes must be."""

    sha256: str
    url: str
    size: int
    media_type: str
    name: str | None
    through: str | None


class Correction(msgspec.Struct, frozen=True):
    """A milestone's old and new value, with the event that proves it."""

    id: UUID
    milestone: str
    was: datetime | None
    now: datetime
    reason: str
    by: str
    at: datetime


async def beside(
    ledger: Ledger[Incident, IncidentEvent],
    folded: Folded[Incident],
    reader: Caller,
    position: int | None,
) -> dict[str, Any]:
    """These parts of the representation, at a position or now.

    What a merged incident brings does not show where that one is kept from the reader.
    """
    state, vault = folded.state, ledger.store.vault
    if _stands_alone(state):
        return _NOTHING
    family = [folded]
    if state.absorbed:
        then = ledger.current if position is None else partial(ledger.past, position=position)
        family = await _not_hidden(ledger, await with_merged(then, folded), reader)
    corrected = await _corrected(ledger, folded)
    await vault.load(ledger.store.pool, _texts(family, corrected))
    open_here = partial(_opened, vault, folded.stream)
    return {
        "parent_number": _number(state.parent_number),
        "merged_into_number": _number(state.merged_number),
        "children": [each for f in family for each in _related(f.state.children)],
        "merged": _related(state.absorbed),
        "links": [_link(link, through) for f, through in _named(family) for link in _links(f)],
        "attachments": [
            _attachment(each, partial(_opened, vault, f.stream), through)
            for f, through in _named(family)
            for each in f.state.attachments.values()
        ],
        "last_escalation": state.escalation and _escalation(state.escalation, open_here),
        "corrections": [_correction(each, open_here) for each in corrected],
    }


def _stands_alone(state: Incident) -> bool:
    """As nearly all do: there is nothing to put together."""
    related = state.children or state.absorbed or state.links or state.attachments
    is_part = state.parent is not None or state.merged_into is not None
    return not (related or is_part or state.escalation or state.correction_count)


_NOTHING: dict[str, Any] = {
    "parent_number": None,
    "merged_into_number": None,
    "children": [],
    "merged": [],
    "links": [],
    "attachments": [],
    "last_escalation": None,
    "corrections": [],
}


async def _not_hidden(
    ledger: Ledger[Incident, IncidentEvent], family: Sequence[Folded[Incident]], reader: Caller
) -> list[Folded[Incident]]:
    among = await restricted_among(ledger.store.pool, reader, [f.stream for f in family[1:]])
    return [each for each in family if each.stream not in among.hidden]


def _number(number: int | None) -> str | None:
    return None if number is None else f"INC-{number}"


async def _corrected(
    ledger: Ledger[Incident, IncidentEvent], folded: Folded[Incident]
) -> Sequence[tuple[Recorded, MilestoneCorrected]]:
    """The corrections in the log, where the state knows of any."""
    if folded.state.correction_count == 0:
        return []
    events = await ledger.store.log.stream(folded.stream, until=folded.version)
    told = ((recorded, recorded.event) for recorded in events)
    return [(each, event) for each, event in told if isinstance(event, MilestoneCorrected)]


def _texts(
    family: Iterable[Folded[Incident]],
    corrected: Iterable[tuple[Recorded, MilestoneCorrected]],
) -> Iterable[Personal | None]:
    for folded in family:
        yield from (each.name for each in folded.state.attachments.values())
        if folded.state.escalation is not None:
            yield folded.state.escalation.reason
    yield from (event.reason for _, event in corrected)


def _opened(vault: Vault, stream: UUID, value: Personal | None) -> str | None:
    return None if value is None else vault.open(stream, value)


def _named(
    family: Sequence[Folded[Incident]],
) -> Iterable[tuple[Folded[Incident], str | None]]:
    """Each with the number it is told by; the first is the incident itself."""
    for place, folded in enumerate(family):
        yield folded, f"INC-{folded.state.number}" if place else None


def _related(numbers: Mapping[UUID, int]) -> list[Related]:
    return [Related(id, f"INC-{number}") for id, number in numbers.items()]


def _links(folded: Folded[Incident]) -> Iterable[Link]:
    return folded.state.links.values()


def _link(link: Link, through: str | None) -> LinkView:
    known = link.id is not None if link.kind in _CHECKED else None
    return LinkView(link.kind, link.reference, link.id, link.url, link.caused_by, known, through)


def _attachment(attachment: Attachment, clear: Any, through: str | None) -> AttachmentView:
    return AttachmentView(
        attachment.sha256,
        attachment.url,
        attachment.size,
        attachment.media_type,
        clear(attachment.name),
        through,
    )


def _escalation(escalation: Escalation, clear: Any) -> EscalationView:
    reason = clear(escalation.reason)
    return EscalationView(
        escalation.kind, reason, escalation.at, escalation.group, escalation.person
    )


def _correction(told: tuple[Recorded, MilestoneCorrected], clear: Any) -> Correction:
    recorded, event = told
    return Correction(
        id=recorded.event_id,
        milestone=event.milestone,
        was=event.was,
        now=event.to,
        reason=clear(event.reason),
        by=recorded.actor,
        at=recorded.recorded_at,
    )
