"""Which updates a communication plan asks for, at a priority."""

from typing import Any, NamedTuple

from services.incident.major.documents import PLANS, AudiencePlan, Cadence, PlansDocument
from services.incident.major.events import PlannedUpdate


class Plans(NamedTuple):
    """A version of the policy `communication-plans`; 1 is the built-in one."""

    version: int
    document: PlansDocument

    def at(self, priority: int | None) -> tuple[PlannedUpdate, ...]:
        """What each audience is owed at this priority."""
        remind = self.document.remind_minutes
        return tuple(_planned(each, priority, remind) for each in self.document.audiences)


def plans_of(document: dict[str, Any] | None, version: int) -> Plans:
    """The plans of a stored policy document; the built-in ones where there is none."""
    return Plans(version, PLANS if document is None else PlansDocument.model_validate(document))


def _planned(plan: AudiencePlan, priority: int | None, remind: int) -> PlannedUpdate:
    cadence = _cadence(plan.cadence, priority)
    return PlannedUpdate(
        audience=plan.audience,
        first_minutes=cadence.first_minutes,
        then_minutes=cadence.then_minutes,
        remind_minutes=remind,
        channel=plan.channel,
        template=plan.template,
    )


def _cadence(told: list[Cadence], priority: int | None) -> Cadence:
    """Of the nearest priority that is not lower; the highest where it has none."""
    ordered = sorted(told, key=lambda each: each.priority)
    if priority is None:
        return ordered[0]
    fitting = [each for each in ordered if each.priority <= priority]
    return fitting[-1] if fitting else ordered[0]
