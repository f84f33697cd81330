"""What monitors tell of a merged incident's group goes to its survivor, and comes home after."""

from typing import Any

from shared.auth.roles import Role
from tests.incident.alerts.monitor import PATH, ended, firing, webhook
from tests.incident.relations.conftest import Desk
from tests.support.service import RunningService


async def test_alerts_of_a_merged_incident_attach_to_its_survivor_as_long_as_it_is_merged(
    desk: Desk, service: RunningService
) -> None:
    async with service.client(Role.SERVICE) as monitor:

        async def tell(*alerts: dict[str, Any]) -> dict[str, Any]:
            answer = await monitor.post(PATH, json=webhook(*alerts, group="merged"))
            assert answer.status_code == 200, answer.text
            taken: dict[str, Any] = answer.json()
            return taken

        merged = await desk.read({"id": (await tell(firing()))["incident"]})
        survivor = await desk.declare()
        await desk.give(merged, "merge", into=survivor["id"])
        taken = await tell(firing(), firing(1, "f2"))
        assert (taken["outcome"], taken["number"]) == ("attached", survivor["number"])
        assert await _alerts(desk, survivor) == {"f1", "f2"}
        await tell(ended(), ended(1, 5, "f2"))
        assert (await desk.read(survivor))["status"] == "new"  # others may still be hit
        await desk.give(merged, "unmerge")
        assert await _alerts(desk, survivor) == {"f1", "f2"}  # what came in between stays
        assert await _alerts(desk, merged) == {"f1"}
        taken = await tell(firing(20, "f3"))
        assert taken["number"] == merged["number"]


async def _alerts(desk: Desk, incident: dict[str, Any]) -> set[str]:
    answer = await desk.client.get(f"/v1/incidents/{incident['id']}/alerts")
    assert answer.status_code == 200, answer.text
    return {alert["fingerprint"] for alert in answer.json()["items"]}
