"""What can happen to a template. These names and fields are stored for ever."""

from services.notification.keyed.keyed import Gone, Said
from shared.domain import event


@event("template.set")
class TemplateSet(Said, frozen=True):
    """The words of a message, with {{names}} where a fact's values go."""

    subject: str
    text: str


@event("template.retired")
class TemplateRetired(Gone, frozen=True):
    pass


TemplateEvent = TemplateSet | TemplateRetired
