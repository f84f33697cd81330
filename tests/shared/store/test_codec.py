"""What the log holds: canonical JSON, whatever shape an event once had."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codec import decode, encode
from shared.domain import Event, event
from tests.shared.store.toy import Counted, Moved

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
MOMENTS = st.datetimes(timezones=st.just(UTC), min_value=datetime(1, 1, 2))  # noqa: DTZ001
INTEGERS = st.integers(-(2**53), 2**53)


@event("codec.everything")
class Everything(Event, frozen=True):
    zebra: str
    apple: int
    moment: datetime
    id: UUID
    flag: bool
    labels: dict[str, str]
    tags: tuple[str, ...]
    nested: dict[str, list[int | None]]
    unsaid: str | None = None


EVENTS = st.builds(
    Everything,
    zebra=TEXTS,
    apple=INTEGERS,
    moment=MOMENTS,
    id=st.uuids(),
    flag=st.booleans(),
    labels=st.dictionaries(TEXTS, TEXTS),
    tags=st.lists(TEXTS).map(tuple),
    nested=st.dictionaries(TEXTS, st.lists(st.none() | INTEGERS)),
    unsaid=st.none() | TEXTS,
)


@given(EVENTS)
def test_the_stored_bytes_are_what_any_language_writes_canonically(happened: Everything) -> None:
    stored = encode(happened).state
    canonical = json.dumps(
        json.loads(stored), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    assert stored == canonical.encode()


@given(EVENTS)
def test_an_event_comes_back_as_it_was(happened: Everything) -> None:
    stored = encode(happened)
    assert decode(stored.topic, stored.schema_version, stored.state, 1) == happened


def test_what_was_not_stated_is_not_stored() -> None:
    assert encode(Counted()) == encode(Counted(by=1))
    assert encode(Counted()).state == b"{}"


@pytest.mark.parametrize(
    ("schema_version", "state"),
    [(1, b'{"where":"Rome"}'), (2, b'{"place":"Rome"}')],
    ids=["as it was first stored", "as it is stored today"],
)
def test_an_old_shape_is_brought_up_to_date(schema_version: int, state: bytes) -> None:
    assert decode("toy.moved", schema_version, state, 7) == Moved(place="Rome")


def test_todays_shape_is_told_beside_its_bytes() -> None:
    stored: Any = encode(Moved(place="Rome"))
    assert (stored.topic, stored.schema_version, stored.state) == (
        "toy.moved", 2, b'{"place":"Rome"}',
    )  # fmt: skip


def test_bytes_of_another_kind_are_not_believed() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode("toy.counted", 1, b'{"by":"many"}', 1)
