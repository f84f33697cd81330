"""A notification's rules, without any I/O."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notification import notification, state
from services.notification.events import (
    Acknowledged,
    AttemptStarted,
    Cancelled,
    Channel,
    Delivered,
    Delivery,
    Exhausted,
    Failed,
    FellBack,
    Held,
    NotificationEvent,
    OutcomeUnknown,
    Planned,
    Redriven,
)
from services.notification.notification import notification_stream, refusal
from services.notification.retries import NORMAL, URGENT, wait_after
from services.notification.rules import RULES, WHY_NOT, Status
from services.notification.said import Words
from services.notification.state import Notification
from shared.domain import changed
from tests.notification.given import Given
from tests.notification.given import given as given_of

AT = datetime(2026, 11, 22, 10, 4, tzinfo=UTC)
ID = UUID("0199aaaa-0000-7000-8000-000000000001")
DELIVERY = Delivery(
    cause=ID, fact="incident.declared", about=ID, contact=ID, person="ada", channel=Channel.EMAIL
)
MESSAGE: dict[str, Any] = {
    "delivery": DELIVERY,
    "subscription": ID,
    "happened_at": AT,
}
WORDS = Words("Trouble", "It is slow", {"number": "INC-1", "update": "We are on it"})
MESSAGE |= {"words": WORDS}
STORED: dict[str, Any] = {
    **MESSAGE,
    "values": {"number": "INC-1"},
    "subject": "Trouble",
    "text": "It is slow",
    "said": '{"update":"We are on it"}',
}
del STORED["words"]
planned = Planned(**STORED)
first, second = (AttemptStarted(attempt=n, at=AT) for n in (1, 2))
delivered = Delivered(delivery=DELIVERY, attempt=1, at=AT, answer="250")
failed = Failed(delivery=DELIVERY, attempt=1, at=AT, reason="answered 500", retry_in=5.0)
refused = Failed(delivery=DELIVERY, attempt=1, at=AT, reason="answered 410", permanent=True)
exhausted = Exhausted(delivery=DELIVERY, at=AT, reason="answered 410")
acknowledged = Acknowledged(by="ada", at=AT, delivery=DELIVERY)
lost = OutcomeUnknown(attempt=1, at=AT)
FAILURE: dict[str, Any] = {"attempt": 1, "at": AT, "reason": "answered 500", "permanent": False}


def given(*events: NotificationEvent) -> Given:
    return given_of(Notification(), state.evolve, *events)


def test_it_is_planned_once() -> None:
    given().when(notification.plan, **MESSAGE).then(planned)
    given(planned).when(notification.plan, **MESSAGE).nothing()


def test_an_attempt_starts_before_its_call() -> None:
    given(planned).when(notification.begin, at=AT).then(first)
    given(planned, first, failed).when(notification.begin, at=AT).then(second)


def test_an_attempt_that_told_no_outcome_is_given_up_and_repeated() -> None:
    given(planned, first).when(notification.begin, at=AT).then(lost, second)


@pytest.mark.parametrize("end", [(delivered,), (refused, exhausted)])
def test_what_is_over_is_not_begun_again(end: tuple[NotificationEvent, ...]) -> None:
    given(planned, first, *end).when(notification.begin, at=AT).nothing()


def test_it_is_delivered_once() -> None:
    arguments = {"attempt": 1, "at": AT, "answer": "250"}
    given(planned, first).when(notification.deliver, **arguments).then(delivered)
    given(planned, first, delivered).when(notification.deliver, **arguments).nothing()


def test_an_outcome_told_late_still_counts_when_it_was_a_delivery() -> None:
    late = given(planned, first, lost, second)
    late.when(notification.deliver, attempt=1, at=AT, answer="250").then(delivered)
    late.when(notification.fail, **FAILURE, jitter=1.0).nothing()


@pytest.mark.parametrize("jitter", [0.8, 1.0, 1.2])
def test_the_wait_before_the_next_attempt_is_stretched(jitter: float) -> None:
    waiting = given(planned, first).when(notification.fail, **FAILURE, jitter=jitter)
    waiting.then(changed_failed(retry_in=5.0 * jitter))


def changed_failed(**fields: Any) -> Failed:
    return Failed(**(failed.fields() | fields))


def test_a_refusal_for_good_is_not_tried_again() -> None:
    arguments = FAILURE | {"reason": "answered 410", "permanent": True}
    given(planned, first).when(notification.fail, **arguments, jitter=1.0).then(refused, exhausted)


def test_the_last_failure_exhausts_it() -> None:
    history = [planned, *_attempts(len(NORMAL) - 1), AttemptStarted(attempt=10, at=AT)]
    arguments = FAILURE | {"attempt": 10}
    given(*history).when(notification.fail, **arguments, jitter=1.0).then(
        changed_failed(attempt=10, retry_in=None),
        Exhausted(delivery=DELIVERY, at=AT, reason="answered 500"),
    )


def test_the_last_attempt_lost_exhausts_it() -> None:
    history = [planned, *_attempts(len(NORMAL) - 1), AttemptStarted(attempt=10, at=AT)]
    given(*history).when(notification.begin, at=AT).then(
        OutcomeUnknown(attempt=10, at=AT),
        Exhausted(delivery=DELIVERY, at=AT, reason="the outcome of the last attempt is unknown"),
    )


def _attempts(count: int) -> list[NotificationEvent]:
    return [
        event
        for n in range(1, count + 1)
        for event in (AttemptStarted(attempt=n, at=AT), changed_failed(attempt=n))
    ]


def test_a_redriven_one_has_the_whole_schedule_before_it() -> None:
    history = [planned, *_attempts(10), exhausted, Redriven(at=AT)]
    again = AttemptStarted(attempt=11, at=AT)
    given(*history).when(notification.begin, at=AT).then(again)
    given(*history, again).when(notification.fail, **FAILURE | {"attempt": 11}, jitter=1.0).then(
        changed_failed(attempt=11, retry_in=5.0)
    )


def test_an_acknowledged_one_is_not_tried_again() -> None:
    sending = given(planned, first, acknowledged)
    sending.when(notification.fail, **FAILURE, jitter=1.0).then(changed_failed(retry_in=None))
    sending.when(notification.begin, at=AT).then(lost)
    sending.when(notification.deliver, attempt=1, at=AT, answer="250").then(delivered)
    given(planned, acknowledged).when(notification.begin, at=AT).nothing()


def test_it_is_acknowledged_once() -> None:
    arguments = {"by": "ada", "at": AT}
    given(planned, first, delivered).when(notification.acknowledge, **arguments).then(acknowledged)
    given(planned, acknowledged).when(notification.acknowledge, **arguments).nothing()


@pytest.mark.parametrize("command", RULES)
@pytest.mark.parametrize("status", Status)
def test_every_command_in_every_state_is_as_the_table_says(command: str, status: Status) -> None:
    possible = RULES[command].leads[status] is not None
    expected = None if possible else WHY_NOT[status]
    assert refusal(changed(Notification(), status=status), command) == expected


def test_only_a_dead_letter_is_redriven() -> None:
    given(planned).when(notification.redrive, at=AT).refused("tried again by itself")
    given(planned, first, delivered).when(notification.redrive, at=AT).refused("delivered")
    given(planned, first, refused, exhausted).when(notification.redrive, at=AT).then(
        Redriven(at=AT)
    )


def test_what_does_not_exist_takes_no_command() -> None:
    given().when(notification.acknowledge, by="ada", at=AT).refused("does not exist")


def test_its_id_follows_from_cause_contact_and_channel_alone() -> None:
    other = UUID("0199aaaa-0000-7000-8000-000000000002")
    same = changed(DELIVERY, person="eve", about=other)
    assert notification_stream(DELIVERY) == notification_stream(same)
    different = [
        changed(DELIVERY, cause=other),
        changed(DELIVERY, contact=other),
        changed(DELIVERY, channel=Channel.WEBHOOK),
    ]
    assert len({notification_stream(each) for each in (DELIVERY, *different)}) == 4


def test_a_state_knows_when_it_is_tried_next() -> None:
    state: Notification = given(planned, first, failed).state
    assert (state.status, state.next_at) == (Status.WAITING, AT + timedelta(seconds=5))


def test_the_schedules_are_those_of_the_field() -> None:
    hours = [2, 5, 10, 14, 20, 24]
    assert [w.total_seconds() for w in NORMAL] == [0, 5, 300, 1800, *(h * 3600 for h in hours)]
    first = [0, 2, 10, 30, 60, 120, 300, 600, 900]
    assert [w.total_seconds() for w in URGENT] == [*first, 1800, *(h * 3600 for h in hours)]


@pytest.mark.parametrize(
    ("asked", "wait"),
    [(0.0, 300.0), (60.0, 300.0), (3_600.0, 3_600.0), (1e9, 86_400.0)],
)
def test_a_receiver_may_ask_for_a_longer_wait_within_bounds(asked: float, wait: float) -> None:
    assert wait_after(2, 1.0, asked=asked) == wait


def test_what_is_urgent_is_tried_again_at_once_and_goes_on_as_the_others_do() -> None:
    urgent = Planned(**STORED, urgent=True)
    given(urgent, first).when(notification.fail, **FAILURE, jitter=1.0).then(
        changed_failed(retry_in=2.0)
    )
    started = AttemptStarted(attempt=10, at=AT)
    given(urgent, *_attempts(9), started).when(
        notification.fail, **FAILURE | {"attempt": 10}, jitter=1.0
    ).then(changed_failed(attempt=10, retry_in=7200.0))


def test_a_receiver_lost_after_it_had_everything_leaves_the_outcome_unknown() -> None:
    told = {"attempt": 1, "at": AT, "reason": "lost after DATA", "jitter": 1.0}
    unknown = OutcomeUnknown(attempt=1, at=AT, reason="lost after DATA", retry_in=5.0)
    given(planned, first).when(notification.lose, **told).then(unknown)
    given(planned, first, unknown).when(notification.lose, **told).nothing()
    given(planned, first, unknown).when(notification.begin, at=AT).then(second)


def test_a_probe_leaves_the_schedule_as_it_was() -> None:
    probe, later = AttemptStarted(attempt=2, at=AT, probe=True), AT + timedelta(seconds=2)
    again = FAILURE | {"attempt": 2, "at": later}
    given(planned, first, failed).when(notification.probe, at=AT).then(probe)
    given(planned, first, failed, probe).when(notification.fail, **again, jitter=1.0).then(
        changed_failed(attempt=2, at=later, retry_in=3.0)
    )


def test_a_dead_letter_that_is_probed_in_vain_stays_one() -> None:
    probe, again = AttemptStarted(attempt=2, at=AT, probe=True), FAILURE | {"attempt": 2}
    dead = given(planned, first, failed, exhausted)
    dead.when(notification.probe, at=AT).then(probe)
    vain = changed_failed(attempt=2, retry_in=None)
    probing = given(planned, first, failed, exhausted, probe)
    probing.when(notification.fail, **again, jitter=1.0).then(vain)
    probing.when(notification.begin, at=AT).then(OutcomeUnknown(attempt=2, at=AT))
    state: Notification = given(planned, first, failed, exhausted, probe, vain).state
    assert state.status is Status.EXHAUSTED


def test_what_did_not_reach_in_time_falls_back_once() -> None:
    fell_back = FellBack(at=AT, channel=Channel.WEBHOOK, notification=ID)
    arguments = {"at": AT, "channel": Channel.WEBHOOK, "to": ID}
    given(planned, first, failed).when(notification.fall_back, **arguments).then(fell_back)
    for settled in (fell_back, delivered, acknowledged):
        given(planned, first, settled).when(notification.fall_back, **arguments).nothing()


def test_one_that_is_called_off_is_not_tried_again() -> None:
    called_off = Cancelled(at=AT, reason="somebody answered")
    arguments = {"at": AT, "reason": "somebody answered"}
    given(planned).when(notification.cancel, **arguments).then(called_off)
    given(planned, called_off).when(notification.cancel, **arguments).nothing()
    given(planned, called_off).when(notification.begin, at=AT).nothing()
    given(planned, first, delivered).when(notification.cancel, **arguments).nothing()
    given(planned, first, called_off).when(notification.fail, **FAILURE, jitter=1.0).then(
        changed_failed(retry_in=None)
    )


def test_one_that_is_held_says_until_when() -> None:
    until = AT + timedelta(hours=8)
    held = Held(at=AT, until=until, reason="quiet hours")
    waiting = given(planned, held)
    assert (waiting.state.held_until, waiting.state.next_at) == (until, until)
    waiting.when(notification.hold, at=AT, until=until, reason="quiet hours").nothing()
    begun: Notification = given(planned, held, first).state
    assert begun.held_until is None
