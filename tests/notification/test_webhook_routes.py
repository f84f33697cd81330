"""Webhooks of other systems as callers meet them, and told of what a running service publishes."""

from functools import partial
from typing import Any

from shared.client import AsyncClient
from tests.notification.sinks import SECRET, WebhookSink
from tests.support.postgres import Databases
from tests.support.started import listening
from tests.support.until import until

LAKE: dict[str, Any] = {
    "key": "lake",
    "name": "Data lake",
    "url": "https://example.com/events",
    "source": "notification",
    "types": ["team.*"],
    "secret": SECRET,
}
SAID = {name: value for name, value in LAKE.items() if name != "secret"}


async def _told(databases: Databases, sink: WebhookSink, client: AsyncClient) -> None:
    """From the start on: what was there before, then what comes."""
    team = {"key": "payments", "name": "Payments", "members": []}
    assert (await client.post("/v1/teams", json=team)).status_code == 201
    added = await client.post("/v1/webhooks", json=LAKE | {"url": sink.url, "after": 0})
    assert added.status_code == 201, added.text
    await until(partial(_has_taken, sink, 1))
    assert (await client.put("/v1/teams/payments", json=team | {"name": "Pay"})).status_code == 200
    await until(partial(_has_taken, sink, 2))
    names = [call.verified()["data"]["data"]["name"] for call in sink.calls]
    assert names == ["Payments", "Pay"]


async def _has_taken(sink: WebhookSink, calls: int) -> bool:
    return len(sink.calls) >= calls


async def _are_ended(client: AsyncClient, count: int) -> bool:
    page = (await client.get("/v1/webhooks/lake/deliveries?limit=1")).json()
    return bool(page["next_cursor"]) and page["items"][0]["outcome"] == "delivered"


async def test_webhooks_from_the_first_event_to_the_last(databases: Databases) -> None:
    told = {"outbound_allow": ["127.0.0.0/8"]}
    async with (
        WebhookSink().up() as sink,
        listening("notification", databases, **told) as (service, base),
        service.client("notification_admin") as client,
    ):
        client.base_url = base
        await _told(databases, sink, client)
        await until(partial(_are_ended, client, 2))
        await _pages(client)
        await _managed(client, sink)


async def _pages(client: AsyncClient) -> None:
    path = "/v1/webhooks/lake/deliveries"
    first = (await client.get(path, params={"limit": 1})).json()
    rest = (await client.get(path, params={"limit": 1, "cursor": first["next_cursor"]})).json()
    positions = [item["position"] for page in (first, rest) for item in page["items"]]
    assert positions == sorted(positions, reverse=True)
    assert {item["outcome"] for page in (first, rest) for item in page["items"]} == {"delivered"}
    broken = await client.get(path, params={"cursor": first["next_cursor"][:-2] + "xx"})
    assert broken.status_code == 422


async def _managed(client: AsyncClient, sink: WebhookSink) -> None:
    shown = await client.get("/v1/webhooks/lake")
    assert shown.json()["progress"]["tries"] == 0
    assert "whsec" not in shown.text
    other = SAID | {"url": sink.url, "source": "incident"}
    refused = await client.put("/v1/webhooks/lake", json=other)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/refused")
    inside = await client.put("/v1/webhooks/lake", json=SAID | {"url": "http://169.254.169.254/"})
    assert inside.json()["errors"][0]["pointer"] == "/url"
    beyond = await client.post("/v1/webhooks/lake/redrive", json={"position": 10**12})
    assert (beyond.status_code, beyond.json()["errors"][0]["pointer"]) == (422, "/position")
    never = await client.post("/v1/webhooks", json=LAKE | {"key": "sea", "after": 10**12})
    assert (never.status_code, never.json()["errors"][0]["pointer"]) == (422, "/after")
    again = await client.post("/v1/webhooks/lake/redrive", json={"position": 0})
    assert again.json()["rewound_to"] == 0
    await until(partial(_has_taken, sink, 4))
    assert sink.calls[0].headers["webhook-id"] == sink.calls[2].headers["webhook-id"]
    for command, body in (("rotate-secret", {"secret": SECRET}), ("resume", {}), ("retire", {})):
        answer = await client.post(f"/v1/webhooks/lake/{command}", json=body)
        assert answer.status_code == 200, answer.text
        assert "whsec" not in answer.text
    past = await client.get("/v1/webhooks/lake/versions")
    assert past.json()["items"][0]["type"] == "webhook.set"
    assert "whsec" not in past.text
    over = await client.post("/v1/webhooks/lake/redrive", json={"position": 0})
    assert over.status_code == 409
