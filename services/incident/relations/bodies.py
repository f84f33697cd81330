"""What the commands take that tie an incident to others, and to things elsewhere."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from services.incident.relations.events import LinkKind
from shared.http.body import Body, Line, Name, Text, Whole


def _web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_plain = False
    if not is_plain or not url.isascii() or any(sign <= " " for sign in url):
        raise ValueError("must be an address that begins with http:// or https://")
    return url


Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000),
    AfterValidator(_web_address),
    Field(examples=["https://tickets.example.com/T-42"]),
]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MediaType = Annotated[str, StringConstraints(max_length=100, pattern=r"^[\w.+-]+/[\w.+-]+$")]
Incident = Annotated[str, Field(min_length=1, max_length=40, examples=["INC-2"])]


class Child(Body):
    child: Incident


class Merge(Body):
    """The incident it goes on in."""

    into: Incident
    reason: Text | None = None


class Unmerge(Body):
    reason: Text | None = None


class Attachment(Body):
    """A reference to a document; its bytes stay where they are."""

    url: Url
    sha256: Annotated[Sha256, Field(examples=["a" * 64])]
    size: Annotated[Whole, Field(ge=0, le=2**53)]
    media_type: Annotated[MediaType, Field(examples=["image/png"])]
    name: Line | None = None


class Link(Body):
    """Either a thing, by its kind and its key or number there, or an `attachment`.

    A service, an item or a change may be marked as the cause.
    """

    kind: LinkKind | None = None
    reference: Annotated[Name, Field(examples=["CHG-7"])] | None = None
    url: Url | None = None
    caused_by: bool = False
    attachment: Attachment | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.kind is None) != (self.reference is None):
            raise ValueError("a link has a kind and a reference")
        if (self.kind is None) == (self.attachment is None):
            raise ValueError("give a kind and a reference, or an attachment")
        if self.attachment is not None and (self.url or self.caused_by):
            raise ValueError("an attachment holds its address itself, and is no cause")
        return self


class Unlink(Body):
    """The kind and the reference of a link, or the SHA-256 of an attachment."""

    kind: LinkKind | None = None
    reference: Name | None = None
    attachment: Sha256 | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.kind is None) != (self.reference is None):
            raise ValueError("a link has a kind and a reference")
        if (self.kind is None) == (self.attachment is None):
            raise ValueError("give a kind and a reference, or an attachment")
        return self
