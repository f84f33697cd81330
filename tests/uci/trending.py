"""A log imported as if it happened here, with trend rules in force: live, tried and recomputed."""

from pathlib import Path
from typing import Any

from shared.auth.roles import Role
from tests.support.started import rows
from tests.support.together import Listening
from tests.uci.importing import imported
from tests.uci.trends import Seen, log_of, recomputed, sightings

RULES: list[dict[str, Any]] = [
    {"name": "kind", "same": ["category", "subcategory"], "at_least": 5, "within_hours": 24},
    {"name": "item", "same": ["item"], "at_least": 2, "within_hours": 24 * 30},
    {
        "name": "grave", "same": ["category"], "at_least": 3, "within_hours": 72,
        "where": {"impact": [1]},
    },
]  # fmt: skip
_PATH = "/v1/problem/policies/trend-rules"
_EVENTS = """select count(*) from events e, unnest($1::uuid[], $2::bigint[]) as m (id, position)
    where e.event_id = m.id and e.position = m.position"""


class Trending:
    """Both services, once the log has been imported and heard of."""

    def __init__(self, both: dict[str, Listening]) -> None:
        self._incident, self._problem = both["incident"], both["problem"]
        self._told: list[tuple[str, Seen]] = []

    async def take(self, file: Path) -> dict[str, Any]:
        """Put the rules in force, import, and wait until the problem service has heard of it."""
        async with self._problem.client(Role.PROBLEM_MANAGER) as manager:
            answer = await manager.put(_PATH, json={"rules": RULES})
            assert answer.status_code == 200, answer.text
        token = self._incident.service.token(Role.SERVICE)
        done = await imported(file, self._incident.base, token, "--live")
        assert done.code == 0, done.said
        async with self._incident.client(Role.AUDITOR) as reader:
            log = await log_of(reader)
        self._told = sightings(log)
        await self._caught_up(log[-1]["position"])
        return done.report

    async def live(self, rule: dict[str, Any]) -> dict[int, Any]:
        """The candidates that were raised, by the fact that did; with their evidence."""
        found: list[dict[str, Any]] = []
        query: dict[str, Any] = {"rule": rule["name"], "limit": 200}
        async with self._problem.client(Role.AUDITOR) as reader:
            while True:
                page = (await reader.get("/v1/candidates", params=query)).json()
                found += page["items"]
                if page["next_cursor"] is None:
                    return {each["raised_by"]: evidence(each) for each in found}
                query["cursor"] = page["next_cursor"]

    async def tried(self, rule: dict[str, Any]) -> dict[str, Any]:
        """The answer of the dry run."""
        async with self._problem.client(Role.PROBLEM_MANAGER) as manager:
            answer = await manager.post(f"{_PATH}/dry-run", json={"rule": rule, "limit": 200})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def recomputed(self, rule: dict[str, Any]) -> dict[int, Any]:
        """The same from the log of incidents, in plain Python."""
        return {each.raised_by: each.evidence for each in recomputed(self._told, rule)}

    async def proved(self, evidence: list[tuple[str, str, int]]) -> int:
        """How many of these events stand in the log of incidents at their positions."""
        ids, positions = [each[1] for each in evidence], [each[2] for each in evidence]
        database = self._incident.service.database
        found: int = (await rows(database, _EVENTS, ids, positions))[0][0]
        return found

    async def _caught_up(self, position: int) -> None:
        async with self._problem.client(Role.AUDITOR) as reader:
            query: dict[str, Any] = {"wait_for": f"incident:{position}", "limit": 1}
            while (await reader.get("/v1/candidates", params=query)).status_code == 409:
                pass  # it has waited a while by itself


def evidence(candidate: dict[str, Any]) -> list[tuple[str, str, int]]:
    """As it is recomputed."""
    return [(m["number"], m["event"], m["position"]) for m in candidate["matches"]]
