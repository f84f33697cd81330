"""What this service does about facts of known errors."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from services.incident.facts import FACTS, attach, facts_stream
from services.incident.problem_feed.copies import Copies, KnownErrorCopy
from services.incident.problem_feed.facts import KnownErrorUsed
from shared.follower import Fact, Reaction
from shared.ledger import Ledger
from shared.restrictions import DERIVED
from shared.store.store import Store
from shared.work import Work


class OfKnownError(msgspec.Struct):
    """What we read of a fact of a known error."""

    number: str = ""
    title: str = ""
    raised_from: UUID | None = None
    by_number: str | None = None
    incident: UUID | None = None
    known_error: UUID | None = None
    helped: bool | None = None


class KnownErrors:
    """Keeps copies of known errors, and tells incidents on which one was used."""

    def __init__(self, store: Store) -> None:
        self._copies = Copies(store)
        self._facts = Ledger(store, FACTS)

    def reactions(self) -> Mapping[str, Reaction]:
        """To facts of known errors, by type."""
        by_name: dict[str, Reaction] = {
            "published": self.published,
            "revised": self.revised,
            "superseded": self.ended("superseded"),
            "retired": self.ended("retired"),
            "used": self.used,
        }
        return {f"tocsin.known_error.{name}.v1": each for name, each in by_name.items()}

    async def published(self, fact: Fact, work: Work) -> None:
        """Incidents can be linked to it, and resolved with it."""
        told = fact.read(OfKnownError)
        copy = KnownErrorCopy(
            id=fact.subject,
            number=told.number,
            title=told.title,
            position=fact.position,
            status="published",
        )
        self._copies.put(copy, work)
        if told.raised_from is not None:
            work.row(DERIVED, (fact.subject, f'["{told.raised_from}"]'))

    async def revised(self, fact: Fact, work: Work) -> None:
        """It is called otherwise, perhaps; a draft is not known here."""
        copy = await self._copies.known_error(fact.subject, work)
        if copy is not None:
            title = fact.read(OfKnownError).title
            self._copies.put(msgspec.structs.replace(copy, title=title), work)

    def ended(self, status: str) -> Reaction:
        """Nothing new is linked to it."""

        async def react(fact: Fact, work: Work) -> None:
            copy = await self._copies.known_error(fact.subject, work)
            if copy is not None:
                by = fact.read(OfKnownError).by_number
                last = msgspec.structs.replace(copy, status=status, superseded_by=by)
                self._copies.put(last, work)

        return react

    async def used(self, fact: Fact, work: Work) -> None:
        """Somebody has tried it on an incident."""
        told = fact.read(OfKnownError)
        if told.incident is None or told.known_error is None:
            return
        used = KnownErrorUsed(
            incident=told.incident,
            known_error=told.known_error,
            number=told.number,
            helped=told.helped,
        )
        await work.execute(self._facts, facts_stream(told.incident), attach, fact=used)
