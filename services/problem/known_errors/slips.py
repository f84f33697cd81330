"""Slips of spelling: how far apart two words are, and which known word was probably meant."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.problem.known_errors.words import DENIED, stem

_MOST_MEANT = 3


class Known(NamedTuple):
    """A word that known errors hold, and how many do."""

    word: str
    documents: int


class Meant(NamedTuple):
    """What was probably meant, and how sure that is (at most 1)."""

    word: str
    stem: str
    sure: float


def meant(said: str, known: Iterable[Known]) -> Sequence[Meant]:
    """Of words that look alike, those few slips away: nearest first, then what is more common."""
    near = [(distance(said, each.word), each) for each in known if not _is_denied(each.word)]
    most = _slips_allowed(said)
    close = sorted((d, -each.documents, each.word) for d, each in near if d <= most)
    if not close:
        return ()
    best = close[0][0]
    return [
        Meant(word, stem(word), 1 - 0.6 * slips / max(len(said), 4))
        for slips, _, word in close[:_MOST_MEANT]
        if slips <= best + 1
    ]


def distance(one: str, other: str) -> int:
    """How many letters were left out, added, changed or exchanged with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for n, letter in enumerate(one, 1):
        previous, row = row, [n]
        for m, its in enumerate(other, 1):
            least = min(previous[m] + 1, row[m - 1] + 1, previous[m - 1] + (letter != its))
            if n > 1 and m > 1 and letter == other[m - 2] and its == one[n - 2]:
                least = min(least, before[m - 2] + 1)
            row.append(least)
        before = previous
    return row[-1]


def _slips_allowed(word: str) -> int:
    if len(word) <= 2:
        return 0
    return 1 if len(word) <= 5 else 2 if len(word) <= 9 else 3


def _is_denied(word: str) -> bool:
    return word.startswith(DENIED)
