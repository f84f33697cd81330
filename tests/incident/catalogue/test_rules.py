"""What may be said of services, items and maintenance windows: rules without I/O."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.incident.catalogue import entry, window
from services.incident.catalogue.entry import Entry
from services.incident.catalogue.events import (
    Criticality,
    ItemSet,
    MaintenanceRetired,
    MaintenanceSet,
    ServiceRetired,
    ServiceSet,
)
from services.incident.catalogue.window import Window
from tests.support.scenario import Scenario

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHECKOUT = ServiceSet(key="checkout", name="Checkout", criticality=Criticality.CRITICAL)
PATCHES: dict[str, Any] = {
    "reason": "Patches",
    "starts_at": NOON,
    "ends_at": NOON + timedelta(hours=2),
    "services": ("checkout",),
}


@pytest.fixture
def service() -> Scenario[Entry]:
    return Scenario(entry.evolve_service, Entry())


@pytest.fixture
def maintenance() -> Scenario[Window]:
    return Scenario(window.evolve, Window())


def said(event: ServiceSet | ItemSet | MaintenanceSet) -> dict[str, Any]:
    return event.fields()


def test_a_service_is_added_once(service: Scenario[Entry]) -> None:
    added = service.when(entry.add_service, **said(CHECKOUT)).then(CHECKOUT)
    added.when(entry.add_service, **said(CHECKOUT)).refused("there is a service checkout already")


def test_a_retired_service_is_taken_up_again(service: Scenario[Entry]) -> None:
    retired = (
        service.given(CHECKOUT).when(entry.retire_service).then(ServiceRetired(key="checkout"))
    )
    retired.when(entry.retire_service).nothing_new()
    again = retired.when(entry.add_service, **said(CHECKOUT)).then(CHECKOUT)
    assert not again.state.retired


def test_what_is_said_again_is_no_news(service: Scenario[Entry]) -> None:
    service.given(CHECKOUT).when(entry.change_service, **said(CHECKOUT)).nothing_new()


def test_a_key_stays(service: Scenario[Entry]) -> None:
    changed = service.given(CHECKOUT).when(entry.change_service, key="till", name="Till")
    changed.refused("its key stays")


def test_a_retired_service_is_not_changed(service: Scenario[Entry]) -> None:
    retired = service.given(CHECKOUT, ServiceRetired(key="checkout"))
    retired.when(entry.change_service, **said(CHECKOUT)).refused("is retired")


def test_nothing_depends_on_itself(service: Scenario[Entry]) -> None:
    adding = service.when(
        entry.add_service, key="checkout", name="C", depends_on_services=("bank", "checkout")
    )
    adding.refused("cannot depend on itself")
    item = Scenario(entry.evolve_item, Entry())
    item.when(entry.add_item, key="db", name="D", depends_on_items=("db",)).refused("itself")
    item.when(entry.add_item, key="db", name="D", depends_on_services=("db",)).follows()


def test_a_service_and_an_item_may_share_a_key() -> None:
    assert entry.service_stream("db") != entry.item_stream("db")


def test_a_window_is_said_anew_until_it_is_retired(maintenance: Scenario[Window]) -> None:
    planned = maintenance.when(window.put, **PATCHES).then(MaintenanceSet(**PATCHES))
    planned.when(window.put, **PATCHES).nothing_new()
    retired = planned.when(window.retire, at=NOON).then(MaintenanceRetired(at=NOON))
    retired.when(window.retire, at=NOON).nothing_new()
    retired.when(window.put, **PATCHES).refused("is retired")
