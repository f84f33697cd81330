"""What the commands of templates take."""

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field

from services.notification.events import Template
from services.notification.templates import wording
from services.notification.templates.events import TemplateSet
from shared.http.body import Body, Line, Name, Text

_EXAMPLE: Any = {
    "key": "management",
    "name": "Updates for management",
    "subject": "{{number}}: {{update}}",
    "text": "Impact: {{impact}}\nWe are: {{action}}\nNext update: {{next_update_at}}",
}


def _can_be_said(words: str) -> str:
    if (fault := wording.faults(words)) is not None:
        raise ValueError(fault)
    return words


Words = Annotated[Text, AfterValidator(_can_be_said)]


class TemplateDocument(Body):
    """Words with {{names}} in them. They are plain text: markup is refused."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    key: Annotated[Name, Field(examples=["management"])]
    name: Annotated[Line, Field(examples=["Updates for management"])]
    subject: Annotated[Line, AfterValidator(_can_be_said)]
    text: Words

    def said(self) -> TemplateSet:
        """As it is stored."""
        return TemplateSet(**self.arguments())


def _has_words(fact: str) -> str:
    if fact not in wording.FACTS:
        raise ValueError(f"is not told of; these are: {', '.join(wording.FACTS)}")
    return fact


Fact = Annotated[
    str, AfterValidator(_has_words), Field(json_schema_extra={"enum": list(wording.FACTS)})
]


class Preview(Body):
    """What to show the words with: a kind of fact, and values where the examples will not do."""

    fact: Fact = "incident.update_posted"
    values: Annotated[
        dict[Annotated[str, Field(max_length=100)], Annotated[str, Field(max_length=2_000)]],
        Field(max_length=50),
    ] = {}


class UnsavedPreview(Preview):
    """The same of words that nobody has saved yet."""

    subject: Line
    text: Text

    def words(self) -> Template:
        """The words."""
        return Template(subject=self.subject, text=self.text)
