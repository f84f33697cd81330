"""Eight clients and two workers at once: whatever they do to an incident, the log is sound."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import asyncpg
import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from shared.auth.roles import Role
from shared.client import AsyncClient, Response
from tests.incident.table import target
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import rows, started

CLIENTS, INCIDENTS = 8, 3
BODIES: dict[str, dict[str, Any]] = {
    "categorise": {"category": "network"},
    "prioritise": {"impact": 2, "urgency": 1, "reason": "Triage"},
    "assign": {"group": "network"},
    "hold": {"reason": "awaiting_vendor"},
    "diagnose": {"cause": "A leak"},
    "note": {"text": "Seen"},
    "mitigate": {"action": "Failed over"},
    "resolve": {"code": "fixed", "summary": "Rolled back"},
    "reopen": {"reason": "Back"},
    "cancel": {"reason": "A test"},
    "reply": {"text": "The second one"},
    "escalate": {"reason": "Too slow"},
}
TOPICS = {
    "acknowledge": "acknowledged", "start": "work_started", "hold": "held", "note": "noted",
    "categorise": "categorised", "prioritise": "prioritised", "assign": "assigned",
    "resume": "resumed", "diagnose": "diagnosed", "mitigate": "mitigated", "close": "closed",
    "resolve": "resolved", "reopen": "reopened", "cancel": "cancelled",
    "reply": "replied", "escalate": "escalated",
}  # fmt: skip
COMMAND_OF = {f"incident.{topic}": command for command, topic in TOPICS.items()}
NOTHING_NEW = {"categorise", "assign", "acknowledge"}
"""Commands that change nothing where it is so already, and then leave no event."""


class Step(NamedTuple):
    """One command: through which worker, on which incident, under which precautions."""

    worker: int
    incident: int
    command: str
    with_tag: bool
    with_key: bool


@dataclass
class Said:
    """A command and how it was answered."""

    url: str
    command: str
    id: UUID
    headers: dict[str, str]
    answer: Response


@dataclass
class Client:
    """Works off its script; knows each incident's tag as it last saw it."""

    workers: list[AsyncClient]
    incidents: list[str]
    tags: dict[str, str] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)

    async def work(self, script: list[Step]) -> None:
        for step in script:
            await self.give(step)

    async def give(self, step: Step) -> None:
        incident, identifier = self.incidents[step.incident], uuid4()
        headers = {"x-correlation-id": str(identifier)}
        if step.with_key:
            headers["idempotency-key"] = str(identifier)
        if step.with_tag:
            headers["if-match"] = self.tags.get(incident, '"1"')
        url = f"/v1/incidents/{incident}/{step.command}"
        answer = await self.workers[step.worker].post(
            url, json=BODIES.get(step.command, {}), headers=headers
        )
        if tag := answer.headers.get("etag"):
            self.tags[incident] = tag
        self.said.append(Said(url, step.command, identifier, headers, answer))


steps = st.builds(
    Step,
    worker=st.integers(0, 1),
    incident=st.integers(0, INCIDENTS - 1),
    command=st.sampled_from([name for name in TOPICS if name != "cancel"])
    | st.sampled_from(["note", "resolve", "reopen", "hold"]),
    with_tag=st.booleans(),
    with_key=st.booleans(),
)
plans = st.lists(st.lists(steps, min_size=4, max_size=10), min_size=CLIENTS, max_size=CLIENTS)


@pytest.fixture(scope="module")
async def workers(databases: Databases) -> AsyncIterator[list[RunningService]]:
    async with (
        started("incident", databases) as first,
        started("incident", databases, beside=first) as second,
    ):
        yield [first, second]


@given(plan=plans)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
async def test_whatever_eight_clients_do_the_log_is_sound(
    workers: list[RunningService], plan: list[list[Step]]
) -> None:
    doors = [worker.client(Role.INCIDENT_MANAGER) for worker in workers]
    incidents = [await declared(doors[n % 2]) for n in range(INCIDENTS)]
    clients = [Client(doors, incidents) for _ in plan]
    await asyncio.gather(
        *(client.work(script) for client, script in zip(clients, plan, strict=True))
    )
    said = [each for client in clients for each in client.said]
    log = await rows(workers[0].database, "select * from events order by position")
    assert_losers_are_refused_cleanly(said)
    assert_positions_are_dense(log)
    assert_versions_are_contiguous(log)
    assert_acknowledged_once(said, log)
    assert_every_step_was_legal(log)
    assert_views_agree([await door.get(f"/v1/incidents/{incidents[0]}") for door in doors], log)
    await assert_repeated_keys_change_nothing(doors, said, workers[0])


async def declared(door: AsyncClient) -> str:
    answer = await door.post("/v1/incidents", json={"title": "Checkout is slow"})
    assert answer.status_code == 201
    identifier: str = answer.json()["id"]
    return identifier


def assert_losers_are_refused_cleanly(said: list[Said]) -> None:
    for each in said:
        assert each.answer.status_code in (200, 409, 412, 503), each.answer.text
        if each.answer.status_code != 200:
            assert each.answer.headers["content-type"] == "application/problem+json"
        if each.answer.status_code == 412:
            assert "if-match" in each.headers


def assert_positions_are_dense(log: list[asyncpg.Record]) -> None:
    assert [row["position"] for row in log] == list(range(1, len(log) + 1))
    moments = [row["recorded_at"] for row in log]
    assert moments == sorted(moments)


def assert_versions_are_contiguous(log: list[asyncpg.Record]) -> None:
    seen: Counter[UUID] = Counter()
    for row in log:
        seen[row["originator_id"]] += 1
        assert row["originator_version"] == seen[row["originator_id"]]


def assert_acknowledged_once(said: list[Said], log: list[asyncpg.Record]) -> None:
    stored = {row["correlation_id"]: row for row in log}
    times = Counter(row["correlation_id"] for row in log)
    for each in said:
        if each.answer.status_code != 200:
            assert times[each.id] == 0, f"{each.command} was refused, yet it is in the log"
        elif each.command in NOTHING_NEW:
            assert times[each.id] <= 1
        else:
            assert times[each.id] == 1, f"{each.command} was acknowledged"
            row = stored[each.id]
            assert each.answer.headers["tocsin-position"] == str(row["position"])
            assert each.answer.headers["etag"] == f'"{row["originator_version"]}"'


def assert_every_step_was_legal(log: list[asyncpg.Record]) -> None:
    """Each stream, in its order, follows the table: as if nobody had worked beside another."""
    states: dict[UUID, str] = {}
    for row in log:
        stream, topic = row["originator_id"], row["topic"]
        if topic == "incident.declared":
            states[stream] = "new"
        else:
            following = target(COMMAND_OF[topic], states[stream])
            assert following is not None, f"{topic} of {states[stream]}"
            states[stream] = following


def assert_views_agree(answers: list[Response], log: list[asyncpg.Record]) -> None:
    """Both workers show the newest version, whichever of them stored it."""
    first, second = (answer.json() | {"time_in_status": None} for answer in answers)
    assert first == second  # but for the clock, which runs between two reads
    of_it = [row for row in log if str(row["originator_id"]) == first["id"]]
    assert (first["version"], first["position"]) == (len(of_it), of_it[-1]["position"])


async def assert_repeated_keys_change_nothing(
    doors: list[AsyncClient], said: list[Said], service: RunningService
) -> None:
    keyed = [s for s in said if "idempotency-key" in s.headers and s.answer.status_code == 200]
    before = await rows(service.database, "select position from log")
    for each in keyed[:10]:
        for door in doors:
            again = await door.post(
                each.url, json=BODIES.get(each.command, {}), headers=each.headers
            )
            assert (again.status_code, again.content) == (200, each.answer.content)
            assert again.headers["etag"] == each.answer.headers["etag"]
    assert await rows(service.database, "select position from log") == before


async def test_of_two_writers_with_one_tag_one_wins(workers: list[RunningService]) -> None:
    doors = [worker.client(Role.RESPONDER) for worker in workers]
    incident = await declared(doors[0])
    for version in range(1, 20):
        answers = await asyncio.gather(
            *(
                door.post(
                    f"/v1/incidents/{incident}/note",
                    json={"text": "Mine"},
                    headers={"if-match": f'"{version}"'},
                )
                for door in doors
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_fifty_parallel_posts_of_one_key_over_two_workers_are_one_event(
    workers: list[RunningService],
) -> None:
    doors = [worker.client(Role.RESPONDER) for worker in workers]
    key = {"idempotency-key": str(uuid4())}
    before = await rows(workers[0].database, "select position from log")
    answers = await asyncio.gather(
        *(
            doors[n % 2].post("/v1/incidents", json={"title": "One of fifty"}, headers=key)
            for n in range(50)
        )
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    after = await rows(workers[0].database, "select position from log")
    assert after[0]["position"] == before[0]["position"] + 1
