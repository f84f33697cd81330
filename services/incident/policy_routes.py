"""The incident service's policies over HTTP."""

from services.incident.alerts.rules import AlertRulesDocument, check_rules
from services.incident.bodies import MatrixDocument, ReopeningDocument
from services.incident.clocks import documents, rules
from services.incident.major.documents import PLANS, TriggersDocument
from services.incident.matrix import DEFAULT, check_matrix
from services.incident.regulators import documents as regulators
from services.incident.regulators import regimes
from shared.auth.roles import Role
from shared.http.policies import policy_routes


def _has_no_holes(document: MatrixDocument) -> None:
    check_matrix(document.cells)


_matrix = policy_routes(
    "incident",
    "priority-matrix",
    MatrixDocument(cells=DEFAULT),
    managers=Role.INCIDENT_MANAGER,
    check=_has_no_holes,
)
_reopening = policy_routes(
    "incident", "reopening", ReopeningDocument(), managers=Role.INCIDENT_MANAGER
)
_alert_rules = policy_routes(
    "incident",
    "alert-rules",
    AlertRulesDocument(),
    managers=Role.INCIDENT_MANAGER,
    check=check_rules,
)

_sla = policy_routes(
    "incident", "sla", documents.BUILT_IN, managers=Role.INCIDENT_MANAGER, check=rules.check
)

_regulators = policy_routes(
    "incident",
    "regulators",
    regulators.BUILT_IN,
    managers=Role.INCIDENT_MANAGER,
    check=regimes.check,
)

_triggers = policy_routes(
    "incident", "major-triggers", TriggersDocument(), managers=Role.INCIDENT_MANAGER
)
_plans = policy_routes(
    "incident", "communication-plans", PLANS, managers=Role.MAJOR_INCIDENT_MANAGER
)

ROUTERS = (_matrix, _reopening, _alert_rules, _sla, _regulators, _triggers, _plans)
