"""Bad requests: each is refused in the one form all refusals have, and nothing of it is stored."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient, Response
from shared.http.body import BODY_LIMIT
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import rows, started

SLOW: dict[str, Any] = {"title": "Checkout is slow"}
JSON = {"content-type": "application/json"}
COUNTS = """select (select position from log), (select count(*) from events),
    (select count(*) from idempotency), (select count(*) from incidents),
    (select count(*) from vault.personal_keys), (select count(*) from timers)"""

UNKNOWN = UUID(int=7)


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as service:
        yield service


@pytest.fixture(scope="module")
async def agent(service: RunningService) -> AsyncIterator[AsyncClient]:
    async with service.client(Role.RESPONDER) as agent:
        yield agent


@pytest.fixture
async def incident(agent: AsyncClient) -> str:
    """The address of a new one."""
    return (await agent.post("/v1/incidents", json=SLOW)).headers["location"]


@pytest.fixture
async def unchanged(service: RunningService, incident: str) -> AsyncIterator[None]:
    """Nothing at all is stored by the test."""
    before = await rows(service.database, COUNTS)
    yield
    assert await rows(service.database, COUNTS) == before


def assert_problem(answer: Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert (told["type"], told["status"]) == (f"/problems/{kind}", status)
    assert told["title"]
    assert told["detail"]
    assert "Traceback" not in answer.text
    return told


REFUSED_BODIES: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown field": (SLOW | {"colour": "red"}, "/colour"),
    "a status of one's own": (SLOW | {"status": "closed"}, "/status"),
    "an actor of one's own": (SLOW | {"actor": "somebody"}, "/actor"),
    "a version of one's own": (SLOW | {"version": 7}, "/version"),
    "a creation of one's own": (SLOW | {"created_at": "2026-01-01T00:00:00Z"}, "/created_at"),
    "no title": ({}, "/title"),
    "a blank title": ({"title": " \t"}, "/title"),
    "a title of nothing": ({"title": ""}, "/title"),
    "an endless title": ({"title": "x" * 201}, "/title"),
    "a title that is a number": ({"title": 5}, "/title"),
    "a title that is null": ({"title": None}, "/title"),
    "a level that is a text": (SLOW | {"impact": "1", "urgency": 1}, "/impact"),
    "a level that is true": (SLOW | {"impact": True, "urgency": 1}, "/impact"),
    "a level that is a fraction": (SLOW | {"impact": 1.5, "urgency": 1}, "/impact"),
    "a level of zero": (SLOW | {"impact": 0, "urgency": 1}, "/impact"),
    "a level beyond the matrix": (SLOW | {"impact": 9, "urgency": 9}, "/impact"),
    "tags that are a text": (SLOW | {"tags": "vip"}, "/tags"),
    "too many tags": (SLOW | {"tags": ["x"] * 51}, "/tags"),
    "labels that are a list": (SLOW | {"labels": []}, "/labels"),
    "an unknown field below": (SLOW | {"reporter": {"id": "r", "a": 1}}, "/reporter/a"),
    "a key with white space around": (SLOW | {"service": " checkout"}, "/service"),
    "an address that is none": (SLOW | {"reporter": {"id": "r", "email": "x"}}, "/reporter/email"),
    "the year 1": (SLOW | {"started_at": "0001-01-01T00:00:00Z"}, "/started_at"),
    "the year 9999": (SLOW | {"started_at": "9999-12-31T23:59:59Z"}, "/started_at"),
    "nanoseconds": (SLOW | {"started_at": "2026-11-22T09:58:00.123456789Z"}, "/started_at"),
    "a time without its zone": (SLOW | {"started_at": "2026-11-22T09:58:00"}, "/started_at"),
    "a date alone": (SLOW | {"started_at": "2026-11-22"}, "/started_at"),
    "a time that is a number": (SLOW | {"started_at": 1700000000}, "/started_at"),
    "a time that is digits": (SLOW | {"started_at": "1700000000"}, "/started_at"),
    "the 30th of February": (SLOW | {"started_at": "2026-02-30T00:00:00Z"}, "/started_at"),
}  # fmt: skip


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("case", REFUSED_BODIES)
async def test_a_declaration_is_refused_that_holds(case: str, agent: AsyncClient) -> None:
    body, pointer = REFUSED_BODIES[case]
    told = assert_problem(await agent.post("/v1/incidents", json=body), 422, "invalid")
    assert pointer in [error["pointer"] for error in told["errors"]]
    assert all(error["detail"] for error in told["errors"])


@pytest.mark.usefixtures("unchanged")
async def test_who_names_what_is_not_there_is_told_what_is(agent: AsyncClient) -> None:
    wrong = SLOW | {"reporter": {"id": "rita", "mail": "rita@example.com"}}
    [error] = (await agent.post("/v1/incidents", json=wrong)).json()["errors"]
    assert error["pointer"] == "/reporter/mail"
    assert error["detail"].endswith("known here: id, name, email")
    [error] = (await agent.get("/v1/incidents", params={"state": "new"})).json()["errors"]
    assert error["pointer"] == "query:state"
    assert " status," in error["detail"]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "\xff\xfe"}',
        b'{"title": "a\\u0000b"}',
        b'{"title": "a", "labels": {"a\\u0000b": "c"}}',
        b'{"title": "\\ud800"}',
        b'{"title": "a"',
        b'{"title": "a"} trailing',
        b'{"title": NaN}',
        b"\xef\xbb\xbf{}",
        b"null",
        b"[]",
        b'"title"',
        b"",
        b'{"title": "a", "labels": ' + b"[" * 40 + b"]" * 40 + b"}",
        b"[" * 200_000,
    ],
    ids=lambda body: repr(body[:30]),
)
async def test_a_body_that_is_no_strict_json_object_is_refused(
    agent: AsyncClient, body: bytes
) -> None:
    assert_problem(await agent.post("/v1/incidents", content=body, headers=JSON), 422, "invalid")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("told", [{}, {"content-type": "text/plain"}, {"content-type": "x"}])
async def test_a_body_must_say_that_it_is_json(agent: AsyncClient, told: dict[str, str]) -> None:
    answer = await agent.post("/v1/incidents", content=json.dumps(SLOW), headers=told)
    assert_problem(answer, 422, "invalid")


async def test_json_of_any_spelling_of_its_type_is_read(agent: AsyncClient) -> None:
    for kind in ("application/json; charset=utf-8", "application/vnd.tocsin+json"):
        answer = await agent.post(
            "/v1/incidents", content=json.dumps(SLOW), headers={"content-type": kind}
        )
        assert answer.status_code == 201


async def in_chunks(size: int) -> AsyncIterator[bytes]:
    yield b'{"title": "'
    for _ in range(size // 65_536 + 1):
        yield b"x" * 65_536
    yield b'"}'


@pytest.mark.usefixtures("unchanged")
async def test_a_huge_body_is_refused_declared_or_in_chunks(
    agent: AsyncClient, incident: str
) -> None:
    huge = b'{"text": "' + b"x" * BODY_LIMIT + b'"}'
    for path in ("/v1/incidents", f"{incident}/note"):
        declared = await agent.post(path, content=huge, headers=JSON)
        chunked = await agent.post(path, content=in_chunks(BODY_LIMIT), headers=JSON)
        for answer in (declared, chunked):
            assert_problem(answer, 413, "too-large")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "address",
    ["?q=%00", "?service=a%00b", "?group=%00", "/%00", "/INC-1%00/timeline", "?reporter=%00,x"],
)
async def test_an_address_holds_no_nul(agent: AsyncClient, address: str) -> None:
    assert_problem(await agent.get(f"/v1/incidents{address}"), 422, "invalid")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=x", "sort=colour", "status=open", "priority=0",
        "priority=x", "colour=red", "created_after=yesterday", "created_after=0001-01-01T00:00:00Z",
        "q=", "as_of=tomorrow", "as_of=9223372036854775808", "as_of=-1", "as_of=99999999",
        "as_of=2999-01-01T00:00:00Z", "as_of=1&q=slow", "wait_for=incident", "wait_for=moon:1",
        "wait_for=incident:x", "tag=" + ",".join("x" * 51),
    ],
)  # fmt: skip
async def test_a_list_refuses_a_query_it_cannot_mean(agent: AsyncClient, query: str) -> None:
    told = assert_problem(await agent.get(f"/v1/incidents?{query}"), 422, "invalid")
    assert told["errors"][0]["pointer"].startswith("query:")


@pytest.mark.parametrize("path", ["/v1/incidents/INC-1", "/v1/incidents/INC-1/timeline"])
async def test_a_past_that_is_no_past_is_refused(
    agent: AsyncClient, incident: str, path: str
) -> None:
    for query in ("as_of=99999999", "as_of=2999-01-01T00:00:00Z", "as_of=x", "effective_at=x"):
        assert_problem(await agent.get(f"{path}?{query}"), 422, "invalid")


@pytest.mark.parametrize(
    "reference",
    ["INC-0", "INC-999999", "INC-" + "9" * 30, "INC-", "INC-x", "PRB-1", "1", str(UNKNOWN), "é"],
)
async def test_what_does_not_exist_is_not_found_by_any_method(
    agent: AsyncClient, reference: str
) -> None:
    for answer in (
        await agent.get(f"/v1/incidents/{reference}"),
        await agent.get(f"/v1/incidents/{reference}/timeline"),
        await agent.get(f"/v1/incidents/{reference}/events"),
        await agent.post(f"/v1/incidents/{reference}/note", json={"text": "Hello"}),
        await agent.post(f"/v1/incidents/{reference}/prioritise", json={"impact": 1, "urgency": 1}),
    ):
        assert_problem(answer, 404, "not-found")


async def test_the_frameworks_own_refusals_look_like_all_others(agent: AsyncClient) -> None:
    assert_problem(await agent.get("/v1/nowhere"), 404, "not-found")
    answer = await agent.put("/v1/incidents", json=SLOW)
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.usefixtures("unchanged")
async def test_a_command_illegal_in_this_state_is_refused_with_the_reason(
    agent: AsyncClient, incident: str
) -> None:
    told = assert_problem(await agent.post(f"{incident}/resume"), 409, "refused")
    assert told["detail"] == "the incident is new"


@pytest.mark.usefixtures("unchanged")
async def test_a_rule_of_the_domain_is_refused_with_what_to_do(
    agent: AsyncClient, incident: str
) -> None:
    for command, body, hint in (
        ("hold", {"reason": "awaiting_caller"}, "note"),
        ("hold", {"reason": "awaiting_problem"}, "problem"),
        ("hold", {"reason": "awaiting_problem", "problem": "PRB-7"}, "PRB-7"),
        ("resolve", {"code": "known_error", "summary": "x"}, "known error"),
        ("prioritise", {"impact": 1, "urgency": 1, "override": 2}, "reason"),
    ):
        answer = await agent.post(f"{incident}/{command}", json=body)
        assert hint in assert_problem(answer, 409, "refused")["detail"]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("tag", ['"9"', '"0"', 'W/"1"', '"999999999"'])
async def test_a_stale_or_weak_tag_is_refused(agent: AsyncClient, incident: str, tag: str) -> None:
    answer = await agent.post(f"{incident}/note", json={"text": "x"}, headers={"if-match": tag})
    assert_problem(answer, 412, "stale")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "header",
    [
        {"if-match": "1"}, {"if-match": '"x"'}, {"if-match": '"1", "2"'}, {"if-match": ""},
        {"idempotency-key": "k" * 256}, {"idempotency-key": ""}, {"idempotency-key": '""'},
        {"x-correlation-id": "not-a-uuid"},
    ],
)  # fmt: skip
async def test_a_header_that_cannot_be_read_is_refused(
    agent: AsyncClient, incident: str, header: dict[str, str]
) -> None:
    answer = await agent.post(f"{incident}/note", json={"text": "x"}, headers=header)
    assert_problem(answer, 422, "invalid")
    [error] = answer.json()["errors"]
    assert error["pointer"].lower() == f"header:{next(iter(header))}"


async def test_a_trace_header_that_cannot_be_read_is_ignored(
    agent: AsyncClient, incident: str
) -> None:
    headers = {"traceparent": "nonsense"}
    answer = await agent.post(f"{incident}/note", json={"text": "x"}, headers=headers)
    assert answer.status_code == 200


@pytest.mark.usefixtures("unchanged")
async def test_without_valid_credentials_nothing_is_answered(
    service: RunningService, incident: str
) -> None:
    token = service.token(Role.RESPONDER)
    head, payload, signature = token.split(".")
    expired = service.issuer.token("demo", [Role.RESPONDER], days=-1)
    forged = f"{head}.{payload}.{signature[:-4]}AAAA"
    for header in (
        "",
        "Bearer",
        f"Basic {token}",
        f"Bearer {forged}",
        f"Bearer {expired}",
        f"Bearer {head}.{payload}.",
        "Bearer tocsin_nokey",
        f"Bearer {token} x",
    ):
        async with service.client(None) as nobody:
            nobody.headers["authorization"] = header
            for answer in (
                await nobody.get("/v1/incidents"),
                await nobody.get(incident),
                await nobody.post("/v1/incidents", json=SLOW),
                await nobody.post(f"{incident}/note", json={"text": "x"}),
            ):
                assert_problem(answer, 401, "unauthenticated")
                assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.usefixtures("unchanged")
async def test_a_role_without_the_right_is_told_so(service: RunningService, incident: str) -> None:
    async with service.client(Role.AUDITOR) as auditor:
        for path, body in (("/v1/incidents", SLOW), (f"{incident}/note", {"text": "x"})):
            told = assert_problem(await auditor.post(path, json=body), 403, "forbidden")
            assert "auditor" in told["detail"]


async def test_many_bad_requests_at_once_harm_no_good_one(agent: AsyncClient) -> None:
    bad = [agent.post("/v1/incidents", content=b"[" * n, headers=JSON) for n in range(1, 40)]
    good = [agent.post("/v1/incidents", json=SLOW) for _ in range(20)]
    answers = await asyncio.gather(*bad, *good)
    assert [a.status_code for a in answers] == [422] * len(bad) + [201] * len(good)


async def test_one_piece_of_evidence_needs_no_list(agent: AsyncClient, incident: str) -> None:
    for told, kept in (("a heap dump", ["a heap dump"]), (["a", "b"], ["a", "b"])):
        body = {"cause": "A leak", "evidence": told}
        assert (await agent.post(f"{incident}/diagnose", json=body)).status_code == 200
        last = (await agent.get(f"{incident}/events")).json()["items"][-1]
        assert last["data"]["evidence"] == kept
    for wrong, pointer in ((3, "/evidence"), ([3], "/evidence/0"), ("", "/evidence/0")):
        body = {"cause": "A leak", "evidence": wrong}  # type: ignore[dict-item]
        answer = await agent.post(f"{incident}/diagnose", json=body)
        assert_problem(answer, 422, "invalid")
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
