"""What is remembered, and how much of it."""

from hypothesis import given
from hypothesis import strategies as st

from shared.recent import Recent

_ACTS = st.lists(st.tuples(st.sampled_from(["put", "get", "forget"]), st.integers(0, 12)))


@given(_ACTS)
def test_the_things_used_last_are_remembered_as_they_were_put(acts: list[tuple[str, int]]) -> None:
    recent: Recent[int, str] = Recent(8)
    held: dict[int, str] = {}  # in order of use
    for number, (act, key) in enumerate(acts):
        if act == "put":
            held.pop(key, None)
            held[key] = recent[key] = str(number)
        elif act == "forget":
            held.pop(key, None)
            recent.forget(key)
            assert recent.get(key) is None
        elif (found := recent.get(key)) is not None:
            assert found == held.pop(key)
            held[key] = found
        assert len(recent) <= 8
    for key in list(held)[-4:]:
        assert recent.get(key) == held[key]
