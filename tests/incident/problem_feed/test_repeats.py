"""A key decides before anything that a command names is looked up."""

from uuid import uuid4

import pytest

from shared.clock import new_id
from tests.incident.problem_feed.conftest import Desk


async def test_a_repeat_is_answered_though_its_known_error_has_ended(desk: Desk) -> None:
    known_error, number = new_id(), f"KE-{new_id().int % 10**12}"
    told = {"number": number, "title": "Pools run dry", "revision": 1}
    await desk.hear(desk.fact("known_error.published", known_error, **told))
    incident, key = await desk.declare(), {"idempotency-key": str(uuid4())}
    path, body = f"/v1/incidents/{incident}/resolve", {"code": "known_error", "summary": "As told"}
    first = await desk.client.post(path, json=body | {"known_error": number}, headers=key)
    await desk.hear(desk.fact("known_error.retired", known_error, number=number))
    again = await desk.client.post(path, json=body | {"known_error": number}, headers=key)
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert again.content == first.content
    assert (await desk.refused(await desk.declare(), "resolve", **body, known_error=number)) == (
        f"the known error {number} is retired"
    )


@pytest.mark.parametrize(
    ("command", "body", "other"),
    [
        ("hold", {"reason": "awaiting_vendor"}, {"problem": "PRB-0"}),
        ("resolve", {"code": "fixed", "summary": "Done"}, {"known_error": "KE-0"}),
        ("link", {"kind": "change", "reference": "CHG-7"}, {"kind": "problem"}),
        ("add-child", {"child": "{other}"}, {"child": "INC-0"}),
        ("merge", {"into": "{other}"}, {"into": "{incident}"}),
    ],
)
async def test_a_used_key_is_said_to_be_used_whatever_another_body_names(
    desk: Desk, command: str, body: dict[str, str], other: dict[str, str]
) -> None:
    names = {"incident": await desk.declare(), "other": await desk.declare()}
    path, key = f"/v1/incidents/{names['incident']}/{command}", {"idempotency-key": str(uuid4())}
    first = {name: value.format(**names) for name, value in body.items()}
    second = {name: value.format(**names) for name, value in (body | other).items()}
    assert (await desk.client.post(path, json=first, headers=key)).status_code == 200
    answer = await desk.client.post(path, json=second, headers=key)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/key-reused")
