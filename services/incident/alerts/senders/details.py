"""Free details that a sender adds to an alert: what rules can match of them, and which they are."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

MOST_DETAILS = 100
_LONGEST_LABEL = 1_000


def labels_of(details: Any) -> dict[str, str]:
    """The plain values among free details, as labels; the alert keeps all of them whole."""
    if not isinstance(details, Mapping):
        return {}
    plain = [(str(n), v) for n, v in details.items() if isinstance(v, str | bool | int | float)]
    return {name: _text(value)[:_LONGEST_LABEL] for name, value in plain[:MOST_DETAILS] if name}


def revision_of(*contents: Any) -> str:
    """Which contents these are, of a sender that tells one alert again with others."""
    return hashlib.sha256(msgspec.json.encode(contents, order="sorted")).hexdigest()[:16]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
