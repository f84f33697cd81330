"""Three services that follow one another, and in them one restricted incident, told of everywhere.

Its texts, its tags and labels, its alerts, the problem raised from it, the notifications about it:
all hold one word that is found nowhere else.
"""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from shared.auth.issuer import EmbeddedIssuer
from shared.auth.roles import Role
from shared.client import AsyncClient, Response, new_client
from shared.process import free_port
from shared.settings import SERVICES, Settings
from shared.settings import Service as Name
from tests.incident.alerts.monitor import firing, webhook
from tests.support.postgres import Database, Databases, new_home, remove_home
from tests.support.server import running
from tests.support.service import prepare_home
from tests.support.started import create_app_of, rows
from tests.support.until import until

WORD = "zanzibar"
ALL_SEEING = (Role.AUDITOR, Role.ADMIN)
OTHERS = [role for role in Role if role not in ALL_SEEING]


@dataclass
class Secret:
    """Where the services are, and what nobody else may be told."""

    issuer: EmbeddedIssuer
    bases: dict[Name, str]
    databases: dict[Name, Database]
    names: dict[str, str] = field(default_factory=dict)
    open: dict[str, Any] = field(default_factory=dict)
    general: dict[str, Any] = field(default_factory=dict)
    alerts: dict[str, Any] = field(default_factory=dict)
    before: int = 0
    clients: dict[tuple[Name, str], AsyncClient] = field(default_factory=dict)

    def client(self, service: Name, subject: str, *roles: Role, **more: Any) -> AsyncClient:
        """A client of this person; the same one again where it was asked for before."""
        known = self.clients.get((service, subject))
        if known is None:
            known = new_client(base_url=self.bases[service], timeout=30)
            token = self.issuer.token(subject, roles, **more)
            known.headers["authorization"] = f"Bearer {token}"
            self.clients[service, subject] = known
        return known

    def other(self, service: Name, role: Role) -> AsyncClient:
        """Somebody with a role, who has nothing to do with the incident."""
        return self.client(service, f"other-{role}", role)

    def admin(self, service: Name) -> AsyncClient:
        return self.client(service, "root", Role.ADMIN)

    def told_by(self, answer: Response, asked: str = "") -> set[str]:
        """What an answer gives away; not what the request has said itself."""
        text = (answer.text + str(answer.headers)).lower()
        found = {name for name, value in self.names.items() if _holds(text, value.lower())}
        return {name for name in found if not _holds(asked.lower(), self.names[name].lower())}


def _holds(text: str, value: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(value)}(?!\d)", text) is not None or (
        value == WORD and value in text
    )


@asynccontextmanager
async def secret(databases: Databases) -> AsyncIterator[Secret]:
    """The services, with the secret in them."""
    home, made = new_home(), {name: await databases.create(name) for name in SERVICES}
    ports = {name: free_port() for name in SERVICES}
    told: dict[str, Any] = {f"{name}_database_url": made[name].app for name in SERVICES}
    told |= {f"{name}_port": ports[name] for name in SERVICES}
    issuer = prepare_home(home)
    settings = Settings(home=home, local=True, log_level="error", **told)
    async with AsyncExitStack() as stack:
        bases = {
            name: await stack.enter_async_context(
                running(create_app_of(name)(settings), ports[name])
            )
            for name in SERVICES
        }
        scene = Secret(issuer, bases, made)
        await _set(scene)
        yield scene
        for client in scene.clients.values():
            await client.aclose()
    for database in made.values():
        await databases.drop(database)
    remove_home(home)


async def _post(client: AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.is_success, f"{path}: {answer.text}"
    found: dict[str, Any] = answer.json()
    return found


async def _set(scene: Secret) -> None:
    incidents, problems = scene.admin("incident"), scene.admin("problem")
    await _subscribe(scene.admin("notification"))
    monitor = scene.client("incident", "monitor", Role.SERVICE)
    alert = firing(alertname=WORD, note=f"{WORD} label", instance=f"{WORD}-1")
    alert["annotations"] = {"summary": f"{WORD} leaks", "description": f"Of the {WORD}"}
    body = webhook(alert, group=WORD)
    taken = await _post(monitor, "/v1/alerts/alertmanager", **body)
    path = f"/v1/incidents/{taken['number']}"
    await _post(incidents, f"{path}/categorise", service=f"{WORD}-service", category=WORD)
    await _post(incidents, f"{path}/assign", group=f"{WORD}-group", person="sam")
    await _post(incidents, f"{path}/note", text=f"the {WORD} note")
    await _post(incidents, f"{path}/diagnose", cause=f"the {WORD} cause", evidence=[WORD])
    told = f"incident:{(await incidents.get(path)).json()['position']}"
    await problems.get("/v1/problems", params={"wait_for": told})
    problem = await _post(problems, "/v1/problems", incidents=[taken["number"]])
    known_error = await _known_error(problems, problem["number"])
    told = f"problem:{known_error['position']}"
    await incidents.get(path, params={"wait_for": told})
    await _relate(scene, path, problem)
    scene.names |= {"word": WORD, "id": taken["incident"], "number": taken["number"]}
    scene.names |= {"problem": problem["id"], "problem number": problem["number"]}
    question = f"why the {WORD}?"
    await _post(problems, f"/v1/problems/{problem['id']}/analyse", question=question, whys=[])
    analyses = await problems.get(f"/v1/problems/{problem['id']}/analyses")
    scene.names["analysis"] = analyses.json()["items"][0]["id"]
    scene.names |= {"known error": known_error["id"], "known error number": known_error["number"]}
    scene.alerts = body | {"group": taken["group"]}
    await _find_notifications(scene)
    scene.before = (await incidents.get(path)).json()["position"]
    manager = scene.client("incident", "ida", Role.INCIDENT_MANAGER)
    await _post(manager, f"{path}/restrict", reason=f"{WORD} is under investigation")
    await _post(incidents, f"{path}/note", text=f"{WORD} once more")
    at = (await incidents.get(path)).json()["position"]
    await until(partial(_has_heard, scene, "problem", at))
    await until(partial(_has_heard, scene, "notification", at))
    await _park(scene)


async def _known_error(problems: AsyncClient, problem: str) -> dict[str, Any]:
    """One that everybody could find, had it not been made from the problem."""
    texts = {"symptom": f"The {WORD} leaks", "workaround": "Close it", "error_code": WORD}
    made = await _post(problems, "/v1/known-errors", problem=problem, **texts)
    return await _post(problems, f"/v1/known-errors/{made['id']}/publish")


async def _subscribe(notifications: AsyncClient) -> None:
    contact = await _post(
        notifications, "/v1/contacts", name="Sam", person="sam", email="sam@example.com"
    )
    facts = ["incident.declared", "incident.assigned", "problem.logged"]
    await _post(
        notifications, "/v1/subscriptions", contact=contact["id"], channel="email", facts=facts
    )


async def _relate(scene: Secret, path: str, problem: dict[str, Any]) -> None:
    """Others that have to do with it, which everybody may know of."""
    incidents, problems = scene.admin("incident"), scene.admin("problem")
    open_one = await _post(incidents, "/v1/incidents", title="Open to all", service="checkout")
    scene.open = open_one
    other = f"/v1/incidents/{open_one['id']}"
    await _post(incidents, f"{other}/hold", reason="awaiting_problem", problem=problem["number"])
    told = f"incident:{(await incidents.get(other)).json()['position']}"
    await problems.get("/v1/problems", params={"wait_for": told})
    general = await _post(problems, "/v1/problems", title="General", incidents=[open_one["id"]])
    number = path.rsplit("/", 1)[-1]
    await _post(problems, f"/v1/problems/{general['id']}/link-incident", incident=number)
    scene.general = general


async def _park(scene: Secret) -> None:
    """A fact about it that another service could not take, once it has heard of the rest."""
    await rows(
        scene.databases["problem"],
        "insert into parked values ('someone', 1, $1, $2, $3, now())",
        scene.names["id"],
        WORD.encode(),
        f"could not take {WORD}",
    )


async def _has_heard(scene: Secret, name: Name, position: int) -> bool:
    answer = await scene.admin(name).get("/v1/me")
    assert answer.is_success
    ready = (await scene.admin(name).get("/readyz")).json()
    lag = ready["parts"]["followers"][f"{name}-follows-incident"]
    return (lag["position"] or 0) >= position


async def _find_notifications(scene: Secret) -> None:
    async def found() -> bool:
        page = await scene.admin("notification").get("/v1/notifications")
        about = {scene.names["id"], scene.names["problem"]}
        known = [each["id"] for each in page.json()["items"] if each["about"] in about]
        scene.names |= {f"notification {n}": id for n, id in enumerate(known)}
        return len(known) >= 3

    await until(found)
