"""Composition root of the incident service."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import get_args

from fastapi import FastAPI

from services.incident import (
    access_routes,
    api_key_routes,
    history_routes,
    policy_routes,
    routes,
    triage_routes,
)
from services.incident.alerts import group_routes
from services.incident.alerts import routes as alert_routes
from services.incident.alerts.intake import AlertIntake
from services.incident.alerts.maintenance import planned_in
from services.incident.alerts.senders import (
    alertmanager_routes,
    cloudevents_routes,
    grafana_routes,
    opsgenie_routes,
    pagerduty_routes,
    preview_routes,
    sns_routes,
)
from services.incident.alerts.senders.sns_signature import SnsSignatures
from services.incident.api_key import API_KEY, API_KEYS
from services.incident.api_keys import ApiKeyLedger
from services.incident.backfill import routes as backfill_routes
from services.incident.bulk import routes as bulk_routes
from services.incident.catalogue import item_routes, service_routes, window_routes
from services.incident.catalogue import lists as catalogue_lists
from services.incident.catalogue.catalogue import CATALOGUE, ITEM, SERVICE, WINDOW, Catalogue
from services.incident.catalogue.tables import CATALOGUE_TABLES, ENTRIES, WINDOWS
from services.incident.changes import routes as change_routes
from services.incident.changes.change import CHANGE, CHANGES
from services.incident.clocks import rerun, rerun_routes
from services.incident.clocks import routes as clock_routes
from services.incident.clocks.desk import CLOCKS, Desk
from services.incident.clocks.keeper import Keeper, KeptRows
from services.incident.clocks.ringing import ringing
from services.incident.clocks.rows import TIMER as SLA
from services.incident.facts import FACTS, INCIDENT_ALERTS, Fact
from services.incident.incidents import INCIDENT, REGULATORS, REVIEW, Incidents
from services.incident.lists import facet_routes
from services.incident.lists import routes as list_routes
from services.incident.lists.live import live_view
from services.incident.major import routes as major_routes
from services.incident.major.due import COMMUNICATIONS
from services.incident.major.grounds import GroundsInForce
from services.incident.major.ringing import ringing as major_ringing
from services.incident.metrics import routes as metric_routes
from services.incident.policies import from_notifications, from_problems, timers
from services.incident.problem_feed.telling import TELL, Telling
from services.incident.published import PUBLISHED
from services.incident.regulators import ringing as regulators_ringing
from services.incident.regulators import routes as regulator_routes
from services.incident.regulators.desk import DESK, RegulatorsDesk
from services.incident.relations import cascade
from services.incident.relations import routes as relation_routes
from services.incident.review import command_routes as review_commands
from services.incident.review import ringing as reviews_ringing
from services.incident.review import routes as review_routes
from services.incident.review import situation_routes
from services.incident.review.desk import DESK as REVIEWS
from services.incident.review.desk import ReviewDesk
from services.incident.review.review import REMINDER
from services.incident.review.review import REVIEW as REVIEW_AGGREGATE
from services.incident.saved_views import routes as saved_view_routes
from services.incident.saved_views.saved_view import SAVED_VIEW, SAVED_VIEWS
from services.incident.saved_views.saved_views import SAVED, SavedViews
from services.incident.suggestions.facts import KNOWN_ERROR_ENDS, SUGGESTIONS
from services.incident.suggestions.hearing import of_suggestions
from services.incident.suggestions.reading import SUGGESTED, Suggestions
from services.incident.tables import INCIDENT_TEXTS, INCIDENTS, TABLES
from shared.aggregate import by_topic
from shared.auth.open import KNOWN_API_KEYS
from shared.background import running
from shared.followed_restrictions import both
from shared.follower import Reaction
from shared.http.app import Definition, build
from shared.http.feed import feed_routes
from shared.http.operations import operation_routes
from shared.http.policies import POLICIES
from shared.http.service import Service
from shared.http.streams import NUMBERED
from shared.ledger import Ledger
from shared.outgoing import Outgoing
from shared.rebuild import Replayed
from shared.restrictions import RESTRICTIONS
from shared.settings import Service as Name
from shared.settings import Settings
from shared.work_list import WORK_ITEMS, WORK_LISTS


@asynccontextmanager
async def _running(service: Service) -> AsyncIterator[None]:
    incidents = Incidents(service.store)
    catalogue = Catalogue(service.store)
    desk, regulators = Desk(incidents), RegulatorsDesk(incidents)
    reviews = ReviewDesk(incidents, regulators)
    master = service.settings.master_key_file.read_bytes()
    service.parts |= {
        "incidents": incidents,
        POLICIES: incidents.policies,
        "alerts": AlertIntake(incidents, planned_in(catalogue)),
        "changes": Ledger(service.store, CHANGE),
        SAVED: SavedViews(service.store),
        "api_keys": ApiKeyLedger(service.store, master),
        CATALOGUE: catalogue,
        CLOCKS: desk,
        DESK: regulators,
        REVIEWS: reviews,
        SUGGESTED: Suggestions(service.store),
        NUMBERED: {"INC": incidents.find},
        rerun_routes.RERUNS: rerun.Reruns(desk),
    }
    follows: dict[Name, Mapping[str, Reaction]] = {
        "problem": both(from_problems(incidents), of_suggestions(service.store)),
        "notification": from_notifications(service.store),
    }
    steps = {TELL: Telling(incidents).step(), rerun.RERUN: rerun.step(desk)}
    steps |= cascade.steps(incidents)
    rings = timers(incidents) | service.parts["alerts"].timers() | {SLA: ringing(desk)}
    rings |= {
        REGULATORS: regulators_ringing.ringing(regulators),
        REVIEW: reviews_ringing.opening(reviews),
        REMINDER: reviews_ringing.reminding(reviews),
    }
    rings |= {COMMUNICATIONS: major_ringing(incidents)}
    grounds = GroundsInForce(incidents.policies, catalogue)
    incidents.follow = grounds.completed
    await grounds.refresh()
    keeper = Keeper(service.store)
    service.keepers.append(keeper)
    beside = [keeper.run(), grounds.run()]
    async with Outgoing(service.settings.outbound_allow) as outgoing:
        service.parts[sns_routes.SIGNATURES] = SnsSignatures(outgoing, service.settings.sns_origins)
        async with running(service, follows=follows, timers=rings, steps=steps, beside=beside):
            yield


_AGGREGATES = by_topic(
    INCIDENT, CHANGE, REVIEW_AGGREGATE, API_KEY, SAVED_VIEW, SERVICE, ITEM, WINDOW
) | {kind.topic: FACTS for kind in get_args(Fact)}

_OF_KEYS_AND_ALERTS = (API_KEYS, KNOWN_API_KEYS, INCIDENT_ALERTS, CHANGES, SAVED_VIEWS)
_OF_SUGGESTIONS = (SUGGESTIONS, KNOWN_ERROR_ENDS)

DEFINITION = Definition(
    name="incident",
    description="Incidents from the first report to closure, replayed from their events.",
    migrations=Path(__file__).with_name("migrations"),
    routers=(
        facet_routes.router,
        bulk_routes.router,
        list_routes.router,
        saved_view_routes.router,
        routes.router,
        backfill_routes.router,
        triage_routes.router,
        relation_routes.router,
        major_routes.router,
        history_routes.router,
        clock_routes.router,
        regulator_routes.router,
        review_routes.router,
        review_commands.router,
        situation_routes.router,
        rerun_routes.router,
        alertmanager_routes.router,
        grafana_routes.router,
        cloudevents_routes.router,
        pagerduty_routes.router,
        opsgenie_routes.router,
        sns_routes.router,
        preview_routes.router,
        alert_routes.router,
        group_routes.router,
        *policy_routes.ROUTERS,
        api_key_routes.router,
        catalogue_lists.router,
        service_routes.router,
        item_routes.router,
        window_routes.router,
        metric_routes.router,
        access_routes.router,
        change_routes.router,
        feed_routes("incident", PUBLISHED, live_view),
        operation_routes("incident"),
    ),
    tables=(
        *TABLES,
        *CATALOGUE_TABLES,
        *_OF_KEYS_AND_ALERTS,
        *_OF_SUGGESTIONS,
        WORK_LISTS,
        WORK_ITEMS,
    ),
    running=_running,
    replayed=Replayed(
        _AGGREGATES,
        (
            INCIDENTS,
            INCIDENT_TEXTS,
            RESTRICTIONS,
            ENTRIES,
            WINDOWS,
            SUGGESTIONS,
            *_OF_KEYS_AND_ALERTS,
        ),
        follows=[KeptRows()],
    ),
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The incident service as an ASGI application."""
    return build(DEFINITION, settings)
