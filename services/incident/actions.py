"""Which commands a caller may give an incident now, and why not the others."""

from functools import lru_cache
from typing import Any

import msgspec

from services.incident.incident import Incident
from services.incident.lifecycle import refusal
from services.incident.rules import RULES, SURVIVOR, roles_for
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.auth.roles import Role

_encode = msgspec.json.Encoder(order="deterministic").encode


class Action(msgspec.Struct, frozen=True):
    """A command: may this caller give it now, and why not."""

    name: str
    allowed: bool
    reason: str | None
    href: str


def actions_of(folded: Folded[Incident], caller: Caller) -> bytes:
    """What this caller may do with it now, and why not the rest, as JSON."""
    own = folded.state.reporter == caller.id
    template = _actions(folded.state.status or "", caller.roles, own)
    survivor = f"INC-{folded.state.merged_number}".encode()
    told = template.replace(b"{id}", str(folded.stream).encode())
    return told.replace(SURVIVOR.encode(), survivor)


@lru_cache(maxsize=4096)
def _actions(status: str, roles: frozenset[Role], own: bool) -> bytes:
    return _encode([action(name, status, roles, own) for name in RULES])


def action(name: str, status: Any, roles: frozenset[Role], own: bool) -> Action:
    """One of them; `{id}` stands for the incident's."""
    reason = refusal(Incident(status=status), name) or _forbidden(name, status, roles, own)
    return Action(name, reason is None, reason, f"/v1/incidents/{{id}}/{name}")


def _forbidden(name: str, status: Any, roles: frozenset[Role], own: bool) -> str | None:
    needed = roles_for(name, status)
    if Role.ADMIN in roles or roles & (needed - {Role.REPORTER}):
        return None
    if Role.REPORTER in roles & needed:
        return None if own else "it was reported by somebody else"
    return f"this needs the role {' or '.join(sorted(needed))}"
