"""The incidents behind a metric, each with its value and the events that prove it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.incident.incident import Incident
from services.incident.incidents import INCIDENT
from services.incident.metrics.formulas import Formula
from services.incident.metrics.query import Question
from services.incident.metrics.reliable import period_of, rounded, within_period
from services.incident.metrics.view import Input
from shared.store.reader import Recorded
from shared.store.store import Store

_FIELDS = {
    "started": ("started_at",),
    "detected": ("detected_at",),
    "acknowledged": ("acknowledged_at",),
    "mitigated": ("mitigated_at",),
    "resolved": ("resolved_at",),
    "restored": ("mitigated_at", "resolved_at"),
    "closed": ("closed_at",),
    "last_resolved": ("resolved_at",),
}
_COUNTERS = ("reopen_count", "reassignment_count")
_SEVERAL = ("declared", "updates", *_COUNTERS)


async def inputs(
    store: Store, question: Question, *, after: int, limit: int, excluded: bool | None
) -> tuple[list[Any], list[Input]]:
    """The rows behind a place, one more than `limit`, and the inputs that they are."""
    if question.formula.name == "mtbf":
        question = within_period(question, period_of(question))
    measured = await question.measured(store)
    which = {None: "", True: " and excluded is not null", False: " and excluded is null"}[excluded]
    more = "clock, target" if question.formula.of_clocks else "started, restored"
    query = f"""select id, number, place, value, excluded, {more} from s
        where place > {measured.hole(after)}{which} order by place limit {limit + 1}"""
    found = await store.pool.fetch(measured.sql(query), *measured.arguments)
    shown = found[:limit]
    told = await store.log.streams([row["id"] for row in shown])
    return found, [
        _input(question.formula, row, question.instant.of(events))
        for row, events in zip(shown, told, strict=True)
    ]


def _input(formula: Formula, row: Any, events: Sequence[Recorded]) -> Input:
    changes = _changes(events)
    return Input(
        incident=row["id"],
        number=f"INC-{row['number']}",
        value=None if row["excluded"] else _value(formula, row),
        excluded=row["excluded"],
        events={p.removeprefix("last_"): _proof(p, changes) for p in formula.proofs},
        **({"clock": row["clock"], "target": row["target"]} if formula.of_clocks else {}),
    )


def _value(formula: Formula, row: Any) -> float | None:
    if formula.name == "mtbf":
        return rounded((row["restored"] - row["started"]).total_seconds())
    return rounded(row["value"])


def _changes(events: Sequence[Recorded]) -> dict[str, list[UUID]]:
    """By field, the events that gave it another value, the last one last; `declared` as well."""
    changes: dict[str, list[UUID]] = {"declared": [e.event_id for e in events[:1]]}
    before = Incident()
    for recorded in events:
        after = INCIDENT.replay(before, recorded.event)
        for field in (*_COUNTERS, *_MILESTONES):
            if getattr(after, field) != getattr(before, field) and getattr(after, field):
                changes.setdefault(field, []).append(recorded.event_id)
        if after.major.update_count > before.major.update_count:
            changes.setdefault("updates", []).append(recorded.event_id)
        before = after
    return changes


_MILESTONES = sorted({field for fields in _FIELDS.values() for field in fields})


def _proof(proof: str, changes: dict[str, list[UUID]]) -> list[UUID]:
    if proof in _SEVERAL:
        return changes.get(proof, [])
    known = [changes[field][-1] for field in _FIELDS[proof] if field in changes]
    return known[:1]
