"""The past of contacts and subscriptions: all of it but what nobody may see again."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes or more").decode()
CONTACT: dict[str, Any] = {"name": "Ada Lovelace", "person": "ada", "email": "ada@example.com"}


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("notification", databases) as running:
        yield running


@pytest.fixture
def admin(service: RunningService) -> AsyncClient:
    return service.client("notification_admin")


async def _added(admin: AsyncClient, path: str, body: dict[str, Any]) -> str:
    answer = await admin.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def test_a_contact_s_past_is_read_without_its_secrets(
    service: RunningService, admin: AsyncClient
) -> None:
    hook = {"url": "https://example.com/hook", "secret": SECRET}
    path = await _added(admin, "/v1/contacts", CONTACT | {"webhook": hook})
    await admin.put(path, json=CONTACT | {"name": "Ada King"})
    await admin.post(f"{path}/retire")
    told = await admin.get(f"{path}/versions")
    assert told.status_code == 200, told.text
    items = told.json()["items"]
    assert [item["type"] for item in items] == ["contact.set", "contact.set", "contact.retired"]
    assert [item["data"].get("name") for item in items] == ["Ada Lovelace", "Ada King", None]
    assert SECRET not in told.text
    assert SECRET.removeprefix("whsec_") not in told.text
    then = {"as_of": items[0]["position"]}
    assert len((await admin.get(f"{path}/versions", params=then)).json()["items"]) == 1
    eve = service.client("reporter", subject="eve")
    assert (await eve.get(f"{path}/versions")).status_code == 404


async def test_a_subscription_s_past_is_read(admin: AsyncClient) -> None:
    contact = (await _added(admin, "/v1/contacts", CONTACT)).rsplit("/", 1)[-1]
    said = {"contact": contact, "channel": "email", "facts": ["incident.declared"]}
    path = await _added(admin, "/v1/subscriptions", said)
    await admin.put(path, json=said | {"facts": ["incident.closed"]})
    items = (await admin.get(f"{path}/versions")).json()["items"]
    assert [item["data"]["facts"] for item in items] == [["incident.declared"], ["incident.closed"]]
    assert {item["actor"] for item in items} == {(await admin.get("/v1/me")).json()["id"]}
