"""The template under a key, as managed data; and the ledger of them."""

from typing import ClassVar, assert_never

from services.notification.keyed.keyed import Keyed
from services.notification.keyed.rows import keyed_rows
from services.notification.templates.events import TemplateEvent, TemplateRetired, TemplateSet
from shared.aggregate import Aggregate
from shared.domain import changed
from shared.ledger import Ledger
from shared.store.store import Store

TEMPLATES = "templates"
"""Among a service's parts, its `Templates`."""


class KeptTemplate(Keyed, frozen=True):
    """A template as its events tell it."""

    noun: ClassVar[str] = "template"

    subject: str = ""
    text: str = ""


def evolve(template: KeptTemplate, event: TemplateEvent) -> KeptTemplate:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case TemplateSet():
            return KeptTemplate(**event.fields())
        case TemplateRetired():
            return changed(template, retired=True)
        case _:
            assert_never(event)


TEMPLATE = Aggregate("template", KeptTemplate(), evolve, rows=keyed_rows)


class Templates(Ledger[KeptTemplate, TemplateEvent]):
    """The ledger of templates."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, TEMPLATE)
