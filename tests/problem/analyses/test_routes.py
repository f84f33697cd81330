"""Analyses over HTTP: begun, edited, concluded; read at any moment, in three forms."""

from typing import Any
from uuid import uuid4

from shared.auth.roles import Role
from shared.client import AsyncClient
from tests.problem.conftest import Feed
from tests.support.service import RunningService

TREE: dict[str, Any] = {
    "question": "The checkout is slow",
    "method": "fault_tree",
    "gate": "and",
    "faults": [
        {"fault": "The pool is dry", "gate": "or"},
        {"fault": "Connections leak", "under": 1},
        {"fault": "Many callers"},
    ],
}
FACTS: dict[str, Any] = {
    "question": "The checkout is slow",
    "method": "kepner_tregoe",
    "facts": [{"dimension": "what", "is": "The checkout", "is_not": "The search"}],
    "causes": [{"cause": "The driver"}],
    "tests": [{"cause": 2, "fact": 1, "verdict": "explains_if", "note": "it writes"}],
}


async def begun(client: AsyncClient, analysis: dict[str, Any]) -> str:
    problem = (await client.post("/v1/problems", json={"title": "Checkout is slow"})).json()["id"]
    answer = await client.post(f"/v1/problems/{problem}/analyse", json=analysis)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["analyses"][0]["href"])


async def test_a_fault_tree_tells_whether_its_top_event_follows(responder: AsyncClient) -> None:
    path = await begun(responder, TREE)
    open_one = (await responder.get(path)).json()
    assert (open_one["follows"], open_one["inputs"]) == (None, [1, 3])
    for node in (2, 3):
        judged = {"node": node, "occurred": True, "evidence": ["trace"]}
        assert (await responder.post(f"{path}/judge", json=judged)).status_code == 200
    found = (await responder.get(path)).json()
    assert found["follows"] is True
    assert [each["occurred"] for each in found["faults"]] == [True, True, True]
    assert found["faults"][1]["because"] == ["trace"]
    for node in (2, 3):
        await responder.post(f"{path}/judge", json={"node": node, "occurred": None})
    assert (await responder.get(path)).json()["follows"] is None


async def test_possible_causes_count_their_assumptions(responder: AsyncClient) -> None:
    [cause] = (await responder.get(await begun(responder, FACTS))).json()["causes"]
    assert (cause["contradicted"], cause["assumptions"], cause["untested"]) == (False, 1, 0)
    assert cause["tests"] == [{"fact": 1, "verdict": "explains_if", "note": "it writes"}]


async def test_an_analysis_is_read_as_it_was(responder: AsyncClient) -> None:
    path = await begun(responder, {"question": "Why?", "whys": [{"answer": "The pool"}]})
    before = (await responder.get(path.rsplit("/", 2)[0])).json()["position"]
    revised = {"node": 1, "text": "The pool is small", "evidence": ["dump"]}
    await responder.post(f"{path}/revise", json=revised)
    await responder.post(f"{path}/conclude", json={"conclusion": "Size it", "nodes": [1]})
    now = (await responder.get(path)).json()
    then = (await responder.get(path, params={"as_of": before})).json()
    assert (now["status"], now["whys"][0]["answer"]) == ("concluded", "The pool is small")
    assert now["conclusion"]["nodes"] == [1]
    assert (then["status"], then["whys"][0]["answer"]) == ("open", "The pool")
    assert then["conclusion"] is None
    early = await responder.get(path, params={"as_of": before - 2})
    assert early.status_code == 404
    drawn = (await responder.get(f"{path}.svg", params={"as_of": before})).text
    assert "is small" not in drawn
    refused = await responder.post(f"{path}/revise", json=revised)
    assert (refused.status_code, refused.json()["detail"]) == (
        409, "this analysis is concluded; take it up again first",
    )  # fmt: skip


async def test_it_is_given_in_three_forms(responder: AsyncClient) -> None:
    path = await begun(responder, TREE)
    svg = await responder.get(f"{path}.svg")
    markdown = await responder.get(f"{path}.md")
    assert (svg.headers["content-type"], svg.text[:4]) == ("image/svg+xml", "<svg")
    assert "default-src 'none'" in svg.headers["content-security-policy"]
    assert markdown.text.startswith("# Fault tree: The checkout is slow\n")
    accepted = await responder.get(path, headers={"accept": "image/svg+xml"})
    asked = await responder.get(path, params={"format": "md"})
    assert (accepted.text, asked.text) == (svg.text, markdown.text)
    plain = await responder.get(path, headers={"accept": "text/html, */*"})
    assert plain.json()["method"] == "fault_tree"


async def test_analyses_are_a_list_with_pages(responder: AsyncClient) -> None:
    path = (await begun(responder, TREE)).rsplit("/", 1)[0]
    await responder.post(f"{path.removesuffix('/analyses')}/analyse", json=FACTS)
    first = (await responder.get(path, params={"limit": 1})).json()
    assert (first["items"][0]["method"], first["total_estimate"]) == ("fault_tree", 2)
    rest = (await responder.get(path, params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert (rest["items"][0]["method"], rest["next_cursor"]) == ("kepner_tregoe", None)


async def test_hypotheses_are_added_and_judged(responder: AsyncClient) -> None:
    problem = (await responder.post("/v1/problems", json={"title": "Slow"})).json()["id"]
    path = f"/v1/problems/{problem}"
    for said in ("The driver leaks", "The proxy drops them"):
        await responder.post(f"{path}/add-hypothesis", json={"hypothesis": said})
    [one] = (await responder.get(path)).json()["analyses"]
    judged = {"node": 2, "standing": "refuted", "evidence": ["trace"], "reason": "Not used"}
    await responder.post(f"{one['href']}/judge", json=judged)
    found = (await responder.get(one["href"])).json()["hypotheses"]
    assert [each["standing"] for each in found] == ["proposed", "refuted"]
    assert (found[1]["because"], found[1]["reason"]) == (["trace"], "Not used")
    told = (await responder.get(f"{path}/timeline")).json()["items"]
    assert told[-1]["title"] == "Hypothesis 2 refuted"


async def test_a_root_cause_names_an_entry_of_an_analysis(manager: AsyncClient) -> None:
    path = await begun(manager, TREE)
    problem, _, analysis = path.rsplit("/", 2)
    await manager.post(
        f"{problem}/assess",
        json={"category": "database", "impact": 1, "urgency": 1, "owner": "paul"},
    )
    await manager.post(f"{problem}/confirm")
    cause = {"cause": "It leaks", "nodes": [{"analysis": analysis, "node": 2}]}
    answer = await manager.post(f"{problem}/record-root-cause", json=cause)
    assert answer.json()["root_cause"]["nodes"] == [{"analysis": analysis, "node": 2}]
    unknown = cause | {"nodes": [{"analysis": str(uuid4())}]}
    refused = await manager.post(f"{problem}/record-root-cause", json=unknown)
    assert refused.status_code == 409
    gone = await manager.post(f"{path}/remove", json={"node": 1})
    assert "evidence of the root cause" in gone.json()["detail"]


async def test_what_is_wrong_is_refused_clearly(responder: AsyncClient) -> None:
    path = await begun(responder, TREE)
    problem = path.split("/analyses/")[0]
    loop = await responder.post(f"{path}/move", json={"node": 1, "under": 2})
    assert (loop.status_code, "support itself" in loop.json()["detail"]) == (409, True)
    for body in (
        {"node": 1},
        {"node": 1, "standing": "refuted", "occurred": True},
        {"node": 0, "occurred": True},
    ):
        assert (await responder.post(f"{path}/judge", json=body)).status_code == 422
    both = {"question": "Why?", "analysis": str(uuid4())}
    assert (await responder.post(f"{problem}/analyse", json=both)).status_code == 422
    huge = {"question": "Why?", "whys": [{"answer": "x" * 1_000_000}]}
    assert (await responder.post(f"{problem}/analyse", json=huge)).status_code in (413, 422)
    for wrong in (str(uuid4()), "nonsense", path.rsplit("/", 1)[1] + ".png"):
        for form in ("", ".svg", ".md"):
            answer = await responder.get(f"{problem}/analyses/{wrong}{form}")
            assert answer.status_code in (404, 422)


async def test_a_method_alone_begins_with_the_title_of_its_problem(responder: AsyncClient) -> None:
    path = await begun(responder, {"method": "hypotheses"})
    problem = path.split("/analyses/")[0]
    title = (await responder.get(problem)).json()["title"]
    read = (await responder.get(path)).json()
    assert (read["method"], read["question"]) == ("hypotheses", title)
    nothing = await responder.post(f"{problem}/analyse", json={"causes": [{"cause": "Noise"}]})
    assert nothing.status_code == 422
    again = {"analysis": path.rsplit("/", 1)[1], "method": "hypotheses"}
    assert (await responder.post(f"{problem}/analyse", json=again)).status_code == 422


async def test_analyses_of_a_hidden_problem_are_not_to_be_found(
    problem_service: RunningService, feed: Feed, manager: AsyncClient
) -> None:
    incident = feed.declared(service="hidden-analyses")
    await feed.hear(incident)
    raised = await manager.post("/v1/problems", json={"incidents": [str(incident.subject)]})
    path = f"/v1/problems/{raised.json()['id']}"
    await manager.post(f"{path}/analyse", json=TREE)
    [analysis] = (await manager.get(f"{path}/analyses")).json()["items"]
    await feed.keep_to_ada(incident.subject)
    async with problem_service.client(Role.RESPONDER) as other:
        for found in (f"{path}/analyses", analysis["svg"], analysis["markdown"]):
            assert (await other.get(found)).status_code == 404
        edit = await other.post(f"{path}/analyses/{analysis['id']}/remove", json={"node": 1})
        assert edit.status_code == 404
