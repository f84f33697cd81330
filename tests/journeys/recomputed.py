"""Incidents recomputed from exported events in the plainest way: nothing here is the services'."""

from collections.abc import Callable, Iterable
from typing import Any

Event = dict[str, Any]
Item = dict[str, Any]

DECLARED = (
    "title service item category subcategory impact urgency priority group assigned_to source "
    "external_ref"
).split()
MILESTONES = "started detected acknowledged mitigated resolved closed".split()


def as_of(events: Iterable[Event], position: int) -> dict[str, Item]:
    """Every incident as the events up to this position tell it, by id."""
    items: dict[str, Item] = {}
    for event in sorted(events, key=lambda e: int(e["position"])):
        if event["position"] <= position:
            _apply(items, event)
    return items


def matching(items: Iterable[Item], **filters: Callable[[Any], bool]) -> list[Item]:
    return [i for i in items if all(holds(i[name]) for name, holds in filters.items())]


def ordered(items: Iterable[Item], sort: str) -> list[Item]:
    """By this field and then by id, both in the same direction; no priority counts as 99."""
    name = sort.removeprefix("-")

    def key(item: Item) -> tuple[Any, str]:
        value = int(item[name][4:]) if name == "number" else item[name]
        return (99 if value is None else value, item["id"])

    return sorted(items, key=key, reverse=sort.startswith("-"))


def _apply(items: dict[str, Item], event: Event) -> None:
    data, stream = event["data"], event["stream"]
    if event["type"] == "incident.declared":
        items[stream] = _new(event)
    item = items[stream]
    item |= {k: event[k] for k in ("version", "position")} | {"updated_at": event["recorded_at"]}
    happened = event["type"].removeprefix("incident.")
    if happened in _CHANGES:
        _CHANGES[happened](item, data)
    _families(item, happened, data)
    if origin := data.get("origin"):
        source = item["source"] if item["imported"] else {"system": item["source"]}
        item |= {"imported": True, "source": source | origin.get("stated", {})}


def _new(event: Event) -> Item:
    data = event["data"]
    item = {name: data.get(name) for name in DECLARED}
    item |= {"id": event["stream"], "number": f"INC-{data['number']}", "status": "new"}
    item |= {"created_at": event["recorded_at"], "hold_reason": None, "resolution_code": None}
    item |= {"reporter": data["reporter"], "tags": data.get("tags", [])}
    item |= {"labels": data.get("labels", {}), "reopen_count": 0, "reassignment_count": 0}
    item |= {"escalation_count": 0, "child_count": 0, "parent": None, "merged_into": None}
    milestones = dict.fromkeys(MILESTONES)
    item |= {"imported": False, "restricted": False, "major": "none"}
    milestones |= {"started": data.get("started_at"), "detected": data.get("detected_at")}
    return item | {"milestones": milestones}


def _categorised(item: Item, data: Event) -> None:
    for name in ("category", "subcategory", "service", "item"):
        item[name] = data.get(name)


def _prioritised(item: Item, data: Event) -> None:
    for name in ("impact", "urgency", "priority"):
        item[name] = data[name]


def _assigned(item: Item, data: Event) -> None:
    item["reassignment_count"] += item["group"] != data.get("group")
    item["group"], item["assigned_to"] = data.get("group"), data.get("person")


def _acknowledged(item: Item, data: Event) -> None:
    item["status"] = "in_progress"
    _stamp(item, acknowledged=item["milestones"]["acknowledged"] or data["at"])


def _in_progress(item: Item, data: Event) -> None:
    item["status"], item["hold_reason"] = "in_progress", None


def _held(item: Item, data: Event) -> None:
    item["status"], item["hold_reason"] = "on_hold", data["reason"]


def _mitigated(item: Item, data: Event) -> None:
    _stamp(item, mitigated=data["at"])


def _resolved(item: Item, data: Event) -> None:
    item["status"], item["hold_reason"], item["resolution_code"] = (
        "resolved",
        None,
        data.get("code"),
    )
    _stamp(item, resolved=data["at"])


def _reopened(item: Item, data: Event) -> None:
    item["status"], item["resolution_code"] = "in_progress", None
    item["reopen_count"] += 1
    _stamp(item, resolved=None, closed=None, mitigated=None)


def _closed(item: Item, data: Event) -> None:
    item["status"] = "closed"
    _stamp(item, closed=data["at"])


def _cancelled(item: Item, data: Event) -> None:
    item["status"], item["hold_reason"] = "cancelled", None
    item["major"] = "none" if item["major"] == "proposed" else item["major"]


def _escalated(item: Item, data: Event) -> None:
    item["escalation_count"] += 1


def _corrected(item: Item, data: Event) -> None:
    _stamp(item, **{data["milestone"]: data["to"]})


def _merged(item: Item, data: Event) -> None:
    item["status"], item["merged_into"] = "merged", data["into"]


def _unmerged(item: Item, data: Event) -> None:
    item["status"], item["merged_into"] = data["status"], None


def _families(item: Item, happened: str, data: Event) -> None:
    if happened in ("parent_added", "parent_removed"):
        item["parent"] = data["parent"] if happened == "parent_added" else None
    if happened in ("child_added", "child_removed"):
        item["child_count"] += 1 if happened == "child_added" else -1


def _stamp(item: Item, **milestones: str | None) -> None:
    item["milestones"] = item["milestones"] | milestones


_CHANGES: dict[str, Callable[[Item, Event], None]] = {
    "categorised": _categorised,
    "prioritised": _prioritised,
    "assigned": _assigned,
    "acknowledged": _acknowledged,
    "work_started": _in_progress,
    "resumed": _in_progress,
    "held": _held,
    "mitigated": _mitigated,
    "resolved": _resolved,
    "reopened": _reopened,
    "closed": _closed,
    "cancelled": _cancelled,
    "escalated": _escalated,
    "milestone_corrected": _corrected,
    "merged": _merged,
    "unmerged": _unmerged,
    "major_proposed": lambda item, _: item.update(major="proposed"),
}
