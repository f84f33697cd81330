"""A known error, as the problem service would tell of it: commands that name one need it."""

import msgspec

from services.incident.policies import from_problems
from shared.clock import new_id
from shared.follower import Fact
from shared.work import Work
from tests.support.service import RunningService


async def publish_known_error(service: RunningService, number: str) -> None:
    """It can be linked, and resolved with, from now on."""
    incidents = service.service.parts["incidents"]
    told = {"number": number, "title": "Pools run dry", "revision": 1}
    fact = Fact(
        id=new_id(), type="tocsin.known_error.published.v1", subject=new_id(),
        time=incidents.store.clock(), position=1, actor="grace", correlation_id=new_id(),
        data=msgspec.Raw(msgspec.json.encode(told)),
    )  # fmt: skip
    work = Work(incidents.store, "system:incident-follows-problem")
    await from_problems(incidents)[fact.type](fact, work)
    assert (await work.append()).outcome == "appended"
