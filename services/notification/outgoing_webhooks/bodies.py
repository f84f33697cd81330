"""What the commands of webhooks take."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, SecretStr

from services.notification.bodies import Level, Secret
from services.notification.outgoing_webhooks.events import Source, WebhookSet
from shared.destination import MOST_CHARACTERS
from shared.http.body import Body, Line, Name, Whole

_EXAMPLE: Any = {
    "key": "data-lake",
    "name": "Data lake",
    "url": "https://example.com/events",
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G",
    "source": "incident",
    "types": ["incident.declared", "incident.resolved"],
}
Type = Annotated[str, Field(max_length=100, pattern=r"^[a-z_]+\.([a-z_]+|\*)$")]
Url = Annotated[str, Field(max_length=MOST_CHARACTERS, pattern="^https?://")]
Position = Annotated[Whole, Field(ge=0, le=2**53)]


class WebhookDocument(Body):
    """Which events another system is told of, and where; an empty filter lets everything pass.

    The address is shown to all who may read webhooks: who calls is proved by the signature.
    """

    key: Annotated[Name, Field(examples=["data-lake"])]
    name: Line
    url: Url
    source: Annotated[Source, Field(description="Whose events: those of this service's feed")]
    types: Annotated[
        list[Type],
        Field(max_length=100, examples=[["incident.declared", "incident.*"]]),
    ] = []
    services: Annotated[list[Name], Field(max_length=100)] = []
    priorities: Annotated[list[Level], Field(max_length=9)] = []

    def said(self) -> WebhookSet:
        """As it is stored."""
        return WebhookSet(
            key=self.key,
            name=self.name,
            url=self.url,
            source=self.source,
            types=tuple(dict.fromkeys(self.types)),
            services=tuple(dict.fromkeys(self.services)),
            priorities=tuple(sorted(set(self.priorities))),
        )


class NewWebhookDocument(WebhookDocument):
    """A new one is told of what happens from now on, or behind a position of its source's log."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    secret: Secret
    after: Annotated[Position | None, Field(description="0: from the beginning")] = None


class Rewinding(Body):
    """Behind which position of its source's log it is told everything again."""

    position: Position


def clear(secret: SecretStr) -> str:
    """As it is signed with."""
    return secret.get_secret_value()
