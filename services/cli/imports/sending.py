"""Sends histories to a running system, several requests at a time, and adds up its answers."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from shared.client import AsyncClient, HTTPError, Response
from shared.process import CannotStart

_INCIDENTS = 40
_STEPS = 2_000
_PATIENCE = 120.0
_LONGEST_PAUSE = 5.0
_AGAIN = {408, 429, 502, 503, 504}


class Kind(NamedTuple):
    """What is sent, where to, and which turning back of it is counted."""

    name: str
    path: str
    turning: str
    turned: str


INCIDENTS = Kind("incidents", "/v1/incidents/backfill", "reopenings", "reopened_incidents")
PROBLEMS = Kind("problems", "/v1/problems/backfill", "reanalyses", "reanalysed_problems")


class Sent(NamedTuple):
    """What the service said of one record."""

    external_ref: str
    outcome: str
    steps: int
    events: int
    turnings: int
    group_changes: int
    deviations: list[dict[str, Any]]
    reason: str | None
    told: int


class Target(NamedTuple):
    """Where histories go, and how."""

    client: AsyncClient
    kind: Kind
    system: str
    live: bool = False


def batches(histories: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Histories in portions that one request may hold."""
    batch: list[dict[str, Any]] = []
    steps = 0
    for each in histories:
        if batch and (len(batch) == _INCIDENTS or steps + len(each["steps"]) > _STEPS):
            yield batch
            batch, steps = [], 0
        batch.append(each)
        steps += len(each["steps"])
    if batch:
        yield batch


async def require_somebody(target: Target) -> None:
    """Raises CannotStart where nothing answers: a slip in the address is told at once."""
    try:
        await target.client.get("/healthz")
    except HTTPError as failure:
        address, reason = target.client.base_url, str(failure) or type(failure).__name__
        raise CannotStart(
            f"nothing answers at {address} ({reason}): name the address by --url or TOCSIN_URL"
        ) from None


async def send(target: Target, batch: Sequence[dict[str, Any]]) -> list[Sent]:
    """Tell these histories; waits for a service that is away. Raises CannotStart in the end."""
    body = {"system": target.system, "live": target.live, target.kind.name: batch}
    answer = await _answer(target, msgspec.json.encode(body))
    if answer.status_code != 200:
        said = f"answered {answer.status_code}: {answer.text[:500]}"
        raise CannotStart(f"POST {target.kind.path} {said}")
    told = {each["external_ref"]: len(each["steps"]) for each in batch}
    items = msgspec.json.decode(answer.content)["items"]
    return [_sent(item, target.kind, told[item["external_ref"]]) for item in items]


def _sent(item: dict[str, Any], kind: Kind, told: int) -> Sent:
    known = {name: item[name] for name in Sent._fields if name not in ("told", "turnings")}
    return Sent(**known, turnings=item[kind.turning], told=told)


async def _answer(target: Target, content: bytes) -> Response:
    """Asked again while the service is away: what it has stored already, it skips."""
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + _PATIENCE, 0.2
    while True:
        try:
            answer = await target.client.post(
                target.kind.path, content=content, headers={"content-type": "application/json"}
            )
        except HTTPError as failure:
            reason = str(failure) or type(failure).__name__
        else:
            if answer.status_code not in _AGAIN:
                return answer
            reason = f"it answered {answer.status_code}"
        if loop.time() + pause > deadline:
            raise CannotStart(f"{reason}; run it again later: it goes on where it has stopped")
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


class Tally:
    """Adds up."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.deviations: Counter[str] = Counter()
        self.listed: list[dict[str, Any]] = []
        self.refused: list[dict[str, Any]] = []

    def add(self, sent: Sequence[Sent]) -> None:
        """Take these in."""
        for each in sent:
            self.counts["added"] += each.outcome == "added"
            self.counts["continued"] += each.outcome == "continued"
            self.counts["known"] += each.outcome in ("known", "continued")
            self.counts["known_events"] += (
                0 if each.outcome == "refused" else each.told - each.steps
            )
            self.counts["events"] += each.steps
            self.counts["recorded_events"] += each.events
            self.counts["turned"] += each.turnings > 0
            self.counts["turnings"] += each.turnings
            self.counts["group_changes"] += each.group_changes
            self._deviates(each)
            if each.outcome == "refused":
                self.refused.append({"external_ref": each.external_ref, "reason": each.reason})

    def _deviates(self, sent: Sent) -> None:
        for each in sent.deviations:
            self.deviations[each["change"]] += 1
            self.listed.append({"external_ref": sent.external_ref, **each})
