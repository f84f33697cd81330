"""What a scene that has been set hands to the request."""

from typing import Any, NamedTuple


class Staged(NamedTuple):
    """What goes into the holes of an address, and which fields of the body must be real."""

    address: dict[str, str]
    body: dict[str, Any] = {}
