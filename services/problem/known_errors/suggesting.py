"""Offers likely known errors on each new incident: beside the feed, so that it is never held up.

The follower only notes that there is something to look for; a work list does the looking, on the
newest copy of the incident. What is restricted is offered on no incident: nobody knows who reads.
"""

import time
import weakref
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from services.problem.copies import IncidentCopy
from services.problem.known_errors import offers, thesaurus
from services.problem.known_errors.finding import Found, Wanted, find, look_up
from services.problem.known_errors.ledger import KnownErrors
from services.problem.known_errors.offers import Offer, offers_stream
from services.problem.known_errors.question import asked
from services.problem.known_errors.scoring import Facts, Judged
from services.problem.problems import Problems
from shared.errors import NotFound
from shared.follower import Fact, Reaction
from shared.http.managed import is_known
from shared.ledger import Order
from shared.work import Work
from shared.work_list import Step, spread

SUGGEST = "suggest-known-errors"
MOST_OFFERED = 5
_ENOUGH = 0.4
_FRESH_SECONDS = 1.0
_FORGET = "delete from work_lists where id = $1"  # one an incident: nobody asks for it afterwards
_ANY = "select exists (select 1 from known_errors where to_position is null and status = $1)"


class Resolved(msgspec.Struct):
    """What we read of an incident's resolution."""

    code: str | None = None
    known_error: str | None = None


class Suggesting:
    """Notes which incidents are to be looked at, and looks."""

    def __init__(self, problems: Problems, known_errors: KnownErrors) -> None:
        self._problems = problems
        self._known_errors = known_errors
        self._pool = known_errors.store.pool
        self._known_until = 0.0
        self._none_in: weakref.ref[Work] | None = None

    def reactions(self) -> Mapping[str, Reaction]:
        """To facts of incidents, by type."""
        by_name: dict[str, Reaction] = {
            "declared": self.look,
            "categorised": self.look,
            "resolved": self.resolved,
        }
        return {f"tocsin.incident.{name}.v1": each for name, each in by_name.items()}

    def step(self) -> Step:
        """One incident: find what is likely, and offer it."""
        return self._suggest

    async def look(self, fact: Fact, work: Work) -> None:
        """Look for known errors once this has been stored, if there are any at all."""
        if await self._has_any(work):
            spread(work, SUGGEST, fact.id, [fact.subject], about=fact.subject)

    async def resolved(self, fact: Fact, work: Work) -> None:
        """An incident that is resolved as a known error was helped by it."""
        told = fact.read(Resolved)
        if told.known_error is None or told.code != "known_error":
            return
        try:
            stream = await self._known_errors.find(told.known_error)
            number = (await self._known_errors.lately(stream)).state.number
        except NotFound:  # an imported one names another system's
            return
        await work.execute(
            self._known_errors.offers,
            offers_stream(fact.subject),
            offers.record_use,
            incident=fact.subject,
            known_error=stream,
            number=number,
            helped=True,
        )

    async def _suggest(self, order: Order, about: UUID) -> None:
        await self._offer(order)
        await self._pool.execute(_FORGET, order.correlation_id)

    async def _offer(self, order: Order) -> None:
        copies = await self._problems.incidents.all_of([order.stream])
        if not copies or copies[0].status != "open":
            return
        found = [_offer(each) for each in await self._found(copies[0])]
        ledger, stream = self._known_errors.offers, offers_stream(order.stream)
        creates = not await is_known(ledger, stream)
        if found or not creates:
            order = msgspec.structs.replace(
                order, stream=stream, actor="system:known-errors", key=None, creates=creates
            )
            incident = copies[0].id
            await ledger.execute(order, offers.suggest, incident=incident, found=found)

    async def _found(self, copy: IncidentCopy) -> Sequence[Found]:
        policy = await self._problems.policies.named(thesaurus.POLICY)
        known = self._known_errors.thesauruses.of(policy.version, policy.state.document)
        told = (copy.title, copy.category, copy.subcategory)
        question = await look_up(self._pool, asked(" \n ".join(filter(None, told)), known))
        facts = Facts(
            services=frozenset(filter(None, [copy.service])),
            items=frozenset(filter(None, [copy.item])),
        )
        now = self._known_errors.store.clock()
        near = await self._known_errors.near(copy.title)
        best = await find(self._pool, Wanted(question, facts, now, None, MOST_OFFERED, near))
        return [each for each in best if is_likely(each.judged)]

    async def _has_any(self, work: Work) -> bool:
        """Asked once a page of facts at most: one published a moment ago is not missed."""
        if time.monotonic() < self._known_until:
            return True
        if self._none_in is not None and self._none_in() is work:
            return False
        found: bool = await self._pool.fetchval(_ANY, "published")
        self._known_until = time.monotonic() + _FRESH_SECONDS if found else 0.0
        self._none_in = None if found else weakref.ref(work)
        return found


def is_likely(judged: Judged) -> bool:
    """Whether it is worth a responder's look: by a code, an item and a word, or several words."""
    kinds = {reason.kind for reason in judged.reasons}
    if "error_code" in kinds or ("item" in kinds and judged.words):
        return True
    is_said = bool(kinds & {"words", "spelling"})
    return is_said and judged.words >= 2 and judged.score >= _ENOUGH


def _offer(found: Found) -> Offer:
    return Offer(
        known_error=found.id,
        number=found.number,
        revision=found.revision,
        score=round(found.judged.score, 4),
        reasons=found.judged.reasons,
    )
