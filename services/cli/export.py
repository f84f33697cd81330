"""`tocsin export`: takes what Tocsin knows elsewhere, through the API."""

import asyncio
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Annotated

import typer

from services.cli.calling import Token, Url, client_of
from shared.client import AsyncClient, HTTPError, Response
from shared.process import CannotStart

_PATH = "/v1/problem/knowledge-base"
_PAGE = re.compile(r"(README|(known-errors|lessons)/[A-Z]+-\d+)\.md")

commands = typer.Typer(
    name="export", help="Take what Tocsin knows elsewhere.", no_args_is_help=True
)


@commands.callback()
def _export() -> None:
    """Take what Tocsin knows elsewhere."""


@commands.command("knowledge-base")
def knowledge_base(
    folder: Annotated[Path, typer.Argument(help="Is made; must be empty if there is one")],
    *,
    service: Annotated[str, typer.Option(help="Only what is of this service")] = "",
    as_of: Annotated[str, typer.Option(help="As it was: a time, or a position")] = "",
    url: Url = "",
    token: Token = "",
    as_json: Annotated[bool, typer.Option("--json", help="The report is JSON anyway")] = True,
) -> None:
    """Write known errors and lessons learned as Markdown, and all of it as knowledge-base.json.

    Of one position the files are the same, byte for byte. Exit codes: 0 done; 1 not done, with the
    reason.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotStart(f"{folder} is there already and not an empty folder; name another")
    asked = {"service": service, "as_of": as_of}
    report = asyncio.run(_export_to(folder, {n: v for n, v in asked.items() if v}, url, token))
    typer.echo(json.dumps(report))


async def _export_to(
    folder: Path, asked: dict[str, str], url: str, token: str
) -> dict[str, int | str]:
    async with client_of(url, token) as client:
        whole = await _got(client, _PATH, asked)
        position = whole.headers["tocsin-position"]
        packed = await _got(client, f"{_PATH}.zip", asked | {"as_of": position})
    pages = _pages(packed.content)
    for name, page in {**pages, "knowledge-base.json": whole.content}.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(page)
    base = whole.json()
    counts = {kind: len(base[kind]) for kind in ("known_errors", "lessons")}
    return {"folder": str(folder), "position": int(position), **counts}


async def _got(client: AsyncClient, path: str, asked: dict[str, str]) -> Response:
    try:
        answer = await client.get(path, params=asked)
    except HTTPError as failure:
        reason = str(failure) or type(failure).__name__
        raise CannotStart(f"nothing answers at {client.base_url} ({reason})") from None
    if answer.status_code != 200:
        raise CannotStart(f"GET {path} answered {answer.status_code}: {answer.text[:500]}")
    return answer


def _pages(content: bytes) -> dict[str, bytes]:
    """What a knowledge base holds, and nothing that would be written elsewhere."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {name: archive.read(name) for name in archive.namelist() if _PAGE.fullmatch(name)}
