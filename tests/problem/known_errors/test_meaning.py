"""Search by meaning through the port, and all the rest without it."""

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient
from tests.problem.known_errors.small import SMALL, known_by_meaning, with_embedder
from tests.problem.known_errors.test_api import published
from tests.problem.known_errors.test_search import hits, kinds
from tests.support.postgres import Databases
from tests.support.started import started


async def test_what_is_near_is_found_and_says_so(databases: Databases) -> None:
    async with with_embedder(databases, SMALL) as service:
        client: AsyncClient = service.client(Role.ADMIN)
        path = await published(client, title="Thermoregulation", symptom="Overheating", product="X")
        await published(client, title="Zebra", symptom="Stripes", error_code="Z-1")
        await known_by_meaning(service)
        found = await hits(client, "hypothermoregulated")
        assert [hit["title"] for hit in found] == ["Thermoregulation"]
        assert "meaning" in kinds(found[0])
        await client.post(f"{path}/revise", json={"title": "Quagga", "symptom": "Grazes"})
        await known_by_meaning(service)
        assert await hits(client, "hypothermoregulated") == []
        await client.post(f"{path}/retire", json={"reason": "x"})
        assert await hits(client, "quaggas graze") == []


async def test_an_embedder_without_pgvector_says_what_to_do(databases: Databases) -> None:
    with pytest.raises(RuntimeError, match="create extension vector"):
        async with started("problem", databases, embedder=SMALL):
            pass
