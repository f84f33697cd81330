"""A flood of one key is told to come back later, in the manner of the product; others go on."""

from collections.abc import AsyncIterator

import pytest

from services.incident.alerts.crowd import Crowd
from shared.errors import TooMany
from tests.incident.alerts.monitor import PATH, firing, webhook
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

EVENT = {
    "event_action": "trigger",
    "payload": {"summary": "Full", "source": "db-1", "severity": "info"},
}


@pytest.fixture(scope="module")
async def flooded(databases: Databases) -> AsyncIterator[RunningService]:
    """Takes nothing more from anybody."""
    async with started("incident", databases) as service:
        service.service.parts["alerts"]._crowd = Crowd(0)
        yield service


async def new_key(service: RunningService) -> str:
    told = {"name": "Flood", "roles": ["service"], "short": True}
    made = await service.client("admin").post("/v1/api-keys", json=told)
    return str(made.json()["key"])


def test_so_many_of_one_caller_at_once_and_no_more() -> None:
    crowd = Crowd(2)
    with crowd.admitted("one"), crowd.admitted("one"), crowd.admitted("two"):
        with pytest.raises(TooMany), crowd.admitted("one"):
            pytest.fail("admitted")
        with crowd.admitted("two"):
            pass
    with crowd.admitted("one"):
        pass


def test_a_failure_makes_room_too() -> None:
    crowd = Crowd(1)
    with pytest.raises(ValueError, match="lost"), crowd.admitted("one"):
        raise ValueError("lost")
    with crowd.admitted("one"):
        pass


async def test_pagerduty_tells_it_so(flooded: RunningService) -> None:
    event = EVENT | {"routing_key": await new_key(flooded)}
    answer = await flooded.client(None).post("/v2/enqueue", json=event)
    assert (answer.status_code, answer.json()["status"]) == (429, "throttle exceeded")
    assert answer.headers["retry-after"]


async def test_opsgenie_tells_it_so(flooded: RunningService) -> None:
    headers = {"authorization": f"GenieKey {await new_key(flooded)}"}
    nobody = flooded.client(None)
    for path in ("/v2/alerts", "/v2/alerts/a/close", "/v2/alerts/a/acknowledge"):
        params = {} if path == "/v2/alerts" else {"identifierType": "alias"}
        body = {"message": "Full", "alias": "a"}
        answer = await nobody.post(path, json=body, headers=headers, params=params)
        assert answer.status_code == 429
        assert answer.json()["message"] == "You are making too many requests!"


async def test_our_own_address_tells_it_as_a_problem(flooded: RunningService) -> None:
    answer = await flooded.client("service").post(PATH, json=webhook(firing()))
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many")
