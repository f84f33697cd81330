"""Another system's year taken over, against the same number of rows in plain batches."""

import asyncio
import json
import os
import sys
import time
import uuid
from itertools import count
from pathlib import Path

import asyncpg

from tests.bench.ground import Ground, Side
from tests.bench.measure import Figure, Pace, compare_rates
from tests.support.postgres import ROOT
from tests.uci import made

_LOG = Path(os.environ.get("TOCSIN_TEST_DATA", ROOT / ".." / "shared" / "data"))
_INCIDENTS = 14_952
_WRITERS, _ROWS = 4, 200
_BATCH = """insert into bare (stream, version, topic, state)
    select s, 1, 'bare.stored', $2 from unnest($1::uuid[]) s"""
_STATE = json.dumps(made.PLAIN[0]).encode()


class ImportFigures:
    """`tocsin import` as its user runs it."""

    def __init__(self, ground: Ground, pace: Pace, bare: Side, service: Side) -> None:
        self._ground = ground
        self._pace = pace
        self._bare = bare
        self._service = service
        self._rounds = count()

    async def uci_import_events_per_s_vs_bare_batch(self) -> Figure:
        """Rows of the UCI log (a made one where it is absent), against INSERTs of 200 rows."""
        ours, baseline = self._imported, self._batched
        return await compare_rates(ours, baseline, self._pace, 0.15, "events/s")

    async def _imported(self) -> float:
        """Each time as another system's, so that it is all new."""
        words = ["--limit", str(self._pace.of(_INCIDENTS)), "--system", f"{next(self._rounds)}"]
        told = {"TOCSIN_URL": self._service.base, "TOCSIN_TOKEN": self._ground.token}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli.main", "import", "uci-incidents"),
            *(str(uci_log(self._ground.home)), *words),
            env=os.environ | told | {"PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        out, _ = await process.communicate()
        return float(json.loads(out)["events_per_second"])

    async def _batched(self) -> float:
        """Rows a second of four writers."""
        done, end = 0, time.perf_counter() + self._pace.seconds
        async with asyncpg.create_pool(
            self._bare.database, min_size=_WRITERS, max_size=_WRITERS
        ) as pool:

            async def write() -> None:
                nonlocal done
                while time.perf_counter() < end:
                    await pool.execute(_BATCH, [uuid.uuid4() for _ in range(_ROWS)], _STATE)
                    done += _ROWS

            await asyncio.gather(*(write() for _ in range(_WRITERS)))
        return done / self._pace.seconds


def uci_log(home: Path) -> Path:
    """The real log, or where that is absent one that is made up."""
    real = _LOG / "uci_incidents.csv.gz"
    if real.exists():
        return real
    made_up = home / "log.csv.gz"
    if not made_up.exists():
        made.write(made_up, made.many(_INCIDENTS))
    return made_up
