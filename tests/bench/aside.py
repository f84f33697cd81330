"""What is told beside the ratios: memory, the speed of a rebuild, seconds until everything runs."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

from services.incident.app import DEFINITION
from shared.process import free_port
from shared.rebuild import Rebuild
from shared.vault import Vault
from tests.bench.ground import Ground, Side, answers
from tests.bench.load import Requests, load
from tests.support.postgres import ROOT, new_home, remove_home

_ALL = [sys.executable, "-m", "services.cli.main", "run"]
_PORTS = ("PORT", "INCIDENT_PORT", "PROBLEM_PORT", "NOTIFICATION_PORT")


async def memory_after(service: Side, declare: Requests, commands: int) -> float:
    """Megabytes a service holds after so many commands."""
    done = 0
    while done < commands:
        done += (await load(declare, 5)).requests
    return service.megabytes


async def rebuilt_per_second(ground: Ground, database: str) -> float:
    """Events replayed a second into empty read models."""
    rebuild = Rebuild(DEFINITION.replayed, Vault(ground.master))
    started = time.perf_counter()
    done = await rebuild.run(ground.as_owner(database))
    return done.events / (time.perf_counter() - started)


async def seconds_to_run() -> tuple[float, float]:
    """`tocsin run` from nothing, and again on what it has made, until its one address answers."""
    home = new_home()
    try:
        return await _seconds(home), await _seconds(home)
    finally:
        remove_home(home)


async def _seconds(home: Path) -> float:
    told = {f"TOCSIN_{name}": str(free_port()) for name in _PORTS}
    environment = {**os.environ, **told, "TOCSIN_HOME": str(home), "PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    with (home / "run.log").open("wb") as log:
        process = subprocess.Popen(_ALL, env=environment, stdout=log, stderr=log)  # noqa: ASYNC220
    origin = f"http://127.0.0.1:{told['TOCSIN_PORT']}/healthz"
    while not await asyncio.to_thread(answers, origin):
        if process.poll() is not None:
            raise RuntimeError((home / "run.log").read_text())
        await asyncio.sleep(0.02)
    seconds = time.perf_counter() - started
    process.terminate()
    await asyncio.to_thread(process.wait, 40)
    return seconds
