"""What Grafana posts to webhook contact points: Alertmanager's form, with an organisation."""

from typing import Annotated

from pydantic import Field

from services.incident.alerts.notification import Notification
from services.incident.alerts.senders.alertmanager import Webhook
from shared.http.body import Whole

SOURCE = "grafana"
_MAIN = 1


class GrafanaWebhook(Webhook):
    """One notification about one group of alerts; title, state and message are kept beside."""

    org_id: Annotated[Whole | None, Field(alias="orgId")] = None

    def notification(self) -> Notification:
        """As it is taken in: other organisations than the first have receivers of their own."""
        told = super().notification()
        is_main = self.org_id is None or self.org_id <= _MAIN
        receiver = told.receiver if is_main else f"{told.receiver} (organisation {self.org_id})"
        more = told.more if self.org_id is None else {"orgId": self.org_id, **told.more}
        return told._replace(source=SOURCE, receiver=receiver, more=more)
