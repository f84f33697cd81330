"""Escalation policies over HTTP: managed data."""

from fastapi import Response

from services.notification.answer import ByReader, Nothing
from services.notification.escalation.bodies import EscalationPolicyDocument
from services.notification.escalation.escalations import POLICIES_OF_ESCALATION
from services.notification.escalation.events import EscalationPolicyRetired
from services.notification.escalation.view import EscalationPolicyPage, EscalationPolicyView
from services.notification.keyed import asking
from services.notification.keyed.asking import ByAdmin, Kept, Listed, Past, Reference
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.managed import When
from shared.http.openapi import answers
from shared.http.past import Events

PATH = "/v1/escalation-policies"

router = routes("escalation", PATH)


def policies_of(asked: Asked) -> Kept:
    """The escalation policies of the service that was asked."""
    ledger = asked.service.parts[POLICIES_OF_ESCALATION]
    return Kept("escalation policy", PATH, ledger, EscalationPolicyView)


@router.get("", **answers(EscalationPolicyPage))
async def list_escalation_policies(query: Listed, asked: ByReader) -> Response:
    """Escalation policies by their keys."""
    return await asking.page(asked, policies_of(asked), query)


@router.post("", **answers(EscalationPolicyView, 201, "Added"))
async def add_escalation_policy(body: EscalationPolicyDocument, asked: ByAdmin) -> Response:
    """Add an escalation policy; a retired one of the same key is taken up again."""
    return await asking.add(asked, policies_of(asked), body.said(), named=body.named())


@router.get("/{id}", **answers(EscalationPolicyView))
async def read_escalation_policy(id: Reference, when: When, asked: ByReader) -> Response:
    """One escalation policy, now or as it was."""
    return await asking.read(asked, policies_of(asked), id, when)


@router.put("/{id}", **answers(EscalationPolicyView))
async def change_escalation_policy(
    id: Reference, body: EscalationPolicyDocument, asked: ByAdmin
) -> Response:
    """Say the whole policy anew; escalations that have begun go on by the one they began with."""
    kept = policies_of(asked)
    return await asking.change(asked, kept, id, body.said(), named=body.named())


@router.post("/{id}/retire", **answers(EscalationPolicyView))
async def retire_escalation_policy(id: Reference, asked: ByAdmin, body: Nothing = None) -> Response:
    """Nothing escalates by it any more; its past stays."""
    return await asking.retire(asked, policies_of(asked), id, EscalationPolicyRetired)


@router.get("/{id}/versions", **answers(Events))
async def list_escalation_policy_versions(id: Reference, query: Past, asked: ByReader) -> Response:
    """Everything that was said of it, who said it and when, oldest first."""
    return await asking.versions(asked, policies_of(asked), id, query)
