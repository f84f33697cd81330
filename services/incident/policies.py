"""What this service does about facts from the others, and about its own timers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.incident import facts, lifecycle
from services.incident.answers import Answer, Missed, NobodyAnswered, NobodyToTell, PageAcknowledged
from services.incident.catalogue.tables import DIRECTORY
from services.incident.facts import FACTS, Told, facts_stream
from services.incident.incidents import AUTO_CLOSE, Incidents
from services.incident.problem_feed.hearing import Hearing
from services.incident.problem_feed.known_errors import KnownErrors
from services.incident.rules import Status
from shared.follower import Fact, Reaction, hears_history
from shared.ledger import Ledger, Order
from shared.store.store import Store
from shared.timers import Handler
from shared.work import Work


class TeamTold(msgspec.Struct):
    """What we read of a team."""

    key: str


class ContactTold(msgspec.Struct):
    """What we read of a contact: whose it is."""

    person: str


class Attempted(msgspec.Struct):
    """What we read of a notification that was delivered, or finally was not."""

    about: UUID
    fact: str
    person: str
    channel: str
    at: datetime
    cause: UUID | None = None


class Seen(msgspec.Struct):
    """What we read of a notification that was acknowledged; `matter` is what a page was for."""

    person: str
    channel: str
    by: str
    matter: UUID | None = None


class Ended(msgspec.Struct):
    """What we read of an escalation that reached nobody, or nobody who answered."""

    about: UUID
    fact: str
    at: datetime
    policy: str | None = None
    people: tuple[str, ...] = ()
    missed: tuple[Missed, ...] = ()


def from_problems(incidents: Incidents) -> Mapping[str, Reaction]:
    """Keep copies of problems and known errors, and tell their incidents what becomes of them."""
    return {**Hearing(incidents).reactions(), **KnownErrors(incidents.store).reactions()}


def from_notifications(store: Store) -> Mapping[str, Reaction]:
    """Let the timeline say who was told, and who could not be."""
    machine_facts = Ledger(store, FACTS)

    def outcome(name: str) -> Reaction:
        async def told(fact: Fact, work: Work) -> None:
            attempt = fact.read(Attempted)
            if not attempt.fact.startswith("incident."):
                return
            entry = Told(
                notification=fact.subject,
                recipient=attempt.person,
                fact=attempt.fact,
                channel=attempt.channel,
                outcome=name,
                at=attempt.at,
                cause=attempt.cause,
            )
            stream = facts_stream(attempt.about)
            await work.execute(machine_facts, stream, facts.attach, fact=entry)

        return told

    async def answered(fact: Fact, work: Work) -> None:
        if (entry := _answer(fact)) is not None:
            stream = facts_stream(fact.read(Ended).about)
            await work.execute(machine_facts, stream, facts.attach, fact=entry)

    return {
        "tocsin.team.set.v1": team_known,
        "tocsin.team.retired.v1": team_retired,
        "tocsin.contact.set.v1": person_known,
        "tocsin.contact.retired.v1": person_retired,
        "tocsin.notification.delivered.v1": outcome("delivered"),
        "tocsin.notification.exhausted.v1": outcome("not reached"),
        "tocsin.notification.acknowledged.v1": answered,
        "tocsin.notification.nobody_answered.v1": answered,
        "tocsin.notification.nobody_to_tell.v1": answered,
    }


def _answer(fact: Fact) -> Answer | None:
    """What the timeline says of what was seen, or of a page that nobody answered."""
    ended = fact.read(Ended)
    if not ended.fact.startswith("incident."):
        return None
    told: dict[str, Any] = {"fact": ended.fact, "at": ended.at}
    if fact.type == "tocsin.notification.acknowledged.v1":
        seen = fact.read(Seen)
        told |= {"recipient": seen.person, "by": seen.by, "channel": seen.channel}
        told |= {"matter": seen.matter}
        return PageAcknowledged(notification=fact.subject, **told)
    told |= {"escalation": fact.subject, "policy": ended.policy}
    if fact.type == "tocsin.notification.nobody_answered.v1":
        return NobodyAnswered(people=ended.people, **told)
    return NobodyToTell(missed=ended.missed, **told)


@hears_history
async def team_known(fact: Fact, work: Work) -> None:
    """There is a team of this key."""
    _keep(fact, work, "team", fact.read(TeamTold).key)


@hears_history
async def team_retired(fact: Fact, work: Work) -> None:
    """A team is no longer assigned to."""
    _keep(fact, work, "team", None)


@hears_history
async def person_known(fact: Fact, work: Work) -> None:
    """Somebody of this id can be reached."""
    _keep(fact, work, "person", fact.read(ContactTold).person)


@hears_history
async def person_retired(fact: Fact, work: Work) -> None:
    """A contact is no longer used."""
    _keep(fact, work, "person", None)


def _keep(fact: Fact, work: Work, kind: str, key: str | None) -> None:
    work.row(DIRECTORY, (fact.id, fact.position, fact.time, fact.subject, kind, key))


def timers(incidents: Incidents) -> Mapping[str, Handler]:
    """What rings in this service."""

    async def close(stream: UUID) -> None:
        held = await incidents.current(stream)
        if held.state.status is Status.RESOLVED and not held.state.major.is_accepted:
            order = Order(stream=stream, actor="system:auto-close")
            await incidents.execute(order, lifecycle.close, at=incidents.store.clock())

    return {AUTO_CLOSE: close}
