"""How well a known error answers a question, and why: named signals first, then words."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from services.problem.known_errors.offers import Reason
from services.problem.known_errors.question import Alternative, Concept, Question

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
    symptom: frozenset[str]
    remedy: frozenset[str]


class Judged(NamedTuple):
    """A score (0 where nothing agrees), how many of its words agree, and the reasons."""

    score: float
    words: int
    reasons: tuple[Reason, ...]


def judged(question: Question, facts: Facts, document: Document, meaning: float = 0.0) -> Judged:
    """Judge a known error; `meaning` is how near an embedder finds it (0 to 1)."""
    answers = [(c, *_best(c, document)) for c in question.concepts]
    told = [(concept, by, quality) for concept, by, quality in answers if by is not None]
    named = list(_named(question, facts, document))
    score = sum(worth for worth, _ in named) + _MEANING * meaning
    if question.weight:
        score += sum(concept.weight * quality for concept, _, quality in told) / question.weight
        score += _HEADING_SAID * _said(document, told)
    reasons = [reason for _, reason in named]
    reasons += _by_words([(concept, by) for concept, by, _ in told])
    if meaning > 0:
        reasons.append(Reason(kind="meaning"))
    agreeing = {by.stems for _, by, _ in told}
    return Judged(score, len(agreeing), tuple(reasons))


def _best(concept: Concept, document: Document) -> tuple[Alternative | None, float]:
    best: Alternative | None = None
    worth = 0.0
    for each in concept.alternatives:
        if each.weight > worth and (found := each.weight * _place(each, document)) > worth:
            best, worth = each, found
    return best, worth


def _place(alternative: Alternative, document: Document) -> float:
    return min(_place_of(stem, document) for stem in alternative.stems)


def _place_of(stem: str, document: Document) -> float:
    if stem in document.heading:
        return _IN_HEADING
    if stem in document.symptom:
        return _IN_SYMPTOM
    return _IN_REMEDY if stem in document.remedy else 0.0


def _said(document: Document, told: Sequence[tuple[Concept, Alternative | None, float]]) -> float:
    """How much of its heading the question holds."""
    if not document.heading:
        return 0.0
    held = {stem for _, by, _ in told if by is not None for stem in by.stems}
    return len(held & document.heading) / len(document.heading)


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


def _by_words(told: Sequence[tuple[Concept, Alternative | None]]) -> Iterator[Reason]:
    for kind in ("word", "slip", "alike"):
        found = [_agreement(c, by) for c, by in told if by is not None and by.kind == kind]
        if found:
            yield Reason(kind=_KINDS[kind], detail=", ".join(found[:_MOST_NAMED]))


def _agreement(concept: Concept, by: Alternative) -> str:
    said = concept.said.lstrip("\u00ac")
    return f"{said} ~ {by.instead}" if by.instead else said


_KINDS = {"word": "words", "slip": "spelling", "alike": "other_words"}
