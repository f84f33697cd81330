"""How alike two titles are: the trigrams that their words share, numbers and signs left out."""

import re
from collections.abc import Iterator

from shared.recent import Recent

_WORDS = re.compile(r"[^\W\d_]+")
_LONGEST = 500
_PAIRS: Recent[tuple[str, str], float] = Recent(200_000)
_SETS: Recent[str, frozenset[str]] = Recent(20_000)


def symptom_of(title: str) -> str:
    """A title without its numbers, signs and spelling in capitals: what two failures share."""
    words: list[str] = _WORDS.findall(title.lower())
    return " ".join(words)


def similarity(one: str, other: str) -> float:
    """Of two symptoms, 0 to 1: shared trigrams by all trigrams, as PostgreSQL's pg_trgm counts."""
    if one == other:
        return 1.0
    pair = (one, other) if one < other else (other, one)
    known = _PAIRS.get(pair)
    if known is None:
        known = _PAIRS[pair] = _shared(_trigrams(one), _trigrams(other))
    return known


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    both = len(one & other)
    return both / ((len(one) + len(other) - both) or 1)


def _trigrams(symptom: str) -> frozenset[str]:
    known = _SETS.get(symptom)
    if known is None:
        known = _SETS[symptom] = frozenset(_each_trigram(symptom[:_LONGEST]))
    return known


def _each_trigram(symptom: str) -> Iterator[str]:
    for word in symptom.split():
        padded = f"  {word} "
        yield from (padded[n : n + 3] for n in range(len(padded) - 2))
