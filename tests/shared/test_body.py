"""How deep a body is nested is told from its brackets, unless its texts hold some too."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.body import MAX_DEPTH, JsonRequest, UnreadableBody, _may_be_deep

WIDE: list[Any] = [{}] * 40


def nested(depth: int, *, beside: Any = None) -> Any:
    """A value of this depth, with many others beside it at the top."""
    value: Any = [] if depth % 2 else {}
    for level in range(depth - 2):
        value = [value] if level % 3 else {"a": value}
    return [value, *WIDE, beside]


async def read(body: Any) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": msgspec.json.encode(body), "more_body": False}

    request = JsonRequest({"type": "http", "method": "POST", "headers": []}, receive)
    return await request.json()


@pytest.mark.parametrize("beside", [None, "plain", "}{][", "[" * 50, "{" * 50 + "]"])
@pytest.mark.parametrize("depth", [2, 16, 17, 31, 32, 33, 34, 64, 65, 200])
async def test_what_is_nested_too_deep_is_refused(depth: int, beside: str | None) -> None:
    body = nested(depth, beside=beside)
    if depth <= MAX_DEPTH:
        assert await read(body) == body
        return
    with pytest.raises(UnreadableBody, match="levels deep"):
        await read(body)


async def test_the_character_nul_is_refused_wherever_it_stands() -> None:
    for body in ({"a": ["\0"]}, {"\0": 1}, [*WIDE, "\0"]):
        with pytest.raises(UnreadableBody, match="NUL"):
            await read(body)


@given(
    st.recursive(
        st.text("[]{}a"), lambda inner: st.lists(inner) | st.dictionaries(st.text("{]"), inner)
    )
)
def test_what_passes_by_its_brackets_is_not_deep(value: Any) -> None:
    body = [value, *WIDE]
    for _ in range(40):
        body = [body]
    assert _may_be_deep(msgspec.json.encode(body))
