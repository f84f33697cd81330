"""Reads a review and its facts from the log, and carries the commands on it there."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial, reduce
from uuid import UUID

from services.incident.facts import facts_stream
from services.incident.incident import Incident
from services.incident.incidents import Incidents
from services.incident.regulators.desk import RegulatorsDesk, reading_of
from services.incident.relations.past import family_at, with_facts
from services.incident.review import commands
from services.incident.review import events as r
from services.incident.review.content import Content, content_of
from services.incident.review.deliveries import deliveries, is_delivery, without
from services.incident.review.events import review_stream
from services.incident.review.facts import Facts
from services.incident.review.replay import replayed
from services.incident.review.review import REVIEW, Review
from services.incident.review.reviews import Reviews
from services.incident.timeline import TELLER
from shared.aggregate import Folded
from shared.effective import in_order
from shared.errors import NotFound
from shared.http.asked import Asked
from shared.http.past import known_to
from shared.store.reader import Recorded
from shared.timeline import entries
from shared.work import Work

DESK = "reviews"
"""Among the service's parts, its `ReviewDesk`."""


class ReviewDesk:
    """Every instance of the service has one."""

    def __init__(self, incidents: Incidents, regulators: RegulatorsDesk) -> None:
        self.incidents = incidents
        self.reviews = Reviews(incidents.store)
        self.store = incidents.store
        self._regulators = regulators

    async def content(
        self, incident: Folded[Incident], position: int, *, revision: int | None, at: datetime
    ) -> Content:
        """A revision, by default the newest, as known at a position. Raises NotFound."""
        told = await self.store.log.stream(review_stream(incident.stream))
        told = [each for each in told if each.position <= position]
        newest = _with_what_is_due(content_of(told), told, incident, at)
        if newest.completed is not None or (revision or newest.revision) != newest.revision:
            newest = content_of(told, revision or newest.revision)
        if newest.revision == 0 or (revision or newest.revision) != newest.revision:
            raise NotFound(_no_such(newest.revision))
        return newest

    async def facts(
        self, asked: Asked, incident: Folded[Incident], position: int, now: datetime
    ) -> Facts:
        """What the log held of it at a position, as far as this caller may know of it."""
        log, stream = self.store.log, incident.stream
        family = await family_at(asked, incident, position)
        streams = with_facts(family)
        found = [e for each in streams for e in await log.stream(each) if e.position <= position]
        found.sort(key=lambda each: each.position)
        visible = await known_to(asked, found)
        mine, happened = {stream, facts_stream(stream)}, without(visible)
        return Facts(
            replayed([each for each in found if each.originator_id == stream], happened),
            await entries(self.store, in_order(happened), TELLER),
            deliveries(filter(is_delivery, visible)),
            reading_of(
                [each for each in visible if each.originator_id in mine],
                await self._regulators.in_force(position),
                now,
            ),
            position,
            now,
        )

    async def catch_up(self, work: Work, incident: UUID, at: datetime) -> Folded[Incident]:
        """Open it, or begin its next revision, where the incident's course says so.

        The incident must not have moved when this is stored.
        """
        held = await work.rest_on(self.incidents, incident)
        due = partial(commands.due_by_itself, incident=held.state, id=incident, at=at)
        review = await work.execute(self.reviews, review_stream(incident), due)
        return await self.tell(work, held, review, at)

    async def tell(
        self, work: Work, incident: Folded[Incident], review: Folded[Review], at: datetime
    ) -> Folded[Incident]:
        """Let the incident know that its review is open again, where it takes it for completed."""
        heard = partial(commands.heard_of, review=review.state, at=at)
        return await work.execute(self.incidents, incident.stream, heard)


def _with_what_is_due(
    content: Content, told: Sequence[Recorded], incident: Folded[Incident], at: datetime
) -> Content:
    """As its commands find it, though nobody has written that down yet."""
    review: Review = reduce(REVIEW.replay, (each.event for each in told), Review())
    for event in commands.due_by_itself(review, incident=incident.state, id=incident.stream, at=at):
        match event:
            case r.ReviewOpened():
                content = content._replace(revision=1, opened_at=incident.state.resolved_at)
            case r.ReviewReopened(revision=revision):
                content = content._replace(revision=revision, reason=None, completed=None)
            case _:
                continue
    return content


def _no_such(newest: int) -> str:
    if newest == 0:
        return "it has no review yet: that is opened when the incident is resolved"
    return f"there is no such revision; the newest is {newest}"
