"""Something real to act on: for an operation, its subject in a state in which it is possible."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from services.notification.links import LINKS, Links
from shared.auth.roles import Role
from shared.clock import new_id, now
from tests.contracts import review_stages
from tests.contracts.analyses import analysis, body_of
from tests.contracts.major_stages import real, way_to
from tests.contracts.originals import new_key, original
from tests.contracts.scene import Staged
from tests.contracts.telling import declared_elsewhere, give_up, left_alone, page, send_code, tell
from tests.incident.alerts.monitor import firing, webhook
from tests.problem.conftest import Feed
from tests.support.service import RunningService
from tests.support.started import rows

INCIDENT_WAYS = {"resume": ["hold"], "reopen": ["resolve"], "close": ["resolve"]}
RELATING = {
    "add-child": (None, "child"),
    "remove-child": ("add-child", "child"),
    "merge": (None, "into"),
    "unmerge": ("merge", "into"),
}
"""What must have happened before, and which field names the other incident."""
CHANGE = {"kind": "change", "reference": "CHG-7"}
FIXING = ["assess", "confirm", "record-root-cause", "plan-fix"]
PROBLEM_WAYS = {
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
ALIKE = {"name": "alike", "same": ["service"], "at_least": 3, "within_hours": 24}
BODIES: dict[str, dict[str, Any]] = {
    "hold": {"reason": "awaiting_vendor"},
    "assess": {"category": "database", "impact": 1, "urgency": 2, "owner": "paul"},
    "record-root-cause": {"cause": "Pool", "evidence": ["dump"]},
    "plan-fix": {"fix": "Bigger", "target_date": "2026-12-01"},
    "draft-workaround": {"text": "Restart it"},
    "prioritise": {"impact": 1, "urgency": 2, "major": True},
}
KNOWN_ERROR = {"title": "VPN drops", "symptom": "The tunnel is cut", "workaround": "Dial again"}
PATCHES = {
    "reason": "Patches",
    "services": ["checkout"],
    "from": "2026-12-06T01:00:00Z",
    "until": "2026-12-06T03:00:00Z",
}
OFFICE = {"timezone": "Europe/Berlin", "hours": {"monday": ["09:00-17:00"]}}
WORDS = {"subject": "{{number}}", "text": "{{title}}"}
NOBODY: dict[str, Any] = {"contacts": [], "teams": [], "schedules": [], "template": None}
STEPS = [{"targets": [{"person": "ada"}]}]
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G"
TARGET = {"name": "first", "kind": "response", "duration": 3600, "calendar": "office"}


class Stages:
    """Sets the scene in one running service."""

    def __init__(self, service: RunningService) -> None:
        self._service = service
        self._client = service.client(Role.ADMIN)
        self._view: str | None = None

    async def of(self, path: str) -> Staged | None:
        """The scene for an operation of this path; None where it needs none."""
        if path.endswith("/redrive") and "{follower}" in path:
            return await self._parked(path.split("/")[2])
        if "/v2/" in path:
            return await original(self._client, path)
        if "/acknowledgements/" in path:
            return Staged({"secret": await self._linked()})
        if "{secret}" in path:
            return Staged({"secret": await new_key(self._client)})
        found = [make for start, make in self._kinds().items() if path.startswith(start)]
        return await found[0](path.rsplit("/", maxsplit=1)[-1]) if found else None

    def _kinds(self) -> dict[str, Callable[[str], Awaitable[Staged]]]:
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
            "/v1/problems/{id}/analyses/{analysis}": self._analysis,
            "/v1/problems/{id}": self._problem,
            "/v1/candidates/{id}": self._candidate,
            "/v1/known-errors/{id}": self._known_error,
            "/v1/contacts/{id}": self._contact,
            "/v1/contacts": self._nameless({"chat": None}),
            "/v1/subscriptions": self._subscription,
            "/v1/teams/{id}": self._team,
            "/v1/audiences/{id}": self._audience,
            "/v1/audiences": self._nameless(NOBODY),
            "/v1/templates/preview": self._words,
            "/v1/templates/{id}": self._template,
            "/v1/templates": self._words,
            "/v1/schedules/{id}": self._schedule,
            "/v1/notification/replies": self._replied,
            "/v1/escalation-policies/{id}": self._escalation_policy,
            "/v1/escalation-policies": self._nameless({"steps": STEPS}),
            "/v1/notification/escalations/{id}": self._escalation,
            "/v1/notifications/{id}": self._notification,
            "/v1/channels/{id}": self._channel,
            "/v1/channels": self._file,
            "/v1/endpoints/{id}": self._endpoint,
            "/v1/webhooks/{id}": self._webhook,
            "/v1/webhooks": self._lake,
            "/v1/inbox/{id}": self._message,
        }

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._client.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def _walked(self, path: str, way: list[str], **bodies: dict[str, Any]) -> None:
        for command in way:
            await self._post(f"{path}/{command}", BODIES.get(command) or bodies.get(command, {}))

    async def _incident(self, command: str) -> Staged:
        incident = (await self._post("/v1/incidents", {"title": "Slow"}))["id"]
        resolution = {"code": "fixed", "summary": "Done"}
        way = INCIDENT_WAYS.get(command, [])
        path = f"/v1/incidents/{incident}"
        await self._walked(path, way, resolve=resolution)
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
            return BODIES[command] | {"problem": None}
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

    def _entry(self, kind: str) -> Callable[[str], Awaitable[Staged]]:
        async def stage(command: str) -> Staged:
            body = {"key": f"{kind}-{new_id()}", "name": "Checkout"}
            made = await self._post(f"/v1/catalogue/{kind}", body)
            return Staged({"id": made["id"]}, _unless_retired(command, {"key": body["key"]}))

        return stage

    async def _maintenance_window(self, command: str) -> Staged:
        made = await self._post("/v1/catalogue/maintenance-windows", PATCHES)
        return Staged({"id": made["id"]}, _unless_retired(command, PATCHES | {"repeats": None}))

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

    async def _problem(self, command: str) -> Staged:
        problem = (await self._post("/v1/problems", {"title": "Slow"}))["id"]
        path, resolution = f"/v1/problems/{problem}", {"summary": "Bigger"}
        await self._walked(path, PROBLEM_WAYS.get(command, []), resolve=resolution)
        body = body_of(command)
        if command == "complete-task":
            body["task"] = (await self._post(f"{path}/add-task", {"title": "Ask"}))["tasks"][0][
                "id"
            ]
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
        feed = Feed(self._service.service.parts["problems"])
        fact = feed.declared(service=f"service-{new_id()}")
        await feed.hear(fact)
        return fact.subject

    async def _candidate(self, command: str) -> Staged:
        feed, service = Feed(self._service.service.parts["problems"]), f"service-{new_id()}"
        await self._client.put("/v1/problem/policies/trend-rules", json={"rules": [ALIKE]})
        hours = (now() - timedelta(hours=n) for n in range(3))
        await feed.hear(*(feed.declared(service=service, started_at=at) for at in hours))
        found = await self._client.get("/v1/candidates", params={"service": service})
        into = (await self._post("/v1/problems", {"title": "Slow"}))["id"]
        return Staged(
            {"id": found.json()["items"][0]["id"]}, {"into": into} if command == "merge" else {}
        )

    async def _team(self, command: str) -> Staged:
        key = {"key": f"team-{new_id()}"}
        made = await self._post("/v1/teams", key | {"name": "Payments"})
        return Staged({"id": made["id"]}, _unless_retired(command, key))

    async def _schedule(self, command: str) -> Staged:
        key = {"key": f"schedule-{new_id()}"}
        path = "/v1/schedules"
        made = await self._post(path, key | {"name": "Payments"})
        span = {"from": "2026-11-23T09:00:00Z", "until": "2026-11-24T09:00:00Z"}
        if command == "override":
            return Staged({"id": made["id"]}, span)
        if command == "remove-override":
            told = await self._post(f"{path}/{made['id']}/override", span | {"person": "ada"})
            return Staged({"id": made["id"]}, {"override": told["overrides"][0]["id"]})
        return Staged({"id": made["id"]}, _unless_retired(command, key))

    async def _audience(self, command: str) -> Staged:
        key = {"key": f"audience-{new_id()}"}
        made = await self._post("/v1/audiences", key | {"name": "Management"})
        return Staged({"id": made["id"]}, _unless_retired(command, key | NOBODY))

    def _nameless(self, body: dict[str, Any]) -> Callable[[str], Awaitable[Staged]]:
        async def staged(command: str) -> Staged:
            """What a body names must be there, which no schema can say."""
            return Staged({}, body)

        return staged

    async def _words(self, command: str) -> Staged:
        return Staged({}, WORDS | ({"values": {}} if command == "preview" else {}))

    async def _template(self, command: str) -> Staged:
        key = {"key": f"template-{new_id()}"}
        made = await self._post("/v1/templates", key | {"name": "Usual"} | WORDS)
        if command == "preview":
            return Staged({"id": made["id"]}, {"values": {}})
        return Staged({"id": made["id"]}, _unless_retired(command, key | WORDS))

    async def _escalation_policy(self, command: str) -> Staged:
        key = {"key": f"policy-{new_id()}"}
        made = await self._post("/v1/escalation-policies", key | {"name": "P", "steps": STEPS})
        return Staged({"id": made["id"]}, _unless_retired(command, key | {"steps": STEPS}))

    async def _escalation(self, command: str) -> Staged:
        return Staged({"id": str(await page(self._service.service))})

    async def _contact(self, command: str) -> Staged:
        id = await self._new_contact()
        if command == "rotate-secret":
            return Staged({"id": id}, {"secret": SIGNING})
        if command == "send-code":
            return Staged({"id": id}, {"channel": "inbox"})
        if command == "verify":
            code = await send_code(self._service.service, UUID(id))
            return Staged({"id": id}, {"channel": "email", "code": code})
        return Staged({"id": id}, _unless_retired(command, {"chat": None}))

    async def _new_contact(self) -> str:
        told = {"name": "Ada", "person": f"ada-{new_id()}", "email": "ada@example.com"}
        hook = {"url": "https://example.com/", "secret": SIGNING}
        contact: str = (await self._post("/v1/contacts", told | {"webhook": hook}))["id"]
        return contact

    async def _subscription(self, command: str) -> Staged:
        contact = await self._new_contact()
        told = {"contact": contact, "channel": "email", "facts": ["incident.declared"]}
        made = await self._post("/v1/subscriptions", told)
        named = {"contact": contact, "channel": "email", "escalation_policy": None}
        body = {} if command == "retire" else named
        return Staged({"id": made["id"]}, body)

    async def _file(self, command: str) -> Staged:
        return Staged({}, {"kind": "file", "address": None})

    async def _channel(self, command: str) -> Staged:
        key = {"key": f"channel-{new_id()}", "kind": "file", "address": None}
        made = await self._post("/v1/channels", key | {"name": "A file"})
        return Staged({"id": made["id"]}, _unless_retired(command, key))

    async def _lake(self, command: str) -> Staged:
        return Staged({}, {"url": "https://example.com/events", "secret": SIGNING})

    async def _webhook(self, command: str) -> Staged:
        key = {"key": f"lake-{new_id()}", "source": "incident", "url": "https://example.com/"}
        made = await self._post("/v1/webhooks", key | {"name": "Lake", "secret": SIGNING})
        body = {"secret": SIGNING} if command == "rotate-secret" else {}
        return Staged({"id": made["id"]}, key if command == "" else body)

    async def _endpoint(self, command: str) -> Staged:
        return Staged({"id": str(await left_alone(self._service.service))})

    async def _message(self, command: str) -> Staged:
        said = {"name": "Me", "person": "explorer", "email": "me@example.com"}
        contact = await self._post("/v1/contacts", said)
        wish = {"contact": contact["id"], "channel": "inbox", "facts": ["incident.declared"]}
        await self._post("/v1/subscriptions", wish)
        await tell(self._service.service.store, declared_elsewhere())
        asked = {"person": "explorer", "channel": "inbox", "sort": "-created_at"}
        found = await self._client.get("/v1/notifications", params=asked)
        return Staged({"id": found.json()["items"][0]["id"]})

    async def _notification(self, command: str) -> Staged:
        await self._subscription("")
        await tell(self._service.service.store, declared_elsewhere())
        found = await self._client.get("/v1/notifications", params={"sort": "-created_at"})
        notification = found.json()["items"][0]["id"]
        if command == "redrive":
            await give_up(self._service.service.store, UUID(notification))
        return Staged({"id": notification})

    async def _replied(self, command: str) -> Staged:
        page = (await self._notification("")).address["id"]
        return Staged({}, {"in_reply_to": page, "text": "ack"})

    async def _linked(self) -> str:
        links: Links = self._service.service.parts[LINKS]
        return links.token(UUID((await self._notification("")).address["id"]))

    async def _parked(self, service: str) -> Staged:
        follower = self._service.service.followers[0].name
        fact = declared_elsewhere(kind="tocsin.something.else.v1")
        await rows(
            self._service.database,
            "insert into parked values ($1, $2, $3, $4, 'a test', now())",
            follower,
            fact.position,
            str(fact.subject),
            msgspec.json.encode(fact),
        )
        return Staged({"follower": follower, "subject": str(fact.subject)})


def _unless_retired(command: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a PUT must hold to say something of this very thing."""
    return {} if command == "retire" else body
