"""What is remembered, and how much of it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.recent import Recent

_ACTS = st.lists(st.tuples(st.sampled_from(["put", "get", "forget"]), st.integers(0, 12)))


@settings(max_examples=300, deadline=None)
@given(_ACTS)
def test_nothing_is_forgotten_before_so_many_others_have_been_used(
    acts: list[tuple[str, int]],
) -> None:
    recent: Recent[int, str] = Recent(8)
    put: dict[int, str] = {}
    others: dict[int, set[int]] = {}  # used since, by key
    for number, (act, key) in enumerate(acts):
        found = recent.get(key) if act == "get" else None
        if act == "put":
            put[key] = recent[key] = str(number)
        elif act == "forget":
            put.pop(key, None)
            recent.forget(key)
            assert recent.get(key) is None
        elif found is not None or (key in put and len(others[key]) < 4):
            assert found == put[key]
        if act == "put" or found is not None:
            others[key] = set()
            for other in others:
                others[other] |= {key} - {other}
        assert len(recent) <= 8
