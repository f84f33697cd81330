"""Which commands a caller may give now, and why not the others."""

from functools import lru_cache

import msgspec

from services.problem.candidate import Candidate, CandidateStatus
from services.problem.candidate import refusal as candidate_refusal
from services.problem.lifecycle import refusal
from services.problem.problem import Problem
from services.problem.rules import MANAGERS, RULES, Status
from shared.auth.roles import Role, needs
from shared.http.actions import action

_encode = msgspec.json.Encoder().encode


@lru_cache(maxsize=4096)
def problem_actions(status: Status | None, roles: frozenset[Role]) -> bytes:
    """The actions of a problem in this status, as JSON; `{id}` stands for its id."""
    state = Problem(status=status)
    found = []
    for name, (_, needed) in RULES.items():
        why_not = refusal(state, name) or _forbidden(needed, roles)
        found.append(action(name, f"/v1/problems/{{id}}/{name}", why_not))
    return _encode(found)


@lru_cache(maxsize=256)
def candidate_actions(status: CandidateStatus | None, roles: frozenset[Role]) -> bytes:
    """The actions of a candidate in this status, as JSON; `{id}` stands for its id."""
    reasons = candidate_refusal(Candidate(status=status)), _forbidden(MANAGERS, roles)
    names = ("accept", "dismiss", "merge")
    return _encode([action(name, f"/v1/candidates/{{id}}/{name}", *reasons) for name in names])


def _forbidden(needed: frozenset[Role], roles: frozenset[Role]) -> str | None:
    return None if Role.ADMIN in roles or roles & needed else needs(needed)
