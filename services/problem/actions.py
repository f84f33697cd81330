"""Which commands a caller may give now, and why not the others."""

from functools import lru_cache

import msgspec

from services.problem.candidate import Candidate, CandidateStatus
from services.problem.candidate import refusal as candidate_refusal
from services.problem.lifecycle import refusal
from services.problem.problem import Problem
from services.problem.rules import MANAGERS, RULES, Status
from shared.auth.roles import Role

_encode = msgspec.json.Encoder().encode


class Action(msgspec.Struct, frozen=True):
    """A command: may this caller give it now, and why not."""

    name: str
    allowed: bool
    reason: str | None
    href: str


@lru_cache(maxsize=4096)
def problem_actions(status: Status | None, roles: frozenset[Role]) -> bytes:
    """The actions of a problem in this status, as JSON; `{id}` stands for its id."""
    state = Problem(status=status)
    return _encode(
        [
            _action(
                f"/v1/problems/{{id}}/{name}", refusal(state, name) or _forbidden(needed, roles)
            )
            for name, (_, needed) in RULES.items()
        ]
    )


@lru_cache(maxsize=256)
def candidate_actions(status: CandidateStatus | None, roles: frozenset[Role]) -> bytes:
    """The actions of a candidate in this status, as JSON; `{id}` stands for its id."""
    reason = candidate_refusal(Candidate(status=status)) or _forbidden(MANAGERS, roles)
    names = ("accept", "dismiss", "merge")
    return _encode([_action(f"/v1/candidates/{{id}}/{name}", reason) for name in names])


def _action(href: str, reason: str | None) -> Action:
    return Action(href.rsplit("/", 1)[1], reason is None, reason, href)


def _forbidden(needed: frozenset[Role], roles: frozenset[Role]) -> str | None:
    if Role.ADMIN in roles or roles & needed:
        return None
    return f"this needs the role {' or '.join(sorted(needed))}"
