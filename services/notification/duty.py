"""Everything about being on call, put together: what the app has of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from services.notification.audiences import routes as audience_routes
from services.notification.audiences.members import AUDIENCE, AUDIENCES, Audiences
from services.notification.audiences.telling import Telling
from services.notification.contacts import Contacts
from services.notification.escalation import link_routes, reply_routes
from services.notification.escalation import lists as escalation_lists
from services.notification.escalation import routes as policy_routes
from services.notification.escalation.calling import Calling
from services.notification.escalation.escalations import (
    ESCALATE,
    ESCALATION,
    ESCALATION_POLICY,
    ESCALATIONS,
    POLICIES_OF_ESCALATION,
    SILENCE,
    EscalationPolicies,
    Escalations,
)
from services.notification.escalation.paging import Paging
from services.notification.escalation.people import People
from services.notification.escalation.running import Running
from services.notification.escalation.subscribed import Subscribed
from services.notification.keyed.rows import KEYED
from services.notification.notifications import Notifications
from services.notification.policies import Planner
from services.notification.schedules import routes as schedule_routes
from services.notification.schedules.schedules import SCHEDULE, SCHEDULES, Schedules
from services.notification.teams.teams import Teams
from services.notification.templates import routes as template_routes
from services.notification.templates.kept import TEMPLATE, TEMPLATES, Templates
from services.notification.verification import routes as verification_routes
from services.notification.verification.allowance import Allowance
from shared.aggregate import by_topic
from shared.followed_restrictions import both
from shared.follower import Reaction
from shared.store.store import Store
from shared.timers import Handler

DUTY_AGGREGATES = by_topic(SCHEDULE, AUDIENCE, TEMPLATE, ESCALATION_POLICY, ESCALATION)
DUTY_TABLES = (KEYED, ESCALATIONS)
DUTY_ROUTERS = (
    audience_routes.router,
    template_routes.router,
    schedule_routes.router,
    policy_routes.router,
    escalation_lists.router,
    link_routes.router,
    reply_routes.router,
    verification_routes.router,
)


class Duty(NamedTuple):
    """What runs, and what routes find."""

    parts: dict[str, Any]
    reactions: Mapping[str, Mapping[str, Reaction]]  # by service
    timers: dict[str, Handler]


def telling(store: Store, contacts: Contacts) -> Telling:
    """Who is in the audiences of a fact, for the planner."""
    audiences = Audiences(store, contacts, People(Teams(store), Schedules(store)))
    return Telling(audiences, Templates(store), Escalations(store))


def duty(store: Store, notifications: Notifications, contacts: Contacts, planner: Planner) -> Duty:
    """The parts of one service."""
    schedules, policies = Schedules(store), EscalationPolicies(store)
    people = People(Teams(store), schedules)
    running = Running(store, notifications, contacts, people)
    calling = Calling(planner, running, policies)
    subscribed = Subscribed(calling)
    parts = {
        SCHEDULES: schedules,
        AUDIENCES: Audiences(store, contacts, people),
        TEMPLATES: Templates(store),
        POLICIES_OF_ESCALATION: policies,
        escalation_lists.RUNNING: running,
        verification_routes.ALLOWANCE: Allowance(),
    }
    timers: dict[str, Handler] = {ESCALATE: running.ring, SILENCE: running.silence}
    reactions = {
        "incident": both(Paging(calling).reactions(), subscribed.reactions("incident")),
        "problem": subscribed.reactions("problem"),
    }
    return Duty(parts, reactions, timers)
