"""A question as it is searched for: each of its words with what else would answer it as well."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from services.problem.known_errors.slips import Known, meant
from services.problem.known_errors.thesaurus import Other, Stems, Thesaurus
from services.problem.known_errors.words import (
    DENIED,
    STOP,
    Word,
    codes,
    stem,
    words,
    written_apart,
)

MOST_WORDS = 60
"""Distinct ones of a question; a longer text is judged by its beginning."""
MOST_PARTED = 12
_MOST_CODES = 40
_ALIKE = 0.55
_PARTED = 0.9
_DENIED_WORD = 0.4
_UNKNOWN = 0.3


class Alternative(NamedTuple):
    """Stems that must all be found, how well that answers, and what was written instead."""

    stems: Stems
    weight: float
    kind: str  # word, slip, alike
    instead: str = ""


class Concept(NamedTuple):
    """A word of the question, and how many rows answer it: the fewer, the more it weighs."""

    said: str
    alternatives: tuple[Alternative, ...]
    rows: int
    weight: float


class Asked(NamedTuple):
    """The words of a question before anything is looked up."""

    words: tuple[Word, ...]
    codes: tuple[str, ...]
    phrases: tuple[tuple[int, Stems, tuple[Other, ...]], ...]  # where, what, and its others
    parts: Mapping[str, tuple[Stems, ...]]  # how a word may be parted, or joined with the next

    @property
    def stems(self) -> list[str]:
        """All stems to be looked up."""
        own = (word.stem for word in self.words)
        alike = (s for _, _, others in self.phrases for other in others for s in other.stems)
        parted = (s for ways in self.parts.values() for way in ways for s in way)
        return list(dict.fromkeys((*own, *alike, *parted)))


class LookedUp(NamedTuple):
    """How many known errors hold each stem, how many there are, and known words that look alike."""

    total: int
    documents: Mapping[str, int]
    near: Mapping[str, Sequence[Known]]


class Question(NamedTuple):
    """What is searched for; `weight` is that of all words, those nobody knows included."""

    concepts: tuple[Concept, ...]
    codes: tuple[str, ...]
    stems: frozenset[str]
    weight: float
    by_stem: Mapping[str, Sequence[tuple[int, Alternative]]]  # which concepts it may answer


def asked(text: str, thesaurus: Thesaurus) -> Asked:
    """The words of a text, as far as they are searched for."""
    told = tuple(_first(words(text)))
    stems = [word.stem for word in told]
    phrases = ((at, phrase, thesaurus.others[phrase]) for at, phrase in thesaurus.phrases_in(stems))
    written = (*codes(text)[:_MOST_CODES], *written_apart(text)[:_MOST_CODES])
    return Asked(told, written, tuple(phrases), _parts(told))


def understood(asked: Asked, known: LookedUp) -> Question:
    """The question, with what was looked up of its words."""
    concepts = [_concept(at, asked, known) for at in range(len(asked.words))]
    unknown = sum(not concept.alternatives for concept in concepts)
    found = tuple(concept for concept in concepts if concept.alternatives)
    weight = sum(c.weight for c in found) + _UNKNOWN * unknown * _rarity(0, known.total)
    own = frozenset(word.stem for word in asked.words)
    return Question(found, asked.codes, own, weight, _by_stem(found))


def _by_stem(concepts: Sequence[Concept]) -> dict[str, list[tuple[int, Alternative]]]:
    found: dict[str, list[tuple[int, Alternative]]] = {}
    for at, concept in enumerate(concepts):
        for each in concept.alternatives:
            for needed in each.stems:
                found.setdefault(needed, []).append((at, each))
    return found


def _first(told: Iterable[Word]) -> Iterator[Word]:
    seen: set[str] = set()
    for word in told:
        is_letter = len(word.said) == 1 and word.said.isascii() and word.said.isalpha()
        if word.stem not in seen and not is_letter:
            seen.add(word.stem)
            yield word
        if len(seen) >= MOST_WORDS:
            return


def _parts(told: Sequence[Word]) -> dict[str, tuple[Stems, ...]]:
    """Short questions only: a word written in two, two written in one."""
    if len(told) > MOST_PARTED:
        return {}
    parts: dict[str, list[Stems]] = {}
    for word, following in pairwise(told):
        joined = stem(word.said + following.said)
        for each in (word, following):
            parts.setdefault(each.said, []).append((joined,))
    for word in told:
        if 6 <= len(word.said) <= 24 and word.said.isalpha():
            parts.setdefault(word.said, []).extend(_halves(word.said))
    return {said: tuple(ways) for said, ways in parts.items()}


def _halves(said: str) -> Iterator[Stems]:
    for at in range(3, len(said) - 2):
        if not STOP & {said[:at], said[at:]}:
            yield stem(said[:at]), stem(said[at:])


def _concept(at: int, asked: Asked, known: LookedUp) -> Concept:
    said, found = asked.words[at].said, tuple(_alternatives(at, asked, known))
    by_alternative = [(each.weight, _documents(each.stems, known)) for each in found]
    own = max((documents for weight, documents in by_alternative if weight > _ALIKE), default=0)
    documents = own or max((documents for _, documents in by_alternative), default=0)
    weight = _rarity(documents, known.total) * (_DENIED_WORD if said.startswith(DENIED) else 1)
    return Concept(said, found, sum(documents for _, documents in by_alternative), weight)


def _alternatives(at: int, asked: Asked, known: LookedUp) -> Iterator[Alternative]:
    word = asked.words[at]
    if known.documents.get(word.stem, 0):
        yield Alternative((word.stem,), 1.0, "word")
    else:
        for each in meant(word.said, known.near.get(word.said, ())):
            yield Alternative((each.stem,), each.sure, "slip", each.word)
    for way in asked.parts.get(word.said, ()):
        if _documents(way, known):
            yield Alternative(way, _PARTED, "slip", " ".join(way))
    for other in _others(at, asked):
        if _documents(other.stems, known):
            yield Alternative(other.stems, _ALIKE, "alike", other.said)


def _others(at: int, asked: Asked) -> Iterator[Other]:
    for start, phrase, others in asked.phrases:
        if start <= at < start + len(phrase):
            yield from others


def _documents(stems: Stems, known: LookedUp) -> int:
    return min(known.documents.get(stem, 0) for stem in stems)


def _rarity(documents: int, total: int) -> float:
    return math.log(1 + (max(total - documents, 0) + 0.5) / (documents + 0.5))
