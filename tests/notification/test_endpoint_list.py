"""Endpoints over HTTP: which do not answer, what waits for them, and trying one by hand."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.cli.rebuild import rebuilt_models
from services.notification.app import DEFINITION, create_app
from services.notification.endpoints import endpoint
from services.notification.endpoints.endpoint import FAILURES, endpoint_of_webhook
from services.notification.endpoints.endpoints import PARTS, Endpoints
from services.notification.endpoints.events import ProbeAsked
from services.notification.events import Channel, Delivery
from shared.clock import new_id
from tests.conftest import NewDatabase
from tests.notification.desk import INCIDENT
from tests.notification.sinks import SECRET, WebhookSink
from tests.notification.test_endpoints import AT, given, restored, shut_off
from tests.notification.test_why import NOWHERE, Told
from tests.support.service import running_service
from tests.support.until import until

PATH = "/v1/endpoints"


@pytest.fixture
async def told(database: NewDatabase, tmp_path: Path) -> AsyncIterator[Told]:
    settings: dict[str, Any] = dict.fromkeys(("incident_url", "problem_url"), NOWHERE)
    settings |= {"outbound_allow": ["127.0.0.0/8"]}
    place = await database("notification")
    async with (
        WebhookSink().up() as hook,
        running_service(create_app, place, tmp_path, **settings) as running,
        running.client("notification_admin") as admin,
    ):
        yield Told(running, admin, hook)


def test_it_is_half_open_from_the_moment_of_its_next_probe_on() -> None:
    state = given(shut_off).state
    stands = partial(endpoint.standing, state.shut_off_at, state.probe_at)
    assert (stands(AT), stands(state.probe_at)) == ("open", "half_open")
    assert endpoint.standing(None, None, AT) == "closed"


def test_a_probe_is_asked_for_once_and_only_of_one_that_is_shut_off() -> None:
    asked = ProbeAsked(at=AT)
    given(shut_off).when(endpoint.ask_probe, at=AT).then(asked)
    given(shut_off, asked).when(endpoint.ask_probe, at=AT).nothing()
    given(shut_off, restored).when(endpoint.ask_probe, at=AT).refused("is not shut off")


async def _item(told: Told, **query: Any) -> dict[str, Any] | None:
    answer = await told.admin.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    assert len(items) <= 1
    return items[0] if items else None


async def _down(told: Told) -> str:
    """A contact whose webhook fails until it is left alone; answers the contact."""
    told.hook.answers(500)
    contact = await told.contact()
    await told.subscribe(contact)
    assert await _item(told, contact=contact) is None, "one that never failed is not listed"
    for _ in range(FAILURES):
        await told.hear()

    async def open_by_now() -> bool:
        found = await _item(told, contact=contact)
        return found is not None and found["waiting"] == FAILURES

    await until(open_by_now)
    return contact


async def test_one_that_does_not_answer_is_found_with_what_waits_for_it(told: Told) -> None:
    contact = await _down(told)
    item = await _item(told, state="open", contact=contact, channel="webhook")
    assert item is not None
    assert (item["contact"], item["webhook"], item["channel"]) == (contact, None, "webhook")
    assert (item["state"], item["reason"], item["failures"]) == ("open", "answered 500", 0)
    assert item["since"] < item["next_try_at"]
    for other in ({"state": "closed,half_open"}, {"channel": "email"}, {"contact": str(new_id())}):
        assert await _item(told, **other) is None
    read = (await told.admin.get(f"{PATH}/{item['id']}")).json()
    (action,) = read.pop("actions")
    assert read == item
    assert (action["name"], action["allowed"]) == ("probe", True)
    assert await _item(told, as_of=item["position"] - 1) is None


async def test_a_probe_by_hand_brings_everything_when_it_answers(told: Told) -> None:
    contact = await _down(told)
    open_then = await _item(told)
    assert open_then is not None
    told.hook.answers(204)
    probed = await told.admin.post(f"{PATH}/{open_then['id']}/probe")
    assert (probed.status_code, probed.json()["state"]) == (200, "half_open")

    async def all_told() -> bool:
        found = await _item(told, state="closed")
        return found is not None and found["waiting"] == 0 and found["reason"] is None

    await until(all_told)
    over = await told.admin.post(f"{PATH}/{open_then['id']}/probe")
    assert (over.status_code, over.json()["detail"]) == (409, endpoint.NOT_SHUT_OFF)
    then = await _item(told, contact=contact, as_of=open_then["position"])
    assert then is not None
    assert (then["state"], then["since"]) == ("open", open_then["since"])
    versions = (await told.admin.get(f"{PATH}/{open_then['id']}/versions")).json()["items"]
    assert [v["type"] for v in versions] == [
        "endpoint.shut_off",
        "endpoint.probe_asked",
        "endpoint.restored",
    ]
    rebuilt = await rebuilt_models(DEFINITION, told.running.settings, keep=False)
    assert rebuilt.differences["endpoints"] == 0


async def test_what_the_reader_may_not_know_of_is_not_counted(told: Told) -> None:
    await _down(told)
    store, values = told.running.service.store, [INCIDENT, True, [], []]
    await store.pool.execute("insert into restrictions values ($1, $2, $3, $4)", *values)
    async with told.running.client("responder", subject="bob") as bob:
        (item,) = (await bob.get(PATH)).json()["items"]
    assert item["waiting"] == 0
    async with told.running.client("auditor") as auditor:
        (item,) = (await auditor.get(PATH)).json()["items"]
    assert item["waiting"] == FAILURES


async def test_all_mail_has_one_and_another_systems_webhook_its_own(told: Told) -> None:
    ledger: Endpoints = told.running.service.parts[PARTS]
    lake = {"key": "lake", "name": "Lake", "url": told.hook.url, "source": "incident"}
    webhook = UUID((await told.post("/v1/webhooks", **lake, secret=SECRET))["id"])
    id, contact = endpoint_of_webhook(webhook), new_id()
    away: dict[str, Any] = {"webhook": webhook, "reason": "answered 503", "pause": 30.0}
    at = ledger.store.clock()
    await ledger.record(id, "system:courier", partial(endpoint.leave_alone, at=at, **away))
    mail = Delivery(
        cause=id, fact="f", about=id, contact=contact, person="ada", channel=Channel.EMAIL
    )
    said: dict[str, Any] = {"delivery": mail, "at": at, "reason": "no answer"}
    mailbox = endpoint.endpoint_of(mail)
    await ledger.record(mailbox, "system:breaker", partial(endpoint.shut_off, **said))
    found = await _item(told, webhook=str(webhook))
    assert found is not None
    assert (found["id"], found["webhook"], found["waiting"]) == (str(id), str(webhook), None)
    found = await _item(told, channel="email")
    assert found is not None
    assert (found["contact"], found["waiting"]) == (None, 0)
    listed = (await told.admin.get(PATH, params={"limit": 1})).json()
    after = {"limit": 1, "cursor": listed["next_cursor"]}
    (second,) = (await told.admin.get(PATH, params=after)).json()["items"]
    assert {listed["items"][0]["id"], second["id"]} == {str(id), str(mailbox)}
    await told.post("/v1/webhooks/lake/retire")
    assert await _item(told, webhook=str(webhook)) is None
    assert await _item(told, webhook=str(webhook), as_of=listed["position"]) is not None


def test_endpoints_of_webhooks_are_no_contacts() -> None:
    id = new_id()
    assert endpoint_of_webhook(id) not in {uuid5(id, channel) for channel in Channel}


@pytest.mark.parametrize("role", ["reporter", "responder"])
async def test_who_may_not_administer_probes_nothing(told: Told, role: str) -> None:
    async with told.running.client(role) as client:
        answer = await client.post(f"{PATH}/{new_id()}/probe")
        assert answer.status_code == 403
