"""Something real to act on in the notification service: people, what they are told, and how."""

from typing import Any
from uuid import UUID

from services.notification.links import LINKS, Links
from shared.clock import new_id
from tests.contracts.scene import Backstage, Scene, Staged, unless_retired
from tests.contracts.telling import declared_elsewhere, give_up, left_alone, page, send_code, tell

WORDS = {"subject": "{{number}}", "text": "{{title}}"}
NOBODY: dict[str, Any] = {"contacts": [], "teams": [], "schedules": [], "template": None}
STEPS = [{"targets": [{"person": "ada"}]}]
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G"


class NotificationScenes:
    """What the notification service is asked about."""

    def __init__(self, backstage: Backstage) -> None:
        self._backstage = backstage
        self._post = backstage.post

    def scenes(self) -> dict[str, Scene]:
        """By the beginning of the addresses that each is for; the first that fits."""
        return {
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
            "/v1/notifications": self._written,
            "/v1/channels/{id}": self._channel,
            "/v1/channels": self._file,
            "/v1/endpoints/{id}": self._endpoint,
            "/v1/webhooks/{id}": self._webhook,
            "/v1/webhooks": self._lake,
            "/v1/inbox/{id}": self._message,
        }

    async def _team(self, command: str) -> Staged:
        key = {"key": f"team-{new_id()}"}
        made = await self._post("/v1/teams", key | {"name": "Payments"})
        return Staged({"id": made["id"]}, unless_retired(command, key))

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
        return Staged({"id": made["id"]}, unless_retired(command, key))

    async def _audience(self, command: str) -> Staged:
        key = {"key": f"audience-{new_id()}"}
        made = await self._post("/v1/audiences", key | {"name": "Management"})
        return Staged({"id": made["id"]}, unless_retired(command, key | NOBODY))

    def _nameless(self, body: dict[str, Any]) -> Scene:
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
        return Staged({"id": made["id"]}, unless_retired(command, key | WORDS))

    async def _escalation_policy(self, command: str) -> Staged:
        key = {"key": f"policy-{new_id()}"}
        made = await self._post("/v1/escalation-policies", key | {"name": "P", "steps": STEPS})
        return Staged({"id": made["id"]}, unless_retired(command, key | {"steps": STEPS}))

    async def _escalation(self, command: str) -> Staged:
        return Staged({"id": str(await page(self._backstage.running.service))})

    async def _contact(self, command: str) -> Staged:
        id = await self._new_contact()
        if command == "rotate-secret":
            return Staged({"id": id}, {"secret": SIGNING})
        if command == "send-code":
            return Staged({"id": id}, {"channel": "inbox"})
        if command == "verify":
            code = await send_code(self._backstage.running.service, UUID(id))
            return Staged({"id": id}, {"channel": "email", "code": code})
        return Staged({"id": id}, unless_retired(command, {"chat": None}))

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
        return Staged({"id": made["id"]}, unless_retired(command, key))

    async def _lake(self, command: str) -> Staged:
        return Staged({}, {"url": "https://example.com/events", "secret": SIGNING})

    async def _webhook(self, command: str) -> Staged:
        key = {"key": f"lake-{new_id()}", "source": "incident", "url": "https://example.com/"}
        made = await self._post("/v1/webhooks", key | {"name": "Lake", "secret": SIGNING})
        body = {"secret": SIGNING} if command == "rotate-secret" else {}
        return Staged({"id": made["id"]}, key if command == "" else body)

    async def _endpoint(self, command: str) -> Staged:
        return Staged({"id": str(await left_alone(self._backstage.running.service))})

    async def _written(self, command: str) -> Staged:
        named = {"contact": await self._new_contact(), "channel": "email", "about": None}
        return Staged({}, WORDS | named)

    async def _message(self, command: str) -> Staged:
        said = {"name": "Me", "person": "explorer", "email": "me@example.com"}
        contact = await self._post("/v1/contacts", said)
        wish = {"contact": contact["id"], "channel": "inbox", "facts": ["incident.declared"]}
        await self._post("/v1/subscriptions", wish)
        await tell(self._backstage.running.service.store, declared_elsewhere())
        asked = {"person": "explorer", "channel": "inbox", "sort": "-created_at"}
        found = await self._backstage.client.get("/v1/notifications", params=asked)
        return Staged({"id": found.json()["items"][0]["id"]})

    async def _notification(self, command: str) -> Staged:
        await self._subscription("")
        await tell(self._backstage.running.service.store, declared_elsewhere())
        found = await self._backstage.client.get(
            "/v1/notifications", params={"sort": "-created_at"}
        )
        notification = found.json()["items"][0]["id"]
        if command == "redrive":
            await give_up(self._backstage.running.service.store, UUID(notification))
        return Staged({"id": notification})

    async def _replied(self, command: str) -> Staged:
        page = (await self._notification("")).address["id"]
        return Staged({}, {"in_reply_to": page, "text": "ack"})

    async def linked(self) -> Staged:
        """The secret of an address in a mail."""
        links: Links = self._backstage.running.service.parts[LINKS]
        page = (await self._notification("")).address["id"]
        return Staged({"secret": links.token(UUID(page))})
