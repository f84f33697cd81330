"""How well the search answers the labelled set: recall@1 and @3, and the mean reciprocal rank."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.client import AsyncClient
from tests.problem.known_errors.quality.labelled import Labelled, known_errors, questions

_DEPTH = 10


class Answered(NamedTuple):
    """A question, and the place of its answer (from 1; None where it is not among the first)."""

    question: Labelled
    place: int | None


class Quality(NamedTuple):
    """Of some questions."""

    asked: int
    recall_1: float
    recall_3: float
    mrr: float


async def fill(client: AsyncClient) -> None:
    """Publish the known errors of the set."""
    for body in known_errors():
        drafted = await client.post("/v1/known-errors", json=body)
        assert drafted.status_code == 201, drafted.text
        published = await client.post(f"{drafted.headers['location']}/publish")
        assert published.status_code == 200, published.text


async def ask(client: AsyncClient) -> list[Answered]:
    """Every question, by search."""
    return [Answered(each, await _place(client, each)) for each in questions()]


async def _place(client: AsyncClient, question: Labelled) -> int | None:
    query: dict[str, str | int] = {"q": question.asked, "limit": _DEPTH}
    answer = await client.get("/v1/known-errors/search", params=query)
    assert answer.status_code == 200, answer.text
    titles = [hit["title"] for hit in answer.json()["items"]]
    return titles.index(question.answer) + 1 if question.answer in titles else None


def quality(answered: Sequence[Answered]) -> Quality:
    """Of these answers."""
    places = [each.place for each in answered]
    count = max(len(places), 1)

    def within(depth: int) -> float:
        return sum(place is not None and place <= depth for place in places) / count

    return Quality(len(places), within(1), within(3), sum(1 / p for p in places if p) / count)
