"""What a running service is made of; routes find it at `request.app.state.service`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from fastapi import Request
from prometheus_client import CollectorRegistry

from shared.auth.authenticator import Authenticator
from shared.auth.tickets import StreamTickets
from shared.settings import Settings
from shared.store.store import Store


class Following(Protocol):
    """A follower, as far as health checks look at it."""

    name: str
    source: str

    def lag(self) -> dict[str, Any]:
        """Its position, the feed's, and what is wrong if anything is."""
        ...


class Keeping(Protocol):
    """Who keeps rows by the service's own log, as far as health checks look at it.

    Its cursor has its name; one instance of the service keeps them, the others stand by.
    """

    name: str
    trouble: str | None


class ReadGauges(Protocol):
    """Metrics that are read when they are asked for."""

    database: Any

    async def read(self, store: Store, keepers: Sequence[Keeping] = ()) -> None:
        """Bring them up to date."""
        ...


@dataclass
class Service:
    """One service in one process."""

    name: str
    settings: Settings
    store: Store
    authenticator: Authenticator
    tickets: StreamTickets
    cursor_key: bytes
    registry: CollectorRegistry
    gauges: ReadGauges
    is_migrated: Callable[[], Awaitable[bool]]
    parts: dict[str, Any] = field(default_factory=dict)
    followers: list[Following] = field(default_factory=list)
    keepers: list[Keeping] = field(default_factory=list)


def service_of(request: Request) -> Service:
    """The service this request has reached."""
    found: Service = request.app.state.service
    return found
