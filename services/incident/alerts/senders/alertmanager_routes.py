"""Alertmanager's webhook: our own conventions, with the credentials in a header or the address."""

from fastapi import Response

from services.incident.alerts.decision import Taken
from services.incident.alerts.senders.alertmanager import Webhook
from services.incident.alerts.taking import ByMonitor, BySecret, answer, take
from shared.http.app import routes
from shared.http.openapi import answers

router = routes("alerts", "/v1/alerts", large_bodies=True)


@router.post("/alertmanager", **answers(Taken))
async def alertmanager(body: Webhook, asked: ByMonitor) -> Response:
    """Alertmanager's webhook, version 4: one incident per receiver and group key.

    What was told before, by a repetition or by a peer, counts as a duplicate and changes nothing.
    New alerts of a group attach to its incident; when all have ended it is mitigated, and resolved
    where nobody has acknowledged it. The policy `alert-rules` decides what an incident becomes.
    """
    return answer(await take(asked, body.notification()))


@router.post("/by-key/{secret}/alertmanager", **answers(Taken))
async def alertmanager_by_key(body: Webhook, asked: BySecret) -> Response:
    """The same for a sender that cannot set a header: an API key is part of the address."""
    return answer(await take(asked, body.notification()))
