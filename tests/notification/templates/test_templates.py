"""Templates under keys: what cannot be said is refused where it is saved or previewed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.notification.events import Template
from services.notification.templates import wording
from services.notification.templates.routes import EXAMPLES
from shared.client import AsyncClient
from tests.notification.test_template import INJECTIONS
from tests.support.postgres import Databases
from tests.support.started import started

PATH = "/v1/templates"
MANAGEMENT: dict[str, Any] = {
    "key": "management",
    "name": "Updates for management",
    "subject": "{{number}}: {{update}}",
    "text": "Impact: {{impact}}\nNext update: {{ next_update_at }}",
}
PLAIN = {
    "#{7*7}", "string", "$title", "$(id)", "`id`", ";id", "{title}", "{0.__class__}", "%(title)s",
    "%s%s%n", "{ {title} }", "[[title]]", "#set($x=1)", "{php}id{/php}",
}  # fmt: skip
"""Of the injections, what is nothing but text here."""


@pytest.fixture(scope="module")
async def admin(databases: Databases) -> AsyncIterator[AsyncClient]:
    async with started("notification", databases) as running:
        yield running.client("notification_admin")


@pytest.mark.parametrize("payload", [p for p in INJECTIONS if p not in PLAIN])
def test_markup_and_unknown_names_are_faults(payload: str) -> None:
    assert wording.faults(payload) is not None


@pytest.mark.parametrize("payload", sorted(PLAIN))
def test_what_is_markup_nowhere_here_is_text(payload: str) -> None:
    assert wording.faults(payload) is None


@pytest.mark.parametrize(
    "words", ["{{title}}", "{{ title }} {{number}}", "a < b > c", "100 % {sure}", "5 {{priority}}!"]
)
def test_plain_words_have_no_fault(words: str) -> None:
    assert wording.faults(words) is None


def test_words_that_name_what_a_fact_has_not_are_not_usable() -> None:
    words = Template(subject="{{number}}", text="{{impact}}")
    assert (
        wording.usable(words, dict.fromkeys(wording.known_of("incident.update_posted"), "")) is None
    )
    fault = wording.usable(words, dict.fromkeys(wording.known_of("incident.declared"), ""))
    assert fault is not None
    assert fault.startswith("impact is not known here")


def test_there_is_an_example_of_everything_words_may_name() -> None:
    assert set(wording.KNOWN) <= EXAMPLES.keys() | {"fact", "happened"}


async def test_a_template_is_kept_and_previewed(admin: AsyncClient) -> None:
    added = await admin.post(PATH, json=MANAGEMENT)
    assert added.status_code == 201, added.text
    shown = await admin.post(f"{PATH}/management/preview", json={"values": {"impact": "<b>All"}})
    told = shown.json()
    assert told["subject"] == "INC-7: The database is being restarted"
    assert told["text"] == "Impact: <b>All\nNext update: 2026-11-22 10:34:00 UTC"
    refused = await admin.post(f"{PATH}/management/preview", json={"fact": "incident.declared"})
    assert refused.status_code == 409
    assert "update is not known here" in refused.json()["detail"]
    changed = await admin.put(f"{PATH}/management", json=MANAGEMENT | {"text": "{{action}}"})
    assert changed.json()["text"] == "{{action}}"
    asked = {"as_of": added.json()["position"]}
    assert (await admin.get(f"{PATH}/management", params=asked)).json()["text"] == MANAGEMENT[
        "text"
    ]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("{{imapct}}", "imapct is not known here"),
        ("{% if title %}x{% endif %}", "is markup"),
        ("<script>alert(1)</script>", "is markup"),
        ("{{title}} and {{title", "must look like {{title}}"),
        ("{{title|upper}}", "must look like {{title}}"),
    ],
)
async def test_what_cannot_be_said_is_refused_and_nothing_is_kept(
    admin: AsyncClient, text: str, detail: str
) -> None:
    saved = await admin.post(PATH, json=MANAGEMENT | {"key": "bad", "text": text})
    previewed = await admin.post(f"{PATH}/preview", json={"subject": "x", "text": text})
    for answer in (saved, previewed):
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["pointer"] == "/text"
        assert detail in error["detail"]
    assert (await admin.get(f"{PATH}/bad")).status_code == 404
