"""Load on one server of this machine: by wrk where it is installed, else by a loader of our own."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

CONNECTIONS = 32

_SCRIPT = """
local head = {["content-type"] = "application/json", ["authorization"] = os.getenv("BENCH_TOKEN")}
local ready, turn = {}, 0
function init()
  for path in io.lines(os.getenv("BENCH_PATHS")) do
    ready[#ready + 1] = wrk.format(os.getenv("BENCH_METHOD"), path, head, os.getenv("BENCH_BODY"))
  end
end
function request()
  turn = turn % #ready + 1
  return ready[turn]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\\n{"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"failed":%d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, e.connect + e.read + e.write + e.status + e.timeout))
end
"""


class Requests(NamedTuple):
    """What is asked, again and again: the paths in turn."""

    base: str
    paths: Sequence[str]
    method: str = "GET"
    body: str = ""
    token: str = ""


class Run(msgspec.Struct, frozen=True):
    """How it went; latencies in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    failed: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds


async def load(requests: Requests, seconds: float) -> Run:
    """Keep 32 connections busy. Raises RuntimeError unless every answer is a 2xx."""
    if shutil.which("wrk"):
        run = await _by_wrk(requests, seconds)
    else:
        run = await _by_ourselves(requests, seconds)
    if run.failed or not run.requests:
        raise RuntimeError(f"{run.failed} of {run.requests} failed: {requests.paths[0]}")
    return run


async def _by_wrk(requests: Requests, seconds: float) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        script, paths = _written(Path(folder), requests.paths)
        told = {
            "BENCH_PATHS": str(paths),
            "BENCH_METHOD": requests.method,
            "BENCH_BODY": requests.body,
            "BENCH_TOKEN": f"Bearer {requests.token}",
        }
        options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", str(script)]
        process = await asyncio.create_subprocess_exec(
            "wrk", *options, requests.base, env=told, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
    return msgspec.json.decode(output.splitlines()[-1], type=Run)


def _written(folder: Path, paths: Sequence[str]) -> tuple[Path, Path]:
    script, listed = folder / "load.lua", folder / "paths"
    script.write_text(_SCRIPT)
    listed.write_text("\n".join(paths))
    return script, listed


async def _by_ourselves(requests: Requests, seconds: float) -> Run:
    messages = cycle([_message(requests, path) for path in requests.paths])
    waits: list[float] = []
    failed = 0
    end = time.perf_counter() + seconds

    async def client() -> None:
        nonlocal failed
        where = urlsplit(requests.base)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        while (started := time.perf_counter()) < end:
            writer.write(next(messages))
            failed += not await _is_answered(reader)
            waits.append(time.perf_counter() - started)
        writer.close()

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    waits.sort()
    p50, p99 = (waits[int(len(waits) * part)] * 1e3 for part in (0.5, 0.99))
    return Run(len(waits), seconds, p50, p99, failed)


def _message(requests: Requests, path: str) -> bytes:
    body = requests.body.encode()
    return (
        f"{requests.method} {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {requests.token}\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body


async def _is_answered(reader: asyncio.StreamReader) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
    return head[9:10] == b"2"
