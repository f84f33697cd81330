"""A group of alerts and its incident, as stories; and which labels lead to what."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from services.incident.alerts import group as groups
from services.incident.alerts.course import Course, course, recover
from services.incident.alerts.events import AlertStatus, Heard, Lapsed, Repeated, Signal
from services.incident.alerts.group import AlertGroup
from services.incident.alerts.patterns import Match
from services.incident.alerts.rules import AlertRule, AlertRulesDocument, check_rules, rules_of
from services.incident.events import Mitigated, ResolutionCode, Resolved
from services.incident.incident import Incident
from services.incident.rules import Status
from shared.errors import Invalid
from tests.support.scenario import Scenario

T0 = datetime(2026, 3, 1, 10, tzinfo=UTC)
ECHO, WINDOW = timedelta(minutes=10), timedelta(minutes=30)
INCIDENT = UUID(int=7)


def minute(n: float) -> datetime:
    return T0 + timedelta(minutes=n)


def fires(since: float, name: str = "a") -> Signal:
    return Signal(fingerprint=name, status=AlertStatus.FIRING, starts_at=minute(since))


def ends(since: float, until: float, name: str = "a") -> Signal:
    return Signal(
        fingerprint=name,
        status=AlertStatus.RESOLVED,
        starts_at=minute(since),
        ends_at=minute(until),
    )


def heard(at: float, *signals: Signal) -> Heard:
    return Heard(receiver="r", group_key="g", signals=signals, at=minute(at), incident=INCIDENT)


def group(*events: Heard) -> AlertGroup:
    return Scenario(groups.evolve, AlertGroup()).given(*events).state


def news(before: AlertGroup, at: float, *signals: Signal) -> list[int]:
    return groups.news(before, signals, at=minute(at), echo=ECHO)


def test_the_same_fingerprint_start_and_status_are_told_once() -> None:
    known = group(heard(0, fires(0)))
    assert news(known, 1, fires(0), fires(1), ends(0, 1), fires(0, "b")) == [1, 2, 3]


def test_within_one_body_too() -> None:
    assert news(AlertGroup(), 0, fires(0), fires(0)) == [0]


def test_a_group_fires_until_its_last_alert_has_ended() -> None:
    known = group(heard(0, fires(0), fires(0, "b")), heard(5, ends(0, 5)))
    assert known.fires
    known = groups.evolve(known, heard(6, ends(0, 6, "b")))
    assert not known.fires
    assert known.recovered_at == minute(6)


def test_an_end_of_an_earlier_interval_does_not_end_the_present_one() -> None:
    assert group(heard(0, fires(0)), heard(9, fires(8)), heard(10, ends(0, 5))).fires


def test_an_end_whose_start_was_merged_with_an_earlier_one_counts() -> None:
    assert not group(heard(0, fires(1)), heard(9, ends(0, 9))).fires


def test_a_beginning_told_after_its_end_is_over_already() -> None:
    assert not group(heard(5, ends(0, 4)), heard(6, fires(0))).fires


def test_a_slow_peer_is_an_echo_but_firing_on_is_news() -> None:
    known = group(heard(0, fires(0)), heard(5, ends(0, 5)))
    assert news(known, 14, fires(0)) == []
    assert news(known, 16, fires(0)) == [0]
    known = groups.evolve(known, heard(16, fires(0)))
    assert known.fires
    assert news(known, 17, ends(0, 17)) == [0]


def test_what_ended_a_day_ago_is_forgotten() -> None:
    known = group(heard(0, fires(0)), heard(5, ends(0, 5)), heard(1_500, fires(1_500, "b")))
    assert set(known.alerts) == {"b"}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, Course.DECLARE),
        (Status.NEW, Course.ATTACH),
        (Status.IN_PROGRESS, Course.ATTACH),
        (Status.ON_HOLD, Course.ATTACH),
        (Status.RESOLVED, Course.REOPEN),
        (Status.CLOSED, Course.REOPEN),
        (Status.CANCELLED, Course.DECLARE),
        (Status.MERGED, Course.DECLARE),
    ],
)
def test_where_a_firing_alert_leads(status: Status | None, expected: Course) -> None:
    before = group(heard(0, fires(0)), heard(5, ends(0, 5)))
    incident = Incident(status=status, resolved_at=minute(6)) if status else None
    assert course(before, heard(10, fires(10)), incident, WINDOW) is expected


@pytest.mark.parametrize(("start", "expected"), [(35, Course.REOPEN), (36, Course.DECLARE)])
def test_the_window_runs_from_the_end_to_the_new_start(start: float, expected: Course) -> None:
    before = group(heard(0, fires(0)), heard(5, ends(0, 5)))
    incident = Incident(status=Status.RESOLVED, resolved_at=minute(5))
    assert course(before, heard(99, fires(start)), incident, WINDOW) is expected


def test_an_end_leads_nowhere_without_an_incident() -> None:
    assert course(AlertGroup(), heard(5, ends(0, 5)), None, WINDOW) is Course.NOTHING


def recovery(incident: Incident, *, resolves: bool = True) -> list[object]:
    events = recover(
        incident, fired_at=minute(0), at=minute(5), resolves=resolves, close_after_days=5
    )
    return [type(event) for event in events]


def test_recovery_resolves_only_what_nobody_has_acknowledged() -> None:
    assert recovery(Incident(status=Status.NEW)) == [Mitigated, Resolved]
    assert recovery(Incident(status=Status.NEW), resolves=False) == [Mitigated]
    taken_up = Incident(status=Status.IN_PROGRESS, acknowledged_at=minute(2))
    assert recovery(taken_up) == [Mitigated]
    assert recovery(Incident(status=Status.CLOSED)) == []


def test_recovery_says_so_in_its_code() -> None:
    *_, resolved = recover(
        Incident(status=Status.NEW),
        fired_at=None,
        at=minute(5),
        resolves=True,
        close_after_days=5,
    )
    assert isinstance(resolved, Resolved)
    assert (resolved.code, resolved.close_after_days) == (ResolutionCode.SELF_RECOVERED, 5)


def test_what_was_mitigated_before_it_fired_again_is_mitigated_anew() -> None:
    earlier = Incident(
        status=Status.IN_PROGRESS, acknowledged_at=minute(1), mitigated_at=minute(-1)
    )
    later = Incident(status=Status.IN_PROGRESS, acknowledged_at=minute(1), mitigated_at=minute(3))
    assert recovery(earlier) == [Mitigated]
    assert recovery(later) == []


def test_the_first_rule_that_fits_decides() -> None:
    document = AlertRulesDocument(
        rules=[
            AlertRule(
                match=[
                    Match(label="team", equals="red"),
                    Match(label="instance", matches="web-.*|api-[0-9]+"),
                ],
                service="shop",
            ),
            AlertRule(match=[Match(label="team", equals="red")], default_service="red things"),
        ]
    )

    def service(**labels: str) -> object:
        return document.choose(labels).rule.details(labels)["service"]

    assert service(team="red", instance="web-3") == "shop"
    assert service(team="red", instance="api-12") == "shop"
    assert service(team="red", instance="api-12x") == "red things"
    assert service(team="red", service="billing") == "billing"
    assert service(team="blue") is None
    assert service(team="red", instance="web-" + "x" * 1_000) == "red things"


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        r"(a)\1",
        "a*a*a*b",
        "^a$",
        "a{3",
        "[a",
        "a**",
        "a|b*c*d*",
        r"\Aa",
        "x(?=y)",
        "[a--b]",
    ],
)
def test_a_pattern_that_a_label_could_make_slow_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError):
        Match(label="l", matches=pattern)


@pytest.mark.parametrize(
    "pattern", ["web-.*", "a|b|c", "[a-z0-9-]+", r"db\.\d{1,3}\.example", "", ".*-eu-.*"]
)
def test_a_plain_pattern_is_taken(pattern: str) -> None:
    assert Match(label="l", matches=pattern).matches == pattern


def test_a_match_compares_in_one_way() -> None:
    for ways in ({}, {"equals": "a", "matches": "a"}):
        with pytest.raises(ValidationError, match="either equals or matches"):
            Match(label="l", **ways)


def test_a_document_of_the_first_version_still_reads() -> None:
    stored = {
        "rules": [{"match": [{"label": "a", "equals": "b", "matches": None}], "service": "shop"}],
        "reopen_window_minutes": 10,
        "resolve_when_unacknowledged": False,
        "echo_minutes": 10,
    }
    rules = rules_of(stored)
    assert rules.choose({"a": "b"}).rule.service_of({}) == "shop"
    assert (rules.flapping_transitions, rules.lapse_after_hours) == (10, 48)
    assert rules.cloudevents.group_key == ["subject"]


def test_what_was_stored_stays_readable_though_it_would_be_refused_today() -> None:
    twice = [{"match": [{"label": "a", "matches": f".*{n}.*y"}]} for n in range(30)]
    rules = rules_of({"rules": twice})
    assert len(rules.rules) == 30
    with pytest.raises(Invalid):
        check_rules(rules)


def test_alerts_go_on_firing_for_the_incident_that_another_was_declared_beside() -> None:
    earlier, later = UUID(int=7), UUID(int=8)
    known = group(heard(0, fires(0)))
    beside = replace(heard(30, fires(30, "b")), incident=later, beside=True)
    known = groups.evolve(known, beside)
    assert (known.incident, known.still_fires_for(earlier)) == (later, True)
    known = groups.evolve(known, replace(heard(31, ends(30, 31, "b")), incident=later))
    assert (known.fires, known.is_silent) == (False, False)
    known = groups.evolve(known, replace(heard(32, ends(0, 32)), incident=later))
    assert known.is_silent


def test_what_lapsed_is_news_when_it_is_told_again() -> None:
    known = group(heard(0, fires(0)))
    known = groups.evolve(known, Lapsed(fingerprints=("a",), at=minute(3_000)))
    assert known.is_silent
    assert news(known, 3_001, fires(0)) == [0]


def test_a_repetition_keeps_an_alert_from_lapsing() -> None:
    known = group(heard(0, fires(0)))
    told = Repeated(fingerprints=("a", "unknown"), at=minute(60), lapses_at=minute(120))
    known = groups.evolve(known, told)
    assert (known.alerts["a"].at, known.lapses_at) == (minute(60), minute(120))


def test_it_flaps_when_it_began_and_ended_often_of_late() -> None:
    events = [
        heard(n, fires(n) if n % 2 == 0 else ends(n - 1, n)) for n in range(6)
    ]  # three times each
    known = group(*events)
    assert known.flaps(minute(6), 6, timedelta(minutes=30))
    assert not known.flaps(minute(6), 7, timedelta(minutes=30))
    assert not known.flaps(minute(31), 6, timedelta(minutes=30))
    assert not known.flaps(minute(6), None, timedelta(minutes=30))
