"""Pages over HTTP: query parameters, and cursors that say nothing and cannot be changed."""

import base64
import hashlib
import hmac
import re
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from shared.errors import Invalid
from shared.http.asked import Asked
from shared.listing import Place

_TAG_BYTES = 16
_PART = re.compile(r'(?:"(?:[^"]|"")*"|[^,])+')


SOME = Field(min_length=1, max_length=50)
"""How many alternatives a filter takes: one that is stated names something."""


def split(value: Any) -> Any:
    """Query values at their commas, but for those in double quotes."""
    if not isinstance(value, list) or not all(isinstance(each, str | int) for each in value):
        return value
    return [part.strip() for each in value for part in _PART.findall(str(each)) if part.strip()]


def unquoted(value: str) -> str:
    """A value as it is meant: one in double quotes without them."""
    if len(value) < 2 or not (value[0] == value[-1] == '"'):
        return value
    return value[1:-1].replace('""', '"')


_LISTED: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "maxItems": 50}
Words = Annotated[
    list[str],
    BeforeValidator(split),
    Field(max_length=50),
    WithJsonSchema({"anyOf": [_LISTED, {"type": "string"}]}, mode="validation"),
]
"""Several values, separated by commas or repeated; in double quotes one may hold commas."""


class ListQuery(BaseModel):
    """What every list takes; unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=200, description="Items on a page")] = 50
    cursor: Annotated[str | None, Field(max_length=1000, description="As next_cursor gave it")] = (
        None
    )
    wait_for: Annotated[
        str | None, Field(max_length=64, description="service:position to have been seen")
    ] = None


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a walk through a list stands: the pinned position and the last item's place."""

    position: int
    value: str
    id: str

    @property
    def place(self) -> Place:
        """Behind which item the next page begins."""
        return Place(self.value, self.id)


def filters_of(query: ListQuery) -> str:
    """A walk's filters, in one text: a cursor belongs to them alone."""
    return query.model_dump_json(exclude={"cursor", "wait_for", "limit"})


def write_cursor(cursor: Cursor, asked: Asked, filters: str) -> str:
    """An opaque text bound to this caller and these filters."""
    content = msgspec.json.encode(cursor)
    return _encoded(_tag(content, asked, filters) + content)


def read_cursor(text: str | None, asked: Asked, filters: str) -> Cursor | None:
    """The cursor of a text written for this caller and these filters. Raises Invalid."""
    if text is None:
        return None
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        tag, content = data[:_TAG_BYTES], data[_TAG_BYTES:]
        is_ours = hmac.compare_digest(tag, _tag(content, asked, filters))
        if is_ours and _encoded(data) == text:  # decoding steps over what is not base64
            return msgspec.json.decode(content, type=Cursor)
    except (ValueError, msgspec.DecodeError):
        pass
    detail = "is not a cursor of this list, these filters and this caller"
    raise Invalid(("query:cursor", detail))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _tag(content: bytes, asked: Asked, filters: str) -> bytes:
    bound = f"{asked.request.url.path}|{asked.caller.id}|{filters}|".encode() + content
    return hmac.digest(asked.service.cursor_key, bound, hashlib.sha256)[:_TAG_BYTES]
