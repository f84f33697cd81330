"""How punctually audiences are told: met of due, as a plain count says."""

from datetime import timedelta
from typing import Any

import pytest

from services.incident.major import updates
from services.incident.major.events import MajorDemoted
from services.incident.major.state import punctuality
from shared.clock import now
from tests.incident.major.desk import ADA, UPDATE, give
from tests.incident.major.desk import accepted as led
from tests.incident.major.given import accepted, by, minutes, new, sent
from tests.support.service import RunningService


def counted(story: Any) -> tuple[int, int, int]:
    """Met, due, and still owed."""
    told = punctuality(story.state.major)
    assert told is not None
    return told["met"], told["due"], len(told["owed"])


def test_sent_by_its_time_is_met_and_later_is_missed() -> None:
    assert punctuality(new.state.major) is None
    assert counted(accepted) == (0, 0, 2)
    assert counted(accepted.given(sent(15))) == (2, 2, 2)
    assert counted(accepted.given(sent(16))) == (1, 2, 2)
    assert counted(accepted.given(sent(10), sent(41))) == (3, 4, 2)


def test_put_off_in_time_is_no_miss_and_put_off_too_late_is_one() -> None:
    for at, due in ((14, 0), (16, 1)):
        off = updates.snooze_update(accepted.state, audience="management", **by("ada", at=at))
        assert counted(accepted.given(*off)) == (0, due, 2)


def test_an_end_leaves_no_update_owed_but_counts_what_was_late() -> None:
    story = accepted.given(MajorDemoted(reason="One user", at=minutes(20)))
    assert counted(story) == (0, 1, 0)


async def test_the_metric_counts_updates_those_owed_too_long_included(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await led(service, category="punctual")
    second = await led(service, category="punctual")
    store, client = service.service.store, service.client("auditor")
    path = "/v1/incident/metrics/update_punctuality?category=punctual"

    async def asked(more: str = "") -> tuple[Any, ...]:
        answer = await client.get(path + more)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        return found["numerator"], found["denominator"], found["mean"]

    assert await asked() == (0, 0, None)
    for minute, by_whom in ((10, second), (45, None)):
        monkeypatch.setattr(store, "clock", lambda m=minute: now() + timedelta(minutes=m))
        monkeypatch.setattr(store.writer, "_clock", store.clock)
        if by_whom is not None:
            await give(service, by_whom, "post-update", by=ADA, **UPDATE)
    assert await asked() == (3, 9, pytest.approx(1 / 3))
    then = (await client.get(f"/v1/incidents/{second}")).json()["position"] - 1
    assert (await asked(f"&as_of={then}"))[1] == 0
    moment = store.clock().isoformat().replace("+00:00", "Z")
    assert await asked(f"&effective_at={moment}") == await asked()
    for more in ("&group_by=priority", "&group_by=month", "&format=csv"):
        assert (await client.get(path + more)).status_code == 200
    assert (await client.get(f"{path}&group_by=target")).status_code == 422
    inputs = (await client.get(path.replace("?", "/inputs?"))).json()["items"]
    assert [each["value"] for each in inputs if not each["excluded"]].count(1) == 3
    assert all(len(each["events"]["updates"]) <= 1 for each in inputs)
