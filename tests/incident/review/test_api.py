"""Reviews over HTTP: opened, written, completed, reproduced, reopened, kept to who may."""

import sys
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from services.incident import lifecycle
from services.incident.facts import FACTS, Told, facts_stream
from services.incident.incidents import Incidents
from services.incident.matrix import DEFAULT, Matrix
from services.incident.triage import note
from shared.auth.roles import Role
from shared.clock import new_id, now
from shared.ledger import Ledger, Order
from tests.incident.review.story import RESOLUTION, Story, told
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import rows, started
from tests.support.until import until

FORMS = ("json", "html", "md")


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


async def test_that_of_a_major_incident_opens_with_its_resolution(service: RunningService) -> None:
    story = await told(service)
    assert (await story.review())["status"] == "open"  # at once, timer or no timer

    async def is_written_down() -> bool:
        return bool((await story.review())["version"] == 1)

    await until(is_written_down)
    found = await story.review()
    assert (found["revision"], found["severity"]) == (1, "major")


async def test_its_facts_name_the_events_that_prove_them(service: RunningService) -> None:
    story = await told(service)
    found = await story.review()
    events = (await story.responder.get(f"{story.path}/events?limit=200")).json()["items"]
    kinds = {each["id"]: each["type"] for each in events}
    proved = {each["name"]: kinds[each["event"]] for each in found["milestones"]}
    assert proved == {
        "declared": "incident.declared", "acknowledged": "incident.acknowledged",
        "mitigated": "incident.mitigated", "resolved": "incident.resolved",
    }  # fmt: skip
    window = found["impact_window"]
    assert (kinds[window["begins"]], kinds[window["ends"]]) == (
        "incident.declared",
        "incident.mitigated",
    )
    assert [kinds[each["id"]] for each in found["decisions"]] == ["incident.decided"]
    assert "incident.update_posted" in [kinds[each["id"]] for each in found["communications"]]
    roles = {p["person"]: [t["role"] for t in p["took_part"]] for p in found["participants"]}
    assert roles["cora"] == ["incident_commander"]
    assert {each["id"] for each in found["timeline"]} == set(kinds)
    assert sum(found["seconds_in_status"].values()) > 0


async def test_a_thousand_who_were_told_are_a_line_not_the_timeline(
    service: RunningService,
) -> None:
    story, store = await told(service), service.service.store
    cause, ledger = new_id(), Ledger(store, FACTS)
    about: dict[str, Any] = {
        "notification": new_id(),
        "fact": "incident.update_posted",
        "channel": "email",
    }
    entries = [
        Told(**about, recipient=f"p{n}", outcome="delivered", at=now(), cause=cause)
        for n in range(60)
    ]
    stream = facts_stream(UUID(story.path.rsplit("/", 1)[-1]))
    order = Order(stream=stream, actor="system:follower", creates=True)
    missed = Told(**about, recipient="x", outcome="not reached", at=now(), cause=cause)
    await ledger.execute(order, lambda _: [*entries, missed])
    for place in ("review", "situation"):
        found = (await story.responder.get(f"{story.path}/{place}")).json()
        counted = [(d["outcome"], d["count"], len(d["recipients"])) for d in found["told"]]
        assert counted == [("delivered", 60, 50), ("not reached", 1, 1)]
        assert found["told"][0]["about"] == str(cause)
        listed = found.get("timeline", found.get("latest", []))
        assert "incident.told" not in {each["kind"] for each in listed}


async def test_one_of_a_lesser_incident_is_opened_by_command(service: RunningService) -> None:
    story = await told(service, major=False)
    answer = await story.responder.get(f"{story.path}/review")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    opened = await story.give("review/open")
    assert (opened["status"], opened["version"], opened["severity"]) == ("open", 1, "incident")
    assert (await story.give("review/open"))["version"] == 1


async def test_every_thing_that_is_missing_is_named_until_nothing_is(
    service: RunningService,
) -> None:
    story = await told(service)
    await story.written("what_happened", "lessons")
    await story.give("review/add-action-item", title="Alert earlier")
    refused = await story.refused("review/complete", story.manager)
    assert [each["condition"] for each in refused["unmet"]] == [
        "section:what_went_well", "section:what_did_not", "section:contributing_factors",
        "action_item:1:owner", "action_item:1:due",
    ]  # fmt: skip
    closing = await story.refused("close", story.manager)
    assert "review" in [each["condition"] for each in closing["unmet"]]
    await story.give("review/change-action-item", item=1, owner="ann", due="2099-01-31")
    done = await story.completed()
    assert done["status"] == "completed"
    assert done["completed"]["position"] == done["position"]
    assert "actions" not in await story.review()
    closing = await story.refused("close", story.manager)
    assert "review" not in [each["condition"] for each in closing["unmet"]]
    timeline = (await story.responder.get(f"{story.path}/timeline?limit=200")).json()["items"]
    assert timeline[-1]["kind"] == "incident.review_completed"


async def test_a_completed_review_is_the_same_bytes_for_ever(service: RunningService) -> None:
    story = await told(service)
    await story.give("record-regulatory", story.manager, origin="aware")
    await story.give("review/add-action-item", title="x", owner="ann", due="2099-01-31")
    await story.completed()
    before = {form: await story.read(form) for form in FORMS}
    await thousand_events(service)
    await story.give("note", text="Found another graph")
    await story.give("review/complete-action-item", item=1)
    await story.give(
        "correct-milestone", milestone="started", at="2026-01-01T00:00:00Z", reason="x"
    )
    assert {form: await story.read(form) for form in FORMS} == before
    await story.give("review/reopen", story.manager, reason="The graph")
    await story.give("review/write-section", section="lessons", text="Others")
    for form in FORMS:
        assert await story.read(form, "?revision=1") == before[form]
        assert await story.read(form) != before[form]
    auditor = service.client(Role.AUDITOR)
    again = await auditor.get(f"{story.path}/review.json?revision=1")
    assert again.content == before["json"]


async def thousand_events(service: RunningService) -> None:
    """Elsewhere."""
    incidents: Incidents = service.service.parts["incidents"]
    matrix = Matrix(version=1, cells=DEFAULT)
    position = (await incidents.store.log.head()).position
    stream = new_id()
    order = Order(stream=stream, actor="ann", creates=True)
    number = await incidents.numbers.next()
    await incidents.execute(
        order, lifecycle.declare, number=number, title="Other", reporter="rita", matrix=matrix
    )

    def many(state: Any) -> Any:
        return [event for n in range(100) for event in note(state, text=f"Note {n}")]

    for _ in range(10):
        await incidents.execute(Order(stream=stream, actor="ann"), many)
    assert (await incidents.store.log.head()).position >= position + 1000


async def test_the_next_revision_begins_with_what_the_last_one_said(
    service: RunningService,
) -> None:
    story = await told(service)
    first = await story.completed()
    await story.give("reopen", reason="Again slow")
    second = await story.review()
    assert (second["status"], second["revision"]) == ("open", 2)
    texts = {each["name"]: each["text"] for each in second["sections"]}
    assert texts == {each["name"]: each["text"] for each in first["sections"]}
    refused = await story.refused("review/complete", story.manager)
    assert "once it is resolved" in refused["detail"]
    await story.give("review/write-section", section="lessons", text="Twice")
    await story.give("resolve", **RESOLUTION)
    done = await story.give("review/complete", story.manager)
    assert (done["revision"], done["status"]) == (2, "completed")
    assert (await story.review("?revision=1"))["completed"] == first["completed"]
    missing = await story.responder.get(f"{story.path}/review?revision=3")
    assert missing.status_code == 404


async def test_action_items_go_on_after_it_was_completed(service: RunningService) -> None:
    story = await told(service)
    await story.give("review/add-action-item", title="Pool", owner="ann", due="2099-01-31")
    await story.completed()
    await story.give("review/complete-action-item", item=1)
    answer = await story.responder.get(f"{story.path}/review/action-items")
    assert [each["state"] for each in answer.json()["items"]] == ["done"]
    assert [each["state"] for each in (await story.review())["action_items"]] == ["open"]


async def test_the_past_is_as_it_was(service: RunningService) -> None:
    story = await told(service)
    await story.give("review/write-section", section="lessons", text="First")
    then = await story.responder.get(f"{story.path}/review")
    head = (await service.service.store.log.head()).position
    await story.give("review/write-section", section="lessons", text="Second")
    past = await story.review(f"?as_of={head}")
    assert [each["text"] for each in past["sections"] if each["text"]] == ["First"]
    assert past["version"] == then.json()["version"]
    assert "actions" not in past


async def test_the_actions_say_what_this_caller_may_do(service: RunningService) -> None:
    story = await told(service)
    offered = {each["name"]: each for each in (await story.review())["actions"]}
    assert offered["write-section"]["allowed"]
    assert not offered["complete"]["allowed"]
    assert "major_incident_manager" in offered["complete"]["reason"]
    assert offered["reopen"]["reason"] == "the review is open"
    answer = await story.responder.post(f"{story.path}/review/complete")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("text/markdown", "text/markdown"),
        ("application/json", "application/json"),
        ("text/html;q=0.5, text/markdown;q=0.9", "text/markdown"),
        ("image/png", "application/json"),
        ("text/html;q=x", "application/json"),
        (";;,,q=", "application/json"),
    ],
)
async def test_the_form_is_as_the_reader_accepts(
    service: RunningService, accept: str, kind: str
) -> None:
    story = await told(service, major=False)
    await story.give("review/open")
    for place in ("review", "situation"):
        answer = await story.responder.get(f"{story.path}/{place}", headers={"accept": accept})
        assert answer.headers["content-type"].split(";")[0] == kind
        assert answer.headers["vary"] == "Accept"


async def test_what_was_written_is_text_in_every_form(service: RunningService) -> None:
    story = await told(service)
    attack = "<script>alert('x')</script>"
    await story.give("review/write-section", section="lessons", text=attack)
    page, markdown = await story.read("html"), await story.read("md")
    assert b"&lt;script&gt;" in page
    assert b"<script" not in page
    assert rb"\<script\>" in markdown
    headers = (await story.responder.get(f"{story.path}/review.html")).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")


async def test_without_the_extra_pdf_is_a_clear_problem(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await told(service)
    monkeypatch.setitem(sys.modules, "typst", None)
    answer = await story.responder.get(f"{story.path}/review.pdf")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/refused")
    detail = answer.json()["detail"]
    assert "pip install 'tocsin[typst]'" in detail, "of an installed package"
    assert ".venv/bin/pip install -e '.[typst]'" in detail, "of a clone"


async def test_the_live_state_says_what_a_latecomer_must_know(service: RunningService) -> None:
    story = await told(service)
    found = (await story.responder.get(f"{story.path}/situation")).json()
    assert (found["major"], found["status"]) == ("accepted", "resolved")
    assert [each["person"] for each in found["roles"]] == ["cora"]
    assert found["last_update"]["kind"] == "incident.update_posted"
    assert {each["audience"] for each in found["updates"]} >= {"management"}
    page = (await story.responder.get(f"{story.path}/situation.html")).text
    assert "We know &lt;i&gt;why&lt;/i&gt;" in page
    then = (await story.responder.get(f"{story.path}/situation?as_of=1")).status_code
    assert then in (200, 404)


async def test_the_evidence_holds_every_event_with_its_digest(service: RunningService) -> None:
    story = await told(service)
    found = (await story.responder.get(f"{story.path}/evidence?limit=200")).json()
    stored = await rows(
        service.database,
        "select event_id, encode(sha256(state), 'hex') as digest from events"
        " where originator_id = $1",
        UUID(story.path.rsplit("/", 1)[-1]),
    )
    digests = {str(row["event_id"]): row["digest"] for row in stored}
    assert {each["event"]: each["sha256"] for each in found["items"]} == digests
    assert {each["event"] for each in found["milestones"]} <= digests.keys()
    page = (await story.responder.get(f"{story.path}/evidence?limit=2")).json()
    assert (len(page["items"]), page["next_cursor"] is not None) == (2, True)


async def test_for_others_a_restricted_ones_is_not_there_and_reads_are_on_record(
    service: RunningService,
) -> None:
    story = await told(service)
    admin, eve = service.client(Role.ADMIN), service.client(Role.RESPONDER, subject="eve")
    await story.give("restrict", admin, reason="Legal", people=["demo-responder"])
    places = ("review", "review.html", "situation", "evidence", "review/action-items")
    for place in places:
        assert (await eve.get(f"{story.path}/{place}")).status_code == 404
    hidden = await eve.post(
        f"{story.path}/review/write-section", json={"section": "lessons", "text": "x"}
    )
    assert hidden.status_code == 404
    before = await logged(service, story)
    await story.review()
    assert await logged(service, story) == before + 1


async def logged(service: RunningService, story: Story) -> int:
    answer = await service.client(Role.AUDITOR).get("/v1/incident/access-log?limit=200")
    incident = story.path.rsplit("/", 1)[-1]
    return sum(incident in str(each) for each in answer.json()["items"])


async def test_a_repeated_command_is_one_and_a_stale_one_is_told_so(
    service: RunningService,
) -> None:
    story = await told(service)
    body = {"title": "Alert earlier"}
    place = f"{story.path}/review/add-action-item"
    for _ in range(2):
        answer = await story.responder.post(place, json=body, headers={"idempotency-key": "a"})
        assert answer.status_code == 200, answer.text
    assert len((await story.review())["action_items"]) == 1
    stale = await story.responder.post(place, json=body, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    etag = (await story.responder.get(f"{story.path}/review")).headers["etag"]
    fine = await story.responder.post(place, json=body, headers={"if-match": etag})
    assert fine.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"section": "Lessons", "text": "x"},
        {"section": "lessons", "text": "x" * 100_001},
        {"section": "lessons"},
        {"section": "lessons", "text": "x", "more": 1},
        {"section": "x" * 51, "text": "x"},
    ],
)
async def test_what_cannot_be_meant_is_not_stored(
    service: RunningService, body: dict[str, Any]
) -> None:
    story = await told(service, major=False)
    opened = await story.give("review/open")
    answer = await story.responder.post(f"{story.path}/review/write-section", json=body)
    assert answer.status_code == 422
    for due in ("2026-13-01", "1999-12-31", "soon", 5):
        item = await story.responder.post(
            f"{story.path}/review/add-action-item", json={"title": "x", "due": due}
        )
        assert item.status_code == 422
    assert (await story.review())["version"] == opened["version"]
