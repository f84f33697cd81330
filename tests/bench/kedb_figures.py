"""Matching incidents against many known errors, against the statements that it needs, alone.

Only read models are filled: a match reads no log. Words are made up, as frequent as words are.
"""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import accumulate, cycle
from typing import Any
from uuid import UUID

import asyncpg

from services.problem.known_errors.finding import Wanted, find, look_up
from services.problem.known_errors.question import asked
from services.problem.known_errors.scoring import Facts
from services.problem.known_errors.thesaurus import Thesauruses, built_in
from services.problem.known_errors.words import words
from shared.client import new_client
from shared.clock import now
from tests.bench.ground import Ground, Side, execute
from tests.bench.measure import Figure, Pace

KNOWN_ERRORS, INCIDENTS = 50_000, 200_000
_WORDS, _SERVICES, _ITEMS = 12_000, 200, 5_000
_AT_ONCE = 2
_ASKED = 400
_COUNTED = """insert into known_error_words (word, stem, documents)
    select k, k, count(*) from known_error_texts, jsonb_object_keys(words) k group by k"""
_TEXTS = "known_error_texts", "id code product heading symptom remedy words".split()
_ERRORS = (
    "known_errors",
    "id from_position version created_at updated_at number title status revision services items "
    "tags fixed expired".split(),
)
_COPIES = (
    "incident_copies",
    "id number title symptom status service item occurred_at event imported".split(),
)
Statement = tuple[str, tuple[Any, ...]]


class KedbFigures:
    """Compares two sides at this pace."""

    def __init__(self, ground: Ground, pace: Pace, bare: Side, service: Side) -> None:
        self._ground = ground
        self._pace = pace
        self._random = random.Random(7)  # an order, no secret
        stems = {word.stem for group in built_in().groups for said in group for word in words(said)}
        made = (f"{a}{b}{c}" for a in _SYLLABLES for b in _SYLLABLES for c in _SYLLABLES)
        self._words = [*sorted(stems), *(next(made) for _ in range(_WORDS - len(stems)))]
        self._random.shuffle(self._words)
        self._often = list(accumulate(1 / (n + 10) for n in range(len(self._words))))

    async def kedb_search(self) -> Figure:
        """The 99th percentile of a match by two responders at a time, against its SQL alone."""
        database = await self._filled()
        side = await self._ground.service("problem", database, {})
        numbers = self._random.sample(range(self._pace.of(INCIDENTS)), _ASKED)
        statements = await self._statements(database, numbers)
        runs: tuple[list[float], list[float]] = ([], [])
        waits: dict[str, float] = {}
        for _ in range(self._pace.rounds):
            for mine, run in ((True, runs[0]), (False, runs[1])):
                side_of = self._by_match(side, numbers) if mine else self._by_sql(statements)
                took = sorted(await side_of(database))
                p50, p99 = (took[int(len(took) * part)] * 1e3 for part in (0.5, 0.99))
                run.append(1e3 / p99)
                before = "" if mine else "baseline_"
                waits |= {f"{before}p50": p50, f"{before}p99": p99}
        self._ground.end(side)
        ours, bare = (sorted(run)[len(run) // 2] for run in runs)
        told = {"ours": runs[0], "baseline": runs[1]}
        return Figure(ours, bare, "matches/s at p99", told, 1 / 3, waits)

    def _by_match(
        self, side: Side, numbers: Sequence[int]
    ) -> Callable[..., Awaitable[list[float]]]:
        async def run(database: str) -> list[float]:
            async with new_client(base_url=side.base, timeout=60) as client:
                client.headers["authorization"] = f"Bearer {self._ground.token}"

                async def one(number: int) -> None:
                    body = {"incident": f"INC-{number}"}
                    answer = await client.post("/v1/known-errors/match", json=body)
                    assert answer.status_code == 200, answer.text

                return await self._timed(one, numbers)

        return run

    def _by_sql(
        self, statements: Sequence[list[Statement]]
    ) -> Callable[..., Awaitable[list[float]]]:
        async def run(database: str) -> list[float]:
            async with asyncpg.create_pool(database, min_size=_AT_ONCE, max_size=_AT_ONCE) as pool:

                async def one(needed: list[Statement]) -> None:
                    for sql, arguments in needed:
                        await pool.fetch(sql, *arguments)

                return await self._timed(one, statements)

        return run

    async def _timed(
        self, one: Callable[[Any], Awaitable[None]], what: Sequence[Any]
    ) -> list[float]:
        took: list[float] = []
        turns: Iterator[Any] = cycle(what)
        warm, end = time.perf_counter() + self._pace.warm_up, 0.0
        end = warm + self._pace.seconds

        async def worker() -> None:
            while (began := time.perf_counter()) < end:
                await one(next(turns))
                if began > warm:
                    took.append(time.perf_counter() - began)

        await asyncio.gather(*(worker() for _ in range(_AT_ONCE)))
        return took

    async def _statements(self, database: str, numbers: Sequence[int]) -> list[list[Statement]]:
        """What the service asks its database for each of these matches."""
        of_incident = "select title, service, item from incident_copies where number = $1"
        thesaurus = Thesauruses().of(0, None)
        found = []
        async with asyncpg.create_pool(database, min_size=1, max_size=1) as pool:
            for number in numbers:
                recorded = _Recorded(pool)
                (copy,) = await recorded.fetch(of_incident, f"INC-{number}")
                facts = Facts(
                    services=frozenset({copy["service"]}), items=frozenset({copy["item"]})
                )
                question = await look_up(recorded, asked(copy["title"], thesaurus))  # type: ignore[arg-type]
                await find(recorded, Wanted(question, facts, now(), None, 10))  # type: ignore[arg-type]
                found.append(recorded.statements)
        return found

    async def _filled(self) -> str:
        database = await self._ground.database("problem", "kedb")
        owner = self._ground.as_owner(database)
        connection = await asyncpg.connect(owner)
        await connection.execute("alter table known_error_texts disable trigger user")
        errors = [self._known_error(n) for n in range(self._pace.of(KNOWN_ERRORS))]
        await _copied(connection, *_ERRORS, [row for row, _ in errors])
        await _copied(connection, *_TEXTS, [text for _, text in errors])
        incidents = (self._incident(n, errors) for n in range(self._pace.of(INCIDENTS)))
        await _copied(connection, *_COPIES, list(incidents))
        await connection.close()
        await execute(owner, _COUNTED)
        await execute(owner, "alter table known_error_texts enable trigger user")
        await self._ground.tidy("kedb")
        return database

    def _known_error(self, number: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        id, at = UUID(int=self._random.getrandbits(128)), now()
        heading, symptom, remedy = (self._some(n) for n in (7, 16, 26))
        names = [f'["{kind}-{self._random.randrange(of)}"]' for kind, of in _NAMES]
        every = json.dumps({"": ""} | {word: word for word in heading + symptom + remedy})
        row = (id, number + 1, 1, at, at, number + 1, " ".join(heading), "published", 1, *names,
               "[]", False, False)  # fmt: skip
        parts = (" ".join(part) for part in (heading, symptom, remedy))
        code = f"e{number}" if number % 3 == 0 else None
        return row, (id, code, None, *parts, every)

    def _incident(self, number: int, errors: Sequence[Any]) -> tuple[Any, ...]:
        """Like one of the known errors, with another word and perhaps a slip."""
        row, text = self._random.choice(errors)
        of = f"{text[3]} {text[4]}".split()
        told = [*self._random.sample(of, 5), *self._some(2)]
        if number % 3 == 0:
            told[0] = told[0][1:] + told[0][:1]
        service, item = (json.loads(names)[0] for names in row[9:11])
        id, title = UUID(int=self._random.getrandbits(128)), " ".join(told)
        return (id, f"INC-{number}", title, title, "open", service, item, now(), id, False)

    def _some(self, count: int) -> list[str]:
        return self._random.choices(self._words, cum_weights=self._often, k=count)


_NAMES = (("service", _SERVICES), ("item", _ITEMS))
_SYLLABLES = """ba de fi go ku la me ni po ru sa te vi wo zu bra cle dri flo gru kla pre sti
    tro""".split()


class _Recorded:
    """A pool that remembers what it was asked."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.statements: list[Statement] = []

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        self.statements.append((sql, arguments))
        found: list[asyncpg.Record] = await self._pool.fetch(sql, *arguments)
        return found

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        return (await self.fetch(sql, *arguments))[0][0]


async def _copied(
    connection: asyncpg.Connection, table: str, columns: list[str], rows: list[tuple[Any, ...]]
) -> None:
    await connection.copy_records_to_table(table, records=rows, columns=columns)
