"""The embedded PostgreSQL under supervision: started again when it ends."""

import asyncio
from pathlib import Path

from services.cli.child import FIRST_PAUSE, LONGEST_PAUSE, Say
from shared.embedded import APP, OWNER, EmbeddedPostgres
from shared.process import CannotStart
from shared.settings import SERVICES

GLANCE = 0.1  # seconds


class Database:
    """Keeps one server running on the port that the services were told."""

    def __init__(self, home: Path, bindir: Path | None, say: Say) -> None:
        self.server = EmbeddedPostgres(home, bindir=bindir)
        self.say = say

    async def start(self) -> None:
        """Answers when connections are accepted; raises `CannotStart` when they never will be."""
        self.server.launch()
        await self._until_ready()

    async def keep_running(self) -> None:
        """Ends only when cancelled. A killed server's last children may hold up its successor."""
        pause = FIRST_PAUSE
        while True:
            if self.server.process is None or self.server.process.poll() is None:
                await asyncio.sleep(GLANCE)
                continue
            self.say(f"PostgreSQL ended ({self.server.process.returncode}): starting it again")
            await asyncio.sleep(pause)
            pause = FIRST_PAUSE if await self._comes_back() else min(2 * pause, LONGEST_PAUSE)

    def stop(self) -> None:
        self.server.stop()

    def urls(self) -> dict[str, str]:
        """By setting: where each service finds its database, and its migrations do."""
        return {
            f"{service}_{kind}_url": self.server.url(f"tocsin_{service}", role)
            for service in SERVICES
            for kind, role in (("database", APP), ("migration", OWNER))
        }

    async def _comes_back(self) -> bool:
        try:
            await self.start()
        except CannotStart as reason:
            self.say(str(reason))
            return False
        return True

    async def _until_ready(self) -> None:
        while not self.server.is_ready():  # noqa: ASYNC110  # another process becomes ready
            await asyncio.sleep(GLANCE / 5)
