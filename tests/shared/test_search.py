"""What people type, as a search; and where it hits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.search import read

LONG = "word " * 400 + "needle " + "word " * 400


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("a", "('a':*)"),
        ("a ", "('a')"),
        ("a b", "('a') & ('b':*)"),
        ('"a b"', "('a' <-> 'b')"),
        ("a -b c ", "('a') & !('b') & ('c')"),
        ("a or b ", "('a') | ('b')"),
        ("or a or", "('a')"),
        ("x-y ", "('x' <-> 'y')"),
        ("x* y ", "('x':*) & ('y')"),
        ("障害 ", "('障' <-> '害')"),
    ],
)
def test_typed_words_become_a_query(typed: str, query: str) -> None:
    found = read(typed)
    assert found is not None
    assert found.tsquery() == query


@pytest.mark.parametrize("typed", ["", " ", "-", '""', '"', "or", "OR or", "*", "'", "\\", "😀"])
def test_what_holds_no_word_is_no_search(typed: str) -> None:
    assert read(typed) is None


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=200))
def test_pieces_are_the_text_whatever_is_typed(typed: str, text: str) -> None:
    found = read(typed)
    pieces = found and found.marked(text)
    if pieces:
        assert "".join(piece.text for piece in pieces) == text
        assert any(piece.hit for piece in pieces)
        assert all(piece.text for piece in pieces)


@settings(deadline=None)
@given(st.text(alphabet="ab -\"'*or", max_size=30))
def test_a_query_holds_no_quote_but_its_own(typed: str) -> None:
    found = read(typed)
    if found:
        assert found.tsquery().count("'") % 2 == 0


def test_of_a_long_text_only_what_is_about_the_hit_is_shown() -> None:
    found = read("needle")
    assert found is not None
    pieces = found.snippet(LONG)
    assert pieces is not None
    assert [p.text for p in pieces if p.hit] == ["needle"]
    assert (pieces[0].text, pieces[-1].text) == ("…", "…")
    assert sum(len(p.text) for p in pieces) < 300
