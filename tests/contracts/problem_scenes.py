"""Something real to act on in the problem service: problems, analyses, candidates, known errors."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.clock import new_id, now
from tests.contracts.analyses import analysis, body_of
from tests.contracts.scene import Backstage, Scene, Staged
from tests.problem.conftest import Feed

FIXING = ["assess", "confirm", "record-root-cause", "plan-fix"]
WAYS = {
    "confirm": FIXING[:1],
    "record-root-cause": FIXING[:2],
    "accept-risk": FIXING[:2],
    "plan-fix": FIXING[:3],
    "record-change": FIXING,
    "resolve": FIXING,
    "reject-fix": [*FIXING, "resolve"],
    "review": [*FIXING[:2], "prioritise"],
    "close": [*FIXING, "resolve"],
    "reanalyse": [*FIXING, "resolve"],
    "publish-workaround": ["draft-workaround"],
    "withdraw-workaround": ["draft-workaround", "publish-workaround"],
    "record-workaround-use": ["draft-workaround", "publish-workaround"],
}
"""What must have happened before a command is possible."""
BODIES: dict[str, dict[str, Any]] = {
    "assess": {"category": "database", "impact": 1, "urgency": 2, "owner": "paul"},
    "record-root-cause": {"cause": "Pool", "evidence": ["dump"]},
    "plan-fix": {"fix": "Bigger", "target_date": "2026-12-01"},
    "draft-workaround": {"text": "Restart it"},
    "prioritise": {"impact": 1, "urgency": 2, "major": True},
    "resolve": {"summary": "Bigger"},
}
ALIKE = {"name": "alike", "same": ["service"], "at_least": 3, "within_hours": 24}
KNOWN_ERROR = {"title": "VPN drops", "symptom": "The tunnel is cut", "workaround": "Dial again"}


class ProblemScenes:
    """What the problem service is asked about."""

    def __init__(self, backstage: Backstage) -> None:
        self._backstage = backstage
        self._post = backstage.post

    def scenes(self) -> dict[str, Scene]:
        """By the beginning of the addresses that each is for; the first that fits."""
        return {
            "/v1/problems/{id}/analyses/{analysis}": self._analysis,
            "/v1/problems/{id}": self._problem,
            "/v1/candidates/{id}": self._candidate,
            "/v1/known-errors/{id}": self._known_error,
        }

    async def _problem(self, command: str) -> Staged:
        problem = (await self._post("/v1/problems", {"title": "Slow"}))["id"]
        path = f"/v1/problems/{problem}"
        await self._backstage.walk(path, WAYS.get(command, []), BODIES)
        body = body_of(command)
        if command == "complete-task":
            [task] = (await self._post(f"{path}/add-task", {"title": "Ask"}))["tasks"]
            body["task"] = task["id"]
        if command == "mark-duplicate":
            body["of"] = (await self._post("/v1/problems", {"title": "First"}))["id"]
        if command == "close":
            body["lessons_learned"] = "Size pools"
        if command in ("link-incident", "unlink-incident", "record-workaround-use"):
            body["incident"] = str(await self._known_incident())
        return Staged({"id": problem}, body)

    async def _known_error(self, command: str) -> Staged:
        made = (await self._post("/v1/known-errors", KNOWN_ERROR))["id"]
        path = f"/v1/known-errors/{made}"
        if command in ("supersede", "mark-fixed", "record-use"):
            await self._post(f"{path}/publish", {})
        body: dict[str, Any] = {}
        if command == "supersede":
            body["by"] = (await self._post("/v1/known-errors", KNOWN_ERROR))["id"]
            await self._post(f"/v1/known-errors/{body['by']}/publish", {})
        if command == "record-use":
            body["incident"] = str(await self._known_incident())
        return Staged({"id": made}, body)

    async def _analysis(self, command: str) -> Staged:
        problem = (await self._post("/v1/problems", {"title": "Slow"}))["id"]
        return await analysis(self._post, problem, command)

    async def _known_incident(self) -> UUID:
        feed = Feed(self._backstage.running.service.parts["problems"])
        fact = feed.declared(service=f"service-{new_id()}")
        await feed.hear(fact)
        return fact.subject

    async def _candidate(self, command: str) -> Staged:
        feed, service = (
            Feed(self._backstage.running.service.parts["problems"]),
            f"service-{new_id()}",
        )
        await self._backstage.client.put(
            "/v1/problem/policies/trend-rules", json={"rules": [ALIKE]}
        )
        hours = (now() - timedelta(hours=n) for n in range(3))
        await feed.hear(*(feed.declared(service=service, started_at=at) for at in hours))
        found = await self._backstage.client.get("/v1/candidates", params={"service": service})
        into = (await self._post("/v1/problems", {"title": "Slow"}))["id"]
        return Staged(
            {"id": found.json()["items"][0]["id"]}, {"into": into} if command == "merge" else {}
        )
