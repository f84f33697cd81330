"""What must have happened before a command on a review, or on regulators' clocks, is possible."""

from typing import Any

_RESOLVED = ("resolve", {"code": "fixed", "summary": "Done"})
_OPENED = [_RESOLVED, ("review/open", {})]
_ITEM = [*_OPENED, ("review/add-action-item", {"title": "Alert earlier"})]
_SECTIONS = ("what_happened", "what_went_well", "what_did_not", "contributing_factors", "lessons")
_WRITTEN = [("review/write-section", {"section": name, "text": "Seen"}) for name in _SECTIONS]
_ON_ITEMS = ("change-action-item", "complete-action-item", "drop-action-item")
_WAYS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "open": [_RESOLVED],
    **dict.fromkeys(("review", "review.json", "review.html", "review.md", "review.pdf"), _OPENED),
    **dict.fromkeys(("write-section", "add-action-item"), _OPENED),
    **dict.fromkeys(_ON_ITEMS, _ITEM),
    "complete": [*_OPENED, *_WRITTEN],
}
REGIME = {
    "name": "nis2",
    "calendar": "office",
    "reports": [{"name": "early_warning", "within": {"after": "aware", "hours": 24}}],
}
_NAMED = {"regime": None, "report": None, "replaces": None, "retracted": False}
_REAL: dict[str, dict[str, Any]] = {
    **{name: {"item": 1} for name in _ON_ITEMS},
    "record-regulatory": {"origin": "aware", "at": None, **_NAMED},
}


def way_to(command: str) -> list[tuple[str, dict[str, Any]]]:
    """The commands, with their bodies, that make this one possible."""
    return _WAYS.get(command, [])


def real(command: str) -> dict[str, Any]:
    """What its body must say."""
    return _REAL.get(command, {})
