"""Every operation of the three documents as somebody would call it who is after a secret."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from shared.settings import Service as Name
from tests.contracts.secret import WORD, Secret
from tests.support.started import BUILT, document_of

UNKNOWN = "01a201e5-0000-7000-8000-000000000000"

BODIES: dict[str, dict[str, Any]] = {
    "acknowledge": {}, "start": {}, "resume": {}, "close": {}, "confirm": {}, "retire": {},
    "probe": {}, "publish-workaround": {}, "reject-fix": {"reason": "x"}, "cancel": {"reason": "x"},
    "reopen": {"reason": "x"}, "reanalyse": {"reason": "x"}, "dismiss": {"reason": "x"},
    "withdraw-workaround": {"reason": "x"}, "note": {"text": "x"}, "reply": {"text": "x"},
    "notes": {"note": "x"}, "draft-workaround": {"text": "x"},
    "categorise": {"category": "x"}, "prioritise": {"impact": 1, "urgency": 1},
    "assign": {"group": "x"}, "hold": {"reason": "awaiting_vendor"}, "diagnose": {"cause": "x"},
    "mitigate": {"action": "x"}, "resolve": {"code": "fixed", "summary": "x"},
    "restrict": {"reason": "x", "people": ["eve"]}, "merge": {"into": UNKNOWN, "reason": "x"},
    "unmerge": {"reason": "x"}, "escalate": {"kind": "functional", "reason": "x", "group": "y"},
    "add-child": {"child": UNKNOWN}, "remove-child": {"child": UNKNOWN},
    "link": {"kind": "external_ticket", "reference": "x"},
    "unlink": {"kind": "external_ticket", "reference": "x"},
    "correct-milestone": {"milestone": "started", "at": "2026-01-01T00:00:00Z", "reason": "x"},
    "assess": {"category": "x", "impact": 1, "urgency": 1, "owner": "x"},
    "record-root-cause": {"cause": "x", "evidence": ["x"]},
    "analyse": {"question": "x", "whys": []},
    "plan-fix": {"fix": "x", "target_date": "2026-12-01"},
    "record-change": {"reference": "x", "state": "planned"},
    "accept-risk": {"reason": "x", "approver": "x", "review_date": "2027-01-01"},
    "mark-duplicate": {"of": UNKNOWN}, "link-incident": {"incident": UNKNOWN},
    "unlink-incident": {"incident": UNKNOWN}, "add-task": {"title": "x"},
    "complete-task": {"task": UNKNOWN}, "accept": {}, "redrive": {}, "read": {}, "unread": {},
    "rotate-secret": {}, "add-hypothesis": {"hypothesis": "x"}, "move": {"node": 1},
    "join": {"node": 1}, "remove": {"node": 1}, "judge": {"node": 1, "standing": "supported"},
    "conclude": {"conclusion": "x"}, "take-up": {"reason": "x"},
    "review": dict.fromkeys(
        ("outcome", "what_happened", "went_well", "went_badly", "prevention"), "x"
    ),
    "override": {
        "person": "x", "from": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z",
    },
    "propose-major": {"reason": "x"}, "accept-major": {}, "reject-major": {"reason": "x"},
    "demote-major": {"reason": "x"}, "assign-role": {"role": "scribe", "person": "x"},
    "accept-role": {}, "hand-over": {"role": "scribe", "person": "x"},
    "request-responder": {"person": "x", "message": "x"}, "answer-request": {"accepted": True},
    "post-update": {"status": "x", "impact": "x", "action": "x"}, "decide": {"decision": "x"},
    "snooze-update": {"audience": "management"},
    "replies": {"in_reply_to": UNKNOWN, "text": "ack"},
    "send-code": {"channel": "email"}, "verify": {"channel": "email", "code": "x"},
    "remove-override": {"override": UNKNOWN},
    "revise": {"cause": "x"},
    "publish": {}, "mark-fixed": {}, "supersede": {"by": UNKNOWN},
    "record-use": {"incident": UNKNOWN}, "match": {"title": "x"},
    "record-workaround-use": {"incident": UNKNOWN},
    "record-regulatory": {"origin": "aware"}, "open": {}, "complete": {},
    "write-section": {"section": "lessons", "text": "x"}, "add-action-item": {"title": "x"},
    "change-action-item": {"item": 1, "owner": "x"}, "complete-action-item": {"item": 1},
    "drop-action-item": {"item": 1, "reason": "x"},
    "dry-run": {
        "rule": {"name": "x", "same": ["service"], "at_least": 2, "within_hours": 8_784}
    },
}  # fmt: skip
"""Of commands on one thing: what they take, such that only their subject can be wrong."""

NAMING: dict[str, list[str]] = {
    "merge": ["into"], "add-child": ["child"], "remove-child": ["child"],
    "link-incident": ["incident"], "unlink-incident": ["incident"],
    "record-use": ["incident"], "match": ["incident"], "record-workaround-use": ["incident"],
}  # fmt: skip
"""Fields of theirs that name another incident."""

ELSEWHERE = re.compile(
    r"POST /v1/([a-z-]+|catalogue/[a-z-]+|[a-z-]+/views)|PUT .*|DELETE .*|"
    r"POST .*/(backfill|bulk.*|stream-tickets|preview)|"
    r"POST /v1/incident/clocks/rerun|POST .*/alerts/.*|POST .*/v2/.*|POST .*/views/.*|"
    r"(GET|POST) .*/by-key/.*|GET .*/stream"
)
"""What makes or replaces something of the caller's own, or is asked in a test of its own."""


_PLAIN = ("",)


class Call(NamedTuple):
    """One request, and the same about something that does not exist."""

    service: Name
    method: str
    path: str
    operation: str
    body: dict[str, Any] | None = None
    twin: str | None = None

    @property
    def said(self) -> str:
        """What the request itself gives away."""
        return f"{self.path} {self.body or ''}"


def operations() -> Iterator[tuple[Name, str, str, dict[str, Any]]]:
    for service in BUILT:
        for path, methods in document_of(service)["paths"].items():
            for method, operation in methods.items():
                yield service, method.upper(), path, operation


def calls(scene: Secret, *, narrowed: bool = True) -> Iterator[Call]:
    """All of the walk, with lists `narrowed` as well; what nobody has thought of is an error."""
    for service, method, path, operation in operations():
        name = f"{method} {path}"
        if ELSEWHERE.fullmatch(name):
            continue
        for twin, filled in _addresses(path, scene, beside=method == "GET"):
            if method == "GET":
                for query in _queries(operation, scene) if narrowed else _PLAIN:
                    yield Call(service, method, filled + query, name, None, twin and twin + query)
            else:
                for body in _bodies(path, scene):
                    yield Call(service, method, filled, name, body, twin)


def _addresses(path: str, scene: Secret, *, beside: bool) -> Iterator[tuple[str | None, str]]:
    """The address with each thing in its hole that is worth asking for, after its twin.

    `beside`: also what everybody may know of, and that has to do with it.
    """
    path = path.replace("{analysis}", scene.names["analysis"])
    holes = re.findall(r"{\w+}", path)
    if not holes:
        yield None, path
        return
    assert len(holes) == 1 or path.endswith("/redrive"), f"what belongs into {path}?"
    unknown = path.replace(holes[-1], UNKNOWN)
    names, notifications = scene.names, [v for n, v in scene.names.items() if "notification" in n]
    wanted = {
        "/v1/incidents": [names["id"], names["number"]],
        "/v1/problems": [names["problem"], names["problem number"]],
        "/v1/notifications": notifications,
        "/v1/known-errors": [names["known error"], names["known error number"]],
        "/v1/alerts/groups": [scene.alerts["group"]],
        "/v2/alerts": [names["number"][4:], names["id"], WORD],
        "/v1/incident/metrics": ["time_to_acknowledge", "backlog_age", "reassignments"],
        "/v1/problem/metrics": ["backlog_age", "time_to_root_cause"],
    }
    found = [v for start, v in wanted.items() if path.startswith(start)] or [[names["id"]]]
    names_nothing = "/metrics/" in path
    for value in found[0]:
        yield None if names_nothing else unknown, re.sub(r"{\w+}", value, path)
    for start, value in (
        ("/v1/incidents", scene.open["id"]),
        ("/v1/problems", scene.general["id"]),
    ):
        if beside and path.startswith(start):
            yield None, re.sub(r"{\w+}", value, path)


def _queries(operation: dict[str, Any], scene: Secret) -> Iterator[str]:
    known = {p["name"] for p in operation.get("parameters", []) if p["in"] == "query"}
    names = scene.names
    yield ""
    wanted = {
        "q": [WORD, names["number"]], "as_of": [str(scene.before)], "limit": ["1"],
        "effective_at": ["2030-01-01T00:00:00Z"], "service": [f"{WORD}-service"],
        "group": [f"{WORD}-group"], "category": [WORD], "assigned_to": ["sam"],
        "incident": [names["id"]], "about": [names["id"], names["problem"]],
        "number": [names["number"]], "id": [names["id"]], "parent": [names["id"]],
        "problem": [names["problem"]], "person": ["sam"], "lastEventId": ["0"],
        "sort": ["created_at", "number", "priority"], "status": ["new", "in_progress"],
        "source": ["alertmanager"], "restricted": ["true"], "by": ["service,group,category"],
        "tag": [WORD], "label": [f"alertname={WORD}"],
    }  # fmt: skip
    for name in known & wanted.keys():
        for value in wanted[name]:
            yield f"?{name}={value}"


def _bodies(path: str, scene: Secret) -> Iterator[dict[str, Any]]:
    command = path.rsplit("/", 1)[-1]
    assert command in BODIES, f"what does {path} take? tell tests/contracts/walk.py"
    body = {"summary": "x"} if path.endswith("problems/{id}/resolve") else BODIES[command]
    if path.startswith("/v1/problems") and command == "close":
        body = {"lessons_learned": "x"}
    if path.startswith("/v1/candidates") and command == "merge":
        body = {"into": UNKNOWN}
    if "/analyses/" in path and command == "revise":
        body = {"node": 1, "text": "x"}
    if path.startswith("/v1/known-errors") and command == "retire":
        body = {"reason": "x"}
    yield body
    for field in NAMING.get(command, []) if "candidates" not in path else []:
        for name in ("id", "number"):
            yield body | {field: scene.names[name]}
