"""What one incident says of others: nothing of those that are hidden from the caller."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec

from services.incident.access import incidents_of
from services.incident.facts import PREVIOUS
from services.incident.incident import Incident
from services.incident.view import IncidentItem
from shared.errors import NotFound, Refused
from shared.http.asked import Asked
from shared.mentions import mentioned, without
from shared.restrictions import any_restricted, restricted_among

_encode = msgspec.json.Encoder(order="deterministic").encode
_NUMBER = re.compile(r"\bINC-\d+\b")
_CHILDREN = """select id, parent from incidents
    where to_position is null and restricted and parent = any($1::uuid[])"""


async def shown(asked: Asked, incident: Incident, content: bytes) -> bytes:
    """Its representation without what it says of incidents and problems that are hidden."""
    if not _has_others(incident) or not await any_restricted(asked.service.store.pool):
        return content
    named = mentioned(content)
    view = msgspec.json.decode(content)
    numbers = await _ids(asked, [view["labels"].get(PREVIOUS, "")])
    hidden = await _hidden(asked, named | set(numbers.values()))
    if not hidden:
        return content
    left = {name: _left(value, hidden) for name, value in view.items()}
    for name, value in view.items():
        if left[name] is None and value is not None and f"{name}_number" in left:
            left = _unnamed(left, str(left[f"{name}_number"]), name)
    left["child_count"] = len(left["children"])
    if numbers.get(view["labels"].get(PREVIOUS)) in hidden:
        del left["labels"][PREVIOUS]
    return _encode(left)


async def items_shown(asked: Asked, items: Sequence[IncidentItem]) -> None:
    """Take from a list's items what they say of incidents that are hidden."""
    pool = asked.service.store.pool
    named = {id for each in items for id in (each.parent, each.merged_into) if id is not None}
    labels = [each.labels[PREVIOUS] for each in items if PREVIOUS in each.labels]
    parents = [each.id for each in items if each.child_count]
    if not (named or labels or parents) or not await any_restricted(pool):
        return
    numbers = await _ids(asked, labels)
    children: dict[UUID, UUID] = dict(await pool.fetch(_CHILDREN, parents)) if parents else {}
    hidden = await _hidden(asked, named | set(children) | set(numbers.values()))
    fewer = Counter(parent for child, parent in children.items() if child in hidden)
    for each in items:
        each.parent = None if each.parent in hidden else each.parent
        each.merged_into = None if each.merged_into in hidden else each.merged_into
        each.child_count -= fewer[each.id]
        if numbers.get(each.labels.get(PREVIOUS, "")) in hidden:
            each.labels = {n: v for n, v in each.labels.items() if n != PREVIOUS}


@asynccontextmanager
async def discreetly(asked: Asked) -> AsyncIterator[None]:
    """Refuse without naming incidents that are hidden from the caller."""
    try:
        yield
    except Refused as refusal:
        named = await _ids(asked, _NUMBER.findall(refusal.detail))
        hidden = await _hidden(asked, set(named.values()))
        if not hidden:
            raise
        kept = {number for number, id in named.items() if id in hidden}
        told = _NUMBER.sub(lambda n: _name(n[0], kept), refusal.detail)
        raise Refused(told, refusal.unmet) from None


def _has_others(incident: Incident) -> bool:
    others = (incident.parent, incident.merged_into, incident.children, incident.absorbed)
    return bool(any(others) or incident.links or incident.problem or PREVIOUS in incident.labels)


def _name(number: str, kept: Collection[str]) -> str:
    return "another incident" if number in kept else number


def _left(value: Any, hidden: Collection[UUID]) -> Any:
    left = without(msgspec.json.encode(value), hidden)
    return None if left is None else msgspec.json.decode(left)


def _unnamed(view: dict[str, Any], number: str, name: str) -> dict[str, Any]:
    """Without the number of what is hidden; the actions' reasons name it too."""
    view[f"{name}_number"] = None
    for action in view.get("actions", ()):
        if action["reason"]:
            reason = _NUMBER.sub(lambda n: _name(n[0], {number}), action["reason"])
            action["reason"] = reason
    return view


async def _hidden(asked: Asked, ids: Collection[UUID]) -> frozenset[UUID]:
    return (await restricted_among(asked.service.store.pool, asked.caller, ids)).hidden


async def _ids(asked: Asked, numbers: Sequence[str]) -> dict[str, UUID]:
    """The incidents of these numbers, of those that exist."""
    found = {}
    for number in filter(None, numbers):
        try:
            found[number] = await incidents_of(asked).find(number)
        except NotFound:
            continue
    return found
