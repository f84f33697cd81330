"""Why somebody was told of a fact or was not: each reason, asked over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.notification.app import create_app
from services.notification.policies import Planner
from shared.client import AsyncClient
from shared.clock import new_id, now
from shared.follower import Fact
from shared.restrictions import Restriction
from shared.work import Work
from tests.conftest import NewDatabase
from tests.notification.desk import DECLARED, INCIDENT
from tests.notification.sinks import SECRET, WebhookSink
from tests.support.service import RunningService, running_service
from tests.support.until import until

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
async def hook() -> AsyncIterator[WebhookSink]:
    async with WebhookSink().up() as sink:
        yield sink


@pytest.fixture
async def running(database: NewDatabase, tmp_path: Path) -> AsyncIterator[RunningService]:
    told: dict[str, Any] = {
        "incident_url": NOWHERE,
        "problem_url": NOWHERE,
        "outbound_allow": ["127.0.0.0/8"],
    }
    async with running_service(
        create_app, await database("notification"), tmp_path, **told
    ) as made:
        yield made


class Told:
    """A service whose contacts are told of a fact, and asked about."""

    def __init__(self, running: RunningService, admin: AsyncClient, hook: WebhookSink) -> None:
        self.running = running
        self.admin = admin
        self.hook = hook
        parts = running.service.parts
        self.planner = Planner(parts["notifications"], parts["subscriptions"])

    async def post(self, path: str, **body: Any) -> Any:
        answer = await self.admin.post(path, json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def contact(self, **more: Any) -> str:
        ways = {"webhook": {"url": self.hook.url, "secret": SECRET}} | more
        return str((await self.post("/v1/contacts", name="Ada", person="ada", **ways))["id"])

    async def subscribe(self, contact: str, **more: Any) -> str:
        said = {"channel": "webhook", "facts": ["incident.declared"]} | more
        return str((await self.post("/v1/subscriptions", contact=contact, **said))["id"])

    async def hear(self, name: str = "incident.declared", **more: Any) -> Fact:
        data = msgspec.Raw(msgspec.json.encode(DECLARED))
        fact = Fact(
            id=new_id(),
            type=f"tocsin.{name}.v1",
            subject=INCIDENT,
            time=now() + timedelta(seconds=1),
            position=1,
            actor="ada",
            correlation_id=new_id(),
            data=data,
            **more,
        )
        work = Work(self.running.service.store, "system:follower")
        await self.planner.hear(fact, work)
        assert (await work.append()).outcome == "appended"
        return fact

    async def why(self, fact: Fact, contact: str, **more: str) -> dict[str, Any]:
        asked = {"event": str(fact.id), "contact": contact} | more
        answer = await self.admin.get("/v1/notifications/why", params=asked)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def becomes(self, verdict: str, reason: str, fact: Fact, contact: str) -> dict[str, Any]:
        """What is told of it once it stands so."""

        async def stands() -> bool:
            told = await self.why(fact, contact)
            reasons = {"", *(r["reason"] for r in told["reasons"])}
            return told["verdict"] == verdict and reason in reasons

        await until(stands)
        return await self.why(fact, contact)


@pytest.fixture
async def told(running: RunningService, hook: WebhookSink) -> AsyncIterator[Told]:
    async with running.client("notification_admin") as admin:
        yield Told(running, admin, hook)


def _all_day() -> dict[str, Any]:
    return {"time_zone": "UTC", "start": "00:00", "end": "00:00"}


async def test_a_subscription_says_so(told: Told) -> None:
    contact = await told.contact()
    subscription = await told.subscribe(contact)
    view = await told.becomes("told", "subscription", await told.hear(), contact)
    (reason,) = view["reasons"]
    assert (reason["subscription"], reason["status"]) == (subscription, "delivered")
    assert (view["fact"], view["about"]) == ("incident.declared", str(INCIDENT))
    assert view["policy_version"] == 1


@pytest.mark.parametrize(
    ("filters", "detail"),
    [
        (None, "no subscription"),
        ({"facts": ["incident.closed"]}, "does not name incident.declared"),
        ({"priorities": [3]}, "other priorities than 1"),
        ({"services": ["search"]}, "other services than checkout"),
    ],
)
async def test_no_subscription_means_them(
    told: Told, filters: dict[str, Any] | None, detail: str
) -> None:
    contact = await told.contact()
    if filters is not None:
        await told.subscribe(contact, **filters)
    view = await told.why(await told.hear(), contact)
    assert (view["verdict"], view["reasons"][0]["reason"]) == ("not_told", "no_subscription")
    assert detail in view["reasons"][0]["detail"]


async def test_the_reasons_of_that_time_count(told: Told) -> None:
    contact = await told.contact()
    id = await told.subscribe(contact)
    await told.post(f"/v1/subscriptions/{id}/retire")
    fact = await told.hear()
    await told.subscribe(contact)
    view = await told.why(fact, contact)
    assert [r["detail"] for r in view["reasons"]] == ["the subscription was retired"]


async def test_the_same_by_the_same_way_is_told_once(told: Told) -> None:
    contact = await told.contact()
    await told.subscribe(contact)
    second = await told.subscribe(contact)
    view = await told.becomes("told", "duplicate", await told.hear(), contact)
    assert [r["subscription"] for r in view["reasons"] if r["reason"] == "duplicate"] == [second]


async def test_quiet_hours_hold_it_until_they_end(told: Told) -> None:
    contact = await told.contact(quiet_hours=_all_day())
    await told.subscribe(contact)
    view = await told.why(await told.hear(), contact)
    midnight = (now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert view["verdict"] == "held"
    held = {r["reason"]: r["until"] for r in view["reasons"]}
    assert datetime.fromisoformat(held["quiet_hours"]) == midnight.astimezone(UTC)
    assert told.hook.calls == []


async def test_what_breaks_quiet_hours_is_told(told: Told) -> None:
    contact = await told.contact(quiet_hours=_all_day() | {"but_priorities": [1]})
    await told.subscribe(contact)
    await told.becomes("told", "subscription", await told.hear(), contact)


async def test_a_throttle_holds_it_and_names_its_policy(told: Told) -> None:
    limits = [{"channel": "webhook", "most": 1, "minutes": 10}]
    policy = "/v1/notification/policies/throttling"
    assert (await told.admin.put(policy, json={"limits": limits})).status_code == 200
    contact = await told.contact()
    await told.subscribe(contact)
    first, second = await told.hear(), await told.hear()
    await told.becomes("told", "subscription", first, contact)
    view = await told.becomes("held", "throttle", second, contact)
    assert view["policy_version"] == 2
    assert all(r["until"] for r in view["reasons"])
    assert len(told.hook.calls) == 1


async def test_nobody_is_reached_without_a_method(told: Told) -> None:
    contact = await told.contact(email="ada@example.com")
    await told.subscribe(contact)
    body = {"name": "Ada", "person": "ada", "email": "ada@example.com"}
    assert (await told.admin.put(f"/v1/contacts/{contact}", json=body)).status_code == 200
    view = await told.why(await told.hear(), contact)
    assert (view["verdict"], view["reasons"][0]["reason"]) == (
        "not_told",
        "no_usable_contact_method",
    )


async def test_what_is_restricted_is_told_to_those_who_may_know(told: Told) -> None:
    contact = await told.contact()
    await told.subscribe(contact)
    kept = Restriction(restricted=True, named=("person:eve",))
    store = told.running.service.store
    values: list[Any] = [INCIDENT, True, list(kept.named), []]
    await store.pool.execute("insert into restrictions values ($1, $2, $3, $4)", *values)
    fact = await told.hear(restricted=True)
    asked = {"event": str(fact.id), "contact": contact}
    answer = await told.admin.get("/v1/notifications/why", params=asked)
    assert answer.status_code == 404
    async with told.running.client("auditor") as auditor:
        view = (await auditor.get("/v1/notifications/why", params=asked)).json()
    assert (view["verdict"], view["reasons"][0]["reason"]) == ("not_told", "restricted")


async def test_somebody_has_acknowledged_it_meanwhile(told: Told) -> None:
    told.hook.answers(500)
    contact = await told.contact()
    await told.subscribe(contact)
    fact = await told.hear()
    await until(partial(_has_called, told.hook))
    (item,) = (await told.admin.get("/v1/notifications")).json()["items"]
    async with told.running.client("responder", subject="ada") as ada:
        answer = await ada.post(f"/v1/notifications/{item['id']}/acknowledge")
    assert answer.status_code == 200, answer.text
    await told.becomes("not_reached", "acknowledged_meanwhile", fact, contact)


async def test_the_receiver_has_refused_it(told: Told) -> None:
    told.hook.answers(410)
    contact = await told.contact()
    await told.subscribe(contact)
    view = await told.becomes("not_reached", "refused", await told.hear(), contact)
    assert view["reasons"][0]["detail"] == "attempt 1: answered 410: the endpoint is gone"


async def test_a_person_asks_about_their_own(told: Told) -> None:
    contact = await told.contact()
    fact = await told.hear()
    asked = {"event": str(fact.id), "contact": contact}
    for subject, status in (("ada", 200), ("eve", 404)):
        async with told.running.client("reporter", subject=subject) as caller:
            answer = await caller.get("/v1/notifications/why", params=asked)
        assert answer.status_code == status


async def test_of_an_event_nobody_has_heard_nothing_can_be_said(told: Told) -> None:
    contact = await told.contact()
    for asked in ({"event": str(new_id())}, {"event": "x"}, {}):
        answer = await told.admin.get("/v1/notifications/why", params={"contact": contact} | asked)
        assert answer.status_code == (404 if len(asked.get("event", "")) > 1 else 422)


async def test_dead_letters_are_redriven_in_bulk(told: Told) -> None:
    told.hook.answers(410)
    contact, other = await told.contact(), await told.contact()
    for each in (contact, other):
        await told.subscribe(each)
    facts = [await told.hear() for _ in range(2)]
    for each in (contact, other):
        for fact in facts:
            await told.becomes("not_reached", "refused", fact, each)
    told.hook.answers(204)
    redriven = await told.post("/v1/dead-letters/redrive", contacts=[contact])
    assert (redriven["redriven"], redriven["left"]) == (2, 0)
    for fact in facts:
        await told.becomes("told", "subscription", fact, contact)
    left = (await told.admin.get("/v1/dead-letters")).json()["items"]
    assert {item["contact"] for item in left} == {other}
    assert (await told.post("/v1/dead-letters/redrive", people=["eve"]))["redriven"] == 0
    assert (await told.post("/v1/dead-letters/redrive"))["redriven"] == 2


async def _has_called(hook: WebhookSink) -> bool:
    return bool(hook.calls)


async def test_what_was_held_goes_as_one_that_names_all_it_holds(told: Told) -> None:
    contact = await told.contact(quiet_hours=_all_day())
    await told.subscribe(contact)
    facts = [await told.hear() for _ in range(3)]
    body = {"name": "Ada", "person": "ada", "webhook": {"url": told.hook.url}}
    assert (await told.admin.put(f"/v1/contacts/{contact}", json=body)).status_code == 200
    pool = told.running.service.store.pool
    await pool.execute("update timers set due_at = now()")
    views = [await told.becomes("told", "", fact, contact) for fact in facts]
    by = {view["reasons"][0]["reason"]: view for view in views}
    assert sorted(view["reasons"][0]["reason"] for view in views) == [
        "bundled",
        "bundled",
        "subscription",
    ]
    (call,) = told.hook.calls
    assert call.verified()["data"]["subject"].startswith("3 messages: [INC-7]")
    carrier = _id(by["subscription"])
    bundle = (await told.admin.get(f"/v1/notifications/{carrier}")).json()["bundle"]
    assert set(bundle) == {_id(view) for view in views} - {carrier}


def _id(view: dict[str, Any]) -> str:
    return next(str(r["notification"]) for r in view["reasons"] if r["notification"])
