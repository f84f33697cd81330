"""Maintenance windows over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from services.incident.catalogue import window
from services.incident.catalogue.asking import (
    ByManager,
    ByReader,
    Nothing,
    Past,
    catalogue_of,
    why_not,
)
from services.incident.catalogue.bodies import WindowDocument
from services.incident.catalogue.view import WindowView, window_view
from shared.clock import new_id
from shared.http.app import routes
from shared.http.managed import (
    When,
    command_answer,
    folded_at,
    managed_actions,
    read_answer,
    versions_answer,
)
from shared.http.openapi import answers
from shared.http.past import Events

PATH = "/v1/catalogue/maintenance-windows"
Id = Annotated[UUID, Path()]

router = routes("catalogue", PATH)


@router.post("", **answers(WindowView, 201, "Added"))
async def add_maintenance_window(body: WindowDocument, asked: ByManager) -> Response:
    """Plan work on services and items; alerts from them may be held back meanwhile."""
    order = await asked.order(new_id(), creates=True)
    after = await catalogue_of(asked).windows.execute(order, window.put, **body.arguments())
    catalogue_of(asked).changed()
    return command_answer(window_view(after), after, PATH)


@router.get("/{id}", **answers(WindowView))
async def read_maintenance_window(id: Id, when: When, asked: ByReader) -> Response:
    """One maintenance window, now or as it was."""
    found = await folded_at(asked, catalogue_of(asked).windows, id, when)
    shown = window_view(found)
    shown.actions = managed_actions(f"{PATH}/{id}", why_not(asked), shown.retired)
    return read_answer(shown, found.version)


@router.put("/{id}", **answers(WindowView))
async def change_maintenance_window(id: Id, body: WindowDocument, asked: ByManager) -> Response:
    """Say the whole window anew, its past included; for another time from now on add another."""
    order = await asked.order(id)
    after = await catalogue_of(asked).windows.execute(order, window.put, **body.arguments())
    catalogue_of(asked).changed()
    return command_answer(window_view(after), after)


@router.post("/{id}/retire", **answers(WindowView))
async def retire_maintenance_window(id: Id, asked: ByManager, body: Nothing = None) -> Response:
    """End it now, or before it begins; what of it has passed stays maintenance."""
    order = await asked.order(id)
    after = await catalogue_of(asked).windows.execute(order, window.retire, at=asked.now)
    catalogue_of(asked).changed()
    return command_answer(window_view(after), after)


@router.get("/{id}/versions", **answers(Events))
async def list_maintenance_window_versions(id: Id, query: Past, asked: ByReader) -> Response:
    """Everything that was said of it, who said it and when, oldest first."""
    return await versions_answer(asked, catalogue_of(asked).windows, id, query)
