"""What known errors were to incidents, as metrics: worked out by hand, over HTTP now and then."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from services.problem.known_errors import offers
from services.problem.known_errors.offers import Offer, offers_stream
from services.problem.metrics.formulas import FORMULAS
from services.problem.metrics.measuring import ProblemMetricQuery, metric, values
from services.problem.metrics.offered import MeasuredIncident
from shared.auth.roles import Role
from shared.client import AsyncClient
from shared.effective import Instant
from shared.work import Work
from tests.problem.conftest import Feed
from tests.problem.known_errors.test_api import published
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

DAY = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATH = "/v1/problem/metrics"


def incident(number: int, ways: str = "", **more: Any) -> MeasuredIncident:
    """`ways`: o(ffered), u(sed), h(elped)."""
    plain: dict[str, Any] = {
        "id": UUID(int=number), "number": number, "status": "open", "service": None,
        "category": None, "imported": False, "logged": DAY, "offered": DAY if "o" in ways else None,
        "used": DAY + HOUR if "u" in ways else None, "hit": "o" in ways and "u" in ways,
        "helped": "h" in ways,
    }  # fmt: skip
    return MeasuredIncident(**(plain | more))


SOME = [
    incident(1, "o"),
    incident(2, "ou"),
    incident(3, "ouh", service="vpn"),
    incident(4, "ou", hit=False),  # another than the one that was offered
    incident(5, "uh"),  # found by a search
    incident(6, "ouh", status="cancelled"),
    incident(7, "ouh", status="merged"),
    incident(8, "ouh", imported=True),
]


def asked(name: str, some: Sequence[MeasuredIncident] = SOME, **query: Any) -> Any:
    formula, question = FORMULAS[name], ProblemMetricQuery.model_validate(query)
    instant = Instant(1, DAY + 24 * HOUR)
    return metric(formula, question, instant, values(formula, question, instant, some))


def test_the_hit_rate_as_worked_out_by_hand() -> None:
    found = asked("known_error_hit_rate")
    assert (found.numerator, found.denominator, found.mean) == (2, 4, 0.5)
    assert found.excluded.reasons == {
        "cancelled": 1, "merged": 1, "imported": 1, "missing_offered": 1,
    }  # fmt: skip


def test_the_share_that_helped_as_worked_out_by_hand() -> None:
    found = asked("helped_rate")
    assert (found.numerator, found.denominator, found.mean) == (2, 4, 0.5)
    assert found.excluded.reasons == {
        "cancelled": 1, "merged": 1, "imported": 1, "missing_used": 1,
    }  # fmt: skip


def test_they_are_narrowed_grouped_and_placed() -> None:
    by_service = asked("helped_rate", group_by="service").groups
    assert [(each.key, each.numerator, each.denominator) for each in by_service] == [
        ("vpn", 1, 1), (None, 1, 3),
    ]  # fmt: skip
    assert asked("helped_rate", service=["vpn"]).count == 1
    assert asked("helped_rate", imported=True).count == 5
    until = (DAY + HOUR).isoformat()
    assert asked("helped_rate", until=until).count == 0
    assert asked("known_error_hit_rate", until=until).count == 4
    assert asked("helped_rate", []).mean is None


@pytest.fixture
async def running(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("problem", databases) as service:
        yield service


async def offer(running: RunningService, incident: UUID, *known_errors: str) -> None:
    ledger = running.service.parts["known_errors"].offers
    found = [
        Offer(known_error=UUID(id), number=1, revision=1, score=1.0) for id in known_errors
    ]  # fmt: skip
    work = Work(running.service.store, "system:known-errors")
    stream = offers_stream(incident)
    await work.execute(ledger, stream, offers.suggest, incident=incident, found=found)
    assert (await work.append()).outcome == "appended"


async def use(client: AsyncClient, path: str, incident: UUID, helped: bool | None) -> int:
    body = {"incident": str(incident), "helped": helped}
    answer = await client.post(f"{path}/record-use", json=body)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["position"])


async def rates(client: AsyncClient, **query: Any) -> list[tuple[int, int]]:
    """Numerator and denominator of the hit rate, then of what helped."""
    told = []
    for name in ("known_error_hit_rate", "helped_rate"):
        answer = await client.get(f"{PATH}/{name}", params=query)
        assert answer.status_code == 200, answer.text
        told.append((answer.json()["numerator"], answer.json()["denominator"]))
    return told


class Story(NamedTuple):
    """A known error offered on four of five incidents; `early`: before the last words on them."""

    running: RunningService
    client: AsyncClient
    feed: Feed
    helped: UUID
    early: int
    last: int


@pytest.fixture
async def story(running: RunningService) -> Story:
    client, feed = running.client(Role.PROBLEM_MANAGER), Feed(running.service.parts["problems"])
    path, other = await published(client), await published(client, title="Another")
    told = [feed.declared(service=name) for name in ("vpn", "vpn", "vpn", "mail", "mail")]
    await feed.hear(*told)
    ignored, helped, unhelped, another, searched = (fact.subject for fact in told)
    for each in (ignored, helped, unhelped, another):
        await offer(running, each, path.rsplit("/", 1)[1])
    await use(client, path, helped, None)
    early = await use(client, path, unhelped, True)
    await use(client, path, helped, True)
    await use(client, path, unhelped, False)
    await use(client, other, another, None)
    last = await use(client, other, searched, True)
    return Story(running, client, feed, helped, early, last)


async def test_the_last_word_on_a_use_counts_now_and_the_word_before_it_then(story: Story) -> None:
    assert await rates(story.client) == [(2, 4), (2, 4)]
    assert await rates(story.client, as_of=story.last) == [(2, 4), (2, 4)]
    assert await rates(story.client, as_of=story.early) == [(2, 4), (1, 2)]


LONG_AGO, FAR_OFF = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"
ASKED: list[tuple[dict[str, str], list[tuple[int, int]]]] = [
    ({"effective_at": FAR_OFF}, [(2, 4), (2, 4)]),
    ({"effective_at": LONG_AGO}, [(0, 0), (0, 0)]),
    ({"from": LONG_AGO, "until": FAR_OFF}, [(2, 4), (2, 4)]),
    ({"until": LONG_AGO}, [(0, 0), (0, 0)]),
    ({"from": FAR_OFF}, [(0, 0), (0, 0)]),
    ({"service": "vpn"}, [(2, 3), (1, 2)]),
]


async def test_they_are_asked_of_a_moment_a_period_and_a_service(story: Story) -> None:
    for query, expected in ASKED:
        assert await rates(story.client, **query) == expected, query


async def test_an_incident_that_is_cancelled_counts_no_more(story: Story) -> None:
    await story.feed.hear(story.feed.fact("incident.cancelled", story.helped))
    assert await rates(story.client) == [(1, 3), (1, 3)]


async def test_each_value_names_the_events_that_prove_it(story: Story) -> None:
    client, helped = story.client, story.helped
    items = await every_input(client, "helped_rate", excluded=False)
    assert len({each["incident"] for each in items}) == 4
    [found] = [each for each in items if each["incident"] == str(helped)]
    assert (found["value"], "problem" in found) == (1, False)
    events = await story.running.service.store.log.stream(offers_stream(helped))
    offered, used, said = (str(each.event_id) for each in events)
    assert found["events"] == {"used": [used, said], "helped": [said]}
    hits = await every_input(client, "known_error_hit_rate")
    proof = next(each["events"] for each in hits if each["incident"] == str(helped))
    assert proof == {"offered": [offered], "used": [used, said]}


async def every_input(client: AsyncClient, name: str, **query: Any) -> list[dict[str, Any]]:
    """What is behind a metric, two on a page; each page tells how many there are."""
    query["limit"] = 2
    items: list[dict[str, Any]] = []
    while True:
        page = (await client.get(f"{PATH}/{name}/inputs", params=query)).json()
        items += page["items"]
        if page["next_cursor"] is None:
            assert page["total_estimate"] == len(items)
            return items
        query["cursor"] = page["next_cursor"]


async def test_as_csv_refused_and_hidden(running: RunningService) -> None:
    client, feed = running.client(Role.PROBLEM_MANAGER), Feed(running.service.parts["problems"])
    path, fact = await published(client), feed.declared()
    await feed.hear(fact)
    await offer(running, fact.subject, path.rsplit("/", 1)[1])
    csv = (await client.get(f"{PATH}/known_error_hit_rate", params={"format": "csv"})).text
    line = csv.splitlines()[1].split(",")
    assert line[:3] == ["known_error_hit_rate", "problem.known_error_hit_rate", "1"]
    for query in ({"priority": 1}, {"group": "network"}, {"group_by": "priority"}):
        assert (await client.get(f"{PATH}/helped_rate", params=query)).status_code == 422
    assert await rates(client) == [(0, 1), (0, 0)]
    await feed.keep_to_ada(fact.subject)
    assert await rates(client) == [(0, 0), (0, 0)]
    hidden = (await client.get(f"{PATH}/known_error_hit_rate/inputs")).json()
    assert (hidden["items"], hidden["total_estimate"]) == ([], 0)
    assert await rates(running.client(Role.AUDITOR)) == [(0, 1), (0, 0)]
