"""The figures of notifications: a page to many, and how soon the first attempt is made."""

import asyncio
import sys
import time
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from statistics import median
from typing import NamedTuple
from uuid import UUID

import aiosmtplib
import msgspec

from services.notification import contact, subscription
from services.notification.app import DEFINITION
from services.notification.contacts import Contacts
from services.notification.events import Channel
from services.notification.subscriptions import Subscriptions
from shared.client import AsyncClient, new_client
from shared.clock import new_id
from shared.ledger import Order
from shared.process import free_port
from shared.store.store import Store
from shared.vault import Vault
from tests.bench.ground import Ground, Side
from tests.bench.measure import Figure, Pace, compare_rates

_CONTACTS = 1_000
_DECLARED = 50  # within ten minutes a contact has 60 mails at most
_AT_ONCE = 50
_MAILS_AT_ONCE = 10
_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G"
_DECLARATION = {"title": "Checkout is down", "service": "checkout", "impact": 1, "urgency": 1}
_FACT = "incident.declared"


class Sinks(NamedTuple):
    """Where everything goes."""

    http: int
    smtp: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http}/hook"

    async def arrived(self) -> list[float]:
        """When each came, as Unix seconds."""
        async with new_client() as client:
            return msgspec.json.decode((await client.get(self.url)).content, type=list[float])


class ToldFigures:
    """An incident service, the notification service that follows it, and sinks."""

    def __init__(self, ground: Ground, pace: Pace, bare: Side, service: Side) -> None:
        self._ground = ground
        self._pace = pace
        self._rounds = 0

    async def page_fanout(self) -> Figure:
        """One fact to 1,000 contacts by 2 channels, against a loop that sends the same."""
        contacts, waits = self._pace.of(_CONTACTS), list[float]()
        sinks, incidents = await self._told(contacts)

        async def ours() -> float:
            before = len(await sinks.arrived())
            declared = await self._declare(incidents)
            times = (await _more(sinks, before + 2 * contacts))[before:]
            waits.extend((at - declared) * 1000 for at in times)
            return 2 * contacts / (times[-1] - declared)

        async def baseline() -> float:
            return await _bare(sinks, contacts)

        figure = await compare_rates(ours, baseline, self._pace, 0.3, "messages/s")
        return msgspec.structs.replace(figure, milliseconds=_spread(waits))

    async def first_attempt_after(self) -> Figure:
        """From a declared incident to its first attempt, at rest; promised: p99 in 250 ms."""
        sinks, incidents = await self._told(1)
        waits = [await self._waited(sinks, incidents) for _ in range(self._pace.of(_DECLARED))]
        spread = _spread(waits)
        rates = [1000 / spread["p99"]], [1000 / 250]
        runs = {"ours": rates[0], "baseline": rates[1]}
        return Figure(rates[0][0], rates[1][0], "1/s", runs, 1.0, spread)

    async def _waited(self, sinks: Sinks, incidents: Side) -> float:
        before = len(await sinks.arrived())
        declared = await self._declare(incidents)
        times = await _more(sinks, before + 1)
        await _more(sinks, before + 2)
        return (times[before] - declared) * 1000

    async def _told(self, contacts: int) -> tuple[Sinks, Side]:
        """A service that tells so many contacts of each incident, by two channels.

        It follows incidents of its own: a log with a past would have to be heard first.
        """
        self._rounds += 1
        number = self._rounds
        incidents = await self._ground.incident_service(
            await self._ground.incident_database(f"telling_{number}")
        )
        database = await self._ground.database("notification", f"told_{number}")
        sinks = await self._sinks()
        await _subscribed(database, self._ground.master, contacts, sinks)
        told = {
            "TOCSIN_SMTP_URL": f"smtp://127.0.0.1:{sinks.smtp}?starttls=never&from=a@example.com",
            "TOCSIN_OUTBOUND_ALLOW": "127.0.0.0/8",
            "TOCSIN_INCIDENT_PORT": incidents.base.rpartition(":")[2],
        }
        await self._ground.service("notification", database, told)
        return sinks, incidents

    async def _sinks(self) -> Sinks:
        sinks = Sinks(free_port(), free_port())
        command = [sys.executable, "-m", "tests.bench.receivers", str(sinks.http), str(sinks.smtp)]
        await self._ground.beside(command, sinks.url)
        return sinks

    async def _declare(self, incidents: Side) -> float:
        """When an incident was declared, by the service's clock."""
        async with new_client(base_url=incidents.base) as client:
            client.headers["authorization"] = f"Bearer {self._ground.token}"
            answer = await client.post("/v1/incidents", json=_DECLARATION)
        answer.raise_for_status()
        return datetime.fromisoformat(answer.json()["created_at"]).timestamp()


async def _more(sinks: Sinks, wanted: int) -> list[float]:
    while len(times := await sinks.arrived()) < wanted:  # noqa: ASYNC110  # another process
        await asyncio.sleep(0.1 if wanted > 10 else 0.02)
    return times


async def _subscribed(database: str, master: bytes, contacts: int, sinks: Sinks) -> None:
    store = await Store.open(database, tables=DEFINITION.tables, vault=Vault(master))
    try:
        for start in range(0, contacts, 100):
            numbers = range(start, min(start + 100, contacts))
            await asyncio.gather(*(_subscribe(store, n, sinks) for n in numbers))
    finally:
        await store.close()


async def _subscribe(store: Store, number: int, sinks: Sinks) -> None:
    id = new_id()
    await Contacts(store).execute(
        Order(stream=id, actor="admin", creates=True),
        contact.put,
        person=f"person-{number}",
        name=f"Person {number}",
        email=f"person-{number}@example.com",
        webhook_url=f"{sinks.url}/{number}",
        secret=_SECRET,
    )
    for channel in (Channel.EMAIL, Channel.WEBHOOK):
        await _to(store, id, channel)


async def _to(store: Store, contact: UUID, channel: Channel) -> None:
    order = Order(stream=new_id(), actor="admin", creates=True)
    put = partial(subscription.put, contact=contact, channel=channel, facts=[_FACT])
    await Subscriptions(store).execute(order, put)


async def _bare(sinks: Sinks, contacts: int) -> float:
    """Messages a second of a loop that sends as many, and remembers nothing."""
    began = time.perf_counter()
    async with new_client() as client:
        await asyncio.gather(_posts(client, sinks, contacts), _mails(sinks, contacts))
    return 2 * contacts / (time.perf_counter() - began)


async def _posts(client: AsyncClient, sinks: Sinks, contacts: int) -> None:
    content = msgspec.json.encode({"type": _FACT, "data": {"text": "x" * 400}})
    headers = {"content-type": "application/json", "webhook-signature": "v1," + "x" * 44}
    numbers = iter(range(contacts))

    async def post() -> None:
        for number in numbers:
            (await client.post(f"{sinks.url}/{number}", content=content, headers=headers))

    await asyncio.gather(*(post() for _ in range(_AT_ONCE)))


async def _mails(sinks: Sinks, contacts: int) -> None:
    numbers = iter(range(contacts))

    async def send() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=sinks.smtp, start_tls=False) as smtp:
            for number in numbers:
                await smtp.send_message(_mail(number))

    await asyncio.gather(*(send() for _ in range(_MAILS_AT_ONCE)))


def _mail(number: int) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "a@example.com", f"person-{number}@example.com"
    message["Subject"] = "[INC-1] Checkout is down: declared"
    message.set_content("x" * 400)
    return message


def _spread(waits: list[float]) -> dict[str, float]:
    ordered = sorted(waits)
    return {"p50": median(ordered), "p99": ordered[int(len(ordered) * 0.99) - 1]}
