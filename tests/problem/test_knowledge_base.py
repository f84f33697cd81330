"""The knowledge base: of one position the same bytes, for whoever may know of what it holds."""

import io
import zipfile
from typing import Any

import pytest

from services.problem.knowledge.articles import KnowledgeBase, KnownErrorArticle
from services.problem.knowledge.pages import folder, packed
from shared.auth.roles import Role
from shared.client import AsyncClient
from shared.clock import new_id
from tests.problem.loop.conftest import TO_CLOSED, LoopFeed, Manager
from tests.support.service import RunningService

JSON, ZIP = "/v1/problem/knowledge-base", "/v1/problem/knowledge-base.zip"


@pytest.fixture
def told(problem_service: RunningService) -> LoopFeed:
    return LoopFeed(problem_service.service.parts["problems"])


@pytest.fixture
def paul(manager: AsyncClient) -> Manager:
    return Manager(manager)


async def _known_error(paul: Manager, problem: str, title: str) -> dict[str, Any]:
    said = {"problem": problem, "title": title, "symptom": "Slow", "workaround": "Restart it"}
    drafted = (await paul.client.post("/v1/known-errors", json=said)).json()
    path = f"/v1/known-errors/{drafted['id']}/publish"
    published = await paul.client.post(path)
    assert published.status_code == 200, published.text
    found: dict[str, Any] = published.json()
    return found


async def _closed(paul: Manager, service: str) -> tuple[str, dict[str, Any]]:
    """A problem closed with a lesson, and its known error."""
    problem = await paul.raised(service=service)
    known = await _known_error(paul, problem, "Pools <run> dry *often*")
    await paul.client.post(f"/v1/known-errors/{known['id']}/mark-fixed")
    await paul.walk(problem, *TO_CLOSED)
    return problem, known


async def test_it_holds_known_errors_and_lessons_and_says_where_they_belong(paul: Manager) -> None:
    problem, known = await _closed(paul, "kb-one")
    await _known_error(paul, await paul.raised(service="kb-two"), "Of another service")
    base = (await paul.client.get(JSON, params={"service": "kb-one"})).json()
    (article,), (lesson,) = base["known_errors"], base["lessons"]
    assert (article["number"], article["symptom"]) == (known["number"], "Slow")
    assert article["fixed"]
    assert lesson["id"] == problem
    assert lesson["lessons_learned"] == "Size pools by their callers"
    assert (lesson["outcome"], lesson["root_cause"]) == ("fixed", "Pool")
    assert lesson["known_errors"] == [known["number"]]


async def test_of_one_position_it_is_the_same_whatever_happened_since(paul: Manager) -> None:
    problem, known = await _closed(paul, "kb-same")
    then = {"service": "kb-same"}
    position = (await paul.client.get(JSON, params=then)).json()["position"]
    then["as_of"] = str(position)
    before = [await paul.client.get(path, params=then) for path in (JSON, ZIP)]
    assert before[1].headers["content-type"] == "application/zip"
    await paul.client.post(f"/v1/known-errors/{known['id']}/retire", json={"reason": "Fixed"})
    await paul.walk(problem, "reanalyse")
    after = [await paul.client.get(path, params=then) for path in (JSON, ZIP)]
    assert [each.content for each in after] == [each.content for each in before]
    now = (await paul.client.get(JSON, params={"service": "kb-same"})).json()
    assert (now["known_errors"], now["lessons"]) == ([], [])


async def test_as_a_folder_each_has_a_page_that_the_contents_name(paul: Manager) -> None:
    problem, known = await _closed(paul, "kb-folder")
    answer = await paul.client.get(ZIP, params={"service": "kb-folder"})
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    number = (await paul.read(problem))["number"]
    names = [f"known-errors/{known['number']}.md", f"lessons/{number}.md"]
    assert archive.namelist() == ["README.md", *names]
    contents = archive.read("README.md").decode()
    assert all(f"]({name})" in contents for name in names)
    page = archive.read(names[0]).decode()
    assert r"Pools \<run\> dry \*often\*" in page
    assert f"](../{names[0]})" in archive.read(names[1]).decode()


async def test_what_is_restricted_is_left_out_for_who_may_not_see_it(
    problem_service: RunningService, told: LoopFeed, paul: Manager
) -> None:
    incident = told.happened(service="kb-secret")
    await told.hear(incident)
    problem = (await paul.post("", incidents=[str(incident.subject)]))["id"]
    await _known_error(paul, problem, "Nobody's business")
    await paul.walk(await paul.raised(service="kb-secret"), *TO_CLOSED)
    restricted = {"people": [], "roles": ["problem_manager"], "teams": []}
    await told.hear(told.fact("incident.restricted", incident.subject, **restricted))

    async def titles(client: AsyncClient) -> list[str]:
        base = (await client.get(JSON, params={"service": "kb-secret"})).json()
        return [each["title"] for each in base["known_errors"]]

    assert await titles(paul.client) == ["Nobody's business"]
    async with problem_service.client(Role.RESPONDER, subject="rob") as rob:
        assert await titles(rob) == []
        archive = (await rob.get(ZIP, params={"service": "kb-secret"})).content
        assert b"Nobody" not in archive
    async with problem_service.client(Role.AUDITOR) as auditor:
        assert await titles(auditor) == ["Nobody's business"]
        logged = (await auditor.get("/v1/problem/access-log")).json()["items"]
    read_by = {each["principal"] for each in logged if JSON in each["route"]}
    assert read_by == {"demo-problem_manager", "demo-auditor"}


def test_an_empty_one_and_hostile_names_are_packed_too() -> None:
    article = KnownErrorArticle(
        id=new_id(), number="KE-1", revision=1, title="# [x](javascript:1)\u202e", symptom="<b>",
        cause=None, workaround=None, solution=None, error_code=None, services=[], items=[],
        product=None, product_version=None, tags=[], valid_to=None, fixed=False, problem=None,
    )  # fmt: skip
    empty = KnowledgeBase(position=0, known_errors=[], lessons=[])
    one = KnowledgeBase(position=7, known_errors=[article], lessons=[])
    assert packed(folder(empty)) == packed(folder(empty))
    page = folder(one)["known-errors/KE-1.md"]
    assert "[x](" not in page
    assert "<b>" not in page
