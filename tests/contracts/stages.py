"""Something real to act on: for an operation, its subject in a state in which it is possible."""

import msgspec

from tests.contracts.incident_scenes import IncidentScenes
from tests.contracts.notification_scenes import NotificationScenes
from tests.contracts.originals import new_key, original
from tests.contracts.problem_scenes import ProblemScenes
from tests.contracts.scene import Backstage, Staged
from tests.contracts.telling import declared_elsewhere
from tests.support.service import RunningService
from tests.support.started import rows


class Stages:
    """Sets the scene in one running service."""

    def __init__(self, running: RunningService) -> None:
        backstage = Backstage(running)
        self._running, self._client = running, backstage.client
        self._notifications = NotificationScenes(backstage)
        self._scenes = {
            **IncidentScenes(backstage).scenes(),
            **ProblemScenes(backstage).scenes(),
            **self._notifications.scenes(),
        }

    async def of(self, path: str) -> Staged | None:
        """The scene for an operation of this path; None where it needs none."""
        if path.endswith("/redrive") and "{follower}" in path:
            return await self._parked()
        if "/v2/" in path:
            return await original(self._client, path)
        if "/acknowledgements/" in path:
            return await self._notifications.linked()
        if "{secret}" in path:
            return Staged({"secret": await new_key(self._client)})
        found = [scene for start, scene in self._scenes.items() if path.startswith(start)]
        return await found[0](path.rsplit("/", maxsplit=1)[-1]) if found else None

    async def _parked(self) -> Staged:
        follower = self._running.service.followers[0].name
        fact = declared_elsewhere(kind="tocsin.something.else.v1")
        await rows(
            self._running.database,
            "insert into parked values ($1, $2, $3, $4, 'a test', now())",
            follower,
            fact.position,
            str(fact.subject),
            msgspec.json.encode(fact),
        )
        return Staged({"follower": follower, "subject": str(fact.subject)})
