"""What the problem service's composition root takes of the loop."""

from collections.abc import Mapping
from typing import Any, get_args

from services.problem.loop import routes
from services.problem.loop.events import LoopEvent
from services.problem.loop.late import LateComers
from services.problem.loop.loop import LOOP
from services.problem.loop.tables import WORKAROUND_USES
from services.problem.problems import Problems
from shared.aggregate import Aggregate
from shared.follower import Reaction

ROUTERS = (routes.router,)
TABLES = (WORKAROUND_USES,)
AGGREGATES: dict[str, Aggregate[Any, Any]] = {kind.topic: LOOP for kind in get_args(LoopEvent)}


def reactions(problems: Problems) -> list[Mapping[str, Reaction]]:
    """To facts of incidents, after those that keep copies of them."""
    return [LateComers(problems).reactions()]
