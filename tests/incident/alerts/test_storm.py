"""A storm of alerts, in short: one incident a group, nothing lost, nothing doubled."""

from shared.auth.roles import Role
from tests.bench.storm import Storm, Weathered, weather
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import client_at, listening


async def test_a_storm_ends_as_one_incident_a_group(databases: Databases) -> None:
    async with listening("incident", databases) as (service, base):
        found = await _told(service, base)
    assert (found.incidents, found.attached, found.refused) == (30, 400, 0)
    assert (found.taken.declared, found.taken.attached) == (30, 400)


async def _told(service: RunningService, base: str) -> Weathered:
    async with client_at(base, service, Role.SERVICE) as client:
        return await weather(client, service.database.owner, Storm(400, 30, 1.0))
