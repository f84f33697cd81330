"""Words for one another: versioned data that an organisation may replace by its own."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from services.problem.known_errors.words import words
from shared.http.body import Body

POLICY = "known-error-thesaurus"

Phrase = Annotated[str, Field(min_length=1, max_length=80)]
Group = Annotated[list[Phrase], Field(min_length=2, max_length=50)]
Stems = tuple[str, ...]
_LONGEST = 3


class ThesaurusDocument(Body):
    """Groups of words or phrases: each is found by the others, weighing a little less."""

    groups: Annotated[list[Group], Field(max_length=2_000)]


class Other(NamedTuple):
    """A word or phrase that means about the same, and its stems."""

    said: str
    stems: Stems


class Thesaurus(NamedTuple):
    """By the stems of a word or phrase, those that mean about the same."""

    others: dict[Stems, tuple[Other, ...]]

    def phrases_in(self, stems: Sequence[str]) -> Iterator[tuple[int, Stems]]:
        """Where one of its words or phrases stands, longest first at each place."""
        for start in range(len(stems)):
            for length in range(min(_LONGEST, len(stems) - start), 0, -1):
                if (phrase := tuple(stems[start : start + length])) in self.others:
                    yield start, phrase


def built_in() -> ThesaurusDocument:
    """In force until another is set."""
    lines = Path(__file__).with_name("thesaurus.txt").read_text().splitlines()
    told = (line for line in lines if line and not line.startswith("#"))
    return ThesaurusDocument(groups=[line.split(", ") for line in told])


@lru_cache(maxsize=1)
def _of_the_house() -> Thesaurus:
    return _thesaurus(built_in().groups)


class Thesauruses:
    """The one in force, made once for each version."""

    def __init__(self) -> None:
        self._made: tuple[int, Thesaurus] | None = None

    def of(self, version: int, document: dict[str, Any] | None) -> Thesaurus:
        """That of this version of the policy; the built-in one where nobody has set another."""
        if document is None:
            return _of_the_house()
        if self._made is None or self._made[0] != version:
            self._made = (version, _thesaurus(document["groups"]))
        return self._made[1]


def _thesaurus(groups: Iterable[Sequence[str]]) -> Thesaurus:
    others: dict[Stems, dict[Stems, Other]] = {}
    for group in groups:
        all_of = [Other(phrase, _stems(phrase)) for phrase in group]
        known = {each.stems: each for each in all_of if 0 < len(each.stems) <= _LONGEST}
        for stems in known:
            others.setdefault(stems, {}).update((s, o) for s, o in known.items() if s != stems)
    return Thesaurus({stems: tuple(found.values()) for stems, found in others.items() if found})


def _stems(phrase: str) -> Stems:
    return tuple(word.stem for word in words(phrase))
