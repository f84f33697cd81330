"""`tocsin export knowledge-base`: the folder that it writes is the same for one position."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.auth.roles import Role
from tests.support.postgres import ROOT, Databases
from tests.support.service import RunningService
from tests.support.started import client_at, listening


@pytest.fixture(scope="module")
async def place(databases: Databases) -> AsyncIterator[tuple[RunningService, str]]:
    async with listening("problem", databases) as (service, base):
        async with client_at(base, service, Role.PROBLEM_MANAGER) as manager:
            said = {"title": "Pools run dry", "symptom": "Slow", "workaround": "Restart it"}
            drafted = (await manager.post("/v1/known-errors", json=said)).json()
            await manager.post(f"/v1/known-errors/{drafted['id']}/publish")
        yield service, base


async def exported(place: tuple[RunningService, str], *words: str) -> tuple[int, str, str]:
    service, base = place
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    told = {"TOCSIN_URL": base, "TOCSIN_TOKEN": service.token(Role.SERVICE)}
    command = ["-m", "services.cli.main", "export", "knowledge-base", *words]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=kept | told, cwd=ROOT, stdout=PIPE, stderr=PIPE
    )
    out, said = await process.communicate()
    return process.returncode or 0, out.decode(), said.decode()


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


async def test_it_writes_pages_and_json_the_same_for_one_position(
    place: tuple[RunningService, str], tmp_path: Path
) -> None:
    code, out, said = await exported(place, str(tmp_path / "first"))
    assert code == 0, said
    report = json.loads(out)
    assert (report["known_errors"], report["lessons"]) == (1, 0)
    first = files(tmp_path / "first")
    assert set(first) == {"README.md", "known-errors/KE-1.md", "knowledge-base.json"}
    assert b"Pools run dry" in first["known-errors/KE-1.md"]
    await exported(place, str(tmp_path / "again"), "--as-of", str(report["position"]))
    assert files(tmp_path / "again") == first


async def test_nothing_is_written_over_and_refusals_are_told(
    place: tuple[RunningService, str], tmp_path: Path
) -> None:
    (tmp_path / "mine.md").write_text("Mine")
    code, _, said = await exported(place, str(tmp_path))
    assert (code, files(tmp_path)) == (1, {"mine.md": b"Mine"})
    assert "not an empty folder" in said
    code, _, said = await exported(place, str(tmp_path / "new"), "--as-of", "999999999")
    assert (code, (tmp_path / "new").exists()) == (1, False)
    assert "answered 422" in said
