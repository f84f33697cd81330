"""The inbox over a real socket: one's own messages as they come, resumed without a gap."""

import json
from typing import Any

import msgspec
import pytest

from services.notification import inbox_stream
from services.notification.policies import Planner
from shared.client import new_client
from shared.clock import new_id, now
from shared.follower import Fact
from shared.work import Work
from tests.notification.desk import DECLARED
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import listening


async def _tell(service: RunningService, subject: Any) -> None:

    parts = service.service.parts
    fact = Fact(
        id=new_id(),
        type="tocsin.incident.declared.v1",
        subject=subject,
        time=now(),
        position=1,
        actor="ada",
        correlation_id=new_id(),
        data=msgspec.Raw(msgspec.json.encode(DECLARED)),
    )
    work = Work(service.service.store, "system:follower")
    await Planner(parts["notifications"], parts["subscriptions"]).hear(fact, work)
    await work.append()


async def _next(lines: Any) -> tuple[int, dict[str, Any]]:
    """The next event's id and data."""
    id, data = 0, dict[str, Any]()
    async for line in lines:
        if line.startswith("id:"):
            id = int(line[3:])
        if line.startswith("data:"):
            data = json.loads(line[5:])
        if not line and id:
            return id, data
    raise AssertionError("the stream has ended")


async def _kept_to_ada(service: RunningService, subject: Any) -> None:
    values: list[Any] = [subject, True, ["person:ada"], []]
    pool = service.service.store.pool
    await pool.execute("insert into restrictions values ($1, $2, $3, $4)", *values)


async def test_messages_come_as_they_are_written(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_stream, "_AT_ONCE", 1)
    async with (
        listening("notification", databases) as (service, base),
        service.client("notification_admin") as admin,
    ):
        for person in ("ada", "eve"):
            said = {"name": person, "person": person, "email": f"{person}@example.com"}
            contact = (await admin.post("/v1/contacts", json=said)).json()["id"]
            wish = {"contact": contact, "channel": "inbox", "facts": ["incident.declared"]}
            assert (await admin.post("/v1/subscriptions", json=wish)).status_code == 201
        async with new_client(base_url=base, timeout=30) as ada:
            ada.headers["authorization"] = f"Bearer {service.token('reporter', subject='ada')}"
            first, second = new_id(), new_id()
            async with ada.stream("GET", "/v1/inbox/stream") as answer:
                lines = answer.aiter_lines()
                await anext(lines)
                await _tell(service, first)
                id, message = await _next(lines)
                assert (message["person"], message["about"]) == ("ada", str(first))
            await _tell(service, second)
            resumed = {"last-event-id": str(id)}
            async with ada.stream("GET", "/v1/inbox/stream", headers=resumed) as answer:
                _, message = await _next(answer.aiter_lines())
                assert message["about"] == str(second)
            await _kept_to_ada(service, first)
            from_start = {"last-event-id": "0"}
            async with ada.stream("GET", "/v1/inbox/stream", headers=from_start) as answer:
                lines = answer.aiter_lines()
                told = [(await _next(lines))[1]["about"] for _ in range(2)]
                assert told == [str(first), str(second)], "a few at a time, none left out"
            pool = service.service.store.pool
            read = await pool.fetch("select principal, subject from access_log")
            assert [(row["principal"], row["subject"]) for row in read] == [("ada", first)]
            wrong = await ada.get("/v1/inbox/stream", params={"lastEventId": "x"})
            assert wrong.status_code == 422
