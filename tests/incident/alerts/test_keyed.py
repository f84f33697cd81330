"""Senders that tell repeats by a key alone: the order of arrival decides; echoes are told apart."""

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given

from services.incident.alerts import group as groups
from services.incident.alerts.events import AlertStatus, Heard, Signal
from services.incident.alerts.group import AlertGroup

T0 = datetime(2026, 3, 1, 10, tzinfo=UTC)
ECHO = timedelta(minutes=10)


def second(n: float) -> datetime:
    return T0 + timedelta(seconds=n)


def fires(words: str = "full", teller: str | None = None, starts: datetime | None = None) -> Signal:
    firing = AlertStatus.FIRING
    return Signal(fingerprint="a", status=firing, starts_at=starts, revision=words, teller=teller)


def ends(teller: str | None = None, at: datetime | None = None) -> Signal:
    resolved = AlertStatus.RESOLVED
    return Signal(fingerprint="a", status=resolved, ends_at=at, teller=teller)


class Told:
    """What a sender tells, second by second, and whether each was news."""

    def __init__(self) -> None:
        self.group = AlertGroup()

    def hear(self, at: float, signal: Signal) -> bool:
        placed = groups.in_order(self.group.alerts.get("a"), signal, second(at))
        if not groups.news(self.group, [placed], at=second(at), echo=ECHO):
            return False
        event = Heard(receiver="r", group_key="a", signals=(placed,), at=second(at))
        self.group = groups.evolve(self.group, event)
        return True


def test_repeats_are_no_news_but_other_words_are() -> None:
    told = Told()
    assert told.hear(0, fires())
    assert not told.hear(1, fires())
    assert not told.hear(2, fires(starts=second(-50)))
    assert told.hear(3, fires("fuller"))
    assert not told.hear(4, fires())
    assert told.group.fires


def test_what_fires_after_its_end_fires_again_at_once() -> None:
    told = Told()
    start = second(-60)
    for at in (0, 10, 20):
        assert told.hear(at, fires(starts=start))
        assert told.group.fires
        assert told.hear(at + 1, ends())
        assert not told.hear(at + 2, ends())
        assert not told.group.fires


def test_a_late_peer_is_an_echo_for_half_a_minute() -> None:
    told = Told()
    told.hear(0, fires(teller="one"))
    assert not told.hear(1, fires(teller="two"))
    told.hear(5, ends(teller="one"))
    assert not told.hear(6, fires(teller="two"))
    assert not told.hear(7, ends(teller="two"))
    assert told.hear(8, fires("fuller", teller="two"))
    told.hear(9, ends(teller="two"))
    assert told.hear(40, fires(teller="one"))


def test_the_one_that_told_the_end_is_believed_at_once() -> None:
    told = Told()
    told.hear(0, fires(teller="one"))
    told.hear(5, ends(teller="one"))
    assert told.hear(6, fires(teller="one"))


def test_stated_times_count_where_they_fit() -> None:
    told = Told()
    told.hear(0, fires(starts=second(-100)))
    told.hear(1, ends(at=second(-40)))
    assert told.group.recovered_at == second(-40)
    told.hear(2, fires(starts=second(-90)))
    told.hear(3, ends(at=second(-200)))  # before it began: so it ended now
    assert told.group.recovered_at == second(3)


def test_an_end_without_a_beginning_is_told_once() -> None:
    told = Told()
    assert told.hear(0, ends())
    assert not told.hear(1, ends())
    assert told.hear(2, fires())
    assert told.group.fires


_TIMES = st.none() | st.integers(-1_000, 1_000).map(second)
_SIGNALS = st.builds(fires, st.sampled_from("xyz"), st.none(), _TIMES) | st.builds(
    ends, st.none(), _TIMES
)


@given(st.lists(_SIGNALS, max_size=20))
def test_what_was_said_last_holds(signals: list[Signal]) -> None:
    """Of one teller, whatever times it states."""
    told = Told()
    for at, signal in enumerate(signals):
        told.hear(at, signal)
        assert told.group.fires == (signal.status is AlertStatus.FIRING)
