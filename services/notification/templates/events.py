"""What can happen to a template. These names and fields are stored for ever."""

from services.notification.keyed.keyed import Said
from shared.domain import Event, event


@event("template.set")
class TemplateSet(Said, frozen=True):
    """The words of a message, with {{names}} where a fact's values go."""

    subject: str
    text: str


@event("template.retired")
class TemplateRetired(Event, frozen=True):
    key: str


TemplateEvent = TemplateSet | TemplateRetired
