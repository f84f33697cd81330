"""Ids that a text of JSON mentions, and the text without some of them."""

import re
from collections.abc import Collection
from typing import Any
from uuid import UUID

import msgspec

_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def mentioned(content: bytes) -> set[UUID]:
    """The ids in it, wherever they stand."""
    return {UUID(found.decode()) for found in _UUID.findall(content)}


def without(content: bytes, hidden: Collection[UUID]) -> bytes | None:
    """The JSON with no mention of these: a list loses what names one of them.

    None where it is about one of them as a whole.
    """
    if not mentioned(content).intersection(hidden):
        return content
    left = _without(msgspec.json.decode(content), {str(id) for id in hidden})
    return None if left is _NOTHING else msgspec.json.encode(left)


_NOTHING = object()


def _without(value: Any, hidden: set[str]) -> Any:
    if isinstance(value, str):
        return _NOTHING if any(id in value for id in hidden) else value
    if isinstance(value, list):
        kept = (_without(each, hidden) for each in value)
        return [each for each in kept if each is not _NOTHING]
    if isinstance(value, dict):
        return _member(value, hidden)
    return value


def _member(value: dict[str, Any], hidden: set[str]) -> Any:
    kept = {name: _without(each, hidden) for name, each in value.items()}
    return _NOTHING if any(each is _NOTHING for each in kept.values()) else kept
