"""A program that is started again whenever it ends, until it is told to stop."""

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shared.process import die_with_parent

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds between a crash and the next start
SETTLED = 30.0  # seconds after which a crash counts as the first one again
PATIENCE = 12.0  # seconds to end by itself; then it is killed

Say = Callable[[str], None]


@dataclass
class Child:
    """One program under supervision; its output goes to a log that begins with this run."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    say: Say
    starts: int = 0
    process: asyncio.subprocess.Process | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep_running(self) -> None:
        """Ends only after `stop`."""
        self.log.unlink(missing_ok=True)
        pause = FIRST_PAUSE
        while not self.stopping.is_set():
            began = asyncio.get_running_loop().time()
            code = await self._run_once()
            if self.stopping.is_set():
                return
            if asyncio.get_running_loop().time() - began > SETTLED:
                pause = FIRST_PAUSE
            self.say(f"{self.name} ended ({code}): starting it again, see {self.log}")
            await self._pause(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def stop(self) -> None:
        """Answers when it is gone."""
        self.stopping.set()
        process = self.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()

    def last_words(self) -> str:
        """The last line it wrote."""
        lines = self.log.read_text(errors="replace").split("\n") if self.log.exists() else []
        return next((line for line in reversed(lines) if line.strip()), "it said nothing")

    async def _run_once(self) -> int:
        self.starts += 1
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                env=self.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a terminal's Ctrl-C is ours to pass on
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        if self.stopping.is_set():
            self.process.terminate()
        return await self.process.wait()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return
