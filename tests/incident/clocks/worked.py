"""Reads `cases.txt`, and the policies its cases name."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec

from services.incident import events as e
from services.incident.backfill import events as b
from services.incident.clocks.documents import SlaDocument
from services.incident.clocks.rules import Rules, check, rules_of
from services.incident.facts import SlaBreached, SlaWarned
from services.incident.relations import events as r
from shared.domain import Event, Origin
from shared.store.reader import Recorded

INCIDENT = uuid4()
DAY = "2026-03-02"
_TIME = r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d(?::\d\d)?"
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()


def at(text: str) -> datetime:
    """A time of the cases' Monday; `+1` is the day after; or a date with its time."""
    if text.startswith("+"):
        days, _, text = text[1:].partition(" ")
        return at(text) + timedelta(days=int(days))
    whole = text if " " in text else f"{DAY} {text}"
    return datetime.fromisoformat(whole).replace(tzinfo=UTC)


@dataclass
class Case:
    """One worked case."""

    name: str
    policy: str = ""
    events: list[Recorded] = field(default_factory=list)
    rules: list[tuple[int, Rules]] = field(default_factory=list)
    now: datetime | None = None
    then: datetime | None = None
    expected: list[tuple[str, int | None, str, dict[str, str]]] = field(default_factory=list)

    def rules_at(self, position: int) -> Rules:
        return [rules for since, rules in self.rules if since <= position][-1]


def cases() -> Iterator[Case]:
    """All of the file's."""
    text = Path(__file__).with_name("cases.txt").read_text()
    for block in text.split("\n== ")[1:]:
        yield _case(block.strip().splitlines())


def _case(lines: Sequence[str]) -> Case:
    case = Case(lines[0])
    for line in lines[1:]:
        word, _, rest = line.partition(" ")
        if word == "policy":
            case.rules.append((0, rules(rest, 1)))
        elif word == "now":
            case.now = at(rest)
        elif word == "then":
            case.then = at(rest)
        elif word in ("response", "resolution"):
            case.expected.append(_expectation(word, rest))
        else:
            _happens(case, line)
    return case


def _expectation(kind: str, rest: str) -> tuple[str, int | None, str, dict[str, str]]:
    first, *pairs = re.split(r" (?=[a-z]+=)", rest)
    *number, state = first.split()
    told = dict(pair.split("=", 1) for pair in pairs)
    return kind, int(number[0][1:]) if number else None, state, told


def _happens(case: Case, line: str) -> None:
    found = re.fullmatch(rf"({_TIME}) (\w+)(.*)", line)
    assert found, line
    position = 10 * (len(case.events) + 1)
    moment, verb, rest = at(found[1]), found[2], found[3].strip()
    if verb == "policy":
        case.rules.append((position - 5, rules(rest, len(case.rules) + 1)))
        return
    told, _, origin = rest.partition("from ")
    event = _event(verb, told.strip(), moment)
    if origin:
        event = msgspec.structs.replace(event, origin=Origin(at=at(origin), by="importer"))
    case.events.append(recorded(event, moment, position, len(case.events) + 1))


def recorded(event: Event, moment: datetime, position: int, version: int) -> Recorded:
    """An event as the log would have it."""
    return Recorded(
        position, uuid4(), INCIDENT, version, event.topic, 1, msgspec.json.encode(event),
        "ann", UUID(int=0), None, UUID(int=0), None, moment,
    )  # fmt: skip


def _event(verb: str, rest: str, moment: datetime) -> Event:
    return _EVENTS[verb](rest, at(rest[3:]) if rest.startswith("at ") else moment)


def _priority(rest: str) -> int | None:
    found = re.search(r"\bp(\d)\b", rest)
    return int(found[1]) if found else None


def _group(rest: str) -> str | None:
    found = re.search(r"\bgroup=(\w+)", rest)
    return found[1] if found else None


def _declared(rest: str, _: datetime) -> Event:
    told: dict[str, Any] = {"priority": _priority(rest), "group": _group(rest)}
    return e.Declared(number=1, title="Slow", reporter="rita", **told)


def _prioritised(rest: str, _: datetime) -> Event:
    return e.Prioritised(impact=1, urgency=1, priority=_priority(rest), matrix_version=1)


def _resolved(_: str, moment: datetime) -> Event:
    return e.Resolved(code=e.ResolutionCode.FIXED, summary="Done", at=moment)


def _corrected(rest: str, _: datetime) -> Event:
    milestone, to = rest.split(" to ")
    return e.MilestoneCorrected(milestone=e.Milestone(milestone), to=at(to), reason="Slip")


def _fact(kind: type[SlaWarned | SlaBreached]) -> Callable[[str, datetime], Event]:
    def told(rest: str, moment: datetime) -> Event:
        clock, number = rest.split()
        more: dict[str, Any] = {"kind": clock, "round": int(number), "at": moment}
        return kind(incident=INCIDENT, target="t", policy_version=1, **more)

    return told


_EVENTS: dict[str, Callable[[str, datetime], Event]] = {
    "declared": _declared,
    "prioritised": _prioritised,
    "assigned": lambda rest, _: e.Assigned(group=_group(rest)),
    "held": lambda rest, _: e.Held(reason=e.HoldReason(rest)),
    "resolved": _resolved,
    "corrected": _corrected,
    "warned": _fact(SlaWarned),
    "breached": _fact(SlaBreached),
    "acknowledged": lambda _, moment: e.Acknowledged(at=moment),
    "started": lambda _, __: e.WorkStarted(),
    "resumed": lambda _, __: e.Resumed(),
    "reopened": lambda _, __: e.Reopened(reason="Again"),
    "cancelled": lambda _, __: e.Cancelled(reason="No incident"),
    "merged": lambda _, moment: r.Merged(into=INCIDENT, number=2, at=moment),
    "unmerged": lambda rest, moment: r.Unmerged(out_of=INCIDENT, number=2, status=rest, at=moment),
    "stated": lambda rest, _: b.StatusStated(status=rest),
}


def rules(name: str, version: int) -> Rules:
    """One of the policies below."""
    document = SlaDocument.model_validate(_POLICIES[name])
    check(document)
    return rules_of(document.model_dump(mode="json"), version)


_RESPONSE = {1: "15m", 2: "30m", 3: "1h"}
_RESOLUTION = {1: "1h", 2: "4h", 3: "8h"}


def _policy(
    calendar: dict[str, Any], resolution: dict[int, str] = _RESOLUTION, **more: Any
) -> dict[str, Any]:
    response_pauses = more.pop("response_pauses", [])
    first = more.pop("first", [])
    each = {"calendar": "hours"} | more
    targets = [
        each | {"name": f"response-p{p}", "kind": "response", "when": {"priority": [p]},
                "duration": told, "pauses_on": response_pauses}
        for p, told in _RESPONSE.items()
    ]  # fmt: skip
    targets += [
        each | {"name": f"resolution-p{p}", "kind": "resolution", "when": {"priority": [p]},
                "duration": told, "pauses_on": ["awaiting_caller", "awaiting_vendor"]}
        for p, told in resolution.items()
    ]  # fmt: skip
    return {"calendars": {"hours": calendar}, "targets": first + targets}


def _hours(zone: str, *spans: str, days: int = 7, holidays: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "timezone": zone,
        "hours": {day: list(spans) for day in _WEEKDAYS[:days]},
        "holidays": [{"date": day} for day in holidays],
    }


_ALWAYS = {"always": True}
_NETWORK = {
    "name": "resolution-network", "kind": "resolution", "when": {"group": ["network"]},
    "duration": "2h", "calendar": "hours",
}  # fmt: skip
_POLICIES = {
    "plain": _policy(_ALWAYS),
    "reset": _policy(_ALWAYS, on_priority_change="reset"),
    "keep": _policy(_ALWAYS, on_priority_change="keep"),
    "pausing": _policy(_ALWAYS, response_pauses=["awaiting_caller"]),
    "longer": _policy(_ALWAYS, {1: "2h", 2: "8h", 3: "16h"}),
    "groups": _policy(_ALWAYS, first=[_NETWORK]),
    "office": _policy(_hours("Europe/Berlin", "09:00-17:00", days=5, holidays=["2026-05-01"])),
    "split": _policy(_hours("Europe/Berlin", "09:00-12:00", "13:00-17:00", days=5)),
    "days": _policy(_hours("Europe/Berlin", "00:00-24:00")),
    "night": _policy(_hours("Europe/Berlin", "22:00-06:00")),
    "night-holiday": _policy(_hours("Europe/Berlin", "22:00-06:00", holidays=["2026-03-03"])),
    "gap": _policy(_hours("Europe/Berlin", "01:30-02:30")),
    "newyork": _policy(_hours("America/New_York", "09:00-17:00", days=5)),
    "kathmandu": _policy(_hours("Asia/Kathmandu", "09:00-17:00")),
    "lordhowe": _policy(_hours("Australia/Lord_Howe", "00:00-02:00")),
    "cairo": _policy(_hours("Africa/Cairo", "00:00-24:00")),
    "cairo-holiday": _policy(_hours("Africa/Cairo", "00:00-24:00", holidays=["2026-04-24"])),
}
