"""Everything on one machine: database, three services, one address; kept running until told not."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from pydantic import SecretStr

from services.cli.child import Child, Say
from services.cli.database import Database
from services.cli.local import DATABASES, prepare, service_token, write_private
from services.cli.migrate import migrate_all
from services.cli.openapi import write_site
from services.cli.proxy import proxy_command, proxy_environment
from shared.client import HTTPError, new_client
from shared.process import CannotStart, port_is_free
from shared.settings import SERVICES, Service, Settings

PATIENCE = 60.0  # seconds for everything to be ready
GLANCE = 0.05
RELEASE = 2.0  # seconds in which ports of an earlier run become free
TRIES = 3  # starts of a program that keeps ending before it was ever ready
LOCAL_MAIL = "smtp://127.0.0.1:8025"  # where the demo receives; until then mail is tried again
LOCAL_RECEIVERS = "127.0.0.0/8"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve_command(service: Service) -> Sequence[str]:
    return [sys.executable, "-m", "services.cli.main", "serve", service]


class Supervisor:
    """Starts in order, watches, and stops in the opposite order."""

    def __init__(
        self,
        settings: Settings,
        say: Say,
        *,
        command_of: Callable[[Service], Sequence[str]] = serve_command,
        migrate: Callable[[Settings], Awaitable[None]] = migrate_all,
    ) -> None:
        self.settings = settings.model_copy(
            update={"home": settings.home.absolute(), "local": True}
        )
        self.say = say
        self.tokens: dict[str, str] = {}
        self._command_of = command_of
        self._migrate = migrate
        self._stop = asyncio.Event()
        self._database: Database | None = None
        self._children: list[Child] = []
        self._watches: list[asyncio.Task[None]] = []

    async def run(self, when_ready: Callable[["Supervisor"], None]) -> None:
        """Until a signal says to stop; then nothing is left running."""
        for number in STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        try:
            if await self._unless_stopped(self._start()):
                when_ready(self)
                await self._stop.wait()
        finally:
            await self._end()

    async def _unless_stopped(self, work: Coroutine[None, None, None]) -> bool:
        working, told = asyncio.create_task(work), asyncio.create_task(self._stop.wait())
        await asyncio.wait({working, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if not working.done():
            working.cancel()
            await asyncio.wait({working})
            return False
        await working
        return True

    async def _start(self) -> None:
        await self._require_free_ports()
        self.tokens = prepare(self.settings.home)
        (self.settings.home / "log").mkdir(exist_ok=True)
        await self._start_database()
        await self._migrate(self.settings)
        await self._start_services()
        await self._start_proxy()

    async def _require_free_ports(self) -> None:
        """An earlier run that has just been killed may hold its ports a moment longer."""
        deadline = asyncio.get_running_loop().time() + RELEASE
        while busy := self._busy_ports():
            if asyncio.get_running_loop().time() > deadline:
                name, port = busy[0]
                raise CannotStart(
                    f"port {port} is in use: stop what listens there (another `tocsin run`?), "
                    f"or set {name} to a free port"
                )
            await asyncio.sleep(GLANCE)

    def _busy_ports(self) -> list[tuple[str, int]]:
        ports = {f"TOCSIN_{s.upper()}_PORT": self.settings.port_of(s) for s in SERVICES}
        ports["TOCSIN_PORT"] = self.settings.port
        host = self.settings.host
        return [(name, port) for name, port in ports.items() if not port_is_free(host, port)]

    async def _start_database(self) -> None:
        """Our own, unless the operator named one."""
        if self.settings.database_url or self.settings.incident_database_url:
            return
        self._database = Database(self.settings.home, self.settings.pg_bindir, self.say)
        await self._database.start()
        self._watches.append(asyncio.create_task(self._database.keep_running()))
        told = self._database.urls()
        write_private(self.settings.home / DATABASES, json.dumps(told).encode())
        urls = {name: SecretStr(url) for name, url in told.items()}
        self.settings = self.settings.model_copy(update=urls)

    async def _start_services(self) -> None:
        told = self._told_to_services()
        started = {
            service: self._watch(service, self._command_of(service), told) for service in SERVICES
        }
        for service, child in started.items():
            await self._until_answered(child, f"{self.settings.url_of(service)}/readyz")

    def _told_to_services(self) -> dict[str, str]:
        allowed = self.settings.outbound_allow
        mail = self.settings.smtp_url
        told = {
            "home": str(self.settings.home),
            "local": "true",
            "service_token": service_token(self.settings.home),
            "smtp_url": mail.get_secret_value() if mail else LOCAL_MAIL,
            "outbound_allow": ",".join(map(str, allowed)) or LOCAL_RECEIVERS,
        }
        if self._database:
            told |= self._database.urls()
        return {f"TOCSIN_{name.upper()}": value for name, value in told.items()}

    async def _start_proxy(self) -> None:
        site = self.settings.home / "site"
        async with new_client() as client:
            answers = {
                s: await client.get(self.settings.url_of(s) + "/openapi.json") for s in SERVICES
            }
        write_site(site, {service: answer.json() for service, answer in answers.items()})
        environment = proxy_environment(self.settings, site)
        child = self._watch("caddy", proxy_command(), environment)
        await self._until_answered(child, f"{self.origin}/healthz")

    @property
    def origin(self) -> str:
        """The one address."""
        return f"http://{self.settings.host}:{self.settings.port}"

    def _watch(self, name: str, command: Sequence[str], told: dict[str, str]) -> Child:
        log = self.settings.home / "log" / f"{name}.log"
        child = Child(name, command, os.environ | told, log, self.say)
        self._children.append(child)
        self._watches.append(asyncio.create_task(child.keep_running()))
        return child

    async def _until_answered(self, child: Child, url: str) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not await _answers(url):
            if child.starts > TRIES or asyncio.get_running_loop().time() > deadline:
                raise CannotStart(f"{child.name} does not get ready: {child.last_words()}")
            await asyncio.sleep(GLANCE)

    async def _end(self) -> None:
        """Services first: the database would wait for them, or cut them off."""
        await asyncio.gather(*(child.stop() for child in self._children))
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        if self._database:
            self._database.stop()


async def _answers(url: str) -> bool:
    async with new_client(timeout=2) as client:
        try:
            return (await client.get(url)).status_code == 200
        except HTTPError:
            return False
