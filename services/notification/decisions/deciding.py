"""A fact is weighed for everybody it concerns; what comes of it is on record with its reasons."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.notification.copies import Copy, name_of
from services.notification.decisions import decision
from services.notification.decisions.decision import Decisions, decision_stream
from services.notification.decisions.events import Left, Taken
from services.notification.decisions.throttling import THROTTLING, Sent, ThrottlingDocument
from services.notification.decisions.weighing import Moment, Verdict, weigh
from services.notification.keeping import Keeping
from services.notification.subscriptions import Concerned
from shared.follower import Fact
from shared.policy import Policies
from shared.store.store import Store
from shared.work import Work


class Deciding:
    """Weighs facts by the policy in force."""

    def __init__(self, store: Store, keeping: Keeping) -> None:
        self._store = store
        self._keeping = keeping
        self._decisions = Decisions(store)
        self._policies = Policies(store, "notification")
        self._sent = Sent()

    async def weighed(
        self, fact: Fact, copy: Copy, concerned: Sequence[Concerned], work: Work
    ) -> list[tuple[Concerned, Verdict]]:
        """Those who are told, now or later; the decision is part of the work."""
        policy = await self._policies.named(THROTTLING, fresh=bool(concerned))
        document = ThrottlingDocument.model_validate(policy.state.document or {})
        contacts = {each.contact for each in concerned}
        now = self._store.clock()
        sent = await self._sent.look(self._store.pool, document, contacts, work, now)
        moment = Moment(now, copy.priority, document, sent)
        verdicts = await self._verdicts(fact, copy, concerned, moment, work)
        taken = _taken(fact, copy, verdicts, moment.at, policy.version + 1)
        stream = decision_stream(fact.id)
        await work.execute(self._decisions, stream, decision.take, taken=taken)
        return [(each, verdict) for each, verdict in verdicts if verdict.is_told]

    async def _verdicts(
        self,
        fact: Fact,
        copy: Copy,
        concerned: Sequence[Concerned],
        moment: Moment,
        work: Work,
    ) -> list[tuple[Concerned, Verdict]]:
        verdicts: list[tuple[Concerned, Verdict]] = []
        known: set[tuple[UUID, str]] = set()
        for each in concerned:
            admitted = not fact.restricted or await self._keeping.admits(copy.id, each.person, work)
            way = each.contact, each.channel.value
            verdict = weigh(each, moment, known=way in known, admitted=admitted)
            verdicts.append((each, verdict))
            if verdict.is_told:
                known.add(way)
                self._sent.count(way, work)
        return verdicts


def _taken(
    fact: Fact,
    copy: Copy,
    verdicts: Sequence[tuple[Concerned, Verdict]],
    at: datetime,
    policy: int,
) -> Taken:
    left = tuple(
        Left(
            contact=each.contact,
            person=each.person,
            channel=each.channel,
            reason=verdict.reason,
            subscription=each.id,
            audience=each.audience,
            until=verdict.until,
        )
        for each, verdict in verdicts
        if verdict.reason is not None
    )
    return Taken(
        fact=fact.id,
        name=name_of(fact),
        about=copy.id,
        at=at,
        told=len(verdicts) - len(left),
        policy=policy,
        priority=copy.priority,
        service=copy.service,
        left=left,
    )
