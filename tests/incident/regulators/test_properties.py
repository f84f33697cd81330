"""Regulators' clocks against a naive reckoning, for whatever was recorded in whatever order."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.incident.regulators.deadlines import deadlines
from services.incident.regulators.desk import RegulatorReading
from services.incident.regulators.documents import BUILT_IN, RegulatorsDocument
from services.incident.regulators.events import RegulatoryFact, RegulatoryRecord
from services.incident.regulators.regimes import regulators_of
from services.incident.regulators.ringing import next_ring, passed_by
from tests.incident.regulators.brute import reckoned
from tests.incident.regulators.worked import HOLIDAYS

START = datetime(2026, 1, 1, tzinfo=UTC)
REPORTS = [(r.name, p.name) for r in BUILT_IN.regimes for p in r.reports]
moments = st.builds(
    lambda minutes: START + timedelta(minutes=minutes),
    st.integers(0, 400 * 24 * 4).map(lambda quarters: quarters * 15),
)


@st.composite
def documents(draw: st.DrawFn) -> RegulatorsDocument:
    """The built-in regimes with other calendars, other limits, other rules for weekends."""
    told = BUILT_IN.model_dump(mode="json")
    for calendar in told["calendars"].values():
        calendar["timezone"] = draw(
            st.sampled_from(["UTC", "Europe/Brussels", "America/New_York", "Australia/Lord_Howe"])
        )
        calendar["holidays"] = [{"date": d} for d in draw(st.sets(st.sampled_from(HOLIDAYS)))]
    for regime in told["regimes"]:
        for report in regime["reports"]:
            moves = st.sampled_from(["due_then", "noon_of_next_working_day"])
            report["on_non_working_day"] = draw(moves)
            kind = draw(st.sampled_from(["hours", "business_days", "months"]))
            report["within"] |= {"hours": None, "business_days": None, "months": None}
            report["within"] |= {kind: draw(st.integers(1, 40)), "until": None}
    return RegulatorsDocument.model_validate(told)


@st.composite
def records(draw: st.DrawFn) -> list[RegulatoryRecord]:
    found: list[RegulatoryRecord] = []
    for number in range(1, draw(st.integers(1, 12)) + 1):
        fact = draw(st.sampled_from(RegulatoryFact))
        regime, report = draw(st.sampled_from(REPORTS))
        is_submission = fact is RegulatoryFact.REPORT_SUBMITTED
        earlier = st.none() | st.integers(1, max(number - 1, 1))
        found.append(
            RegulatoryRecord(
                record=number,
                fact=fact,
                at=draw(moments),
                regime=regime if is_submission or draw(st.integers(0, 3)) == 0 else None,
                report=report if is_submission else None,
                retracted=draw(st.integers(0, 4)) == 0,
                replaces=draw(earlier) if number > 1 and draw(st.integers(0, 3)) == 0 else None,
            )
        )
    return found


@given(document=documents() | st.just(BUILT_IN), told=records(), now=moments)
@settings(max_examples=120, deadline=None)
def test_deadlines_are_what_a_naive_reckoning_finds(
    document: RegulatorsDocument, told: list[RegulatoryRecord], now: datetime
) -> None:
    found = deadlines(told, regulators_of(document.model_dump(mode="json"), 2), now)
    assert [(d.regime, d.report, d.standing.value, d.due) for d in found] == [
        tuple(each) for each in reckoned(told, document, now)
    ]


@given(told=records(), now=moments)
@settings(max_examples=40, deadline=None)
def test_what_was_recorded_in_another_order_leads_to_the_same(
    told: list[RegulatoryRecord], now: datetime
) -> None:
    regulators = regulators_of(None, 1)
    assert deadlines(told, regulators, now) == deadlines(told[::-1], regulators, now)


@given(told=records(), now=moments)
@settings(max_examples=40, deadline=None)
def test_a_timer_rings_before_anything_else_is_to_be_said(
    told: list[RegulatoryRecord], now: datetime
) -> None:
    def read(at: datetime) -> RegulatorReading:
        return RegulatorReading(deadlines(told, regulators_of(None, 1), at), {}, [], [], 1, at)

    incident, ring = UUID(int=1), next_ring(read(now))
    said = set(map(repr, passed_by(read(now), incident)))
    if ring is None:
        assert set(map(repr, passed_by(read(now + timedelta(days=3000)), incident))) <= said
        return
    assert now < ring <= now + timedelta(hours=1)
    just_before = ring - timedelta(microseconds=1)
    assert set(map(repr, passed_by(read(just_before), incident))) <= said
