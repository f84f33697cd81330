"""Grafana's webhook contact point: our own conventions, credentials in a header or the address."""

from fastapi import Response

from services.incident.alerts.decision import Taken
from services.incident.alerts.senders.grafana import GrafanaWebhook
from services.incident.alerts.taking import ByMonitor, BySecret, answer, take
from shared.http.app import routes
from shared.http.openapi import answers

router = routes("alerts", "/v1/alerts", large_bodies=True)


@router.post("/grafana", **answers(Taken))
async def grafana(body: GrafanaWebhook, asked: ByMonitor) -> Response:
    """Grafana's unified alerting, by a webhook contact point.

    One incident per organisation, contact point and group; values, links to panels, dashboards and
    silences stay with each alert. Set the contact point's authorization header to `Bearer` and an
    API key of the role service.
    """
    return answer(await take(asked, body.notification()))


@router.post("/by-key/{secret}/grafana", **answers(Taken))
async def grafana_by_key(body: GrafanaWebhook, asked: BySecret) -> Response:
    """The same with the API key in the address, for a contact point without a header."""
    return answer(await take(asked, body.notification()))
