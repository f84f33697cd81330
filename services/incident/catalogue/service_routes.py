"""The services of the catalogue over HTTP."""

from fastapi import Response

from services.incident.catalogue import asking, entry
from services.incident.catalogue.asking import (
    ByAnybody,
    ByManager,
    ByReader,
    Nothing,
    Past,
    Reference,
    services_of,
)
from services.incident.catalogue.bodies import ServiceDocument
from services.incident.catalogue.view import Impact, ServiceView
from shared.http.app import routes
from shared.http.managed import When
from shared.http.openapi import answers
from shared.http.past import Events

router = routes("catalogue", "/v1/catalogue/services")


@router.post("", **answers(ServiceView, 201, "Added"))
async def add_service(body: ServiceDocument, asked: ByManager) -> Response:
    """Add a service; a retired one of the same key is taken up again."""
    return await asking.add(asked, services_of(asked), entry.add_service, body)


@router.get("/{id}", **answers(ServiceView))
async def read_service(id: Reference, when: When, asked: ByAnybody) -> Response:
    """One service, now or as it was."""
    return await asking.read(asked, services_of(asked), id, when)


@router.put("/{id}", **answers(ServiceView))
async def change_service(id: Reference, body: ServiceDocument, asked: ByManager) -> Response:
    """Say the whole service anew; its key stays."""
    said = body.arguments()
    return await asking.command(asked, services_of(asked), id, entry.change_service, **said)


@router.post("/{id}/retire", **answers(ServiceView))
async def retire_service(id: Reference, asked: ByManager, body: Nothing = None) -> Response:
    """It is no longer offered; incidents may still name it, and its past stays."""
    return await asking.command(asked, services_of(asked), id, entry.retire_service)


@router.get("/{id}/versions", **answers(Events))
async def list_service_versions(id: Reference, query: Past, asked: ByReader) -> Response:
    """Everything that was said of it, who said it and when, oldest first."""
    return await asking.versions(asked, services_of(asked), id, query)


@router.get("/{id}/impact", **answers(Impact))
async def read_service_impact(id: Reference, asked: ByReader) -> Response:
    """What depends on it, directly or by others, and what it rests on itself, as known now."""
    return await asking.impact(asked, services_of(asked), id)
