"""A major incident over HTTP, from its proposal to its closing notice."""

from typing import Any

import pytest

from services.incident.facts import FACTS, Fact, Facts, attach, facts_stream
from services.incident.incidents import Incidents
from services.incident.major.reminders import UpdateOverdue
from shared.ledger import Ledger
from shared.work import Work
from tests.incident.major.desk import (
    ADA,
    COMMANDER,
    MIA,
    UNKNOWN,
    UPDATE,
    accepted,
    declared,
    give,
    read,
    review,
)
from tests.support.service import RunningService


async def test_from_its_proposal_to_its_closing_notice(service: RunningService) -> None:
    id = await declared(service)
    proposed = await give(service, id, "propose-major", by="incident_manager", reason="Down")
    assert (proposed["major"], proposed["major_incident"]["reason"]) == ("proposed", "Down")
    await give(service, id, "accept-major", by=MIA)
    await give(service, id, "assign-role", by=MIA, **COMMANDER)
    await give(service, id, "accept-role", by=ADA)
    asked = await give(
        service, id, "request-responder", by=ADA, person="bob", message="Come", within_minutes=5
    )
    assert asked["major_incident"]["requests"][0]["asking"] == {"person": "bob"}
    await give(service, id, "answer-request", by="responder:bob", accepted=True)
    await give(service, id, "decide", by="responder:bob", decision="Fail over", basis="At rest")
    told = await give(service, id, "post-update", by=ADA, **UPDATE)
    assert {t["state"] for t in told["major_incident"]["communications"]} == {"sent"}
    await give(service, id, "resolve", by="responder", code="fixed", summary="Back")
    refused = await give(service, id, "close", by=MIA, answers=409)
    names = ["management", "affected-users", "technical-teams"]
    left = [*(f"final_update:{name}" for name in names), "review", "problem"]
    assert [each["condition"] for each in refused["unmet"]] == left
    await give(service, id, "close", by="responder", answers=403)
    await give(service, id, "post-update", by=ADA, **UPDATE, final=True)
    await review(service, id)
    refused = await give(service, id, "close", by=MIA, answers=409)
    assert [each["condition"] for each in refused["unmet"]] == ["problem"]
    done = await give(service, id, "close", by=MIA, waive_problem="A supplier had it")
    assert (done["status"], done["major_incident"]["problem_waived"]) == (
        "closed",
        "A supplier had it",
    )
    timeline = await read(service, f"/v1/incidents/{id}/timeline")
    assert [entry["title"] for entry in timeline["items"]][-3:] == [
        "May close without a problem",
        "Closed",
        "Closing notice to management, affected-users, technical-teams",
    ]


async def test_a_reminder_leaves_the_version_that_somebody_works_against(
    service: RunningService,
) -> None:
    id = await accepted(service)
    path = f"/v1/incidents/{id}"
    held = await read(service, path)
    incidents: Incidents = service.service.parts["incidents"]
    facts: Ledger[Facts, Fact] = Ledger(incidents.store, FACTS)
    due_at = incidents.store.clock()
    late = UpdateOverdue(
        incident=await incidents.find(id), audience="management", due_at=due_at, at=due_at,
        person="ada",
    )  # fmt: skip
    stream = facts_stream(late.incident)
    work = Work(incidents.store, "system:major-incident")
    await work.execute(facts, stream, attach, fact=late)
    await work.append()
    ada = service.client("responder", subject="ada")
    body = {"decision": "Fail over", "basis": "At rest"}
    answer = await ada.post(
        f"{path}/decide", json=body, headers={"if-match": f'"{held["version"]}"'}
    )
    assert answer.status_code == 200, answer.text
    titles = [each["title"] for each in (await read(service, f"{path}/timeline"))["items"]]
    assert any("overdue since" in title for title in titles)
    assert titles[-1] == "Decided by ada"


async def test_the_feed_tells_what_is_written_to_be_told_and_no_other_text(
    service: RunningService,
) -> None:
    id = await accepted(service)
    await give(service, id, "request-responder", by=ADA, schedule="databases", message="Join us")
    await give(service, id, "post-update", by=ADA, **UPDATE, workaround="Pay by invoice")
    await give(service, id, "decide", by=ADA, decision="A secret plan")
    told: dict[str, Any] = {}
    after = 0
    while True:
        answer = await service.client("service").get(f"/v1/incident/feed?lastEventId={after}")
        told |= {e["type"]: e["data"] for e in answer.json() if e["subject"] == id}
        assert "A secret plan" not in answer.text
        if not answer.json():
            break
        after = int(answer.headers["tocsin-scanned"])
    request = told["tocsin.incident.responder_requested.v1"]
    assert (request["message"], request["schedule"]) == ("Join us", "databases")
    update = told["tocsin.incident.update_posted.v1"]
    assert {name: update[name] for name in UPDATE} == UPDATE
    assert [each["audience"] for each in update["ways"]] == update["audiences"]
    assert told["tocsin.incident.decided.v1"]["person"] == "ada"


async def test_lists_and_counts_know_the_major_state(service: RunningService) -> None:
    tag = {"tags": ["of-this-list"]}
    major, plain = await accepted(service, **tag), await declared(service, **tag)
    for state, id in (("accepted", major), ("none", plain)):
        found = await read(service, f"/v1/incidents?tag=of-this-list&major={state}")
        assert [each["id"] for each in found["items"]] == [id]
    both = await read(service, "/v1/incidents?tag=of-this-list&major=none,accepted")
    assert len(both["items"]) == 2
    counted = await read(service, "/v1/incidents/facets?tag=of-this-list&by=major")
    counts = {each["value"]: each["count"] for each in counted["facets"][0]["values"]}
    assert counts == {"accepted": 1, "none": 1}
    position = (await read(service, f"/v1/incidents/{major}"))["position"]
    await give(service, major, "demote-major", by=MIA, reason="One user")
    then = await read(service, f"/v1/incidents?tag=of-this-list&major=accepted&as_of={position}")
    assert [each["id"] for each in then["items"]] == [major]


async def test_communications_are_told_as_they_stood_at_any_time(service: RunningService) -> None:
    id = await accepted(service)
    before = await read(service, f"/v1/incidents/{id}/communications")
    await give(service, id, "post-update", by=ADA, **UPDATE)
    now = await read(service, f"/v1/incidents/{id}/communications")
    assert {each["state"] for each in now["tasks"]} == {"sent"}
    assert (now["updates"][0]["by"], now["updates"][0]["impact"]) == ("ada", UPDATE["impact"])
    then = await read(service, f"/v1/incidents/{id}/communications?as_of={before['position']}")
    assert {each["state"] for each in then["tasks"]} == {"due"}
    assert (then["updates"], then["update_count"]) == ([], 0)
    plain = await read(service, f"/v1/incidents/{await declared(service)}/communications")
    assert (plain["tasks"], plain["updates"], plain["plan_version"]) == ([], [], None)


async def test_actions_say_what_each_may_do_in_it(service: RunningService) -> None:
    id = await accepted(service)

    async def offered(role: str, subject: str) -> dict[str, str | None]:
        answer = await service.client(role, subject=subject).get(f"/v1/incidents/{id}")
        return {each["name"]: each["reason"] for each in answer.json()["actions"]}

    ada, eve = await offered("responder", "ada"), await offered("responder", "eve")
    assert (ada["post-update"], ada["accept-role"], ada["assign-role"]) == (None, None, None)
    assert eve["post-update"] is not None
    assert eve["cancel"] == "it is a major incident; demote it first"
    await give(service, id, "resolve", by="responder", code="fixed", summary="Back")
    mia = await offered("major_incident_manager", "mia")
    assert "nothing is left to do" in str(mia["close"])
    assert "is resolved" in str(mia["demote-major"])


async def test_a_request_repeated_with_its_key_asks_once(service: RunningService) -> None:
    id = await accepted(service)
    client = service.client("responder", subject="ada")
    body = {"person": "bob", "message": "Come"}
    headers = {"idempotency-key": "ask-bob"}
    path = f"/v1/incidents/{id}/request-responder"
    answers = [await client.post(path, json=body, headers=headers) for _ in range(2)]
    assert answers[0].json()["major_incident"] == answers[1].json()["major_incident"]
    assert len(answers[1].json()["major_incident"]["requests"]) == 1


@pytest.mark.parametrize(
    ("command", "body", "pointer"),
    [
        ("assign-role", {"role": "boss", "person": "x"}, "/role"),
        ("assign-role", {"role": "scribe"}, "/person"),
        ("request-responder", {"message": "x"}, ""),
        ("request-responder", {"message": "x", "person": "a", "group": "b"}, ""),
        ("request-responder", {"message": "x", "person": "a", "then": [{"person": "a"}]}, ""),
        ("request-responder", {"message": "x", "person": "a", "within_minutes": 0}, "/within"),
        ("post-update", {"status": "x", "impact": "y"}, "/action"),
        ("post-update", UPDATE | {"audiences": []}, "/audiences"),
        ("post-update", UPDATE | {"audiences": ["Not A Slug"]}, "/audiences/0"),
        ("post-update", UPDATE | {"final": "yes"}, "/final"),
        ("answer-request", {"accepted": "yes"}, "/accepted"),
        ("decide", {"decision": ""}, "/decision"),
        ("propose-major", {}, "/reason"),
        ("close", {"waive": "x"}, "/waive"),
    ],
)
async def test_what_means_nothing_is_refused_with_its_place(
    service: RunningService, command: str, body: dict[str, Any], pointer: str
) -> None:
    answer = await service.client().post(f"/v1/incidents/{UNKNOWN}/{command}", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)


async def test_who_takes_part_in_a_restricted_one_reads_it_and_nobody_else_does(
    service: RunningService,
) -> None:
    id = await accepted(service)
    await give(service, id, "request-responder", by=ADA, person="bob", message="Come")
    await give(service, id, "restrict", by="incident_manager:ida", reason="Police")
    for person, answers in (("ada", 200), ("bob", 200), ("eve", 404)):
        client = service.client("responder", subject=person)
        for path in ("", "/communications", "/timeline"):
            found = await client.get(f"/v1/incidents/{id}{path}")
            assert found.status_code == answers, (person, path)
    bob = service.client("responder", subject="bob")
    mine = (await bob.get("/v1/incidents?major=accepted&limit=200")).json()["items"]
    assert id in {each["id"] for each in mine}
    eve = service.client("responder", subject="eve")
    others = (await eve.get("/v1/incidents?major=accepted&limit=200")).json()["items"]
    assert id not in {each["id"] for each in others}
    await give(service, id, "decide", by="responder:eve", answers=404, decision="x")
