"""What a representation says of its commands: may this caller give them now, and why not."""

import msgspec


class Action(msgspec.Struct, frozen=True):
    """A command: may this caller give it now, and why not."""

    name: str
    allowed: bool
    reason: str | None
    href: str


def action(name: str, path: str, *reasons: str | None) -> Action:
    """A command at this path; the first reason against it counts."""
    reason = next(filter(None, reasons), None)
    return Action(name, reason is None, reason, path)
