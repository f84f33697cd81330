"""Teams: what may be said of them, and over HTTP with their past."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.cli.rebuild import rebuilt_models
from services.notification.app import DEFINITION
from services.notification.teams import team
from services.notification.teams.events import TeamRetired, TeamSet
from services.notification.teams.team import Team
from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.scenario import Scenario
from tests.support.service import RunningService
from tests.support.started import started

PAYMENTS: dict[str, Any] = {"key": "payments", "name": "Payments", "members": ["ada", "bob"]}
SAID = TeamSet(key="payments", name="Payments", members=("ada", "bob"))


@pytest.fixture
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("notification", databases) as running:
        yield running


@pytest.fixture
def admin(service: RunningService) -> AsyncClient:
    return service.client("notification_admin")


def test_a_team_is_added_once_changed_retired_and_taken_up_again() -> None:
    nobody = Scenario(team.evolve, Team())
    added = nobody.when(team.add, **PAYMENTS).then(SAID)
    added.when(team.add, **PAYMENTS).refused("there is a team payments already")
    added.when(team.change, **PAYMENTS).nothing_new()
    added.when(team.change, key="pay", name="Pay").refused("its key stays")
    retired = added.when(team.retire).then(TeamRetired(key="payments"))
    retired.when(team.retire).nothing_new()
    retired.when(team.change, **PAYMENTS).refused("is retired")
    assert not retired.when(team.add, **PAYMENTS).then(SAID).state.retired


async def test_a_team_keeps_its_past(service: RunningService, admin: AsyncClient) -> None:
    added = await admin.post("/v1/teams", json=PAYMENTS | {"members": ["ada", "ada", "bob"]})
    assert (added.status_code, added.json()["members"]) == (201, ["ada", "bob"])
    assert (await admin.post("/v1/teams", json=PAYMENTS)).status_code == 409
    await admin.put("/v1/teams/payments", json=PAYMENTS | {"members": ["cleo"]})
    await admin.post("/v1/teams/payments/retire")
    then = {"as_of": added.json()["position"], "member": "bob"}
    listed = (await admin.get("/v1/teams", params=then)).json()["items"]
    assert [(t["key"], t["retired"]) for t in listed] == [("payments", False)]
    assert (await admin.get("/v1/teams?member=bob")).json()["items"] == []
    versions = (await admin.get("/v1/teams/payments/versions")).json()["items"]
    assert [v["type"] for v in versions] == ["team.set", "team.set", "team.retired"]
    read = (await admin.get(added.headers["location"])).json()
    assert [a["allowed"] for a in read["actions"]] == [False, False]
    rebuilt = await rebuilt_models(DEFINITION, service.settings, keep=False)
    assert rebuilt.differences["teams"] == 0


async def test_the_feed_tells_of_teams_and_people_but_not_how_to_reach_them(
    service: RunningService, admin: AsyncClient
) -> None:
    await admin.post("/v1/teams", json=PAYMENTS)
    contact = {"name": "Ada", "person": "ada", "email": "ada@example.com"}
    await admin.post("/v1/contacts", json=contact)
    facts = (await service.client("service").get("/v1/notification/feed")).json()
    assert [(f["type"], f["data"]) for f in facts] == [
        ("tocsin.team.set.v1", {"key": "payments", "name": "Payments"}),
        ("tocsin.contact.set.v1", {"person": "ada"}),
    ]


async def test_only_admins_change_teams(service: RunningService) -> None:
    agent = service.client("responder")
    assert (await agent.post("/v1/teams", json=PAYMENTS)).status_code == 403
    await service.client("notification_admin").post("/v1/teams", json=PAYMENTS)
    read = await agent.get("/v1/teams/payments")
    assert {a["reason"] for a in read.json()["actions"]} == {
        "this needs the role notification_admin"
    }
    assert (await service.client("reporter").get("/v1/teams")).status_code == 403
