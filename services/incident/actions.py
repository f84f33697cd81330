"""Which commands a caller may give an incident now, and why not the others."""

from functools import lru_cache
from typing import NamedTuple

import msgspec

from services.incident.incident import Incident
from services.incident.lifecycle import refusal
from services.incident.major.closing import unmet_of
from services.incident.major.rights import forbids, parts_of
from services.incident.major.state import Major
from services.incident.rules import RULES, SURVIVOR, MajorState, Status, roles_for
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.auth.roles import Role, needs
from shared.http import actions
from shared.http.actions import Action

_encode = msgspec.json.Encoder(order="deterministic").encode


class Standing(NamedTuple):
    """How it stands as a major incident, and whoever asks in it; nothing left: it may close."""

    major: MajorState = MajorState.NONE
    parts: frozenset[str] = frozenset()
    nothing_left: bool = True


_ORDINARY = Standing()
_LEFT = "a major incident closes when nothing is left to do; see its unmet conditions"


def actions_of(folded: Folded[Incident], caller: Caller) -> bytes:
    """What this caller may do with it now, and why not the rest, as JSON."""
    own = folded.state.reporter == caller.id
    standing = _standing(folded.state, caller)
    template = _actions(folded.state.status, caller.roles, own, standing)
    survivor = f"INC-{folded.state.merged_number}".encode()
    told = template.replace(b"{id}", str(folded.stream).encode())
    return told.replace(SURVIVOR.encode(), survivor)


def _standing(incident: Incident, caller: Caller) -> Standing:
    state = incident.major.state
    if state is not MajorState.ACCEPTED:
        return Standing(state)
    return Standing(state, parts_of(incident, caller.id), not any(unmet_of(incident)))


@lru_cache(maxsize=4096)
def _actions(status: Status | None, roles: frozenset[Role], own: bool, standing: Standing) -> bytes:
    return _encode([action(name, status, roles, own, standing) for name in RULES])


def action(
    name: str,
    status: Status | None,
    roles: frozenset[Role],
    own: bool,
    standing: Standing = _ORDINARY,
) -> Action:
    """One of them; `{id}` stands for the incident's."""
    held = Incident(status=status, major=Major(state=standing.major))
    return actions.action(
        name,
        f"/v1/incidents/{{id}}/{name}",
        refusal(held, name),
        _forbidden(name, held, roles, own),
        forbids(name, standing.parts, roles),
        _LEFT if name == "close" and not standing.nothing_left else None,
    )


def _forbidden(name: str, held: Incident, roles: frozenset[Role], own: bool) -> str | None:
    needed = roles_for(name, held.status, held.major.state)
    if Role.ADMIN in roles or roles & (needed - {Role.REPORTER}):
        return None
    if Role.REPORTER in roles & needed:
        return None if own else "it was reported by somebody else"
    return needs(needed)
