"""Something real to act on in the incident service: incidents, their alerts, what they rest on."""

from datetime import timedelta
from typing import Any

from shared.clock import new_id, now
from tests.contracts import review_stages
from tests.contracts.major_stages import real, way_to
from tests.contracts.scene import Backstage, Scene, Staged, unless_retired
from tests.incident.alerts.monitor import firing, webhook

WAYS = {"resume": ["hold"], "reopen": ["resolve"], "close": ["resolve"]}
"""What must have happened before a command is possible."""
BODIES: dict[str, dict[str, Any]] = {
    "hold": {"reason": "awaiting_vendor"},
    "resolve": {"code": "fixed", "summary": "Done"},
}
RELATING = {
    "add-child": (None, "child"),
    "remove-child": ("add-child", "child"),
    "merge": (None, "into"),
    "unmerge": ("merge", "into"),
}
"""What must have happened before, and which field names the other incident."""
CHANGE = {"kind": "change", "reference": "CHG-7"}
PATCHES = {
    "reason": "Patches",
    "services": ["checkout"],
    "from": "2026-12-06T01:00:00Z",
    "until": "2026-12-06T03:00:00Z",
}
OFFICE = {"timezone": "Europe/Berlin", "hours": {"monday": ["09:00-17:00"]}}
TARGET = {"name": "first", "kind": "response", "duration": 3600, "calendar": "office"}


class IncidentScenes:
    """What the incident service is asked about."""

    def __init__(self, backstage: Backstage) -> None:
        self._backstage = backstage
        self._post = backstage.post
        self._view: str | None = None

    def scenes(self) -> dict[str, Scene]:
        """By the beginning of the addresses that each is for; the first that fits."""
        return {
            "/v1/incidents/{id}": self._incident,
            "/v1/incidents/bulk": self._many,
            "/v1/api-keys/{id}": self._api_key,
            "/v1/alerts/groups/{id}": self._alert_group,
            "/v1/incident/policies/sla": self._service_levels,
            "/v1/incident/policies/regulators": self._regulators,
            "/v1/incident/views/{id}": self._saved_view,
            "/v1/catalogue/services/{id}": self._entry("services"),
            "/v1/catalogue/items/{id}": self._entry("items"),
            "/v1/catalogue/maintenance-windows/{id}": self._maintenance_window,
            "/v1/catalogue/maintenance-windows": self._patches,
        }

    async def _incident(self, command: str) -> Staged:
        incident = (await self._post("/v1/incidents", {"title": "Slow"}))["id"]
        path = f"/v1/incidents/{incident}"
        await self._backstage.walk(path, WAYS.get(command, []), BODIES)
        for name, body in [*way_to(command), *review_stages.way_to(command)]:
            await self._post(f"{path}/{name}", body)
        said = real(command) | review_stages.real(command)
        return Staged({"id": incident}, await self._related(path, command) | said)

    async def _related(self, path: str, command: str) -> dict[str, Any]:
        """What a command on several incidents needs beside."""
        if command in ("link", "unlink"):
            if command == "unlink":
                await self._post(f"{path}/link", CHANGE)
            return CHANGE | ({"url": None, "attachment": None} if command == "link" else {})
        if command == "hold":
            return BODIES["hold"] | {"problem": None}
        if command == "correct-milestone":
            at = (now() - timedelta(hours=1)).isoformat()
            return {"milestone": "started", "at": at, "reason": "Seen in a graph"}
        if command not in RELATING:
            return {}
        other = (await self._post("/v1/incidents", {"title": "Slow, too"}))["id"]
        before, field = RELATING[command]
        if before is not None:
            await self._post(f"{path}/{before}", {field: other})
        return {} if command == "unmerge" else {field: other}

    async def _alert_group(self, command: str) -> Staged:
        taken = await self._post("/v1/alerts/alertmanager", webhook(firing()))
        return Staged({"id": taken["group"]})

    async def _api_key(self, command: str) -> Staged:
        made = await self._post("/v1/api-keys", {"name": "Monitor", "roles": ["service"]})
        return Staged({"id": made["id"]})

    def _entry(self, kind: str) -> Scene:
        async def stage(command: str) -> Staged:
            body = {"key": f"{kind}-{new_id()}", "name": "Checkout"}
            made = await self._post(f"/v1/catalogue/{kind}", body)
            return Staged({"id": made["id"]}, unless_retired(command, {"key": body["key"]}))

        return stage

    async def _maintenance_window(self, command: str) -> Staged:
        made = await self._post("/v1/catalogue/maintenance-windows", PATCHES)
        return Staged({"id": made["id"]}, unless_retired(command, PATCHES | {"repeats": None}))

    async def _patches(self, command: str) -> Staged:
        return Staged({}, PATCHES | {"repeats": None})

    async def _regulators(self, command: str) -> Staged:
        regimes = {"calendars": {"office": OFFICE}, "regimes": [review_stages.REGIME]}
        return Staged({}, regimes)

    async def _service_levels(self, command: str) -> Staged:
        return Staged({}, {"calendars": {"office": OFFICE}, "targets": [TARGET]})

    async def _many(self, command: str) -> Staged:
        incident = (await self._incident("note")).address["id"]
        which = {"ids": [incident], "filters": None, "expected": None}
        return Staged({}, {"command": "note", "arguments": {"text": "Seen"}, **which})

    async def _saved_view(self, command: str) -> Staged:
        if command == "retire" or self._view is None:
            self._view = str((await self._post("/v1/incident/views", {"name": "Mine"}))["id"])
        view, self._view = self._view, None if command == "retire" else self._view
        return Staged({"id": view})
