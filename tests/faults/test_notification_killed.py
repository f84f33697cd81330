"""kill -9 of the notification service while it tells many: nobody is left out, and who may have
been told twice is on record.

TOCSIN_NOTIFICATION_KILLS says how often (2; the long form is 500).
"""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from services.notification.events import Channel
from services.notification.rules import Status
from services.notification.state import Outcome
from shared.clock import now
from shared.outgoing import Outgoing
from shared.process import free_port
from shared.store.store import Store
from shared.vault import Vault
from tests.conftest import NewDatabase
from tests.notification.desk import DECLARED, LOOPBACK, Clock, Desk, parts, tables
from tests.notification.sinks import WebhookSink
from tests.support.postgres import ROOT, Database
from tests.support.service import prepare_home
from tests.support.until import until

KILLS = int(os.environ.get("TOCSIN_NOTIFICATION_KILLS", "2"))
CONTACTS = 40
_SERVE = [sys.executable, "-m", "services.cli.main", "serve", "notification"]


class Wall(Clock):
    """The time of day: what the service goes by, too."""

    def __call__(self) -> datetime:
        return now()


@asynccontextmanager
async def _desk(database: Database, home: Path) -> AsyncIterator[Desk]:
    """Plans beside the service, on its database."""
    prepare_home(home)
    vault = Vault((home / "master.key").read_bytes())
    store = await Store.open(database.app, tables=tables(), vault=vault)
    try:
        async with Outgoing(LOOPBACK) as outgoing:
            yield parts(store, Wall(), outgoing)
    finally:
        await store.close()


@asynccontextmanager
async def _service(database: Database, home: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    told = {
        "TOCSIN_HOME": str(home),
        "TOCSIN_LOCAL": "true",
        "TOCSIN_NOTIFICATION_DATABASE_URL": database.app,
        "TOCSIN_NOTIFICATION_PORT": str(free_port()),
        "TOCSIN_INCIDENT_PORT": "1",
        "TOCSIN_PROBLEM_PORT": "1",
        "TOCSIN_OUTBOUND_ALLOW": "127.0.0.0/8",
        "PYTHONPATH": str(ROOT),
    }
    process = await asyncio.create_subprocess_exec(
        *_SERVE,
        env=os.environ | told,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def _has_more(sink: WebhookSink, calls: int) -> bool:
    return len(sink.calls) >= calls


async def _is_over(desk: Desk) -> bool:
    await asyncio.sleep(0.1)
    left: int = await desk.store.pool.fetchval(
        "select count(*) from notifications where to_position is null and status <> 'delivered'"
    )
    return left == 0


@pytest.mark.timeout(120 + KILLS * 20)
async def test_killed_while_telling_many_nobody_is_left_out(
    database: NewDatabase, tmp_path: Path
) -> None:
    made, chance = await database("notification"), random.Random(7)
    async with WebhookSink(pause=0.05).up() as sink, _desk(made, tmp_path) as desk:
        for number in range(CONTACTS):
            one = await desk.contact(f"person-{number}", webhook_url=sink.url)
            await desk.subscribe(one, Channel.WEBHOOK)
        for _ in range(KILLS):
            await desk.hear(desk.fact("incident.declared", **DECLARED))
            before = len(sink.calls)
            async with _service(made, tmp_path):
                wanted = before + chance.randrange(1, CONTACTS - 5)
                await until(partial(_has_more, sink, wanted))
        # Nobody waits for the leases of attempts that were lost: nothing is under way by now.
        await desk.store.pool.execute("update timers set due_at = now()")
        async with _service(made, tmp_path):
            await until(lambda: _is_over(desk))
        await _holds(desk, sink)


async def _holds(desk: Desk, sink: WebhookSink) -> None:
    received = Counter(call.headers["webhook-id"] for call in sink.calls)
    planned = await desk.planned()
    assert len(planned) == KILLS * CONTACTS
    unknown = 0
    for each in planned:
        outcomes = Counter(attempt.outcome for attempt in each.state.attempts)
        assert each.state.status is Status.DELIVERED
        assert outcomes[Outcome.DELIVERED] == 1
        assert 1 <= received[str(each.stream)] <= 1 + outcomes[Outcome.UNKNOWN]
        unknown += outcomes[Outcome.UNKNOWN]
    assert sum(received.values()) - len(planned) <= unknown <= KILLS * 50
