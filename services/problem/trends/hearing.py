"""What trend rules hear of incidents: each fact that changes what a rule looks at is a sighting."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from services.problem.copies import IncidentCopies, IncidentCopy
from services.problem.problems import Problems
from services.problem.trends.live import Watch
from services.problem.trends.sighting import Sighting, microseconds, traits_of
from shared.follower import Fact, Reaction, hears_history
from shared.work import Work

_SHOWN_BY = (
    "declared",
    "categorised",
    "prioritised",
    "cancelled",
    "merged",
    "unmerged",
    "unrestricted",
)


class MilestoneCorrected(msgspec.Struct):
    """What we read of a correction."""

    milestone: str
    to: datetime


def sightings(problems: Problems) -> Mapping[str, Reaction]:
    """Reactions to the incident feed, by type; they come after those that keep the copies."""
    hearing = _Hearing(problems.incidents, Watch(problems))
    reactions: dict[str, Reaction] = dict.fromkeys(_SHOWN_BY, hearing.shown)
    reactions["restricted"] = hearing.restricted
    reactions["milestone_corrected"] = hearing.corrected
    return {f"tocsin.incident.{name}.v1": reaction for name, reaction in reactions.items()}


class _Hearing:
    """Makes sightings of facts and of what the copies say."""

    def __init__(self, copies: IncidentCopies, watch: Watch) -> None:
        self._copies = copies
        self._watch = watch

    @hears_history
    async def shown(self, fact: Fact, work: Work) -> None:
        copy = await self._copies.get(fact.subject, work)
        if copy is not None:
            self._watch.sighted(seen(copy, fact, restricted=fact.restricted), work)

    @hears_history
    async def restricted(self, fact: Fact, work: Work) -> None:
        """It is no evidence from now on."""
        copy = await self._copies.get(fact.subject, work)
        if copy is not None:
            self._watch.sighted(seen(copy, fact, restricted=True), work)

    @hears_history
    async def corrected(self, fact: Fact, work: Work) -> None:
        """When it started is when it happened."""
        told = fact.read(MilestoneCorrected)
        copy = await self._copies.get(fact.subject, work)
        if copy is None or told.milestone != "started":
            return
        copy = msgspec.structs.replace(copy, occurred_at=told.to)
        self._copies.put(copy, work)
        self._watch.sighted(seen(copy, fact, restricted=fact.restricted), work)


def seen(copy: IncidentCopy, fact: Fact, *, restricted: bool) -> Sighting:
    """The incident as it is known from this fact on."""
    return Sighting(
        position=fact.position,
        event=fact.id,
        told_at=fact.time,
        incident=copy.id,
        number=copy.number,
        title=copy.title,
        at=copy.occurred_at,
        traits=traits_of(copy.title, copy.service, copy.item, copy.category, copy.subcategory),
        impact=copy.impact,
        urgency=copy.urgency,
        counts=copy.status not in ("cancelled", "merged") and not restricted,
        quiet=copy.imported,
        when=microseconds(copy.occurred_at),
    )
