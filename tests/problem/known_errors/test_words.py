"""Words, codes, slips and the thesaurus: rules without I/O."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.problem.known_errors.question import LookedUp, asked, understood
from services.problem.known_errors.scoring import Document, Facts, judged
from services.problem.known_errors.slips import Known, distance, meant
from services.problem.known_errors.thesaurus import Thesauruses
from services.problem.known_errors.words import (
    MOST_WORDS,
    codes,
    fold,
    plain_code,
    stem,
    words,
    written_apart,
)

THESAURUS = Thesauruses().of(0, None)
LETTERS = st.text(alphabet="abcdefghij", max_size=8)


@pytest.mark.parametrize(
    "forms",
    [
        "connect connects connected connecting connection connections",
        "fail fails failed failing failure failures",
        "authenticate authenticated authenticating authentication",
        "expire expires expired expiry expiration",
        "printer printers printing printed",
        "deny denies denied",
        "configure configured configuring configuration",
    ],
)
def test_the_forms_of_a_word_have_one_stem(forms: str) -> None:
    assert len({stem(form) for form in forms.split()}) == 1


def test_what_tells_nothing_apart_is_no_word_and_what_is_denied_is_one_more() -> None:
    assert words("the and of") == []
    assert [w.stem for w in words("It cannot be opened")] == ["open", "noopen"]
    assert [w.stem for w in words("it doesn't print")] == ["print", "noprint"]
    assert [w.said for w in words("log in, signed on, time-out")] == ["login", "login", "timeout"]


def test_scripts_without_spaces_are_read_in_pairs_and_accents_do_not_matter() -> None:
    assert [w.said for w in words("登录失败")] == ["登录", "录失", "失败"]
    assert fold("Größe ÉTÉ") == "grosse ete"
    assert words("Größe") == words("GRÖSSE") == words("grosse")


def test_a_code_is_one_however_it_is_written() -> None:
    assert codes("It says ORA-12514 (0x80070005)") == ["ora12514", "0x80070005"]
    assert plain_code("ora_12514") == plain_code("ORA 12514") == "ora12514"
    assert "vdi1030" in written_apart("error VDI 1030 again")


@given(st.text(max_size=400))
def test_any_text_has_bounded_words_of_plain_signs(text: str) -> None:
    for word in words(text):
        assert word.stem
        assert len(word.stem) <= 50
        assert not set(word.stem) & set(" '\\\"&|!():*<>")


def test_a_megabyte_has_a_bounded_number_of_words() -> None:
    assert len(words("word " * 200_000)) == MOST_WORDS


@given(LETTERS, LETTERS)
def test_a_distance_is_one_way_and_back_and_zero_only_for_the_same(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) is (one == other)
    assert distance(one, other) <= max(len(one), len(other))


@given(st.text(alphabet="abcdefghij", min_size=6, max_size=12), st.data())
def test_two_neighbours_exchanged_are_one_slip(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 2))
    slipped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    assert distance(word, slipped) <= 1
    if slipped != word:
        assert word in [each.word for each in meant(slipped, [Known(word, 1)])]


def test_what_is_too_far_off_was_not_meant() -> None:
    assert meant("cat", [Known("dog", 9)]) == ()
    assert [each.word for each in meant("pritner", [Known("printer", 1), Known("pointer", 9)])] == [
        "printer",
        "pointer",
    ]


@given(st.text(max_size=300), st.text(max_size=300))
def test_whatever_is_asked_of_whatever_is_judged(text: str, other: str) -> None:
    """A score is never negative, and what agrees in nothing has none."""
    question = asked(text, THESAURUS)
    known = dict.fromkeys((word.stem for word in words(other)), 1)
    understanding = understood(question, LookedUp(10, known, {}))
    stems = [word.stem for word in words(other)]
    document = Document(None, [], [], None, None, frozenset(stems), stems, [])
    found = judged(understanding, Facts(), document)
    assert found.score >= 0
    assert (found.score > 0) is (found.words > 0)


def test_the_same_words_score_more_than_other_words_and_those_more_than_none() -> None:
    question = asked("laptop freezes", THESAURUS)
    stems = {word.stem for word in words("laptop freezes notebook hangs cow")}
    understanding = understood(question, LookedUp(9, dict.fromkeys(stems, 1), {}))

    def score(text: str) -> float:
        heading = frozenset(word.stem for word in words(text))
        document = Document(None, [], [], None, None, heading, [], [])
        return judged(understanding, Facts(), document).score

    assert score("laptop freezes") > score("notebook hangs") > score("cow") == 0
