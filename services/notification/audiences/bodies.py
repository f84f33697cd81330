"""What the commands of audiences take."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from services.notification.audiences.events import AudienceSet
from services.notification.bodies import FactName
from services.notification.events import Channel
from services.notification.references import Named, each_of
from shared.http.body import Body, Line, Name

_EXAMPLE: Any = {
    "key": "management",
    "name": "Management",
    "people": ["ada"],
    "teams": ["duty-managers"],
    "channels": ["email"],
}


class AudienceDocument(Body):
    """Who is told together: those who are named, and those whom its rules find then."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    key: Annotated[Name, Field(examples=["management"])]
    name: Annotated[Line, Field(examples=["Management"])]
    people: Annotated[list[Name], Field(max_length=500, description="By their ids in tokens")] = []
    contacts: Annotated[
        list[UUID], Field(max_length=500, description="Mailboxes and endpoints of nobody, too")
    ] = []
    teams: Annotated[list[Name], Field(max_length=50, description="Their members")] = []
    schedules: Annotated[list[Name], Field(max_length=50, description="Whoever is on call")] = []
    subscribed_to: Annotated[
        list[FactName],
        Field(max_length=50, description="Whoever subscribes to one of these facts"),
    ] = []
    channels: Annotated[
        list[Channel],
        Field(max_length=10, description="The first that reaches a contact; any if none is named"),
    ] = []
    template: Annotated[Name | None, Field(description="Its words; the usual ones if none")] = None

    def said(self) -> AudienceSet:
        """As it is stored."""
        told = self.arguments()
        lists = {n: tuple(dict.fromkeys(v)) for n, v in told.items() if isinstance(v, list)}
        return AudienceSet(**(told | lists))

    def named(self) -> list[Named]:
        """What it names of this service."""
        words = [Named("/template", "template", self.template)] if self.template else []
        return [
            *each_of("/contacts", "contact", self.contacts),
            *each_of("/teams", "team", self.teams),
            *each_of("/schedules", "schedule", self.schedules),
            *words,
        ]
