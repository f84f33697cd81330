"""Words as they are compared: folded, parted and stemmed alike in known errors and in questions.

It is done here and not by PostgreSQL's dictionaries, so that another version of PostgreSQL never
stems otherwise than what is stored. Letters lose case, width and accents; a script without spaces
is read in pairs of signs; a code such as ORA-12514 is one word beside its parts.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

MOST_WORDS = 2_000
"""Of one text; what follows is not searched."""
_LONGEST = 40
_SIGNS = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_PART = re.compile(rf"[{_SIGNS}]+|[^\W_{_SIGNS}]+")
_CODE = re.compile(r"(?<![^\W_])[^\W_]+(?:[-_.:/#][^\W_]+){0,5}(?![^\W_])")
_SIGN = re.compile(f"[{_SIGNS}]")
_VOWEL = re.compile("[aeiouy]")
_DIGIT = re.compile(r"\d")


class Word(NamedTuple):
    """As it is written once folded, and what it is found by."""

    said: str
    stem: str


STOP = frozenset(
    """a about after again all also am an and any anyone are as at be because been before being but
    by came can cannot come could did do does doing done during each enough even every everyone
    for from further get gets getting give gives given go goes going got had has have having he
    hello her here hi him his how however i if in into is it its itself just keep keeps kept
    kindly let like made make makes may me might more most much must my myself need needs no
    nobody nor not now of off often on once one only or other others our out over own people per
    please quite rather really regards same say says see seem seems she should since so some
    somebody someone something sometimes somehow still such thank thanks than that the their
    them then there these they thing things this those though through thus to today together too
    trying tried try until upon us usually very via want wants was we well went were what
    whatever when whenever where whether which while who whom whose why will with within without
    would yet you your yours arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt im ive
    shouldnt wasnt werent wont wouldnt t s re ve ll d m""".split()
)
"""Words that tell nothing apart, in the language most known errors are written in."""


_DENYING = frozenset(
    """no not cannot cant couldnt didnt doesnt dont hadnt hasnt havent isnt arent shouldnt wasnt
    werent wont wouldnt never without unable nothing nobody none neither""".split()
)
_AS_FAR_AS = 4  # words, the denying one included
DENIED = "\u00ac"
"""What a denied word begins with, where it stands among others."""


def words(text: str) -> list[Word]:
    """The words of a text, in order, without those that tell nothing apart.

    What is denied is told apart: "cannot open" holds the word open, and a word of its own for that
    it does not.
    """
    found: list[Word] = []
    denied = 0
    for part in _PART.finditer(_joined(fold(text))):
        for said in _parts(part[0]):
            if said in _DENYING:
                denied = _AS_FAR_AS
            elif said not in STOP:
                found.append(_word(said))
                if denied > 0:
                    found.append(_denied(found[-1]))
                denied = 0
            denied -= 1
        if len(found) >= MOST_WORDS:
            break
    return found[:MOST_WORDS]


def codes(text: str) -> list[str]:
    """What looks like a code in a text, without its signs: letters with digits, or long numbers."""
    found = (plain_code(each[0]) for each in _CODE.finditer(fold(text)))
    return list(dict.fromkeys(filter(_is_code, found)))


def written_apart(text: str) -> list[str]:
    """What would be a code if its two or three parts were written together: vdi 1030, M7 021."""
    parts = [part[0] for part in _PART.finditer(fold(text))][:MOST_WORDS]
    runs = (
        "".join(parts[at : at + many]) for many in (2, 3) for at in range(len(parts) - many + 1)
    )
    found = (run[:_LONGEST] for run in runs if run.isascii())
    return list(dict.fromkeys(run for run in found if _is_code(run) and not run.isdigit()))


def plain_code(code: str) -> str:
    """An error code as it is compared: ORA-12514, ora_12514 and ORA12514 are one."""
    return re.sub(r"[\W_]+", "", fold(code))[:_LONGEST]


def fold(text: str) -> str:
    """Without case, width and accents; other scripts stay as they are."""
    if text.isascii():
        return text.lower().replace("'", "")
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in apart if not _is_accent(each))
    return unicodedata.normalize("NFC", bare).replace("'", "").replace("\u2019", "")


_APART = (
    (re.compile(r"\b(?:log|sign)(?:s|ged|ging|ed|ing)?[ -](?:in|on|into|onto)\b"), "login"),
    (re.compile(r"\b(?:log|sign)(?:s|ged|ging|ed|ing)?[ -](?:out|off)\b"), "logout"),
    (re.compile(r"\btim(?:e|es|ed|ing)[ -]out\b"), "timeout"),
    (re.compile(r"\b(back|set|start|shut|roll|fail|plug|add|lock|up|down)(?:s|ed|ing)?[ -]"
                r"(up|down|back|out|over|in|list|load|time)\b"), r"\1\2"),
    (re.compile(r"\b(e|wi|pre|re|multi|sub)-(?=[a-z])"), r"\1"),
)  # fmt: skip
"""What people write apart, with a hyphen or as one word."""


def _joined(folded: str) -> str:
    for apart, together in _APART:
        folded = apart.sub(together, folded)
    return folded


def _is_accent(sign: str) -> bool:
    """Of Latin, Greek and Cyrillic letters, and the points of Hebrew and Arabic; no others."""
    return "\u0300" <= sign <= "\u036f" or (unicodedata.category(sign) == "Mn" and sign < "\u0700")


def _parts(run: str) -> Iterator[str]:
    if not _SIGN.match(run):
        yield run[:_LONGEST]
    elif len(run) == 1:
        yield run
    else:
        yield from (run[n : n + 2] for n in range(len(run) - 1))


def _word(said: str) -> Word:
    return Word(said, stem(said))


def _denied(word: Word) -> Word:
    return Word(DENIED + word.said, f"no{word.stem}")


def _is_code(word: str) -> bool:
    has_digit = _DIGIT.search(word) is not None
    return len(word) >= 3 and has_digit and (len(word) >= 4 or not word.isdigit())


# ---- stems: of English, lightly; words of other languages stay whole

_ENDINGS = (
    ("ization", 4), ("isation", 4), ("ication", 5), ("ability", 4), ("ibility", 4), ("ation", 4),
    ("ition", 5), ("fulness", 4), ("iveness", 4), ("ivity", 4), ("ement", 4), ("ment", 4),
    ("ness", 4), ("able", 4), ("ible", 4), ("ance", 4), ("ence", 4), ("ancy", 4), ("ency", 4),
    ("ally", 4), ("ize", 4), ("ise", 4), ("ate", 5), ("ify", 4), ("ive", 4), ("ity", 4),
    ("ion", 4), ("ful", 4), ("al", 5), ("at", 5), ("ic", 5), ("iz", 4), ("is", 6), ("ly", 4),
    ("or", 4), ("er", 4), ("ur", 4), ("y", 4), ("e", 3), ("i", 4),
)  # fmt: skip
"""Endings from the longest, and how much of the word must be left."""


_IRREGULAR = {
    "using": "use", "used": "use", "sent": "send", "frozen": "freez", "froze": "freez",
    "lost": "los", "losing": "los", "broke": "break", "broken": "break", "stuck": "stick",
    "written": "writ", "wrote": "writ", "chosen": "choos", "hung": "hang", "shown": "show",
    "found": "find", "built": "build", "ran": "run", "stolen": "steal", "forgot": "forget",
    "forgotten": "forget", "spun": "spin", "shut": "shut", "began": "begin", "begun": "begin",
    "became": "becom", "held": "hold", "left": "leav",
}  # fmt: skip


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """What the forms of a word have in common; no word of the dictionary, and need not be."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 3 or not word.isascii() or not word.isalpha():
        return word
    bare = _without_tense(_singular(word))
    for _ in range(3):
        shorter = _without_ending(bare)
        if shorter == bare:
            break
        bare = shorter
    return bare


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _without_tense(word: str) -> str:
    if word.endswith("ied") and len(word) > 4:
        return word[:-3] + "y"
    for ending in ("ing", "ed"):
        bare = word.removesuffix(ending)
        if bare != word and len(bare) >= 3 and _VOWEL.search(bare):
            return _undoubled(bare)
    return word


def _undoubled(word: str) -> str:
    is_double = len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeioulsz"
    return word[:-1] if is_double else word


def _without_ending(word: str) -> str:
    for ending, left in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= left:
            return _undoubled(word[: -len(ending)])
    return word


def stems(found: Iterable[Word]) -> str:
    """Their stems as one text, for PostgreSQL to index by place."""
    return " ".join(word.stem for word in found)
