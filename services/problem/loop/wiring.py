"""What the problem service's composition root takes of the loop."""

from collections.abc import Mapping

from services.problem.loop import routes
from services.problem.loop.bodies import RecurrenceDocument
from services.problem.loop.late import LateComers
from services.problem.loop.loop import LOOP
from services.problem.loop.recurrence import Recurrences
from services.problem.loop.tables import WORKAROUND_USES
from services.problem.loop.watching import POLICY
from services.problem.problems import Problems
from shared.aggregate import by_topic
from shared.auth.roles import Role
from shared.follower import Reaction
from shared.http.policies import policy_routes

BUILT_IN = RecurrenceDocument()
ROUTERS = (
    routes.router,
    policy_routes("problem", POLICY, BUILT_IN, managers=Role.PROBLEM_MANAGER),
)
TABLES = (WORKAROUND_USES,)
AGGREGATES = by_topic(LOOP)


def reactions(problems: Problems) -> list[Mapping[str, Reaction]]:
    """To facts of incidents, after those that keep copies of them."""
    return [LateComers(problems).reactions(), Recurrences(problems).reactions()]
