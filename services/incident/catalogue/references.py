"""What is known of the keys that an incident names: told beside them, never instead of them."""

import msgspec

from services.incident.catalogue.catalogue import Catalogue
from services.incident.catalogue.events import Criticality
from services.incident.catalogue.known import Known, Named, Present
from services.incident.incident import Incident

_encode = msgspec.json.Encoder(order="deterministic").encode


class EntryReference(msgspec.Struct, frozen=True):
    """A service or an item that is named; the rest only where it is `known`."""

    key: str
    known: bool
    name: str | None = None
    criticality: Criticality | None = None
    owning_team: str | None = None
    assignment_group: str | None = None
    retired: bool = False


class NameReference(msgspec.Struct, frozen=True):
    """A team or a person that is named."""

    key: str
    known: bool


class References(msgspec.Struct, frozen=True):
    """Of each key that an incident names, whether anybody knows it, and what as."""

    service: EntryReference | None
    item: EntryReference | None
    group: NameReference | None
    assigned_to: NameReference | None
    reporter: NameReference | None


async def references(
    catalogue: Catalogue, state: Incident, position: int | None, *, fresh: bool = False
) -> bytes:
    """The references of an incident as JSON, as known now or at a position."""
    if position is None:
        return _encode(_references(await catalogue.present(fresh=fresh), state))
    named = [key for key in (state.group, state.assigned_to, state.reporter) if key]
    then = await catalogue.past(position, service=state.service, item=state.item, named=named)
    return _encode(_references(then, state))


def _references(present: Present, state: Incident) -> References:
    return References(
        _entry(state.service, present.service(state.service)),
        _entry(state.item, present.item(state.item)),
        _named(present, "team", state.group),
        _named(present, "person", state.assigned_to),
        _named(present, "person", state.reporter),
    )


def _entry(key: str | None, found: Known | None) -> EntryReference | None:
    if key is None or found is None:
        return None if key is None else EntryReference(key, known=False)
    told = {name: getattr(found, name) for name in _TOLD}
    return EntryReference(key, True, **told)


_TOLD = ("name", "criticality", "owning_team", "assignment_group", "retired")


def _named(present: Present, kind: Named, key: str | None) -> NameReference | None:
    return NameReference(key, present.names(kind, key)) if key else None
