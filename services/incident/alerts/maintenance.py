"""What the catalogue says of planned work, as the rules for alerts ask it."""

from datetime import datetime, timedelta

from services.incident.alerts.judgement import InMaintenance, Maintenance
from services.incident.catalogue.catalogue import Catalogue
from services.incident.catalogue.maintenance import occurrences

_AN_INSTANT = timedelta(microseconds=1)


def planned_in(catalogue: Catalogue) -> InMaintenance:
    """The windows of this catalogue; what other processes changed counts within a second."""

    async def on(at: datetime, service: str | None, item: str | None) -> Maintenance | None:
        planned = (await catalogue.present()).maintenance(at, service=service, item=item)
        if planned is None:
            return None
        until = max(each.end for each in occurrences(planned.window, at, at + _AN_INSTANT))
        return Maintenance(str(planned.id), until)

    return on
