"""The guides' requests, run as they are printed."""

import json
import re
from typing import Any, NamedTuple

import pytest

from shared.client import AsyncClient
from shared.settings import Service as Name
from tests.support.postgres import ROOT, Databases
from tests.support.service import RunningService
from tests.support.started import started
from tests.support.together import together

_STEP = re.compile(r"```http\n(.*?)```\n```answer\n(\d+)(.*?)```", re.DOTALL)
_OF_PROBLEMS = re.compile(r"/v1/(problem|candidates|known-errors)")
_NAME = re.compile(r"\$(\w+)")


class Step(NamedTuple):
    """A request as it is printed, and what its answer holds."""

    method: str
    address: str
    role: str
    headers: dict[str, str]
    body: str
    status: int
    expected: Any


def steps_of(guide: str) -> list[Step]:
    """The requests of a guide, in order."""
    text = (ROOT / "docs" / guide).read_text()
    found = [step(*each) for each in _STEP.findall(text)]
    assert len(found) == text.count("```http"), "a request without an answer"
    return found


def step(request: str, status: str, expected: str) -> Step:
    head, _, body = request.partition("\n\n")
    first, *lines = head.strip().splitlines()
    method, address, role = first.split()
    headers = dict(line.split(": ", 1) for line in lines)
    return Step(method, address, role, headers, body, int(status), json.loads(expected or "null"))


GUIDES: list[tuple[str, Name]] = [
    ("frontend.md", "incident"),
    ("integrate.md", "incident"),
    ("regulators.md", "incident"),
    ("reviews.md", "incident"),
    ("major-incidents.md", "incident"),
    ("problems.md", "problem"),
    ("known-errors.md", "problem"),
    ("loop.md", "problem"),
    ("on-call.md", "notification"),
    ("notifications.md", "notification"),
]


@pytest.mark.parametrize(("guide", "of"), GUIDES)
async def test_every_request_of_a_guide_does_what_it_says(
    guide: str, of: Name, databases: Databases
) -> None:
    async with started(of, databases) as service:
        known: dict[str, str] = {}
        for each in steps_of(guide):
            await follow(service, each, known)


@pytest.mark.parametrize("guide", ["trends.md"])
async def test_every_request_of_a_guide_to_both_services_does_what_it_says(
    guide: str, databases: Databases
) -> None:
    async with together(databases) as both:
        known: dict[str, str] = {}
        for each in steps_of(guide):
            name = "problem" if _OF_PROBLEMS.match(each.address) else "incident"
            await follow(both[name].service, each, known)


async def follow(service: RunningService, step: Step, known: dict[str, str]) -> None:
    """Send it with what is known by now; learn the names its answer gives."""

    def put_in(text: str) -> str:
        return _NAME.sub(lambda found: known[found[1]], text)

    client: AsyncClient = service.client(None if step.role == "-" else step.role)
    headers = {name: put_in(value) for name, value in step.headers.items()}
    if step.body:
        headers["content-type"] = "application/json"
    answer = await client.request(
        step.method, put_in(step.address), content=put_in(step.body), headers=headers
    )
    assert answer.status_code == step.status, (step, answer.text)
    if step.expected is not None:
        told = answer.json()
        assert holds(told, step.expected, known), f"{step.address}: {json.dumps(told, indent=1)}"


def holds(told: Any, expected: Any, known: dict[str, str]) -> bool:
    """Whether all that is expected is told; a `$name` not heard of before is learnt."""
    if isinstance(expected, dict):
        return all(n in told and holds(told[n], value, known) for n, value in expected.items())
    if isinstance(expected, list):
        return len(told) == len(expected) and all(
            holds(one, other, known) for one, other in zip(told, expected, strict=True)
        )
    if isinstance(expected, str) and (name := _NAME.fullmatch(expected)):
        return known.setdefault(name[1], str(told)) == str(told)
    return bool(told == expected)
