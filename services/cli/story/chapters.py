"""The chapters of the story, in the order they are told."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from services.cli.story.monitoring import Monitor
from services.cli.story.sinks import Received
from services.cli.story.teller import Teller

_INCIDENTS = "/v1/incidents"


@dataclass
class Cast:
    """What the chapters hand on to one another."""

    teller: Teller
    received: Received
    hook: str
    secret: str
    monitor: Monitor
    managed: list[str] = field(default_factory=list)
    incident: dict[str, Any] = field(default_factory=dict)
    problem: dict[str, Any] = field(default_factory=dict)


async def prepare(cast: Cast) -> None:
    """Somebody wants to be told."""
    teller = cast.teller
    teller.say("Ada wants to hear of incidents, by mail and by a signed webhook.")
    contact = {
        "name": "Ada Lovelace",
        "person": f"ada-{uuid4().hex[:8]}",
        "email": "ada@example.com",
        "webhook": {"url": cast.hook, "secret": cast.secret},
    }
    ada = await teller.post("notification_admin", "/v1/contacts", contact)
    cast.managed.append(f"/v1/contacts/{ada['id']}")
    facts = ["incident.declared", "incident.resolved", "incident.reopened"]
    for channel in ("email", "webhook"):
        wish = {"contact": ada["id"], "channel": channel, "facts": facts}
        wished = await teller.post("notification_admin", "/v1/subscriptions", wish)
        cast.managed.append(f"/v1/subscriptions/{wished['id']}")


async def alert(cast: Cast) -> None:
    """The alert becomes an incident, and people are told."""
    teller = cast.teller
    head = await teller.look("auditor", f"{_INCIDENTS}?limit=1&sort=-number")
    last = head["items"][0]["number"] if head["items"] else None
    teller.say(f"Checkout breaks: {cast.monitor.name} fires.")
    await cast.monitor.fire()

    async def declared() -> dict[str, Any] | None:
        newest = await teller.look("auditor", f"{_INCIDENTS}?limit=1&sort=-number")
        found: list[dict[str, Any]] = newest["items"]
        return found[0] if found and found[0]["number"] != last else None

    cast.incident = await teller.until("an incident from the alert", declared)
    teller.note(f"{cast.incident['number']}: {cast.incident['title']}, declared by the monitor")
    teller.say("Within moments Ada has a mail and a signed webhook.")
    await _told(cast, "declared", 1)


async def triage(cast: Cast) -> None:
    """Categorise, prioritise, assign, acknowledge."""
    teller, path = cast.teller, _path(cast)
    teller.say("A responder sorts it: what it is, how bad, whose.")
    category = {"category": "application", "subcategory": "checkout", "service": "checkout"}
    await teller.post("responder", f"{path}/categorise", category)
    sorted_ = await teller.post("responder", f"{path}/prioritise", {"impact": 1, "urgency": 1})
    teller.note(f"priority {sorted_['priority']} by matrix version {sorted_['matrix_version']}")
    await teller.post("responder", f"{path}/assign", {"group": "payments", "person": "grace"})
    await teller.post("responder", f"{path}/acknowledge")


async def work(cast: Cast) -> None:
    """Hold, resume, diagnose, resolve, reopen, resolve."""
    teller, path = cast.teller, _path(cast)
    teller.say("It waits for the vendor, then goes on.")
    hold = {"reason": "awaiting_vendor", "note": "Asked for the payment gateway's status"}
    await teller.post("responder", f"{path}/hold", hold)
    await teller.post("responder", f"{path}/resume")
    teller.say("The cause is found, and service restored.")
    cause = {"cause": "The connection pool is smaller than its callers", "evidence": ["graph 17"]}
    await teller.post("responder", f"{path}/diagnose", cause)
    fixed = {"code": "workaround", "summary": "Doubled the pool"}
    await teller.post("responder", f"{path}/resolve", fixed)
    teller.say("It comes back: reopened, and resolved again.")
    await teller.post("responder", f"{path}/reopen", {"reason": "Errors are back in region north"})
    again = {"code": "fixed", "summary": "Pool size follows the number of callers"}
    done = await teller.post("responder", f"{path}/resolve", again)
    teller.note(f"reopened {done['reopen_count']} time; status {done['status']}")
    await _told(cast, "resolved", 2)


async def problem(cast: Cast) -> None:
    """The cause behind it is taken up as a problem and ended."""
    teller = cast.teller
    teller.say("Its cause deserves a problem of its own, raised from the incident.")
    raised = {"title": "Connection pools are sized by hand", "incidents": [cast.incident["number"]]}

    async def logged() -> dict[str, Any]:
        await teller.until("the problem service to know the incident", _known(cast))
        answer: dict[str, Any] = await teller.post("responder", "/v1/problems", raised)
        return answer

    cast.problem = await logged()
    path = f"/v1/problems/{cast.problem['number']}"
    for command, body in _PROBLEM_STEPS:
        cast.problem = await teller.post("problem_manager", f"{path}/{command}", body)
    teller.note(f"{cast.problem['number']} is {cast.problem['status']}")


_PROBLEM_STEPS: list[tuple[str, dict[str, Any]]] = [
    ("assess", {"category": "application", "impact": 1, "urgency": 2, "owner": "grace"}),
    ("confirm", {}),
    ("record-root-cause", {"cause": "Sizes are set by hand", "evidence": ["review of 9 pools"]}),
    ("plan-fix", {"fix": "Derive the size from the callers", "target_date": "2027-01-31"}),
    ("record-change", {"reference": "CHG-118", "state": "implemented"}),
    ("resolve", {"summary": "All pools follow their callers"}),
    ("close", {"lessons_learned": "A size that can be derived is not configured"}),
]  # fmt: skip


async def close(cast: Cast) -> None:
    """The incident ends."""
    cast.teller.say("Everybody agrees: the incident is closed.")
    closed = await cast.teller.post("incident_manager", f"{_path(cast)}/close")
    cast.teller.note(f"{closed['number']} is {closed['status']}, at version {closed['version']}")


async def look_back(cast: Cast) -> None:
    """The same, replayed."""
    teller, path = cast.teller, _path(cast)
    teller.say("An auditor replays it: the timeline, with who was told among it.")
    timeline = await teller.until("the timeline to tell who was told", _timeline(cast))
    for entry in timeline:
        moment = entry["recorded_at"][11:19]
        teller.note(f"{moment}  {entry['title']}  ({entry['actor']})")
    acknowledged = next(e for e in timeline if e["kind"] == "incident.acknowledged")
    position = acknowledged["position"]
    teller.say(f"What was known at position {position}, when it had just been acknowledged?")
    then = await teller.get("auditor", f"{path}?as_of={position}")
    teller.note(f"status {then['status']}, priority {then['priority']}, version {then['version']}")
    listed = await teller.get(
        "auditor", f"{_INCIDENTS}?status=in_progress&as_of={position}&limit=3"
    )
    teller.note(f"in progress then: {', '.join(i['number'] for i in listed['items'])}")
    teller.say("And how another system hears of it all: the feed.")
    feed = await teller.get("service", f"/v1/incident/feed?lastEventId={position - 1}&limit=3")
    for fact in feed:
        teller.note(f"{fact['position']}  {fact['type']}  {fact['data']}")


async def tidy_up(cast: Cast) -> None:
    """Ada's receivers end with the story; what she was told stays on record."""
    cast.teller.say("Ada's contact and wishes are retired; nothing is deleted.")
    for path in reversed(cast.managed):
        await cast.teller.post("notification_admin", f"{path}/retire")


CHAPTERS = (prepare, alert, triage, work, problem, close, look_back, tidy_up)


def _path(cast: Cast) -> str:
    return f"{_INCIDENTS}/{cast.incident['number']}"


def _known(cast: Cast) -> Any:
    wanted = f"/v1/problems?limit=1&wait_for=incident:{cast.incident['position']}"

    async def known() -> Any:
        return await cast.teller.look("responder", wanted)

    return known


def _timeline(cast: Cast) -> Any:
    async def told() -> Any:
        found = await cast.teller.look("auditor", f"{_path(cast)}/timeline?limit=200")
        entries = found["items"]
        return entries if any(e["kind"] == "incident.told" for e in entries) else None

    return told


async def _told(cast: Cast, what: str, at_least: int) -> None:
    """Wait until a mail and a webhook about the incident have really arrived."""
    number = cast.incident["number"]

    async def arrived() -> bool | None:
        mails = [m for m in cast.received.mails if number in m["Subject"]]
        hooks = [h for h in cast.received.webhooks if number in str(h)]
        return True if min(len(mails), len(hooks)) >= at_least else None

    await cast.teller.until(f"a mail and a webhook that it was {what}", arrived)
    mail = next(m for m in reversed(cast.received.mails) if number in m["Subject"])
    cast.teller.note(f"mail to {mail['To']}: {mail['Subject']}")
    cast.teller.note(f"webhook, signature verified: {cast.received.webhooks[-1]['type']}")
