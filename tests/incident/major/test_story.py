"""A P1 from its first report to its closing notice over HTTP, by the clock: its timers included."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.incident.review.commands import REQUIRED
from shared.clock import now
from tests.incident.major.desk import ADA, COMMANDER, MIA, UPDATE, declared, give, read
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started
from tests.support.until import until

ASKED: dict[str, Any] = {
    "person": "bob",
    "message": "Come",
    "within_minutes": 5,
    "then": [{"person": "cem"}],
}


class Watch:
    """The service's clock: as fast as we are."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead


async def test_a_p1_by_the_clock(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    async with started("incident", databases) as service:
        watch, store = Watch(), service.service.store
        monkeypatch.setattr(store, "clock", watch)
        monkeypatch.setattr(store.writer, "_clock", watch)
        rule = {"name": "p1", "then": "promote", "when": {"priority_at_most": 1}}
        manager = service.client("incident_manager")
        path = "/v1/incident/policies/major-triggers"
        assert (await manager.put(path, json={"rules": [rule]})).status_code == 200
        id = await declared(service)
        await give(service, id, "assign-role", by=MIA, **COMMANDER)
        await give(service, id, "request-responder", by=ADA, **ASKED)

        async def passes(minutes: int, *titles: str) -> None:
            """Let time pass until the timeline ends with these machine facts."""
            watch.ahead += timedelta(minutes=minutes)
            await until(lambda: _told(service, id, titles))

        await passes(5, "No answer from bob; asked next: cem")
        await give(service, id, "answer-request", by="responder:cem", accepted=True)
        await passes(5, "Update to management due")
        await give(service, id, "post-update", by=ADA, **UPDATE)
        await passes(26, "Update to management due")
        await give(service, id, "snooze-update", by=ADA, audience="management")
        await passes(5, "Update to affected-users overdue")
        await give(service, id, "post-update", by=ADA, **UPDATE)
        await give(service, id, "decide", by="responder:cem", decision="Roll back", basis="Log")
        await give(service, id, "resolve", by="responder", code="fixed", summary="Rolled back")
        await give(service, id, "post-update", by=ADA, final=True, **UPDATE)
        await give(service, id, "close", by=MIA, answers=409)
        for section in REQUIRED:
            await give(
                service, id, "review/write-section", by=MIA, section=section, text="As it was."
            )
        reviewed = await give(service, id, "review/complete", by=MIA)
        begun = [each["kind"] for each in reviewed["timeline"][:2]]
        assert begun == ["incident.declared", "incident.major_accepted"]
        left = await give(service, id, "close", by=MIA, answers=409)
        assert [each["condition"] for each in left["unmet"]] == ["problem"]
        done = await give(service, id, "close", by=MIA, waive_problem="A supplier's")
        assert (done["status"], done["major"]) == ("closed", "accepted")
        await give(service, id, "reopen", by="incident_manager", reason="Back")
        again = await read(service, f"/v1/incidents/{id}")
        assert [each["state"] for each in again["major_incident"]["communications"]] == ["sent"] * 3
        assert "review" in {each["condition"] for each in again["major_incident"]["unmet"]}


async def _told(service: RunningService, id: str, titles: tuple[str, ...]) -> bool:
    timeline = await read(service, f"/v1/incidents/{id}/timeline?limit=200")
    told = [entry["title"] for entry in timeline["items"]]
    return all(any(title in each for each in told) for title in titles)
