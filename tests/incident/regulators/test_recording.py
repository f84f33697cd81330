"""What may be recorded for regulators, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.incident import events as e
from services.incident.incident import Incident, evolve
from services.incident.regulators.documents import BUILT_IN
from services.incident.regulators.events import RegulatoryFact, RegulatoryRecorded
from services.incident.regulators.recording import MOST, record_regulatory
from services.incident.rules import Status
from shared.errors import Refused

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
REPORTS = [(r.name, p.name) for r in BUILT_IN.regimes for p in r.reports]
AWARE = {"origin": RegulatoryFact.AWARE, "at": NOW}
SUBMITTED = {"origin": RegulatoryFact.REPORT_SUBMITTED, "at": NOW}


def record(incident: Incident, **told: Any) -> Incident:
    for event in record_regulatory(incident, now=NOW, reports=REPORTS, **told):
        incident = evolve(incident, event)
    return incident


OPEN = Incident(status=Status.IN_PROGRESS, number=1)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.MERGED}))
def test_it_is_recorded_in_any_status_of_an_incident_that_goes_on_here(status: Status) -> None:
    held = record(Incident(status=status), **AWARE)
    assert [(r.record, r.fact, r.at) for r in held.regulatory] == [(1, "aware", NOW)]


def test_of_a_merged_one_the_survivor_is_named() -> None:
    merged = Incident(status=Status.MERGED, merged_number=7)
    with pytest.raises(Refused, match="INC-7"):
        record(merged, **AWARE)


def test_the_same_again_is_nothing_new() -> None:
    held = record(record(OPEN, **AWARE), **AWARE)
    assert len(held.regulatory) == 1
    assert len(record(held, **AWARE, regime="gdpr").regulatory) == 2


def test_a_record_is_replaced_once() -> None:
    held = record(OPEN, **AWARE)
    earlier = {"origin": RegulatoryFact.AWARE, "at": NOW - timedelta(hours=1)}
    held = record(held, **earlier, replaces=1)
    assert held.regulatory[1].replaces == 1
    with pytest.raises(Refused, match="is replaced already"):
        record(held, **AWARE, replaces=1)
    with pytest.raises(Refused, match="no regulatory record 9"):
        record(held, **AWARE, replaces=9)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (SUBMITTED, "names its regime and the report"),
        (SUBMITTED | {"regime": "dora"}, "names its regime and the report"),
        (SUBMITTED | {"regime": "dora", "report": "8-k"}, "it has initial, intermediate, final"),
        (SUBMITTED | {"regime": "sox", "report": "8-k"}, "no regime sox; there are dora, gdpr"),
        (AWARE | {"report": "initial"}, "only a submission names a report"),
        (AWARE | {"regime": "sox"}, "no regime sox"),
        (AWARE | {"at": NOW + timedelta(seconds=1)}, "in the future"),
    ],
)
def test_what_cannot_be_meant_is_refused(told: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        record(OPEN, **told)


def test_there_is_an_end_to_it() -> None:
    held = OPEN
    for minutes in range(MOST):
        event = RegulatoryRecorded(
            record=minutes + 1, fact=RegulatoryFact.AWARE, at=NOW - timedelta(minutes=minutes)
        )
        held = evolve(held, event)
    with pytest.raises(Refused, match=f"{MOST} regulatory records"):
        record(held, **AWARE, regime="dora")
    assert record(held, **AWARE) == held


def test_status_and_milestones_stay_as_they_are() -> None:
    held = evolve(evolve(Incident(), e.Declared(number=1, title="Slow", reporter="rita")),
                  RegulatoryRecorded(record=1, fact=RegulatoryFact.CLASSIFIED, at=NOW))  # fmt: skip
    assert (held.status, held.acknowledged_at) == (Status.NEW, None)
