"""Every operation for every role and for nobody: as the table of roles says, and nothing else."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient, Response
from shared.settings import Service as Name
from tests.contracts.rights import OPEN, expected
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import BUILT, document_of, rows, started


class Operation(NamedTuple):
    """One method of one path, as a document describes it."""

    service: Name
    method: str
    path: str
    described: dict[str, Any]

    @property
    def address(self) -> str:
        """With something in its holes that does not exist."""
        return re.sub(r"{\w+}", str(uuid4()), self.path)

    @property
    def is_open(self) -> bool:
        return (self.method, self.path) in OPEN

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"


def described() -> Iterator[Operation]:
    for service in BUILT:
        for path, methods in document_of(service)["paths"].items():
            for method, operation in methods.items():
                yield Operation(service, method, path, operation)


OPERATIONS = list(described())
ORIGINAL = [operation for operation in OPERATIONS if "x-original" in operation.described]
OURS = [operation for operation in OPERATIONS if operation not in ORIGINAL]
GUARDED = [o for o in OURS if not o.is_open and "{secret}" not in o.path]
BY_SECRET = [operation for operation in OURS if "{secret}" in operation.path]
Clients = dict[tuple[str, Role | None], AsyncClient]


@pytest.fixture(scope="module")
async def services(databases: Databases) -> AsyncIterator[dict[str, RunningService]]:
    async with AsyncExitStack() as stack:
        yield {n: await stack.enter_async_context(started(n, databases)) for n in BUILT}


@pytest.fixture(scope="module")
def clients(services: dict[str, RunningService]) -> Clients:
    return {
        (name, role): service.client(role, subject="somebody")
        for name, service in services.items()
        for role in (*Role, None)
    }


def test_the_three_services_are_all_here() -> None:
    assert len(BUILT) == 3
    assert len(GUARDED) > 80


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_the_document_says_who_may_call(operation: Operation) -> None:
    if operation.is_open:
        assert "security" not in operation.described
        return
    if operation not in ORIGINAL:
        assert ("security" in operation.described) == (operation not in BY_SECRET)
    if "security" in operation.described:
        assert operation.described["security"] == [{"bearer": []}]
    described = set(operation.described["x-roles"])
    roles = described - {"admin"} or set(Role) - {Role.ADMIN}  # none named: any caller
    assert roles == expected(operation.service, operation.method, operation.path)


@pytest.mark.parametrize("operation", GUARDED, ids=str)
async def test_nobody_is_let_in_but_those_who_may(
    services: dict[str, RunningService], clients: Clients, operation: Operation
) -> None:
    service = services[operation.service]
    may = expected(operation.service, operation.method, operation.path) | {"admin"}
    before = await rows(service.database, "select position from log")
    answers = await asyncio.gather(*(call(clients, operation, role) for role in (*Role, None)))
    for role, answer in zip((*Role, None), answers, strict=True):
        if role is None:
            assert (answer.status_code, kind(answer)) == (401, "unauthenticated")
        elif role in may:
            assert answer.status_code not in (401, 403), f"{role}: {answer.text}"
            assert answer.status_code < 500, answer.text
        else:
            assert (answer.status_code, kind(answer)) == (403, "forbidden"), f"{role}"
    if operation.method != "get" and "{" in operation.path:
        assert await rows(service.database, "select position from log") == before


async def call(clients: Clients, operation: Operation, role: Role | None) -> Response:
    """Without a body; a stream is asked from a place it cannot begin at, or it would not end."""
    query = {"lastEventId": "x"} if operation.path.endswith("/stream") else {}
    client = clients[operation.service, role]
    return await client.request(operation.method.upper(), operation.address, params=query)


def kind(answer: Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    found: str = answer.json()["type"].removeprefix("/problems/")
    return found


@pytest.mark.parametrize("operation", BY_SECRET, ids=str)
async def test_where_the_address_is_the_secret_no_other_credential_counts(
    clients: Clients, operation: Operation
) -> None:
    for role in (*Role, None):
        answer = await call(clients, operation, role)
        assert answer.status_code == 401, f"{role}: {answer.text}"


@pytest.mark.parametrize("operation", ORIGINAL, ids=str)
async def test_another_products_address_tells_nobody_anything_in_that_products_manner(
    services: dict[str, RunningService], clients: Clients, operation: Operation
) -> None:
    database = services[operation.service].database
    before = await rows(database, "select position from log")
    roles = (None, *set(Role) - {Role.SERVICE, Role.ADMIN})
    for role in roles:
        answer = await call(clients, operation, role)
        assert answer.status_code in (400, 401, 403), f"{role}: {answer.text}"
        assert answer.headers["content-type"] == "application/json"
        assert "/problems/" not in answer.text
    assert await rows(database, "select position from log") == before


@pytest.mark.parametrize("name", BUILT)
async def test_what_no_document_describes_is_open_and_harmless(
    services: dict[str, RunningService], name: Name
) -> None:
    """Routes that stay out of the document are few, known and say nothing of anybody's data."""
    app = services[name].app
    hidden = paths_of(app) - document_of(name)["paths"].keys()
    assert hidden <= {"/openapi.json", "/metrics", "/problems/{name}", "/problems", "/docs"}


def paths_of(app: Any) -> set[str]:
    found, waiting = set(), list(app.routes)
    while waiting:
        route = waiting.pop()
        inner = getattr(route, "original_router", None)
        if inner is not None:
            waiting += inner.routes
        elif (path := getattr(route, "path", None)) is not None:
            found.add(path.replace(":path}", "}"))
    return found


@pytest.mark.parametrize("name", BUILT)
async def test_a_caller_without_any_role_reads_nothing(
    services: dict[str, RunningService], name: Name
) -> None:
    service = services[name]
    token = service.issuer.token("somebody", [])
    async with service.client(None) as client:
        client.headers["authorization"] = f"Bearer {token}"
        for operation in (o for o in GUARDED if o.service == name):
            if operation.path != "/v1/me":
                answer = await client.request(operation.method.upper(), operation.address)
                assert answer.status_code == 403, str(operation)
