"""What this service does about suggestions, and about known errors that have ended."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from services.incident.facts import FACTS, attach, facts_stream
from services.incident.suggestions.facts import (
    KNOWN_ERROR_ENDS,
    KnownErrorsSuggested,
    Suggested,
)
from shared.follower import Fact, Reaction
from shared.ledger import Ledger
from shared.store.store import Store
from shared.work import Work


class SuggestedOn(msgspec.Struct):
    """What we read of a suggestion."""

    incident: UUID
    hits: tuple[Suggested, ...]


def of_suggestions(store: Store) -> Mapping[str, Reaction]:
    """Reactions to the problem feed, by type."""
    machine_facts = Ledger(store, FACTS)

    async def suggested(fact: Fact, work: Work) -> None:
        told = fact.read(SuggestedOn)
        news = KnownErrorsSuggested(incident=told.incident, hits=told.hits)
        await work.execute(machine_facts, facts_stream(told.incident), attach, fact=news)

    async def ended(fact: Fact, work: Work) -> None:
        work.row(KNOWN_ERROR_ENDS, (fact.subject, store.clock()))

    return {
        "tocsin.known_error.suggested.v1": suggested,
        "tocsin.known_error.superseded.v1": ended,
        "tocsin.known_error.retired.v1": ended,
    }
