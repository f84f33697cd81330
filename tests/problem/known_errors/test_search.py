"""Search and match over HTTP: signals, slips, other words, other scripts, and what is not found."""

from typing import Any
from urllib.parse import quote

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient
from tests.problem.conftest import Feed
from tests.problem.known_errors.test_api import drafted, published
from tests.support.service import RunningService


async def hits(client: AsyncClient, q: str, **more: Any) -> list[dict[str, Any]]:
    answer = await client.get("/v1/known-errors/search", params={"q": q} | more)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert (page["next_cursor"], page["total_estimate"]) == (None, None)
    assert page["position"] > 0
    found: list[dict[str, Any]] = page["items"]
    return found


async def matched(client: AsyncClient, **said: Any) -> list[dict[str, Any]]:
    answer = await client.post("/v1/known-errors/match", json=said)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def kinds(hit: dict[str, Any]) -> dict[str, str]:
    return {each["kind"]: each["detail"] for each in hit["reasons"]}


@pytest.fixture(scope="module")
async def kedb(problem_service: RunningService) -> RunningService:
    """Some known errors, for all of these tests."""
    async with problem_service.client(Role.PROBLEM_MANAGER) as manager:
        for said in (
            {"title": "Spooler stops", "symptom": "Nothing is printed", "error_code": "PRN-0x11b",
             "services": ["printing"], "items": ["print-1"], "product": "Spoolwerk"},
            {"title": "Notebook freezes", "symptom": "The display stands still",
             "error_code": "F-1"},
            {"title": "登录失败", "symptom": "登录页面超时", "error_code": "CN-1"},
            {"title": "الطابعة لا تعمل", "symptom": "لا تخرج أي ورقة", "error_code": "AR-1"},
            {"title": "Größenänderung schlägt fehl", "symptom": "Fenster bleibt klein",
             "error_code": "DE-1"},
        ):  # fmt: skip
            await published(manager, **({"services": [], "product": None} | said))
    return problem_service


@pytest.mark.parametrize(
    ("q", "title", "kind"),
    [
        ("prn 0x11B", "Spooler stops", "error_code"),
        ("PRN0X11B again", "Spooler stops", "error_code"),
        ("spoler stpos", "Spooler stops", "spelling"),
        ("spooler", "Spooler stops", "words"),
        ("laptop hangs", "Notebook freezes", "other_words"),
        ("登录超时", "登录失败", "words"),
        ("الطابعة", "الطابعة لا تعمل", "words"),
        ("grossenanderung", "Größenänderung schlägt fehl", "words"),
        ("".join(chr(ord(letter) + 0xFEE0) for letter in "SPOOLER"), "Spooler stops", "words"),
    ],
)
async def test_it_is_found_and_says_why(
    kedb: RunningService, q: str, title: str, kind: str
) -> None:
    best = (await hits(kedb.client(Role.RESPONDER), q))[0]
    assert (best["title"], kind in kinds(best)) == (title, True), best


async def test_named_signals_count_before_words(kedb: RunningService) -> None:
    client = kedb.client(Role.RESPONDER)
    words = {"title": "The display of the notebook stands still and freezes"}
    assert (await matched(client, **words))[0]["title"] == "Notebook freezes"
    named = (await matched(client, error_code="prn 0x11b", **words))[0]
    assert (named["title"], kinds(named)["error_code"]) == ("Spooler stops", "prn0x11b")
    by_item = (await matched(client, item="print-1", service="printing", product="spoolwerk"))[0]
    assert set(kinds(by_item)) == {"item", "service", "product", "words"}
    by_service = await matched(client, service="printing")
    assert [hit["title"] for hit in by_service] == ["Spooler stops"]


async def test_an_incident_is_matched_by_what_is_known_of_it(
    kedb: RunningService, feed: Feed
) -> None:
    fact = feed.declared(title="Spooler stops again", item="print-1")
    await feed.hear(fact)
    best = (await matched(kedb.client(Role.RESPONDER), incident=str(fact.subject)))[0]
    assert (best["title"], kinds(best)["item"]) == ("Spooler stops", "print-1")
    unknown = await kedb.client(Role.RESPONDER).post(
        "/v1/known-errors/match", json={"incident": "INC-0"}
    )
    assert unknown.status_code == 409


async def test_only_what_is_published_is_found(manager: AsyncClient) -> None:
    path = await drafted(manager, title="Quokka sleeps", symptom="A quokka sleeps")
    assert await hits(manager, "quokka") == []
    await manager.post(f"{path}/publish")
    assert len(await hits(manager, "quokka")) == 1
    await manager.post(f"{path}/retire", json={"reason": "It is awake"})
    assert await hits(manager, "quokka") == []
    assert await hits(manager, "quoka") == []


async def test_a_revision_is_found_by_its_words_at_once(manager: AsyncClient) -> None:
    path = await published(manager, title="Wombat digs", symptom="A hole")
    await manager.post(f"{path}/revise", json={"title": "Numbat digs"})
    assert await hits(manager, "wombat") == []
    assert (await hits(manager, "numbat"))[0]["revision"] == 2


@pytest.mark.parametrize(
    "q",
    [
        "'",
        "\\",
        "a' & !b | (c:*",
        "<->",
        "%_%",
        "\u202eabc",
        "🙂",
        "né' OR 1=1 --",
        "x" * 500,
        "'''\"''",
    ],
)
async def test_whatever_is_typed_is_answered(kedb: RunningService, q: str) -> None:
    answer = await kedb.client(Role.RESPONDER).get(f"/v1/known-errors/search?q={quote(q)}")
    assert answer.status_code in (200, 422), answer.text


async def test_too_much_is_refused_clearly(kedb: RunningService) -> None:
    client = kedb.client(Role.RESPONDER)
    long = await client.get(f"/v1/known-errors/search?q={'word+' * 200}")
    assert (long.status_code, long.json()["type"]) == (422, "/problems/invalid")
    text = await client.post(
        "/v1/known-errors/match", json={"title": "x", "description": "y" * 20_000}
    )
    assert text.json()["errors"][0]["pointer"] == "/description"
    megabyte = await client.post(
        "/v1/known-errors/match", json={"title": "x", "description": "y" * 2**20}
    )
    assert megabyte.status_code == 413
    nothing = await client.post("/v1/known-errors/match", json={"limit": 3})
    assert nothing.status_code == 422
    for q in ("the", "!", " "):
        assert (await client.get("/v1/known-errors/search", params={"q": q})).status_code == 422


async def test_a_long_text_is_judged_by_its_beginning(kedb: RunningService) -> None:
    client = kedb.client(Role.RESPONDER)
    filler = " ".join(f"w{n}" for n in range(1_500))
    best = await matched(client, title="Spooler stops", description=filler)
    assert best[0]["title"] == "Spooler stops"


async def test_an_organisation_brings_its_own_words(manager: AsyncClient) -> None:
    address = "/v1/problem/policies/known-error-thesaurus"
    before = (await manager.get(address)).json()["document"]
    await published(manager, title="Frobnicator overheats", symptom="It glows")
    assert all(hit["title"] != "Frobnicator overheats" for hit in await hits(manager, "gizmo"))
    groups = [*before["groups"], ["gizmo", "frobnicator"]]
    changed = await manager.put(address, json={"groups": groups})
    assert (changed.status_code, changed.json()["version"]) == (200, 2), changed.text
    found = (await hits(manager, "gizmo"))[0]
    assert kinds(found)["other_words"] == "gizmo ~ frobnicator"
    assert (await manager.put(address, json={"groups": [["alone"]]})).status_code == 422
    assert (await manager.put(address, json=before)).status_code == 200
