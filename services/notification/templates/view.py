"""How templates and their previews look to a caller."""

import msgspec

from services.notification.keyed.rows import KeyedItem


class TemplateView(KeyedItem, kw_only=True):
    """Words with {{names}} in them."""

    subject: str
    text: str


class TemplatePage(msgspec.Struct, kw_only=True):
    items: list[TemplateView]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class PreviewView(msgspec.Struct, kw_only=True):
    """What would be sent, and the values that were put in."""

    fact: str
    subject: str
    text: str
    values: dict[str, str]
