"""The configuration items of the catalogue over HTTP."""

from fastapi import Response

from services.incident.catalogue import asking, entry
from services.incident.catalogue.asking import (
    ByManager,
    ByReader,
    Nothing,
    Past,
    Reference,
    items_of,
)
from services.incident.catalogue.bodies import ItemDocument
from services.incident.catalogue.view import ConfigurationItemView, Impact
from shared.http.app import routes
from shared.http.managed import When
from shared.http.openapi import answers
from shared.http.past import Events

router = routes("catalogue", "/v1/catalogue/items")


@router.post("", **answers(ConfigurationItemView, 201, "Added"))
async def add_item(body: ItemDocument, asked: ByManager) -> Response:
    """Add a configuration item; a retired one of the same key is taken up again."""
    return await asking.add(asked, items_of(asked), entry.add_item, body)


@router.get("/{id}", **answers(ConfigurationItemView))
async def read_item(id: Reference, when: When, asked: ByReader) -> Response:
    """One configuration item, now or as it was."""
    return await asking.read(asked, items_of(asked), id, when)


@router.put("/{id}", **answers(ConfigurationItemView))
async def change_item(id: Reference, body: ItemDocument, asked: ByManager) -> Response:
    """Say the whole item anew; its key stays."""
    said = body.arguments()
    return await asking.command(asked, items_of(asked), id, entry.change_item, **said)


@router.post("/{id}/retire", **answers(ConfigurationItemView))
async def retire_item(id: Reference, asked: ByManager, body: Nothing = None) -> Response:
    """It is no longer in use; incidents may still name it, and its past stays."""
    return await asking.command(asked, items_of(asked), id, entry.retire_item)


@router.get("/{id}/versions", **answers(Events))
async def list_item_versions(id: Reference, query: Past, asked: ByReader) -> Response:
    """Everything that was said of it, who said it and when, oldest first."""
    return await asking.versions(asked, items_of(asked), id, query)


@router.get("/{id}/impact", **answers(Impact))
async def read_item_impact(id: Reference, asked: ByReader) -> Response:
    """What depends on it, directly or by others, and what it rests on itself, as known now."""
    return await asking.impact(asked, items_of(asked), id)
