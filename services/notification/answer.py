"""What the routes of this service share: who may ask, and whose things those are."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, Depends, Path

from services.notification.bodies import NoArguments
from services.notification.rules import READERS
from shared.auth.roles import Role
from shared.errors import NotFound
from shared.http.asked import Asked, allowed

Id = Annotated[UUID, Path()]
Nothing = Annotated[NoArguments | None, Body()]
ByReader = Annotated[Asked, Depends(allowed(*READERS))]
ByAnybody = Annotated[Asked, Depends(allowed(*Role))]
ByPerson = Annotated[Asked, Depends(allowed(*(set(Role) - {Role.AUDITOR, Role.SERVICE})))]


def require_visible(asked: Asked, person: str, what: str) -> None:
    """A reporter only knows of their own. Raises NotFound."""
    if not asked.caller.has(*READERS) and person != asked.caller.id:
        raise NotFound(f"there is no such {what}")
