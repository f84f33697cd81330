"""One run of schemathesis over a listening service: what failed, and what was seen to succeed."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.generation import GenerationMode
from schemathesis.hooks import unregister

from tests.contracts.scene import Staged

Stage = Callable[[str], Staged | None]

_REFUSED = ["400", "401", "403", "404", "405", "409", "413", "415", "422", "429", "431"]
"""However it is wrong; 431 is the server's, for an address that is itself too large."""

UNSAYABLE = ["400", "412", "422"]
"""A schema cannot say which cursors were given out, which version is the newest, what is past."""


@dataclass
class Found:
    """By operation, such as `GET /v1/me`."""

    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def note(self, operation: str, status: int) -> None:
        self.statuses.setdefault(operation, Counter())[status] += 1

    @property
    def without_success(self) -> dict[str, Counter[int]]:
        return {
            operation: seen
            for operation, seen in self.statuses.items()
            if not any(200 <= status < 300 for status in seen)
        }


def fuzz(base: str, token: str, stage: Stage, examples: int) -> Found:
    """Streams are left out: they do not end by themselves."""
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json", config=_config(token, examples))

    @schemathesis.hook("before_call")
    def set_the_scene(context: Any, case: Any, kwargs: Any) -> None:
        is_good = case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
        if is_good and (staged := stage(case.operation.path)) is not None:
            case.path_parameters = (case.path_parameters or {}) | staged.address
            if isinstance(case.body, dict) and case.method in ("POST", "PUT"):
                case.body = case.body | staged.body

    found = Found()
    try:
        for event in from_schema(schema.exclude(path_regex="/stream$")).execute():
            _take(event, found)
    finally:
        unregister(set_the_scene)
    return found


async def fuzzed(base: str, token: str, stages: Any, examples: int) -> Found:
    """In a thread, while the service goes on in this one; scenes are set here."""
    loop = asyncio.get_running_loop()

    def stage(path: str) -> Staged | None:
        staged: Staged | None = asyncio.run_coroutine_threadsafe(stages.of(path), loop).result()
        return staged

    return await asyncio.to_thread(fuzz, base, token, stage, examples)


def _config(token: str, examples: int) -> SchemathesisConfig:
    accepted = ["2xx", "401", "403", "404", "409", *UNSAYABLE]
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "auth": {"openapi": {"bearer": {"bearer": token}}},
            "generation": {"max-examples": examples},
            "request-timeout": 30,
            "phases": {"stateful": {"enabled": False}},
            "checks": {
                "positive_data_acceptance": {"expected-statuses": accepted},
                "negative_data_rejection": {"expected-statuses": _REFUSED},
            },
        }
    )


def _take(event: Any, found: Found) -> None:
    if isinstance(event, events.NonFatalError | events.FatalError):
        found.failures.append(str(event))
    if not isinstance(event, events.ScenarioFinished):
        return
    label = event.recorder.label
    for interaction in event.recorder.interactions.values():
        if interaction.response is not None:
            found.note(label, interaction.response.status_code)
    for checks in event.recorder.checks.values():
        for check in checks:
            if (failed := check.failure_info) is not None:
                found.failures.append(
                    f"{label}: {check.name}: {failed.failure.message}\n  {failed.code_sample}"
                )
