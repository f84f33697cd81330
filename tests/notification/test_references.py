"""What managed data names is there when it is said; what is retired later is told of."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.notification.references import Named
from services.notification.teams.team import team_stream
from shared.client import AsyncClient, Response
from shared.clock import new_id
from tests.support.postgres import Databases
from tests.support.started import started

NOBODY = "0199aaaa-0000-7000-8000-00000000dead"
FACTS = ["incident.declared"]
SAID: dict[str, dict[str, Any]] = {
    "/v1/contacts": {"name": "Room", "person": "room", "email": "room@example.com"},
    "/v1/subscriptions": {"facts": FACTS},
    "/v1/audiences": {"key": "all", "name": "All"},
    "/v1/escalation-policies": {"key": "all", "name": "All"},
}
"""What they say, but for what they name."""


@pytest.fixture(scope="module")
async def admin(databases: Databases) -> AsyncIterator[AsyncClient]:
    async with started("notification", databases) as running:
        yield running.client("notification_admin")


def _steps(*targets: dict[str, str]) -> dict[str, Any]:
    return {"steps": [{"targets": [{"person": "ada"}]}, {"targets": targets}]}


def _errors(answer: Response) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(each["pointer"], each["detail"]) for each in answer.json()["errors"]]


async def _post(client: AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_team_stands_where_its_key_says_as_all_other_data_does() -> None:
    assert Named("", "team", "payments").stream == team_stream("payments")


@pytest.mark.parametrize(
    ("path", "naming", "pointer", "noun"),
    [
        ("/v1/contacts", {"chat": "gone"}, "/chat", "channel gone"),
        (
            "/v1/subscriptions",
            {"contact": NOBODY, "channel": "inbox"},
            "/contact",
            f"contact {NOBODY}",
        ),
        (
            "/v1/subscriptions",
            {"escalation_policy": "gone"},
            "/escalation_policy",
            "escalation policy gone",
        ),
        ("/v1/audiences", {"contacts": [NOBODY]}, "/contacts/0", f"contact {NOBODY}"),
        ("/v1/audiences", {"teams": ["gone"]}, "/teams/0", "team gone"),
        ("/v1/audiences", {"schedules": ["gone"]}, "/schedules/0", "schedule gone"),
        ("/v1/audiences", {"template": "gone"}, "/template", "template gone"),
        (
            "/v1/escalation-policies",
            _steps({"person": "ada"}, {"team": "gone"}),
            "/steps/1/targets/1/team",
            "team gone",
        ),
        (
            "/v1/escalation-policies",
            _steps({"schedule": "gone"}),
            "/steps/1/targets/0/schedule",
            "schedule gone",
        ),
    ],
)
async def test_what_is_not_there_is_not_named(
    admin: AsyncClient, path: str, naming: dict[str, Any], pointer: str, noun: str
) -> None:
    before = (await admin.get(path)).json()["items"]
    answer = await admin.post(path, json=SAID[path] | naming)
    assert _errors(answer) == [(pointer, f"there is no {noun}; add it first")]
    assert (await admin.get(path)).json()["items"] == before


async def _retired(admin: AsyncClient) -> dict[str, str]:
    """One of each that can be named, retired."""
    key = f"old-{new_id()}"
    told: dict[str, dict[str, Any]] = {
        "team": {},
        "schedule": {},
        "channel": {"kind": "file"},
        "template": {"subject": "{{number}}", "text": "{{title}}"},
        "escalation policy": {"steps": [{"targets": [{"person": "ada"}]}]},
    }
    for noun, more in told.items():
        path = f"/v1/{noun.replace('policy', 'policies').replace(' ', '-')}"
        path = path if noun == "escalation policy" else f"{path}s"
        await _post(admin, path, {"key": key, "name": "Old"} | more)
        assert (await admin.post(f"{path}/{key}/retire")).status_code == 200
    contact = await _post(admin, "/v1/contacts", SAID["/v1/contacts"])
    await admin.post(f"/v1/contacts/{contact['id']}/retire")
    return {"key": key, "contact": contact["id"]}


async def test_what_is_retired_is_not_named_anew(admin: AsyncClient) -> None:
    old = await _retired(admin)
    key, contact = old["key"], old["contact"]
    again = "is retired; add it again, or name another one"
    naming: dict[str, Any] = {"contacts": [contact], "teams": [key], "schedules": [key]}
    answer = await admin.post("/v1/audiences", json=SAID["/v1/audiences"] | naming)
    assert _errors(answer) == [
        ("/contacts/0", f"the contact {contact} is retired; name another one"),
        ("/teams/0", f"the team {key} {again}"),
        ("/schedules/0", f"the schedule {key} {again}"),
    ]
    for path, body, pointer, noun in (
        ("/v1/audiences", {"template": key}, "/template", "template"),
        ("/v1/contacts", {"chat": key}, "/chat", "channel"),
        (
            "/v1/subscriptions",
            {"escalation_policy": key},
            "/escalation_policy",
            "escalation policy",
        ),
    ):
        answer = await admin.post(path, json=SAID[path] | body)
        assert _errors(answer) == [(pointer, f"the {noun} {key} {again}")]


async def test_nor_is_it_in_a_change_of_what_named_it_before(admin: AsyncClient) -> None:
    await _post(admin, "/v1/teams", {"key": "duty", "name": "Duty"})
    audience = {"key": "a", "name": "A", "teams": ["duty"]}
    policy = {"key": "p", "name": "P"} | _steps({"team": "duty"})
    await _post(admin, "/v1/audiences", audience)
    await _post(admin, "/v1/escalation-policies", policy)
    await admin.post("/v1/teams/duty/retire")
    for path, body in (("/v1/audiences/a", audience), ("/v1/escalation-policies/p", policy)):
        answer = await admin.put(path, json=body | {"name": "Another name"})
        assert "the team duty is retired" in _errors(answer)[0][1]
        assert (await admin.get(path)).json()["version"] == 1
    members = (await admin.get("/v1/audiences/a/members")).json()
    assert members["missing"] == ["team duty: there is no such team"]
    await _post(admin, "/v1/teams", {"key": "duty", "name": "Duty", "members": ["ada"]})
    answer = await admin.put("/v1/audiences/a", json=audience | {"name": "Another name"})
    assert answer.status_code == 200


async def test_a_repeated_request_is_answered_as_it_was(admin: AsyncClient) -> None:
    await _post(admin, "/v1/teams", {"key": "brief", "name": "Brief"})
    body, key = {"key": "b", "name": "B", "teams": ["brief"]}, {"idempotency-key": str(new_id())}
    first = await admin.post("/v1/audiences", json=body, headers=key)
    await admin.post("/v1/teams/brief/retire")
    again = await admin.post("/v1/audiences", json=body, headers=key)
    assert (again.status_code, again.content) == (201, first.content)


async def test_a_subscription_names_a_channel_that_reaches_its_contact(admin: AsyncClient) -> None:
    contact = await _post(admin, "/v1/contacts", SAID["/v1/contacts"])
    said = {"contact": contact["id"], "channel": "webhook", "facts": FACTS}
    answer = await admin.post("/v1/subscriptions", json=said)
    detail = "the contact has no webhook; add one to it, or name another"
    assert _errors(answer) == [("/channel", detail)]


async def test_an_audience_names_facts_that_are_told(admin: AsyncClient) -> None:
    said = {"key": "f", "name": "F", "subscribed_to": ["incident.exploded"]}
    ((pointer, detail),) = _errors(await admin.post("/v1/audiences", json=said))
    assert (pointer, "incident.declared" in detail) == ("/subscribed_to/0", True)


async def test_a_contact_that_is_retired_later_is_missed_in_its_audience(
    admin: AsyncClient,
) -> None:
    contact = await _post(admin, "/v1/contacts", SAID["/v1/contacts"])
    said = {"key": "c", "name": "C", "contacts": [contact["id"]]}
    await _post(admin, "/v1/audiences", said)
    await admin.post(f"/v1/contacts/{contact['id']}/retire")
    told = (await admin.get("/v1/audiences/c/members")).json()
    assert (told["items"], told["missing"]) == (
        [],
        [f"contact {contact['id']}: there is no such contact"],
    )
