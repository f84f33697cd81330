"""Whom a status update or a closing notice concerns: the members of each audience it names."""

from collections.abc import Sequence
from uuid import uuid5

import msgspec

from services.notification.audiences.audience import Audience
from services.notification.audiences.members import Audiences, Found, Member
from services.notification.copies import find, name_of
from services.notification.escalation import escalation
from services.notification.escalation.escalations import Escalations
from services.notification.escalation.events import Missed, Occasion
from services.notification.events import Channel, Template
from services.notification.keyed.keyed import stream_of
from services.notification.subscriptions import Concerned
from services.notification.templates.kept import Templates
from services.notification.templates.wording import known_of, usable
from shared.follower import Fact
from shared.work import Work

_TOLD = {"incident.update_posted", "incident.closing_notice"}


class Way(msgspec.Struct, frozen=True):
    """How the communication plan has an audience told; what it leaves open the audience says."""

    audience: str
    channel: str | None = None
    template: str | None = None


class Addressed(msgspec.Struct, frozen=True):
    """What we read of a fact for audiences."""

    audiences: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()


class Words(msgspec.Struct, frozen=True):
    """A template's words, or why the usual ones are taken."""

    template: Template | None = None
    wording: str | None = None


class Telling:
    """Finds the members of audiences, and the words for them."""

    def __init__(
        self, audiences: Audiences, templates: Templates, escalations: Escalations
    ) -> None:
        self._audiences = audiences
        self._templates = templates
        self._escalations = escalations

    async def concerned(self, fact: Fact, work: Work) -> list[Concerned]:
        """Everybody in the audiences that this fact names; nobody of any other fact."""
        if name_of(fact) not in _TOLD:
            return []
        said = fact.read(Addressed)
        ways = {way.audience: way for way in said.ways}
        found: list[Concerned] = []
        for key in dict.fromkeys(said.audiences):
            found += await self._of(ways.get(key) or Way(key), fact, work)
        return found

    async def _of(self, way: Way, fact: Fact, work: Work) -> list[Concerned]:
        held = await work.current(self._audiences, stream_of("audience", way.audience))
        audience = held.state
        if not audience.key or audience.retired:
            await self._missed([Missed(target=_name(way), reason="there is none")], fact, work)
            return []
        at = work.store.clock()
        members = await self._audiences.members(audience, _channels(way), at, work)
        if missed := _missing(way, members):
            await self._missed(missed, fact, work, audience)
        words = await self._words(way.template or audience.template, fact, work)
        return [_concerned(each, way, words) for each in members.members]

    async def _words(self, key: str | None, fact: Fact, work: Work) -> Words:
        """The words of this template, if they can be said of this fact."""
        if key is None:
            return Words()
        held = await work.current(self._templates, stream_of("template", key))
        if not held.state.key or held.state.retired:
            return Words(wording=f"the usual words: there is no template {key}")
        words = Template(subject=held.state.subject, text=held.state.text)
        if (fault := usable(words, dict.fromkeys(known_of(name_of(fact)), ""))) is not None:
            return Words(wording=f"the usual words: of template {key}, {fault}"[:500])
        return Words(words, f"template {key}, version {held.version}")

    async def _missed(
        self, missed: Sequence[Missed], fact: Fact, work: Work, audience: Audience | None = None
    ) -> None:
        """It is told that an audience, or part of it, was not."""
        copy = await find(work.store.pool, fact.subject)
        occasion = Occasion(
            cause=fact.id,
            fact=name_of(fact),
            about=fact.subject,
            happened_at=fact.time,
            values={"number": copy.number},
        )
        key = audience.key if audience else missed[0].target
        await work.execute(
            self._escalations,
            uuid5(fact.id, f"audience {key}"),
            escalation.miss,
            occasion=occasion,
            missed=missed,
            at=work.store.clock(),
        )


def _channels(way: Way) -> tuple[Channel, ...]:
    """The plan's channel; one that is not known here leaves it to the audience."""
    return (Channel(way.channel),) if way.channel in {each.value for each in Channel} else ()


def _missing(way: Way, found: Found) -> list[Missed]:
    """Who of an audience cannot be told; that nobody is in it."""
    if not found.members and not found.missing:
        return [Missed(target=_name(way), reason="nobody is in it")]
    return [Missed(target=f"{_name(way)}, {who}", reason=why) for who, why in found.missing]


def _name(way: Way) -> str:
    return f"audience {way.audience}"


def _concerned(member: Member, way: Way, words: Words) -> Concerned:
    return Concerned(
        id=None,
        contact=member.contact,
        channel=member.channel or member.wanted,
        person=member.person,
        template=words.template,
        quiet_hours=member.quiet_hours,
        usable=member.channel is not None,
        audience=way.audience,
        wording=words.wording,
    )
