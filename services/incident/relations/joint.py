"""Commands on several incidents at once, each in one append: families and merges."""

from datetime import datetime
from functools import partial
from uuid import UUID

from services.incident.incident import Incident
from services.incident.incidents import Incidents
from services.incident.relations import children, merging
from services.incident.relations.family import above, with_merged
from shared.aggregate import Folded
from shared.errors import Refused
from shared.ledger import Order
from shared.work import Work, settle


async def add_child(incidents: Incidents, order: Order, child: UUID) -> Folded[Incident]:
    """Put another incident below this one. Raises Refused where that makes a circle."""
    if child == order.stream:
        raise Refused("an incident is not its own child")

    async def act(work: Work) -> Folded[Incident]:
        parent = await work.current(incidents, order.stream)
        number = (await work.current(incidents, child)).state.number
        after = await work.execute(
            incidents, parent.stream, children.add_child, child=child, number=number
        )
        await work.execute(
            incidents, child, children.get_parent, parent=parent.stream, number=parent.state.number
        )
        if child in await above(partial(work.rest_on, incidents), parent.stream):
            raise Refused(_CIRCLE.format(number, parent.state.number))
        return after

    return await settle(incidents, order, act)


async def remove_child(incidents: Incidents, order: Order, child: UUID) -> Folded[Incident]:
    """Let a child stand alone again; also one that a merged incident brought along."""

    async def act(work: Work) -> Folded[Incident]:
        asked = await work.current(incidents, order.stream)
        number = (await work.current(incidents, child)).state.number
        children.require_removal(asked.state)
        family = await with_merged(partial(work.rest_on, incidents), asked)
        parent = next((each for each in family if child in each.state.children), asked)
        await work.execute(
            incidents, parent.stream, children.remove_child, child=child, number=number
        )
        await work.execute(
            incidents, child, children.lose_parent, parent=parent.stream, number=parent.state.number
        )
        if parent.stream == order.stream:
            return await work.current(incidents, order.stream)
        told = children.tell_removal
        return await work.execute(incidents, order.stream, told, child=child, number=number)

    return await settle(incidents, order, act)


async def merge(
    incidents: Incidents, order: Order, into: UUID, *, at: datetime, reason: str | None
) -> Folded[Incident]:
    """Let this incident go on in another one. Raises Refused where that makes a circle."""
    if into == order.stream:
        raise Refused("an incident is not merged into itself")

    async def act(work: Work) -> Folded[Incident]:
        number = (await work.current(incidents, order.stream)).state.number
        other = (await work.current(incidents, into)).state.number
        after = await work.execute(
            incidents, order.stream, merging.merge, into=into, number=other, at=at, reason=reason
        )
        await work.execute(
            incidents, into, merging.absorb, incident=order.stream, number=number, at=at
        )
        if order.stream in await above(partial(work.rest_on, incidents), into):
            raise Refused(_CIRCLE.format(number, other))
        return after

    return await settle(incidents, order, act)


async def unmerge(
    incidents: Incidents, order: Order, *, at: datetime, reason: str | None
) -> Folded[Incident]:
    """Let this incident stand on its own again, as it was; its survivor gives back all of it."""

    async def act(work: Work) -> Folded[Incident]:
        held = await work.current(incidents, order.stream)
        number, into = held.state.number, held.state.merged_into
        after = await work.execute(incidents, order.stream, merging.unmerge, at=at, reason=reason)
        if into is not None:
            await work.execute(
                incidents, into, merging.release, incident=order.stream, number=number, at=at
            )
        return after

    return await settle(incidents, order, act)


_CIRCLE = "INC-{0} stands above INC-{1}: take that relation away first"
