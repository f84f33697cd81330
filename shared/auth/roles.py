"""The roles a caller may hold; none includes another, and admin may do everything."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """A role's name, as tokens, API keys and the authorisation table write it."""

    REPORTER = "reporter"
    RESPONDER = "responder"
    INCIDENT_MANAGER = "incident_manager"
    MAJOR_INCIDENT_MANAGER = "major_incident_manager"
    PROBLEM_MANAGER = "problem_manager"
    NOTIFICATION_ADMIN = "notification_admin"
    AUDITOR = "auditor"
    SERVICE = "service"
    ADMIN = "admin"


_BY_NAME = {role.value: role for role in Role}


def needs(roles: Iterable[Role]) -> str:
    """What somebody is told who holds none of these roles."""
    return f"this needs the role {' or '.join(sorted(roles))}"


def known(names: Iterable[str]) -> frozenset[Role]:
    """The roles among these names; an issuer may grant others that mean nothing here."""
    return frozenset(_BY_NAME[name] for name in names if name in _BY_NAME)
