"""Makes the attempts: recorded before the call and after it, a few at a time, rung by a timer.

The timer's handler only records that an attempt starts; the call goes on beside it, so that a slow
receiver holds up nobody. Starting arms the timer anew: where this process ends before it has told
the outcome, the timer finds the attempt, and another one is made under the same id.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol
from uuid import UUID

import structlog

from services.notification import mail, notification, webhook
from services.notification.channels.channel import Channels
from services.notification.channels.chat import Chat
from services.notification.contact import Contact
from services.notification.contacts import Contacts
from services.notification.decisions.bundling import Bundling
from services.notification.decisions.events import Reason
from services.notification.decisions.quiet import quiet_until
from services.notification.decisions.weighing import REASONS
from services.notification.endpoints.breaker import Breaker
from services.notification.events import Channel, Delivery, NotificationEvent
from services.notification.keeping import may_know
from services.notification.links import Links, links_of
from services.notification.mail import Post, mail_server
from services.notification.notifications import Notifications
from services.notification.outcome import Lost, Reached, Result, Unreached
from services.notification.retries import chance
from services.notification.rules import FINAL, Status
from services.notification.said import Words, words_of
from services.notification.state import Notification
from shared.aggregate import Folded
from shared.errors import NotFound
from shared.ledger import Order
from shared.outgoing import Outgoing
from shared.settings import Network, Settings

_AT_ONCE = 50
_LAST_WORDS = 5.0  # seconds for calls under way when told to stop
_NO_ADDRESS = Unreached("the contact cannot be reached by this channel any more", permanent=True)
_NO_MAILBOX = Unreached("its mail address cannot be written in a mail", permanent=True)
_RESTRICTED = Unreached("it has been restricted since, to others", permanent=True)
_NO_SERVER = Unreached("no mail server is configured: set TOCSIN_SMTP_URL", down=True)
Command = Callable[[Notification], Sequence[NotificationEvent]]


class Start(Protocol):
    """A command that starts an attempt."""

    def __call__(
        self, notification: Notification, /, *, at: datetime
    ) -> Sequence[NotificationEvent]: ...


_log = structlog.get_logger("tocsin.sender")


class Sender:
    """Delivers notifications by every channel there is."""

    def __init__(
        self,
        notifications: Notifications,
        contacts: Contacts,
        breaker: Breaker,
        outgoing: Outgoing,
        post: Post | None,
        *,
        folder: Path = Path(),
        is_local: bool = False,
        links: Links | None = None,
        jitter: Callable[[], float] = chance,
    ) -> None:
        self.notifications = notifications
        self._contacts = contacts
        self._breaker = breaker
        self._bundling = Bundling(notifications)
        self._outgoing = outgoing
        self._post = post
        self._chat = Chat(Channels(notifications.store), outgoing, folder, is_local=is_local)
        self._links = links
        self._jitter = jitter
        self._clock = notifications.store.clock
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._calls: set[asyncio.Task[Folded[Notification]]] = set()

    async def ring(self, stream: UUID) -> None:
        """Start the attempt that is due, unless its endpoint is down; for the timer."""
        held = await self.notifications.current(stream)
        if await self._breaker.keeps_back(held.state):
            at, reason, jitter = self._clock(), "its endpoint does not answer", self._jitter()
            command = partial(notification.skip, at=at, reason=reason, jitter=jitter)
            await self.notifications.execute(_order(stream), command)
            return
        if (until := await self._quiet_until(held.state)) is not None:
            command = partial(
                notification.hold, at=self._clock(), until=until, reason=REASONS[Reason.QUIET_HOURS]
            )
            await self.notifications.execute(_order(stream), command)
            return
        await self._bundling.gather(held)
        begun = await self._begin(stream, notification.begin)
        task = asyncio.create_task(self._attempt(begun))
        self._calls.add(task)
        task.add_done_callback(self._ended)

    async def _quiet_until(self, state: Notification) -> datetime | None:
        """When the quiet hours of whom it is for end; None where they do not count."""
        if state.delivery is None or state.urgent or state.at_once or state.status in FINAL:
            return None
        contact = (await self._contacts.held(state.delivery.contact)).state
        priority = state.values.get("priority", "")
        return quiet_until(
            contact.quiet_hours, self._clock(), int(priority) if priority.isdecimal() else None
        )

    async def probe(self, stream: UUID) -> Folded[Notification]:
        """Make an attempt now, due or not; answers what came of it."""
        begun = await self._begin(stream, notification.probe)
        try:
            return await self._attempt(begun)
        finally:
            self._free.release()

    async def _begin(self, stream: UUID, command: Start) -> Folded[Notification]:
        """Record that the next attempt starts; there is room for its call by then."""
        await self._free.acquire()
        try:
            return await self.notifications.execute(_order(stream), command, at=self._clock())
        except BaseException:
            self._free.release()
            raise

    async def idle(self, within: float | None = None) -> None:
        """Wait until no call is under way; those that take longer are given up."""
        if self._calls:
            _, late = await asyncio.wait(self._calls, timeout=within)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _attempt(self, begun: Folded[Notification]) -> Folded[Notification]:
        delivery = begun.state.delivery
        if begun.state.status is not Status.SENDING or delivery is None:
            return begun
        result = await self.call(begun, delivery)
        attempt, at = len(begun.state.attempts), self._clock()
        outcome = _outcome(result, attempt, at, self._jitter())
        order = _order(begun.stream, delivery.cause)
        after = await self.notifications.execute(order, outcome)
        await self._breaker.heard(delivery, result, after.state)
        return after

    async def call(self, begun: Folded[Notification], delivery: Delivery) -> Result:
        """One call to whom it is for, of which nothing is recorded here."""
        words = await words_of(self.notifications.store, begun.stream, begun.state)
        words = self._linked(begun, words)
        try:
            contact = await self._contacts.current(delivery.contact)
        except NotFound:
            return _NO_ADDRESS
        address = await self._contacts.address(contact, delivery.channel)
        if address is None:
            return _NO_ADDRESS
        if not await may_know(self.notifications.store.pool, delivery.about, delivery.person):
            return _RESTRICTED
        return await self._by(delivery.channel, begun, words, contact, address)

    async def _by(
        self,
        channel: Channel,
        begun: Folded[Notification],
        words: Words,
        contact: Folded[Contact],
        address: str,
    ) -> Result:
        match channel:
            case Channel.EMAIL:
                return await self._mail(begun, words, address)
            case Channel.WEBHOOK:
                return await self._call_webhook(begun, words, contact, address)
            case Channel.CHAT:
                return await self._chat.send(address, begun.stream, words)
            case Channel.INBOX:
                return Reached("in the inbox")

    async def _mail(self, begun: Folded[Notification], words: Words, address: str) -> Result:
        if self._post is None:
            return _NO_SERVER
        if not mail.can_be_written(address):
            return _NO_MAILBOX
        message = mail.mail(
            begun.stream,
            sender=self._post.sender,
            to=address,
            subject=words.subject,
            text=words.text,
            at=self._clock(),
        )
        return await self._post.send(message)

    async def _call_webhook(
        self, begun: Folded[Notification], words: Words, contact: Folded[Contact], url: str
    ) -> Result:
        at = self._clock()
        secrets = await self._contacts.secrets(contact, at)
        if not secrets:
            return _NO_ADDRESS
        content = webhook.message(words, begun.state.happened_at)
        headers = webhook.signed(begun.stream, content, secrets, at)
        return await webhook.post(self._outgoing, url, content, headers)

    def _linked(self, begun: Folded[Notification], words: Words) -> Words:
        """A page brings a link to acknowledge it by, which is kept nowhere."""
        if begun.state.escalation is None or self._links is None:
            return words
        link = self._links.to(begun.stream)
        text = f"{words.text.rstrip()}\n\nAcknowledge: {link}\n"
        return Words(words.subject, text, words.values | {"acknowledge_url": link})

    def _ended(self, task: asyncio.Task[Folded[Notification]]) -> None:
        self._free.release()
        self._calls.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            # Only its kind: what it says may hold an address. The timer tries again.
            _log.error("attempt_failed", reason=type(failure).__name__)


@asynccontextmanager
async def sending(
    notifications: Notifications, contacts: Contacts, breaker: Breaker, settings: Settings
) -> AsyncIterator[Sender]:
    """A sender with this installation's mail server and networks, until the service stops."""
    url = settings.smtp_url
    post = Post(mail_server(url.get_secret_value())) if url else None
    networks: Sequence[Network] = settings.outbound_allow
    async with Outgoing(networks) as outgoing:
        sender = Sender(
            notifications,
            contacts,
            breaker,
            outgoing,
            post,
            links=links_of(settings),
            folder=settings.home,
            is_local=settings.local,
        )
        try:
            yield sender
        finally:
            await sender.idle(_LAST_WORDS)
            if post:
                await post.close()


def _outcome(result: Result, attempt: int, at: datetime, jitter: float) -> Command:
    """What is to be recorded of an attempt."""
    match result:
        case Reached(answer):
            return partial(notification.deliver, attempt=attempt, at=at, answer=answer)
        case Lost(reason):
            return partial(notification.lose, attempt=attempt, at=at, reason=reason, jitter=jitter)
        case Unreached():
            return partial(
                notification.fail,
                attempt=attempt,
                at=at,
                reason=result.reason,
                permanent=result.permanent,
                jitter=jitter,
                retry_after=result.retry_after,
            )


def _order(stream: UUID, cause: UUID | None = None) -> Order:
    return Order(stream=stream, actor="system:sender", causation_id=cause)
