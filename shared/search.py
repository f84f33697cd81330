"""Full text as people type it: words, "phrases", -not, or; the last word may be unfinished.

A query becomes PostgreSQL's tsquery over documents that the database made by the same rule
(`searchable` in the migrations): ASCII punctuation parts words, so that `db-7.example.com` is found
by each of its parts, and a sign of a script without spaces is a word of its own. Hits are told as
pieces of the text, never as markup: what people wrote is nobody's HTML.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

_SIGNS = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_BETWEEN = r"\s!-/:-@\[-`{-~"
_WORD = re.compile(f"[{_SIGNS}]|[^{_BETWEEN}{_SIGNS}]+")
_SIGN = re.compile(f"[{_SIGNS}]")
_TYPED = re.compile(r'(?P<not>-?)"(?P<phrase>[^"]*)"?|(?P<bare>\S+)')
_BEFORE, _LONGEST = 60, 240


class Piece(msgspec.Struct, frozen=True):
    """Part of a text; all pieces together are the text, or what is shown of it."""

    text: str
    hit: bool


class Term(NamedTuple):
    """Words that follow one another; `prefix`: the last of them is only a beginning."""

    words: tuple[str, ...]
    prefix: bool
    excluded: bool


class Search(NamedTuple):
    """Alternatives, each of terms that must all hold."""

    alternatives: tuple[tuple[Term, ...], ...]

    def tsquery(self) -> str:
        """For `to_tsquery('simple', …)`."""
        return " | ".join(" & ".join(map(_as_tsquery, terms)) for terms in self.alternatives)

    def marked(self, text: str) -> list[Piece] | None:
        """The whole text in pieces; None where nothing is hit."""
        return _pieces(text, self._hits(text))

    def snippet(self, text: str) -> list[Piece] | None:
        """About its first hit, a line or two of the text in pieces; None where nothing is hit."""
        first = next(self._hits(text), None)
        if first is None:
            return None
        start = max(first[0] - _BEFORE, 0)
        end = max(start + _LONGEST, first[1])
        inside = ((a - start, b - start) for a, b in self._hits(text) if start <= a and b <= end)
        found = _pieces(text[start:end], inside) or []
        before = [Piece("…", hit=False)] if start else []
        return before + found + ([Piece("…", hit=False)] if end < len(text) else [])

    def _hits(self, text: str) -> Iterator[tuple[int, int]]:
        wanted = [t for terms in self.alternatives for t in terms if not t.excluded]
        if wanted:
            pattern = re.compile("|".join(map(_as_pattern, wanted)), re.IGNORECASE)
            yield from (found.span() for found in pattern.finditer(text))


def read(typed: str) -> Search | None:
    """What was typed, as a search; None where it holds no word at all."""
    alternatives: list[list[Term]] = [[]]
    for found in _TYPED.finditer(typed):
        if (found["bare"] or "").lower() == "or":
            alternatives.append([])
        elif term := _term(found, is_last=found.end() == len(typed)):
            alternatives[-1].append(term)
    given = tuple(tuple(terms) for terms in alternatives if terms)
    return Search(given) if given else None


def _term(found: re.Match[str], *, is_last: bool) -> Term | None:
    bare = found["bare"]
    if bare is None:
        return _of(found["phrase"], prefix=False, excluded=bool(found["not"]))
    excluded = bare.startswith("-") and len(bare) > 1
    return _of(bare, prefix=is_last or bare.endswith("*"), excluded=excluded)


def _of(text: str, *, prefix: bool, excluded: bool) -> Term | None:
    normal = unicodedata.normalize("NFKC", text)
    words = tuple(w for w in _WORD.findall(normal) if any(map(str.isalnum, w)))
    return Term(words, prefix, excluded) if words else None


def _as_tsquery(term: Term) -> str:
    """No word holds a quote or a backslash: they part words."""
    said = " <-> ".join(f"'{word}'" for word in term.words) + ":*" * term.prefix
    return f"!({said})" if term.excluded else f"({said})"


def _as_pattern(term: Term) -> str:
    *whole, last = term.words
    words = [_word_pattern(word) for word in whole] + [_word_pattern(last, prefix=term.prefix)]
    return f"[{_BETWEEN}]*".join(words)


def _word_pattern(word: str, *, prefix: bool = False) -> str:
    if _SIGN.fullmatch(word):
        return re.escape(word)
    inside = f"[^{_BETWEEN}{_SIGNS}]"
    end = f"{inside}*" if prefix else f"(?!{inside})"
    return f"(?<!{inside}){re.escape(word)}{end}"


def _pieces(text: str, hits: Iterator[tuple[int, int]]) -> list[Piece] | None:
    pieces: list[Piece] = []
    at = 0
    for start, end in hits:
        pieces += _piece(text[at:start], hit=False) + _piece(text[start:end], hit=True)
        at = end
    return pieces + _piece(text[at:], hit=False) if pieces else None


def _piece(text: str, *, hit: bool) -> list[Piece]:
    return [Piece(text, hit)] if text else []
