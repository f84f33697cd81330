"""What this service does about facts from the others: it plans who is told of them.

Nobody is told of anything unless a subscription says so, the reporter of an incident included:
who reports may be a monitor, or may not want mail, so it is never assumed.
"""

from collections.abc import Mapping
from uuid import UUID
from weakref import WeakKeyDictionary

from services.notification import copies, notification, template
from services.notification.audiences.telling import Telling
from services.notification.copies import STATUS_AFTER, Copy, name_of, type_of
from services.notification.decisions.deciding import Deciding
from services.notification.decisions.weighing import REASONS, Verdict
from services.notification.events import Delivery
from services.notification.keeping import Keeping, in_few_words
from services.notification.notification import notification_stream
from services.notification.notifications import Notifications
from services.notification.subscriptions import Concerned, Subscriptions
from services.notification.tables import SUBJECT_COPIES
from services.notification.templates.values import own_values
from services.notification.templates.wording import usual
from shared.followed_restrictions import both
from shared.follower import Fact, Reaction, hears_history
from shared.work import Work


class Planner:
    """Keeps the copies of what others tell of, and plans a notification for each subscriber."""

    def __init__(
        self,
        notifications: Notifications,
        subscriptions: Subscriptions,
        telling: Telling | None = None,
    ) -> None:
        self._notifications = notifications
        self._telling = telling
        self._subscriptions = subscriptions
        self.keeping = Keeping(notifications.store)
        self._deciding = Deciding(notifications.store, self.keeping)
        # A work's rows are not in the database before it ends; its later facts need them.
        self._copies: WeakKeyDictionary[Work, dict[UUID, Copy]] = WeakKeyDictionary()

    def reactions(self, source: str) -> Mapping[str, Reaction]:
        """To every fact of this service that one can subscribe to, and to its restrictions."""
        heard = {type_of(f): self.hear for f in STATUS_AFTER if f.startswith(f"{source}.")}
        return both(self.keeping.reactions(source), heard)

    @hears_history
    async def hear(self, fact: Fact, work: Work) -> None:
        """Bring the copy up to date, then plan for everybody the fact concerns.

        Nobody is told of another system's past.
        """
        copy = copies.after(await self.known(copies.about(fact), work), fact)
        self._keep(copy, fact, work)
        if fact.is_quiet:
            return
        concerned = await self._subscriptions.concerned(
            name_of(fact), recorded_at=fact.time, priority=copy.priority, service=copy.service
        )
        if self._telling is not None:
            concerned += await self._telling.concerned(fact, work)
        weighed = await self._deciding.weighed(fact, copy, concerned, work)
        streams = [notification_stream(_delivery(each, copy, fact)) for each, _ in weighed]
        await work.look(self._notifications, streams)
        for each, verdict in weighed:
            await self._plan(each, verdict, copy, fact, work)

    async def _plan(
        self, concerned: Concerned, verdict: Verdict, copy: Copy, fact: Fact, work: Work
    ) -> None:
        delivery = _delivery(concerned, copy, fact)
        words = concerned.template or usual(name_of(fact))
        values = copies.values(copy, name_of(fact), fact.time) | own_values(fact)
        if fact.restricted:
            values = in_few_words(values)
        if concerned.audience is not None:
            values["audience"] = concerned.audience
        await work.execute(
            self._notifications,
            notification_stream(delivery),
            notification.plan,
            delivery=delivery,
            subscription=concerned.id,
            happened_at=fact.time,
            words=template.said(words, values),
            wording=concerned.wording,
        )
        if verdict.reason is not None and verdict.until is not None:
            await work.execute(
                self._notifications,
                notification_stream(delivery),
                notification.hold,
                at=self._notifications.store.clock(),
                until=verdict.until,
                reason=REASONS[verdict.reason],
            )

    async def known(self, subject: UUID, work: Work) -> Copy:
        """The copy of an incident or problem as this work would leave it."""
        known = self._copies.get(work, {}).get(subject)
        return known or await copies.find(work.store.pool, subject)

    def _keep(self, copy: Copy, fact: Fact, work: Work) -> None:
        self._copies.setdefault(work, {})[copy.id] = copy
        work.row(SUBJECT_COPIES, (
            copy.id, copy.number, copy.title, copy.status, copy.priority, copy.service,
            fact.position,
        ))  # fmt: skip


def _delivery(concerned: Concerned, copy: Copy, fact: Fact) -> Delivery:
    return Delivery(
        cause=fact.id,
        fact=name_of(fact),
        about=copy.id,
        contact=concerned.contact,
        person=concerned.person,
        channel=concerned.channel,
    )
