"""The problems behind a metric, each with its value and the events that prove it."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.problem.facts import FixIneffective, facts_stream
from services.problem.metrics.formulas import Formula
from services.problem.metrics.measuring import Value
from services.problem.metrics.view import ProblemInput
from services.problem.problem import Problem
from services.problem.problems import PROBLEM
from shared.effective import Instant
from shared.store.reader import Recorded
from shared.store.store import Store

_FIELDS = {
    "root_cause": "root_cause_at",
    "resolved": "resolved_at",
    "fixed": "resolved_at",
    "fix_rejection_count": "fix_rejection_count",
    "reanalysis_count": "reanalysis_count",
}
_COUNTED = ("fix_rejection_count", "reanalysis_count")
_PUBLISHED = """select k.problem, e.event_id from known_errors k
    join events e on e.originator_id = k.id and e.topic = 'known_error.published'
    where k.problem = any($1::uuid[]) and k.to_position is null and e.position <= $2
    order by e.position"""


async def inputs(
    store: Store, formula: Formula, instant: Instant, found: Sequence[Value]
) -> list[ProblemInput]:
    """These values, each with its proofs."""
    ids = [each.measured.id for each in found]
    own = await store.log.streams(ids)
    beside = await store.log.streams([facts_stream(id) for id in ids])
    published: dict[UUID, list[UUID]] = {}
    if "known" in formula.proofs:
        for problem, event in await store.pool.fetch(_PUBLISHED, ids, instant.position):
            published.setdefault(problem, []).append(event)
    told = []
    for each, events, facts in zip(found, own, beside, strict=True):
        proofs = _changes(instant.of(events))
        proofs["known"] = published.get(each.measured.id, [])
        proofs["recurred"] = _recurrences(instant.of(facts))
        told.append(
            ProblemInput(
                problem=each.measured.id,
                number=f"PRB-{each.measured.number}",
                value=each.value,
                excluded=each.excluded,
                events={name: _proof(name, proofs) for name in formula.proofs},
            )
        )
    return told


def _recurrences(facts: Iterable[Recorded]) -> list[UUID]:
    return [each.event_id for each in facts if isinstance(each.event, FixIneffective)]


def _proof(name: str, changes: dict[str, list[UUID]]) -> list[UUID]:
    known = changes.get(_FIELDS.get(name, name), [])
    return known if name in (*_COUNTED, "known", "recurred", "logged") else known[-1:]


def _changes(events: Sequence[Recorded]) -> dict[str, list[UUID]]:
    """By field, the events that gave it another value, the last one last; `logged` as well."""
    changes: dict[str, list[UUID]] = {"logged": [e.event_id for e in events[:1]]}
    before = Problem()
    for recorded in events:
        after = PROBLEM.replay(before, recorded.event)
        for field in set(_FIELDS.values()):
            value = getattr(after, field)
            if value != getattr(before, field) and value:
                changes.setdefault(field, []).append(recorded.event_id)
        before = after
    return changes
