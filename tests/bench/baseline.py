"""The least that FastAPI and asyncpg cost: one statement a request, nothing of ours in between."""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Literal

import asyncpg
import msgspec
from fastapi import FastAPI
from pydantic import BaseModel, Field

TABLE = """create table if not exists bare (
    id bigint generated always as identity primary key, stream uuid not null,
    version integer not null, topic text not null, state bytea not null,
    recorded_at timestamptz not null default clock_timestamp(), unique (stream, version))"""
_INSERT = """insert into bare (stream, version, topic, state)
    values ($1, 1, 'bare.stored', $2) returning id"""
_SELECT = "select state from bare where id = $1"
_COUNTS = """select status, priority, service, assignment_group, assigned_to, category,
        grouping(status, priority, service, assignment_group, assigned_to, category) as which,
        count(*) as count
    from incidents where to_position is null{and_so}
    group by grouping sets (
        (status), (priority), (service), (assignment_group), (assigned_to), (category), ())"""
_COUNT_ALL = _COUNTS.format(and_so="")
_COUNT_OPEN = _COUNTS.format(and_so=" and status in ('new', 'in_progress', 'on_hold')")


class Report(BaseModel):
    title: str = Field(min_length=1, max_length=200)
    description: str
    impact: int = Field(ge=1, le=3)
    urgency: int = Field(ge=1, le=3)
    service: str
    reporter: str
    started_at: datetime
    source: Literal["monitoring", "person"]
    tags: list[str]
    labels: dict[str, str]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["BARE_URL"], min_size=8, max_size=16) as pool:
        await pool.execute(TABLE)
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_lifespan)


@app.post("/insert", status_code=201, response_model=None)
async def insert(report: Report) -> dict[str, Any]:
    stream = uuid.uuid4()
    state = report.model_dump_json().encode()
    position = await app.state.pool.fetchval(_INSERT, stream, state)
    return {
        "id": stream,
        "title": report.title,
        "status": "new",
        "version": 1,
        "position": position,
    }


@app.get("/select/{position}", response_model=None)
async def select(position: int) -> Any:
    return msgspec.json.decode(await app.state.pool.fetchval(_SELECT, position))


@app.get("/counts", response_model=None)
async def counts() -> Any:
    return list(map(dict, await app.state.pool.fetch(_COUNT_ALL)))


@app.get("/counts/open", response_model=None)
async def counts_of_open() -> Any:
    return list(map(dict, await app.state.pool.fetch(_COUNT_OPEN)))
