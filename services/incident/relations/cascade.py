"""What a parent's resolution and reopening do to its children, at once or piece by piece."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from services.incident import lifecycle
from services.incident.events import IncidentEvent, Reopened
from services.incident.incident import Incident
from services.incident.incidents import Incidents
from services.incident.relations import children
from services.incident.relations.family import with_merged
from services.incident.rules import OPEN, Status
from shared.aggregate import Folded
from shared.clock import new_id
from shared.domain import Personal
from shared.ledger import Order
from shared.work import MOST_STREAMS, Work, settle
from shared.work_list import Step, spread

RESOLVE = "resolve-with-parent"
REOPEN = "reopen-with-parent"

Command = Callable[..., Sequence[IncidentEvent]]


class _HasFamily(Exception):
    """Others follow it: its command is one of several incidents."""


class _Following(NamedTuple):
    """What is given to the children: a command with all it needs but the parents."""

    kind: str
    command: Command
    arguments: dict[str, Any]


async def resolve(incidents: Incidents, order: Order, **arguments: Any) -> Folded[Incident]:
    """Resolve an incident, and its open children with it."""
    try:
        return await incidents.execute(order, _alone(lifecycle.resolve), **arguments)
    except _HasFamily:
        pass

    async def act(work: Work) -> Folded[Incident]:
        after = await work.execute(incidents, order.stream, lifecycle.resolve, **arguments)
        await resolved(work, incidents, after)
        return after

    return await settle(incidents, order, act)


async def reopen(
    incidents: Incidents, order: Order, *, by_reporter: bool, reason: str, **arguments: Any
) -> Folded[Incident]:
    """Reopen an incident; by an agent also the children that were resolved with it."""
    told = {"by_reporter": by_reporter, "reason": reason, **arguments}
    if by_reporter:
        return await incidents.execute(order, lifecycle.reopen, **told)
    try:
        return await incidents.execute(order, _alone(lifecycle.reopen), **told)
    except _HasFamily:
        pass

    async def act(work: Work) -> Folded[Incident]:
        before = await work.current(incidents, order.stream)
        after = await work.execute(incidents, order.stream, lifecycle.reopen, **told)
        how = _reopening(before.state, reason, arguments["at"])
        await _follow(work, incidents, after, how)
        return after

    return await settle(incidents, order, act)


async def resolved(work: Work, incidents: Incidents, parent: Folded[Incident]) -> None:
    """Let what is open below a resolved incident be resolved with it, as part of this work."""
    if parent.state.children or parent.state.absorbed:
        await _follow(work, incidents, parent, await _resolution(incidents, parent))


def steps(incidents: Incidents) -> Mapping[str, Step]:
    """One child of a list that is too long for one append."""
    return {
        RESOLVE: partial(_step, incidents, _resolve_after),
        REOPEN: partial(_step, incidents, _reopen_after),
    }


def _alone(command: Command) -> Command:
    def decide(incident: Incident, **arguments: Any) -> Sequence[IncidentEvent]:
        if incident.children or incident.absorbed:
            raise _HasFamily
        return command(incident, **arguments)

    return decide


async def _follow(
    work: Work, incidents: Incidents, parent: Folded[Incident], how: _Following
) -> None:
    """Give the command to its children and to theirs; as a list where they are many."""
    family = await with_merged(partial(work.rest_on, incidents), parent)
    below = [child for each in family for child in each.state.children]
    if below and work.streams + len(below) > MOST_STREAMS:
        spread(work, how.kind, new_id(), below, about=parent.stream)
        return
    for child in below:
        await _give(work, incidents, child, family, how)


async def _give(
    work: Work,
    incidents: Incidents,
    child: UUID,
    family: Sequence[Folded[Incident]],
    how: _Following,
) -> Folded[Incident]:
    """To one child of this family, whose first speaks for all."""
    before = await work.current(incidents, child)
    parents = frozenset(each.stream for each in family)
    after = await work.execute(
        incidents, child, how.command, parents=parents, by=family[0].stream, **how.arguments
    )
    if after.version != before.version:
        await _follow(work, incidents, after, how)
    return after


async def _step(
    incidents: Incidents,
    how_after: Callable[[Incidents, Folded[Incident]], Any],
    order: Order,
    about: UUID,
) -> None:
    """Nothing happens where the parent has turned again meanwhile."""

    async def act(work: Work) -> Folded[Incident]:
        parent = await work.rest_on(incidents, about)
        how: _Following | None = await how_after(incidents, parent)
        if how is None:
            return await work.current(incidents, order.stream)
        family = await with_merged(partial(work.rest_on, incidents), parent)
        return await _give(work, incidents, order.stream, family, how)

    await settle(incidents, order, act)


async def _resolve_after(incidents: Incidents, parent: Folded[Incident]) -> _Following | None:
    if parent.state.status not in (Status.RESOLVED, Status.CLOSED):
        return None
    return await _resolution(incidents, parent)


async def _reopen_after(incidents: Incidents, parent: Folded[Incident]) -> _Following | None:
    """As the last reopening in the parent's log says."""
    if parent.state.status not in OPEN:
        return None
    for recorded in reversed(await incidents.store.log.stream(parent.stream)):
        if isinstance(event := recorded.event, Reopened):
            before = await incidents.past(parent.stream, version=recorded.originator_version - 1)
            reason = await _opened(incidents, parent.stream, event.reason)
            return _reopening(before.state, reason, event.effective(recorded.recorded_at))
    return None


async def _resolution(incidents: Incidents, parent: Folded[Incident]) -> _Following:
    state = parent.state
    how = {
        "code": state.resolution_code,
        "summary": await _opened(incidents, parent.stream, state.resolution),
        "at": state.resolved_at,
        "known_error": state.known_error,
        "close_after_days": state.close_after_days,
    }
    return _Following(RESOLVE, children.resolve_with_parent, how)


def _reopening(before: Incident, reason: str | None, at: datetime) -> _Following:
    how = {"reason": reason, "at": at, "was_closed": before.status is Status.CLOSED}
    return _Following(REOPEN, children.reopen_with_parent, how)


async def _opened(incidents: Incidents, stream: UUID, text: Personal | None) -> str | None:
    """In clear: it is sealed anew where it goes."""
    vault = incidents.store.vault
    await vault.load(incidents.store.pool, [text])
    return None if text is None else vault.open(stream, text)
