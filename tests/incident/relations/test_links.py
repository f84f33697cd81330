"""Links, attachments, replies, escalations and corrected milestones over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.auth.roles import Role
from tests.incident.relations.conftest import RESOLVED, Desk
from tests.support.service import RunningService

DOCUMENT: dict[str, Any] = {
    "url": "https://files.example.com/graph.png",
    "sha256": "ab" * 32,
    "size": 1024,
    "media_type": "image/png",
    "name": "graph.png",
}


async def test_links_are_shown_changed_and_taken_away(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.give(incident, "link", kind="item", reference="db-1", caused_by=True)
    ticket = {"kind": "ticket", "reference": "T-42", "url": "https://tickets.example.com/T-42"}
    await desk.give(incident, "link", **ticket)
    shown = await desk.give(incident, "link", kind="known_error", reference="KE-7")
    links = {each["reference"]: each for each in shown["links"]}
    assert links["db-1"]["caused_by"]
    assert links["T-42"]["url"] == ticket["url"]
    assert links["KE-7"]["known"] is True
    again = await desk.give(incident, "link", **ticket)
    assert again["version"] == shown["version"]
    await desk.give(incident, "link", kind="item", reference="db-1")
    gone = await desk.give(incident, "unlink", kind="ticket", reference="T-42")
    assert [each["reference"] for each in gone["links"]] == ["db-1", "KE-7"]
    assert not gone["links"][0]["caused_by"]
    reason = await desk.refused(incident, "unlink", kind="ticket", reference="T-42")
    assert "not linked to the ticket T-42" in reason


async def test_an_attachment_is_a_reference(desk: Desk) -> None:
    incident = await desk.declare()
    shown = await desk.give(incident, "link", attachment=DOCUMENT)
    assert shown["attachments"] == [DOCUMENT | {"through": None}]
    gone = await desk.give(incident, "unlink", attachment=DOCUMENT["sha256"])
    assert gone["attachments"] == []
    reason = await desk.refused(incident, "unlink", attachment=DOCUMENT["sha256"])
    assert "no attachment" in reason


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "item"},
        {"reference": "db-1"},
        {"kind": "planet", "reference": "mars"},
        {"kind": "ticket", "reference": "T-1", "url": "javascript:alert(1)"},
        {"kind": "ticket", "reference": "T-1", "url": "ftp://files.example.com"},
        {"kind": "ticket", "reference": "T-1", "url": "https://"},
        {"kind": "ticket", "reference": "T-1", "url": "https://a b"},
        {"kind": "ticket", "reference": "T-1", "url": "https://[::1"},
        {"kind": "ticket", "reference": "T-1", "url": "https://a/" + "x" * 2000},
        {"kind": "ticket", "reference": "T-1", "attachment": DOCUMENT},
        {"attachment": DOCUMENT | {"sha256": "AB" * 32}},
        {"attachment": DOCUMENT | {"sha256": "ab"}},
        {"attachment": DOCUMENT | {"size": -1}},
        {"attachment": DOCUMENT | {"size": 2**60}},
        {"attachment": DOCUMENT | {"media_type": "png"}},
        {"attachment": DOCUMENT | {"url": "file:///etc/passwd"}},
    ],
    ids=str,
)
async def test_a_link_that_means_nothing_is_refused(desk: Desk, body: dict[str, Any]) -> None:
    incident = await desk.declare()
    answer = await desk.ask(incident, "link", **body)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid"
    assert (await desk.read(incident))["version"] == 1


async def test_a_problem_must_be_known_and_only_a_thing_can_be_the_cause(desk: Desk) -> None:
    incident = await desk.declare()
    assert "PRB-99" in await desk.refused(incident, "link", kind="problem", reference="PRB-99")
    cause = {"kind": "ticket", "reference": "T-1", "caused_by": True}
    assert "as the cause" in await desk.refused(incident, "link", **cause)


async def test_a_linked_known_error_need_not_be_named_again(desk: Desk) -> None:
    incident = await desk.declare()
    by_known_error = {"code": "known_error", "summary": "As it says"}
    assert "known error" in await desk.refused(incident, "resolve", **by_known_error)
    await desk.give(incident, "link", kind="known_error", reference="KE-7")
    assert (await desk.give(incident, "resolve", **by_known_error))["known_error"] == "KE-7"


async def test_the_caller_replies_and_the_hold_ends(desk: Desk, service: RunningService) -> None:
    incident = await desk.declare(reporter={"id": "rita"})
    await desk.give(incident, "hold", reason="awaiting_caller", note="Which browser?")
    async with service.client(Role.REPORTER, subject="rita") as rita:
        path = f"/v1/incidents/{incident['id']}/reply"
        assert (await rita.post(path, json={"text": "The old one"})).json()["status"] == (
            "in_progress"
        )
    await desk.give(incident, "hold", reason="awaiting_vendor")
    assert (await desk.give(incident, "reply", text="And the new one"))["status"] == "on_hold"
    async with service.client(Role.REPORTER, subject="rob") as rob:
        assert (await rob.post(path, json={"text": "Me too"})).status_code == 404
    told = [entry["title"] for entry in await desk.timeline(incident)]
    assert told.count("The caller replied") == 2


async def test_an_escalation_to_another_line_hands_it_over(desk: Desk) -> None:
    incident = await desk.declare(group="desk", assigned_to="ada")
    shown = await desk.give(incident, "escalate", reason="Beyond us", group="database")
    assert (shown["group"], shown["assigned_to"]) == ("database", None)
    assert (shown["reassignment_count"], shown["escalation_count"]) == (1, 1)
    told = {"reason": "Too slow", "kind": "hierarchical", "person": "olga"}
    shown = await desk.give(incident, "escalate", **told)
    assert (shown["group"], shown["reassignment_count"]) == ("database", 1)
    last = shown["last_escalation"]
    assert (last["kind"], last["reason"], last["person"]) == ("hierarchical", "Too slow", "olga")
    await desk.give(incident, "resolve", **RESOLVED)
    assert "is resolved" in await desk.refused(incident, "escalate", reason="Too late")


async def test_both_values_of_a_corrected_milestone_are_readable(desk: Desk) -> None:
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    incident = await desk.declare(started_at=began.isoformat())
    resolved = await desk.give(incident, "resolve", **RESOLVED)
    told = resolved["milestones"]["resolved"]
    truth = (began + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    correction = {"milestone": "resolved", "at": truth, "reason": "By the monitor"}
    shown = await desk.give(incident, "correct-milestone", **correction)
    assert shown["milestones"]["resolved"] == truth
    (kept,) = shown["corrections"]
    assert (kept["was"], kept["now"], kept["reason"]) == (told, truth, "By the monitor")
    assert kept["by"] == "demo-incident_manager"
    then = await desk.read(incident, effective_at=(began + timedelta(hours=2)).isoformat())
    assert (then["status"], then["milestones"]["resolved"]) == ("resolved", truth)
    known = await desk.read(incident, as_of=str(resolved["position"]))
    assert (known["milestones"]["resolved"], known["corrections"]) == (told, [])


async def test_a_milestone_is_corrected_twice_and_the_last_word_counts(desk: Desk) -> None:
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=9)
    incident = await desk.declare(started_at=began.isoformat())
    shown = await desk.give(incident, "mitigate", action="Failed over")
    for hours in (5, 2):
        at = (began + timedelta(hours=hours)).isoformat()
        told = {"milestone": "mitigated", "at": at, "reason": "By the monitor"}
        shown = await desk.give(incident, "correct-milestone", **told)
    assert len(shown["corrections"]) == 2
    for hours, was_mitigated in ((1, False), (3, True), (6, True)):
        moment = (began + timedelta(hours=hours)).isoformat()
        then = (await desk.read(incident, effective_at=moment))["milestones"]["mitigated"]
        assert then == (shown["milestones"]["mitigated"] if was_mitigated else None)


async def test_a_correction_that_cannot_be_is_refused(desk: Desk) -> None:
    now = datetime.now(UTC)
    incident = await desk.declare(started_at=(now - timedelta(hours=1)).isoformat())
    for milestone, at, why in (
        ("resolved", now - timedelta(minutes=1), "it was not resolved yet"),
        ("detected", now + timedelta(hours=1), "in the future"),
        ("detected", now - timedelta(hours=2), "before it was started"),
    ):
        body = {"milestone": milestone, "at": at.isoformat(), "reason": "By the monitor"}
        assert why in await desk.refused(incident, "correct-milestone", **body)
    stated = {"milestone": "detected", "at": now.isoformat(), "reason": "By the monitor"}
    assert (await desk.give(incident, "correct-milestone", **stated))["milestones"]["detected"]
    for body in ({}, stated | {"milestone": "paused"}, stated | {"at": "yesterday"}):
        assert (await desk.ask(incident, "correct-milestone", **body)).status_code == 422
