"""The figures: what is asked of a service, and what it is held against."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec

from tests.bench.feed import by_copy, by_feed
from tests.bench.fill import NOTE, Filler, open_store
from tests.bench.ground import Ground, Side
from tests.bench.load import Requests
from tests.bench.measure import Figure, Pace, Turn, compare, compare_rates

DETAILS = {
    "title": "Checkout latency above its objective",
    "description": (
        "p99 of checkout above 2 s for 10 minutes in one region, budget burning 14 times too fast, "
        "first seen by probe 7"
    ),
    "impact": 1,
    "urgency": 2,
    "service": "checkout",
    "started_at": "2026-11-22T00:30:00Z",
    "source": "monitoring",
    "tags": ["region=north", "team=payments"],
    "labels": {"cluster": "prod-7", "runbook": "rb-17"},
}
DECLARATION = msgspec.json.encode(
    DETAILS | {"reporter": {"id": "ann", "email": "ann@example.com"}}
).decode()
REPORT = msgspec.json.encode(DETAILS | {"reporter": "ann@example.com"}).decode()
_NOTE = msgspec.json.encode({"text": NOTE}).decode()
_FILTERS = (
    "service=checkout",
    "status=new",
    "status=closed&sort=-created_at",
    "priority=2&sort=-number",
    "group=search-team&status=closed",
    "sort=priority&status=closed,resolved",
    "open=true",
    "open=true&sort=-created_at&without=tag:vip",
    "assigned_to=person-3&open=true",
    "priority=none,1&sort=number",
)


class Figures:
    """Each compares two sides at this pace."""

    def __init__(self, ground: Ground, pace: Pace, bare: Side, service: Side) -> None:
        self._ground = ground
        self._pace = pace
        self._bare = bare
        self._service = service
        self._years: dict[str, Side] = {}

    async def command_vs_bare_insert(self) -> Figure:
        """Declare, all included, against one INSERT."""
        return await compare(self.declare(self._service), self._insert(), self._pace, 1.1)

    async def existing_vs_bare_insert(self) -> Figure:
        """A note on an incident of about 10 events, against one INSERT."""
        ids = await self._filled(1_500 * (self._pace.rounds + 1), events=6)
        return await compare(self._note(_slices(ids, self._pace)), self._insert(), self._pace, 0.7)

    async def uncached_vs_bare_insert(self) -> Figure:
        """The same, on incidents this process has not seen yet: each is loaded first."""
        ids = await self._filled(12_000 * (self._pace.rounds + 1), events=10)
        return await compare(self._note(_slices(ids, self._pace)), self._insert(), self._pace, 0.0)

    async def command_on_long_incident_vs_new(self) -> Figure:
        """A note on an incident of 5,000 events, against one of about 5."""
        long = await self._filled(64, events=5_000, least=32)
        short = await self._filled(1_500 * (self._pace.rounds + 1), events=3)
        sides = self._note([long] * (self._pace.rounds + 1)), self._note(_slices(short, self._pace))
        return await compare(*sides, self._pace, 0.8)

    async def read_one_vs_bare_select(self) -> Figure:
        """One incident with its actions, against one row; both over many of them."""
        ids = await self._filled(5_000, events=3)
        paths = [f"/v1/incidents/{id}" for id in ids]
        rows = [f"/select/{n}" for n in range(1, await self._bare_rows(5_000) + 1)]
        return await compare(
            self._get(self._service, paths), self._get(self._bare, rows), self._pace, 0.9
        )

    async def list_at_100k_vs_1k(self) -> Figure:
        """Filtered pages of 50 of many incidents, against few."""
        large = await self._year("large", self._pace.of(100_000))
        small = await self._year("small", 1_000)
        paths = [f"/v1/incidents?{each}&limit=50" for each in _FILTERS]
        return await compare(self._get(large, paths), self._get(small, paths), self._pace, 0.8)

    async def facets_vs_bare_sql(self) -> Figure:
        """The counts beside a list of many incidents, against the statement one would write."""
        large = await self._year("large", self._pace.of(100_000))
        bare = await self._ground.bare_on("large")
        by = "by=status,priority,service,group,assigned_to,category"
        paths = [f"/v1/incidents/facets?{by}{more}" for more in ("", "&open=true")]
        sides = self._get(large, paths), self._get(bare, ["/counts", "/counts/open"])
        return await compare(*sides, self._pace, 0.5)

    async def feed_events_per_s_vs_copy(self) -> Figure:
        """The log over the feed, page by page, against COPY of the same rows."""
        side, events = await self._year("large", self._pace.of(100_000)), self._pace.of(100_000)

        async def ours() -> float:
            return await by_feed(side, self._ground.token, events)

        async def baseline() -> float:
            return await by_copy(side, events)

        return await compare_rates(ours, baseline, self._pace, 0.15, "events/s")

    def declare(self, side: Side) -> Turn:
        """One new incident after another."""
        asked = Requests(side.base, ["/v1/incidents"], "POST", DECLARATION, self._ground.token)
        return lambda number: asked

    def _insert(self) -> Turn:
        asked = Requests(self._bare.base, ["/insert"], "POST", REPORT)
        return lambda number: asked

    def _note(self, slices: Sequence[Sequence[UUID]]) -> Turn:
        def turn(number: int) -> Requests:
            paths = [f"/v1/incidents/{id}/note" for id in slices[number]]
            return Requests(self._service.base, paths, "POST", _NOTE, self._ground.token)

        return turn

    def _get(self, side: Side, paths: Sequence[str]) -> Turn:
        asked = Requests(side.base, paths, token=self._ground.token)
        return lambda number: asked

    async def _filled(self, count: int, *, events: int, least: int = 0) -> Sequence[UUID]:
        store = await open_store(self._service.database, self._ground.master)
        ids = await Filler(store).incidents(max(self._pace.of(count), least), events=events)
        await store.close()
        return ids

    async def _year(self, name: str, count: int) -> Side:
        """A service on a log of so many incidents; made once."""
        if name not in self._years:
            self._years[name] = await self._made_year(name, count)
        return self._years[name]

    async def _made_year(self, name: str, count: int) -> Side:
        database = await self._ground.incident_database(name)
        store = await open_store(database, self._ground.master)
        await Filler(store).year(count)
        await store.close()
        await self._ground.tidy(name)
        return await self._ground.incident_service(database)

    async def _bare_rows(self, count: int) -> int:
        connection = await asyncpg.connect(self._bare.database)
        states = [REPORT.encode() for _ in range(count)]
        await connection.execute(
            """insert into bare (stream, version, topic, state)
            select gen_random_uuid(), 1, 'bare.stored', s from unnest($1::bytea[]) s""",
            states,
        )
        found: int = await connection.fetchval("select max(id) from bare")
        await connection.close()
        return min(found, count)


def _slices(ids: Sequence[UUID], pace: Pace) -> list[Sequence[UUID]]:
    """A fresh share for the warm-up and for each round."""
    shares = pace.rounds + 1
    return [ids[n::shares] for n in range(shares)]
