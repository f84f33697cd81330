"""How well a known error answers a question, and why: named signals first, then words."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from services.problem.known_errors.offers import Reason
from services.problem.known_errors.question import Alternative, Concept, Question
from services.problem.known_errors.thesaurus import Stems

_IN_HEADING, _IN_SYMPTOM, _IN_REMEDY = 1.0, 0.9, 0.6
_HEADING_SAID = 0.15
_CODE, _ITEM, _SERVICE, _PRODUCT, _VERSION, _MEANING = 1.2, 0.45, 0.15, 0.15, 0.1, 0.6
_MOST_NAMED = 12


class Facts(NamedTuple):
    """What is known beside the words: plain codes, and names as they are written."""

    codes: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    product: str | None = None  # its stems
    version: str | None = None


class Document(NamedTuple):
    """A known error as far as it is judged by; parts are stems."""

    code: str | None
    services: Sequence[str]
    items: Sequence[str]
    product: str | None
    version: str | None
    heading: frozenset[str]
    symptom: Sequence[str]
    remedy: Sequence[str]


class Judged(NamedTuple):
    """A score (0 where nothing agrees), how many of its words agree, and the reasons."""

    score: float
    words: int
    reasons: tuple[Reason, ...]


def judged(question: Question, facts: Facts, document: Document, meaning: float = 0.0) -> Judged:
    """Judge a known error; `meaning` is how near an embedder finds it (0 to 1)."""
    told = _told(question, document)
    named = list(_named(question, facts, document))
    score = sum(worth for worth, _ in named) + _MEANING * meaning
    agreeing = {by.stems for _, by, _ in told}
    if question.weight:
        score += sum(concept.weight * quality for concept, _, quality in told) / question.weight
        score += _HEADING_SAID * _said(document, agreeing)
    reasons = [reason for _, reason in named]
    reasons += _by_words([(concept, by) for concept, by, _ in told])
    if meaning > 0:
        reasons.append(Reason(kind="meaning"))
    return Judged(score, len(agreeing), tuple(reasons))


def _told(question: Question, document: Document) -> list[tuple[Concept, Alternative, float]]:
    """Each concept that is answered, by its best alternative; looked up by the words in common."""
    places = _places(question, document)
    best: dict[int, tuple[Alternative, float]] = {}
    for stem in places:
        for at, each in question.by_stem[stem]:
            worth = each.weight * min(places.get(other, 0.0) for other in each.stems)
            if worth > 0 and (at not in best or worth > best[at][1]):
                best[at] = each, worth
    return [(question.concepts[at], *best[at]) for at in sorted(best)]


def _places(question: Question, document: Document) -> dict[str, float]:
    parts = (document.remedy, document.symptom, document.heading)
    worths = (_IN_REMEDY, _IN_SYMPTOM, _IN_HEADING)
    places: dict[str, float] = {}
    for part, worth in zip(parts, worths, strict=True):
        places.update(dict.fromkeys(question.by_stem.keys() & part, worth))
    return places


def _said(document: Document, agreeing: Iterable[Stems]) -> float:
    """How much of its heading the question holds."""
    if not document.heading:
        return 0.0
    held = {stem for stems in agreeing for stem in stems}
    return len(held.intersection(document.heading)) / len(document.heading)


def _named(question: Question, facts: Facts, document: Document) -> Iterator[tuple[float, Reason]]:
    if document.code and document.code in facts.codes | frozenset(question.codes):
        yield _CODE, Reason(kind="error_code", detail=document.code)
    for item in sorted(facts.items.intersection(document.items)):
        yield _ITEM, Reason(kind="item", detail=item)
    for service in sorted(facts.services.intersection(document.services)):
        yield _SERVICE, Reason(kind="service", detail=service)
    if document.product and _is_product(document.product, question, facts):
        yield _PRODUCT, Reason(kind="product", detail=document.product)
        if document.version and document.version == facts.version:
            yield _VERSION, Reason(kind="product_version", detail=document.version)


def _is_product(product: str, question: Question, facts: Facts) -> bool:
    return product == facts.product or question.stems.issuperset(product.split())


def _by_words(told: Sequence[tuple[Concept, Alternative]]) -> Iterator[Reason]:
    for kind in ("word", "slip", "alike"):
        found = [_agreement(c, by) for c, by in told if by.kind == kind]
        if found:
            yield Reason(kind=_KINDS[kind], detail=", ".join(found[:_MOST_NAMED]))


def _agreement(concept: Concept, by: Alternative) -> str:
    said = concept.said.lstrip("\u00ac")
    return f"{said} ~ {by.instead}" if by.instead else said


_KINDS = {"word": "words", "slip": "spelling", "alike": "other_words"}
