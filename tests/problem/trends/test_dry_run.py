"""A rule is tried over all that was told, and finds what the live watch has found."""

from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from shared.client import AsyncClient
from shared.clock import new_id
from shared.follower import Fact
from tests.problem.conftest import NOON, Feed
from tests.support.service import RunningService

PATH = "/v1/problem/policies/trend-rules"
BY_SERVICE = {"name": "by-service", "same": ["service"], "at_least": 3, "within_hours": 4}
BY_TITLE = {
    "name": "by-title", "similar": 0.5, "at_least": 2, "within_hours": 3,
}  # fmt: skip
BURSTS = BY_SERVICE | {"name": "bursts", "burst": {"times": 2, "over_hours": 24}}
RULES = [BY_SERVICE, BY_TITLE, BURSTS]


async def tried(client: AsyncClient, rule: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await client.post(f"{PATH}/dry-run", json={"rule": rule, "limit": 200} | more)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def comparable(candidates: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("window", "alike", "like", "matches", "is_full")
    return {each["id"]: {name: each[name] for name in names} for each in candidates}


def anything(feed: Feed, chance: Random, known: list[Fact], services: list[str]) -> Fact:
    """A new incident mostly; else something about one that is known."""
    kind = chance.random()
    if not known or kind < 0.7:
        titles = ["Disk full", "disks full 2", "Login fails", "Mail is late", "Mails are late"]
        return feed.declared(
            service=chance.choice([*services, services[0], None]),
            title=chance.choice(titles),
            started_at=NOON - timedelta(minutes=chance.randint(0, 72 * 60)),
        )
    subject = chance.choice(known).subject
    if kind < 0.8:
        return feed.fact("incident.cancelled", subject)
    if kind < 0.85:
        at = NOON - timedelta(hours=chance.randint(0, 72))
        told = {"milestone": "started", "to": at}
        return feed.fact("incident.milestone_corrected", subject, **told)
    service = chance.choice(services)
    return feed.fact("incident.categorised", subject, service=service, category="db")


@pytest.fixture
async def in_force(manager: AsyncClient) -> AsyncIterator[None]:
    before = (await manager.get(PATH)).json()["document"]
    assert (await manager.put(PATH, json={"rules": RULES})).status_code == 200
    yield
    await manager.put(PATH, json=before)


async def test_the_dry_run_equals_the_live_run_over_pages_and_instances(
    problem_service: RunningService, manager: AsyncClient, in_force: None
) -> None:
    chance, known, services = Random(5), list[Fact](), [f"a-{new_id()}", f"b-{new_id()}"]
    own = {"where": {"service": services}}  # and a name: other tests raise candidates too
    rules = [rule | own | {"name": f"{rule['name']}-over-pages"} for rule in RULES]
    assert (await manager.put(PATH, json={"rules": rules})).status_code == 200
    problems = problem_service.service.parts["problems"]
    instances = [Feed(problems), Feed(problems)]
    while len(known) < 250:
        feed = chance.choice(instances)
        page = [anything(feed, chance, known, services) for _ in range(chance.randint(1, 30))]
        await feed.hear(*page)
        known += page
    for rule in rules:
        query: dict[str, Any] = {"rule": rule["name"], "limit": 200}
        live = (await manager.get("/v1/candidates", params=query)).json()["items"]
        dry = await tried(manager, rule)
        assert len(live) > 5
        assert comparable(dry["candidates"]) == comparable(live)
        assert (dry["raised"], dry["complete"], dry["held_back"]) == (len(live), True, False)


async def test_a_rule_is_tried_over_imported_history_and_as_of_a_moment(
    feed: Feed, manager: AsyncClient
) -> None:
    service = f"service-{new_id()}"
    facts = [feed.declared(service=service, started_at=NOON) for _ in range(6)]
    past = [replace(each, imported=True, happened_at=NOON) for each in facts]
    await feed.hear(*past)
    rule = BY_SERVICE | {"where": {"service": [service]}}
    assert (await tried(manager, rule, imported=False))["candidates"] == []
    (found,) = (await tried(manager, rule))["candidates"]
    assert [m["event"] for m in found["matches"]] == [str(fact.id) for fact in past]
    assert [m["position"] for m in found["matches"]] == [fact.position for fact in past]
    assert found["raised_by"] == past[2].position
    earlier = await tried(manager, rule, as_of=past[3].position)
    assert [len(each["matches"]) for each in earlier["candidates"]] == [4]
    assert (await tried(manager, rule, as_of=past[1].position))["raised"] == 0
    assert (await tried(manager, rule, as_of="2026-11-21T11:00:00Z"))["sightings"] == 0
    live = await manager.get("/v1/candidates", params={"service": service})
    assert live.json()["items"] == []


async def test_what_cannot_be_tried_is_refused(
    manager: AsyncClient, responder: AsyncClient
) -> None:
    everything = {"name": "all", "at_least": 2, "within_hours": 8_784}
    for body, pointer in [
        ({"rule": everything}, "/rule"),
        ({"rule": BY_SERVICE, "as_of": 10**17}, "/as_of"),
        ({"rule": BY_SERVICE, "as_of": "2999-01-01T00:00:00Z"}, "/as_of"),
        ({"rule": BY_SERVICE, "as_of": "yesterday"}, "/as_of"),
        ({"rule": BY_SERVICE | {"pattern": "(a+)+"}}, "/rule/pattern"),
    ]:
        answer = await manager.post(f"{PATH}/dry-run", json=body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"].startswith(pointer)
    refused = await manager.put(PATH, json={"rules": [everything]})
    assert (refused.status_code, "every incident would match" in refused.text) == (422, True)
    forbidden = await responder.post(f"{PATH}/dry-run", json={"rule": BY_SERVICE})
    assert forbidden.status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [(f"{PATH}/dry-run", {"rule": BY_SERVICE}), ("/v1/known-errors/match", {"title": "Slow"})],
)
async def test_a_correlation_id_that_is_none_is_refused_where_nothing_is_written(
    manager: AsyncClient, path: str, body: dict[str, Any]
) -> None:
    for told, status in (("no-uuid", 422), (str(new_id()), 200)):
        answer = await manager.post(path, json=body, headers={"x-correlation-id": told})
        assert answer.status_code == status, answer.text


class Shut(NamedTuple):
    """A trend of one service: one incident was always restricted, the first of four is by now."""

    feed: Feed
    service: str
    seen: list[Fact]

    @property
    def rule(self) -> dict[str, Any]:
        return BY_SERVICE | {"where": {"service": [self.service]}}

    @property
    def open(self) -> list[str]:
        """Those that everybody may know of."""
        return [str(fact.subject) for fact in self.seen[1:]]

    async def restrict(self, *facts: Fact) -> None:
        about = {"people": ["ada"], "roles": [], "teams": []}
        for fact in facts:
            await self.feed.hear(self.feed.fact("incident.restricted", fact.subject, **about))


@pytest.fixture
async def shut(feed: Feed, in_force: None) -> Shut:
    service = f"service-{new_id()}"
    seen = [
        feed.declared(service=service, title=f"Secret {word}", started_at=NOON)
        for word in ("plan", "plans", "plane", "plank")
    ]
    always = replace(feed.declared(service=service, started_at=NOON), restricted=True)
    await feed.hear(always, *seen)
    found = Shut(feed, service, seen)
    await found.restrict(seen[0])
    return found


async def candidates(client: AsyncClient, shut: Shut) -> list[dict[str, Any]]:
    query = {"service": shut.service, "rule": "by-service"}
    found: list[dict[str, Any]] = (await client.get("/v1/candidates", params=query)).json()["items"]
    return found


async def test_restricted_incidents_are_no_evidence_to_who_may_not_know_of_them(
    shut: Shut, manager: AsyncClient
) -> None:
    (dry,) = (await tried(manager, shut.rule))["candidates"]
    (live,) = await candidates(manager, shut)
    assert [match["incident"] for match in dry["matches"]] == shut.open
    assert [match["incident"] for match in live["matches"]] == shut.open


async def test_a_candidate_says_nothing_of_an_incident_that_is_restricted_by_now(
    shut: Shut, manager: AsyncClient
) -> None:
    (live,) = await candidates(manager, shut)
    path, hidden = f"/v1/candidates/{live['id']}", str(shut.seen[0].subject)
    texts = [(await manager.get(f"{path}{more}")).text for more in ("", "/timeline", "/events")]
    assert not [text for text in texts if hidden in text or 'plan"' in text]
    by_hidden = await manager.get("/v1/candidates", params={"incident": hidden})
    assert by_hidden.json()["items"] == []


async def test_auditors_see_all_of_its_evidence(
    shut: Shut, manager: AsyncClient, problem_service: RunningService
) -> None:
    (live,) = await candidates(manager, shut)
    async with problem_service.client("auditor") as auditor:
        shown = (await auditor.get(f"/v1/candidates/{live['id']}")).json()
    assert len(shown["matches"]) == len(shut.seen)


async def test_a_trend_of_restricted_incidents_alone_is_not_there(
    shut: Shut, manager: AsyncClient
) -> None:
    (live,) = await candidates(manager, shut)
    await shut.restrict(*shut.seen[1:])
    assert (await manager.get(f"/v1/candidates/{live['id']}")).status_code == 404
    assert (await tried(manager, shut.rule))["candidates"] == []


async def test_a_candidate_tells_what_happened_to_it(feed: Feed, manager: AsyncClient) -> None:
    service = f"service-{new_id()}"
    for _ in range(5):
        await feed.hear(feed.declared(service=service, started_at=NOON))
    (item,) = (await manager.get("/v1/candidates", params={"service": service})).json()["items"]
    path, version = f"/v1/candidates/{item['id']}", item["rule_version"]
    await manager.post(f"{path}/dismiss", json={"reason": "A drill"})
    told = (await manager.get(f"{path}/timeline")).json()["items"]
    assert [(each["title"], each["detail"]) for each in told] == [
        (f"Raised by rule service-and-category, version {version}: 3 incidents", None),
        ("Joined by 1 incident", None),
        ("Joined by 1 incident", None),
        ("Dismissed", "A drill"),
    ]
    events = (await manager.get(f"{path}/events", params={"as_of": item["position"]})).json()
    assert [each["type"] for each in events["items"]] == [
        "candidate.raised", "candidate.joined", "candidate.joined",
    ]  # fmt: skip
