"""What helps meanwhile reaches every linked open incident; what was tried is in its timeline."""

from uuid import UUID

import msgspec

from services.notification.copies import STATUS_AFTER
from shared.auth.roles import Role
from shared.clock import new_id
from tests.incident.problem_feed.conftest import Desk


async def test_it_is_offered_and_withdrawn_in_open_incidents_only(desk: Desk) -> None:
    open_, closed = await desk.declare(), await desk.declare()
    await desk.give(closed, "resolve", code="fixed", summary="Done")
    problem, number = await desk.problem(open_, closed)
    linked = {"incidents": [open_, closed]}
    await desk.tell("workaround_published", problem, revision=1, **linked)
    await desk.tell("workaround_withdrawn", problem, revision=1, **linked)
    await desk.tell("workaround_published", problem, revision=2, **linked)
    assert (await desk.titles(open_))[-3:] == [
        f"{number} offers a workaround, revision 1",
        f"The workaround of {number} is withdrawn, revision 1",
        f"{number} offers a workaround, revision 2",
    ]
    assert (await desk.titles(closed))[-1] == f"Problem {number} raised"


async def test_told_twice_or_out_of_order_the_newest_stands_last(desk: Desk) -> None:
    incident = await desk.declare()
    problem, number = await desk.problem(incident)
    names = ("workaround_published", "workaround_withdrawn")
    older, newer = (
        desk.fact(f"problem.{name}", problem, revision=1, incidents=[incident]) for name in names
    )
    for fact in (newer, older, newer):
        await desk.hear(fact)
    assert (await desk.titles(incident))[1:] == [
        f"The workaround of {number} is withdrawn, revision 1"
    ]


async def test_who_is_linked_later_learns_of_it_too(desk: Desk) -> None:
    problem, number = await desk.problem()
    await desk.tell("workaround_published", problem, revision=3)
    late, taken_over, here = [await desk.declare() for _ in range(3)]
    await desk.tell("incident_linked", problem, incident=late)
    await desk.tell("duplicate_taken_over", problem, duplicate=new_id(), incidents=[taken_over])
    await desk.give(here, "link", kind="problem", reference=number)
    await desk.tell("incident_linked", problem, incident=here)
    offered = f"{number} offers a workaround, revision 3"
    assert await desk.titles(late) == [f"Problem {number} is behind it", offered]
    assert await desk.titles(taken_over) == [f"Problem {number} is behind it", offered]
    assert await desk.titles(here) == [f"Linked problem {number}", offered]


async def test_whether_it_helped_is_told_even_when_it_is_over(desk: Desk) -> None:
    incident = await desk.declare()
    problem, number = await desk.problem(incident)
    await desk.give(incident, "resolve", code="workaround", summary="Restarted")
    used = {"incident": incident, "problem": problem, "revision": 1}
    await desk.tell("workaround_used", new_id(), helped=None, **used)
    await desk.tell("workaround_used", new_id(), helped=False, **used)
    known = {"incident": incident, "known_error": str(new_id()), "number": "KE-3"}
    await desk.hear(desk.fact("known_error.used", new_id(), helped=True, **known))
    assert (await desk.titles(incident))[-3:] == [
        f"Workaround of {number} used",
        f"Workaround of {number} used: it did not help",
        "Known error KE-3 used: it helped",
    ]


async def test_others_are_told_by_the_incident_that_they_watch(desk: Desk) -> None:
    incident = await desk.declare()
    problem, number = await desk.problem(incident)
    await desk.tell("workaround_published", problem, revision=1, incidents=[incident])
    await desk.tell("risk_accepted", problem, incidents=[incident], review_date="2027-03-01")
    head = (await desk.client.get("/v1/incidents")).json()["position"]
    feed = await desk.client.get("/v1/incident/feed", params={"lastEventId": head - 2})
    offered, moved = msgspec.json.decode(feed.content)
    assert (offered["type"], offered["data"]["incident"], offered["data"]["revision"]) == (
        "tocsin.incident.workaround_offered.v1",
        incident,
        1,
    )
    assert (moved["data"]["problem_number"], moved["data"]["problem_status"]) == (
        number,
        "risk_accepted",
    )
    kinds = {"workaround_offered", "workaround_withdrawn", "problem_moved", "recurrence_found"}
    assert {f"incident.{kind}" for kind in kinds} <= set(STATUS_AFTER)


async def test_what_is_kept_from_others_is_told_in_no_incident_that_they_see(desk: Desk) -> None:
    restricted, open_ = await desk.declare(), await desk.declare()
    problem, number = await desk.problem(restricted, raised_from=restricted)
    await desk.give(restricted, "restrict", reason="Personal data", roles=["problem_manager"])
    linked = {"incidents": [restricted, open_]}
    await desk.tell("incident_linked", problem, incident=open_)
    await desk.tell("workaround_published", problem, revision=1, **linked)
    assert f"{number} offers a workaround, revision 1" in await desk.titles(restricted)
    assert await desk.titles(open_) == []
    async with desk.service.client(Role.RESPONDER, subject="rita") as rita:
        body = {"reason": "awaiting_problem", "problem": number}
        answer = await rita.post(f"/v1/incidents/{open_}/hold", json=body)
        assert f"no problem {number} is known here" in answer.json()["detail"]


async def test_what_was_told_before_it_was_restricted_is_hidden_too(desk: Desk) -> None:
    source, open_ = await desk.declare(), await desk.declare()
    problem, _ = await desk.problem(source, raised_from=source)
    await desk.tell("workaround_published", problem, revision=1, incidents=[open_])
    await desk.give(source, "restrict", reason="Personal data", roles=["problem_manager"])
    async with desk.service.client(Role.RESPONDER, subject="rita") as rita:
        assert await desk.titles(open_, rita) == []
    assert len(await desk.titles(open_)) == 1


async def test_a_known_error_must_be_known_and_published(desk: Desk) -> None:
    incident = await desk.declare()
    refusal = await desk.refused(incident, "link", kind="known_error", reference="KE-41")
    assert "no known error KE-41 is known here" in refusal
    known, other = new_id(), new_id()
    for id, number in ((known, "KE-41"), (other, "KE-42")):
        told = {"number": number, "title": "Pools", "revision": 1}
        await desk.hear(desk.fact("known_error.published", id, **told))
    shown = await desk.give(incident, "link", kind="known_error", reference=str(known))
    (link,) = [each for each in shown["links"] if each["kind"] == "known_error"]
    assert (link["reference"], link["known"], UUID(link["id"])) == ("KE-41", True, known)
    resolved = {"code": "known_error", "summary": "Restarted"}
    refusal = await desk.refused(incident, "resolve", known_error="KE-40", **resolved)
    assert "no known error KE-40" in refusal
    superseded = {"by": str(other), "by_number": "KE-42"}
    await desk.hear(desk.fact("known_error.superseded", known, **superseded))
    refusal = await desk.refused(incident, "resolve", known_error="ke-41", **resolved)
    assert "KE-41 is superseded; KE-42 takes its place" in refusal
    await desk.give(incident, "unlink", kind="known_error", reference="KE-41")
    done = await desk.give(incident, "resolve", known_error=str(other), **resolved)
    assert done["known_error"] == "KE-42"


async def test_the_successor_of_a_known_error_is_named_to_whom_may_know_of_it(desk: Desk) -> None:
    source, open_ = await desk.declare(), await desk.declare()
    old, new = new_id(), new_id()
    told = {"title": "Pools", "revision": 1}
    await desk.hear(desk.fact("known_error.published", old, number="KE-51", **told))
    secret = told | {"number": "KE-52", "raised_from": source}
    await desk.hear(desk.fact("known_error.published", new, **secret))
    ended = {"by": str(new), "by_number": "KE-52"}
    await desk.hear(desk.fact("known_error.superseded", old, **ended))
    await desk.give(source, "restrict", reason="Personal data", roles=["problem_manager"])
    body = {"code": "known_error", "summary": "Restarted", "known_error": "KE-51"}
    refusal = await desk.refused(open_, "resolve", **body)
    assert refusal == "the known error KE-51 is superseded; KE-52 takes its place"
    async with desk.service.client(Role.RESPONDER, subject="rita") as rita:
        answer = await rita.post(f"/v1/incidents/{open_}/resolve", json=body)
    assert answer.json()["detail"] == "the known error KE-51 is superseded"
