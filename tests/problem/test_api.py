"""Problems over HTTP: raised, carried to closed, read now and then, by whoever may."""

from typing import Any

import pytest

from services.problem.rules import RULES
from shared.auth.roles import Role
from shared.client import AsyncClient
from shared.follower import Fact
from tests.problem.conftest import Feed
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

STATED = {"category": "database", "impact": 1, "urgency": 2, "owner": "paul"}
LIFE: list[tuple[str, dict[str, Any], str]] = [
    ("assess", {}, "assessing"),
    ("confirm", {}, "root_cause_analysis"),
    ("analyse", {"question": "Why?", "whys": [{"answer": "Pool"}]}, "root_cause_analysis"),
    ("note", {"text": "Seen in the north too"}, "root_cause_analysis"),
    ("assign", {"group": "database"}, "root_cause_analysis"),
    ("prioritise", {"impact": 2, "urgency": 2}, "root_cause_analysis"),
    ("draft-workaround", {"text": "Restart the cache"}, "root_cause_analysis"),
    ("publish-workaround", {}, "root_cause_analysis"),
    ("withdraw-workaround", {"reason": "It harms"}, "root_cause_analysis"),
    ("record-root-cause", {"cause": "Pool", "evidence": ["dump"]}, "root_cause_analysis"),
    (
        "plan-fix",
        {"fix": "Bigger", "target_date": "2026-12-01", "change": "CHG-1"},
        "fix_in_progress",
    ),
    ("record-change", {"reference": "CHG-1", "state": "implemented"}, "fix_in_progress"),
    ("resolve", {"summary": "The pool is bigger"}, "resolved"),
    ("reject-fix", {"reason": "Slow again"}, "fix_in_progress"),
    ("resolve", {"summary": "Bigger still"}, "resolved"),
    ("close", {"lessons_learned": "Size pools by their callers"}, "closed"),
    ("reanalyse", {"reason": "It came back"}, "root_cause_analysis"),
    (
        "accept-risk",
        {"reason": "Too dear", "approver": "chief", "review_date": "9998-01-01"},
        "risk_accepted",
    ),
]


async def raised(client: AsyncClient, **stated: Any) -> str:
    answer = await client.post("/v1/problems", json={"title": "Checkout is slow"} | stated)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def test_a_problem_is_carried_through_its_life_by_a_manager(manager: AsyncClient) -> None:
    path = await raised(manager, **STATED)
    for version, (command, arguments, status) in enumerate(LIFE, 2):
        answer = await manager.post(f"{path}/{command}", json=arguments)
        assert (answer.status_code, answer.json()["status"]) == (200, status), answer.text
        assert answer.json()["version"] >= version
        assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
    read = (await manager.get(path)).json()
    assert read["reanalysis_count"] == 1
    assert read["changes"] == [{"reference": "CHG-1", "state": "implemented"}]
    assert read["root_cause"] == {"cause": "Pool", "evidence": ["dump"], "nodes": []}
    assert read["risk"]["approver"] == "chief"


async def test_closing_names_what_is_missing(manager: AsyncClient) -> None:
    path = await raised(manager, **STATED)
    for command, arguments, _ in LIFE[:13]:
        await manager.post(f"{path}/{command}", json=arguments)
    added = await manager.post(f"{path}/add-task", json={"title": "Tell the vendor"})
    refused = await manager.post(f"{path}/close")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/refused")
    assert refused.json()["unmet"] == [
        {"condition": "open_tasks", "detail": "the task Tell the vendor is not done"},
        {"condition": "lessons_learned", "detail": "write down what was learned"},
    ]
    task = added.json()["tasks"][0]["id"]
    await manager.post(f"{path}/complete-task", json={"task": task})
    closed = await manager.post(f"{path}/close", json={"lessons_learned": "Ask earlier"})
    assert closed.json()["status"] == "closed"


async def test_it_is_raised_from_incidents_and_copies_their_facts(
    responder: AsyncClient, feed: Feed
) -> None:
    mild = feed.declared(impact=3, urgency=3, started_at="2026-11-22T09:58:00Z")
    grave = feed.declared(title="Checkout is down", impact=1, urgency=1, item="db-3")
    await feed.hear(mild, grave)
    answer = await responder.post(
        "/v1/problems",
        json={"incidents": [str(mild.subject), number_of(grave).lower()], "owner": "paul"},
    )
    problem = answer.json()
    assert problem["incidents"] == [str(mild.subject), str(grave.subject)]
    assert (problem["title"], problem["item"], problem["priority"]) == (
        "Checkout is down", "db-3", 1,
    )  # fmt: skip
    assert problem["milestones"]["started"] == "2026-11-22T09:58:00Z"
    for named in (mild.subject, number_of(mild), number_of(grave).lower(), f"INC-0,{mild.subject}"):
        listed = await responder.get(f"/v1/problems?incident={named}")
        assert [each["number"] for each in listed.json()["items"]] == [problem["number"]]
    unknown = await responder.get("/v1/problems?incident=INC-0")
    assert unknown.json()["items"] == []


async def test_an_unknown_incident_is_refused_with_a_reason(responder: AsyncClient) -> None:
    refused = await responder.post("/v1/problems", json={"incidents": ["INC-0"]})
    assert refused.status_code == 409
    assert "no incident INC-0 is known here" in refused.json()["detail"]


async def test_without_a_title_or_an_incident_nothing_is_raised(responder: AsyncClient) -> None:
    invalid = await responder.post("/v1/problems", json={"impact": 1, "urgency": 1})
    assert invalid.status_code == 422
    assert "give a title" in invalid.json()["errors"][0]["detail"]


async def test_the_same_key_raises_one_problem(responder: AsyncClient) -> None:
    headers, body = {"idempotency-key": "once"}, {"title": "Raised once"}
    first = await responder.post("/v1/problems", json=body, headers=headers)
    again = await responder.post("/v1/problems", json=body, headers=headers)
    assert first.json() == again.json()
    assert (again.status_code, again.headers["location"]) == (201, first.headers["location"])


async def test_a_stale_version_changes_nothing(manager: AsyncClient) -> None:
    path = await raised(manager)
    await manager.post(f"{path}/note", json={"text": "One"})
    stale = await manager.post(f"{path}/note", json={"text": "Two"}, headers={"if-match": '"1"'})
    assert stale.status_code == 412


async def test_links_are_checked_against_the_local_copy(manager: AsyncClient, feed: Feed) -> None:
    path, incident = await raised(manager), feed.declared()
    unknown = await manager.post(f"{path}/link-incident", json={"incident": str(incident.subject)})
    await feed.hear(incident)
    linked = await manager.post(f"{path}/link-incident", json={"incident": str(incident.subject)})
    unlinked = await manager.post(
        f"{path}/unlink-incident", json={"incident": str(incident.subject)}
    )
    assert unknown.status_code == 409
    assert linked.json()["incidents"] == [str(incident.subject)]
    assert unlinked.json()["incidents"] == []


async def test_a_duplicate_hands_over_what_it_had(manager: AsyncClient, feed: Feed) -> None:
    incident = feed.declared()
    await feed.hear(incident)
    path = await raised(manager, incidents=[str(incident.subject)])
    other = await raised(manager)
    await manager.post(f"{path}/add-task", json={"title": "Size the pool"})
    await manager.post(f"{path}/draft-workaround", json={"text": "Restart it"})
    await manager.post(f"{path}/publish-workaround")
    of = {"of": other.rsplit("/", 1)[1]}
    headers = {"idempotency-key": "mark"}
    marked = await manager.post(f"{path}/mark-duplicate", json=of, headers=headers)
    again = await manager.post(f"{path}/mark-duplicate", json=of, headers=headers)
    survivor = (await manager.get(other)).json()
    assert (marked.json()["status"], marked.json()["duplicate_of"]) == ("duplicate", of["of"])
    assert again.json() == marked.json()
    assert survivor["incidents"] == [str(incident.subject)]
    assert [task["title"] for task in survivor["tasks"]] == ["Size the pool"]
    assert survivor["workaround_texts"]["published"] == "Restart it"
    itself = await manager.post(f"{other}/mark-duplicate", json=of)
    assert itself.status_code == 409


async def test_it_is_read_as_it_was(manager: AsyncClient) -> None:
    path = await raised(manager, title="Now and then", service="as-of")
    before = (await manager.get(path)).json()["position"]
    await manager.post(f"{path}/cancel", json={"reason": "A test"})
    then = (await manager.get(f"{path}?as_of={before}")).json()
    listed = (await manager.get(f"/v1/problems?service=as-of&as_of={before}")).json()
    now = (await manager.get("/v1/problems?service=as-of&status=cancelled")).json()
    assert (then["status"], [each["status"] for each in listed["items"]]) == ("new", ["new"])
    assert [each["id"] for each in now["items"]] == [then["id"]]


async def test_it_is_found_by_the_words_of_its_cause_and_workaround(manager: AsyncClient) -> None:
    path = await raised(manager, title="Zephyrous trouble")
    await manager.post(f"{path}/draft-workaround", json={"text": "Reboot the quokka"})
    for words in ("zephyrous", "quokka reboot"):
        found = (await manager.get("/v1/problems", params={"q": words})).json()["items"]
        assert [each["title"] for each in found] == ["Zephyrous trouble"]


async def test_its_past_is_told_in_sentences_events_and_analyses(manager: AsyncClient) -> None:
    path = await raised(manager, description="It takes a minute")
    asked = {"question": "Why slow?", "whys": [{"answer": "Pool"}, {"answer": "Small", "under": 1}]}
    begun = await manager.post(f"{path}/analyse", json=asked)
    (analysis,) = (await manager.get(f"{path}/analyses")).json()["items"]
    more = {"analysis": analysis["id"], "whys": [{"answer": "Never sized", "under": 2}]}
    assert (await manager.post(f"{path}/analyse", json=more)).status_code == 200
    then = (await manager.get(f"{path}/analyses?as_of={begun.json()['position']}")).json()
    now = (await manager.get(f"{path}/analyses")).json()
    timeline = (await manager.get(f"{path}/timeline")).json()["items"]
    events = (await manager.get(f"{path}/events?limit=2")).json()
    assert then["items"][0]["whys"][0]["whys"][0]["whys"] == []
    deepest = now["items"][0]["whys"][0]["whys"][0]["whys"][0]
    assert (deepest["number"], deepest["answer"]) == (3, "Never sized")
    assert [(e["title"], e["detail"]) for e in timeline[:2]] == [
        ("Logged: Checkout is slow", "It takes a minute"), ("Five whys", "Why slow?"),
    ]  # fmt: skip
    assert [e["type"] for e in events["items"]] == ["problem.logged", "problem.analysis_begun"]
    assert events["next_cursor"]


async def test_actions_say_what_this_caller_may_do_now(
    manager: AsyncClient, responder: AsyncClient
) -> None:
    path = await raised(manager)
    for_manager = {a["name"]: a for a in (await manager.get(path)).json()["actions"]}
    for_responder = {a["name"]: a for a in (await responder.get(path)).json()["actions"]}
    assert list(for_manager) == list(RULES)
    assert for_manager["assess"]["href"] == f"{path}/assess"
    assert for_manager["assess"]["allowed"]
    assert for_manager["close"]["reason"] == "the problem is new; assess it first"
    assert for_responder["assess"]["reason"] == "this needs the role problem_manager"
    assert for_responder["note"]["allowed"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_each_role_may_what_the_table_says(
    problem_service: RunningService, manager: AsyncClient, role: Role
) -> None:
    path = await raised(manager)
    async with problem_service.client(role) as client:
        answers = {
            "raise": await client.post("/v1/problems", json={"title": "Mine"}),
            "read": await client.get(path),
            "list": await client.get("/v1/problems"),
            "note": await client.post(f"{path}/note", json={"text": "Mine"}),
            "assign": await client.post(f"{path}/assign", json={"person": "me"}),
        }
    may = {name for name, answer in answers.items() if answer.status_code < 300}
    expected = {
        Role.REPORTER: set(),
        Role.RESPONDER: {"raise", "read", "list", "note"},
        Role.PROBLEM_MANAGER: {"raise", "read", "list", "note", "assign"},
    }
    assert may == expected.get(role, {"read", "list"})
    assert {a.status_code for name, a in answers.items() if name not in may} <= {403}


async def test_what_others_are_told_holds_no_text_of_people(manager: AsyncClient) -> None:
    path = await raised(manager, description="Rita said so")
    await manager.post(f"{path}/note", json={"text": "So did Tom"})
    await manager.post(f"{path}/draft-workaround", json={"text": "Ask Rita"})
    await manager.post(f"{path}/publish-workaround")
    feed = (await manager.get("/v1/problem/feed")).text
    stream = path.rsplit("/", 1)[1]
    assert f'"type":"tocsin.problem.workaround_published.v1","subject":"{stream}"' in feed
    assert "Rita" not in feed
    assert "problem.noted" not in feed


def number_of(fact: Fact) -> str:
    return str(fact.read(dict)["number"])


async def test_before_anything_has_happened_every_moment_is_empty(databases: Databases) -> None:
    async with started("problem", databases) as fresh, fresh.client() as client:
        listed = await client.get("/v1/problems?as_of=2026-11-01T10:00:00Z")
        rules = await client.get("/v1/problem/policies/trend-rules?as_of=2026-11-01T10:00:00Z")
    assert (listed.status_code, listed.json()["items"]) == (200, [])
    assert rules.json()["version"] == 1
