"""What is said of a workaround's use."""

from pydantic import StrictBool

from services.problem.bodies import Reference
from shared.http.body import Body


class WorkaroundUse(Body):
    """That it was used on an incident; said again, the last word counts."""

    incident: Reference
    helped: StrictBool | None = None
