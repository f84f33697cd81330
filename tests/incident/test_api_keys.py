"""API keys: told once, listed without their secret, refused from their end on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from services.incident.app import DEFINITION
from shared.auth.followed_keys import followed_keys
from shared.auth.roles import Role
from shared.client import AsyncClient, new_client
from shared.follower import Fact
from shared.rebuild import Rebuild
from shared.work import Work
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import client_at, listening, rows, started
from tests.support.until import until

KEYS = "/v1/api-keys"


@pytest.fixture
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture
def admin(service: RunningService) -> AsyncClient:
    return service.client("admin")


async def made(admin: AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await admin.post(KEYS, json={"name": "Monitor", "roles": ["service"]} | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


async def test_a_key_speaks_for_its_roles_until_it_is_revoked(
    service: RunningService, admin: AsyncClient
) -> None:
    key = await made(admin, teams=["red"])
    nobody = service.client(None)
    me = await nobody.get("/v1/me", headers=bearer(key["key"]))
    assert me.json() == {
        "id": f"key:{key['id']}",
        "name": "Monitor",
        "kind": "service",
        "roles": ["service"],
        "teams": ["red"],
    }
    revoked = await admin.delete(f"{KEYS}/{key['id']}")
    assert revoked.status_code == 200
    assert revoked.json()["revoked_at"]
    assert (await nobody.get("/v1/me", headers=bearer(key["key"]))).status_code == 401
    assert (await admin.delete(f"{KEYS}/{key['id']}")).json() == revoked.json()
    asked = {"as_of": key["position"], "wait_for": f"incident:{revoked.json()['position']}"}
    then = (await admin.get(f"{KEYS}/{key['id']}", params=asked)).json()
    assert (then["revoked_at"], then["version"]) == (None, 1)


async def test_a_stream_opened_by_a_keys_ticket_ends_with_the_key(databases: Databases) -> None:
    stream = "/v1/incident/stream"
    async with listening("incident", databases) as (service, base), new_client(base_url=base) as on:
        admin = client_at(base, service, Role.ADMIN)
        key = await made(admin)
        asked = [await on.post(f"{stream}-tickets", headers=bearer(key["key"])) for _ in range(2)]
        first, second = ({"ticket": answer.json()["ticket"]} for answer in asked)
        async with on.stream("GET", stream, params=first, timeout=30) as opened:
            assert opened.status_code == 200
            await admin.delete(f"{KEYS}/{key['id']}")
            await asyncio.wait_for(opened.aread(), 30)
        assert (await on.get(stream, params=second)).status_code == 401
        await admin.aclose()


async def test_the_list_shows_who_made_it_and_never_the_secret(
    service: RunningService, admin: AsyncClient
) -> None:
    keys = [await made(admin, name=f"Key {n}") for n in range(3)]
    await service.client(None).get("/v1/me", headers=bearer(keys[0]["key"]))
    address = f"{KEYS}/{keys[0]['id']}"

    async def noted() -> bool:
        return (await admin.get(address)).json()["last_used_at"] is not None

    await until(noted)  # in the background
    first = (await admin.get(KEYS, params={"limit": 2, "sort": "created_at"})).json()
    rest = (
        await admin.get(
            KEYS, params={"limit": 2, "sort": "created_at", "cursor": first["next_cursor"]}
        )
    ).json()
    items = first["items"] + rest["items"]
    assert [item["name"] for item in items] == ["Key 0", "Key 1", "Key 2"]
    assert {item["created_by"] for item in items} == {"demo-admin"}
    assert items[0]["last_used_at"]
    assert items[1]["last_used_at"] is None
    assert not any("key" in item or "hash" in item for item in items)
    assert (await admin.get(f"{KEYS}/{keys[1]['id']}")).json() == items[1]


async def test_a_repetition_after_a_lost_answer_tells_the_same_key(admin: AsyncClient) -> None:
    body = {"name": "Monitor", "roles": ["service"]}
    headers = {"idempotency-key": "first try"}
    one, again = [await admin.post(KEYS, json=body, headers=headers) for _ in range(2)]
    assert one.json() == again.json()
    assert (await admin.get("/v1/me", headers=bearer(again.json()["key"]))).status_code == 200
    other = await admin.post(KEYS, json=body, headers={"idempotency-key": "second try"})
    assert other.json()["key"] != one.json()["key"]


async def test_nobody_gives_what_they_do_not_hold(
    service: RunningService, admin: AsyncClient
) -> None:
    manager = service.client("incident_manager")
    more = await manager.post(KEYS, json={"name": "k", "roles": ["admin", "service"]})
    own = await manager.post(KEYS, json={"name": "k", "roles": ["incident_manager"]})
    team = await manager.post(
        KEYS, json={"name": "k", "roles": ["incident_manager"], "teams": ["red"]}
    )
    assert (more.status_code, own.status_code, team.status_code) == (403, 201, 403)
    assert "admin, service" in more.json()["detail"]
    key = await made(admin, roles=["admin"])
    child = await service.client(None).post(
        KEYS, json={"name": "k", "roles": ["service"]}, headers=bearer(key["key"])
    )
    assert child.status_code == 403


async def test_a_key_ends_by_itself(service: RunningService, admin: AsyncClient) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC).isoformat()
    refused = await admin.post(KEYS, json={"name": "k", "roles": ["service"], "expires_at": past})
    assert refused.json()["errors"] == [{"pointer": "/expires_at", "detail": "lies in the past"}]
    soon = (datetime.now(UTC) + timedelta(milliseconds=50)).isoformat()
    key = await made(admin, expires_at=soon)
    await service.service.store.pool.fetchval("select pg_sleep(0.1)")
    answer = await service.client(None).get("/v1/me", headers=bearer(key["key"]))
    assert answer.status_code == 401


async def test_the_others_keep_a_copy_by_the_feed(
    service: RunningService, admin: AsyncClient
) -> None:
    key = await made(admin)
    await admin.delete(f"{KEYS}/{key['id']}")
    answer = await admin.get("/v1/incident/feed")
    assert key["key"].rpartition("_")[2] not in answer.text
    forgotten: list[str] = []
    reactions = followed_keys(forgotten.append)
    store = service.service.store
    await store.pool.execute("delete from known_api_keys")
    for fact in msgspec.json.decode(answer.content, type=list[Fact]):
        work = Work(store, "system:test")
        await reactions[fact.type](fact, work)
        await work.append()
    kept = await rows(service.database, "select id, hash, revoked_at from known_api_keys")
    assert (kept[0]["id"], kept[0]["hash"]) == (key["id"], b"")
    assert kept[0]["revoked_at"] is not None
    assert forgotten == [f"key:{key['id']}"]


async def test_a_rebuild_finds_every_row_as_it_is(
    service: RunningService, admin: AsyncClient
) -> None:
    key = await made(admin)
    await made(admin, expires_at="2037-01-01T00:00:00.123456Z")
    await admin.delete(f"{KEYS}/{key['id']}")
    rebuilt = await Rebuild(DEFINITION.replayed, service.service.store.vault).run(
        service.database.app
    )
    assert set(rebuilt.differences.values()) == {0}


async def test_an_unknown_key_is_not_there(admin: AsyncClient) -> None:
    assert (await admin.delete(f"{KEYS}/{'0' * 16}")).status_code == 404
    assert (await admin.get(f"{KEYS}/{uuid4()}")).status_code == 422


@pytest.mark.parametrize("role", ["responder", "reporter", "service", "notification_admin"])
async def test_others_neither_make_nor_see_keys(service: RunningService, role: str) -> None:
    client = service.client(role)
    posted = await client.post(KEYS, json={"name": "k", "roles": [role]})
    assert (posted.status_code, (await client.get(KEYS)).status_code) == (403, 403)
