"""Load on one server of this machine: by wrk where it is installed, else by a loader of our own."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count, cycle
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec

CONNECTIONS = 32

_SCRIPT = """
local head = {["content-type"] = "application/json", ["authorization"] = os.getenv("BENCH_TOKEN")}
local method, run = os.getenv("BENCH_METHOD"), os.getenv("BENCH_RUN")
local ready, fresh, turn = {}, {}, 0
function init()
  for line in io.lines(os.getenv("BENCH_PATHS")) do
    local path, body = line:match("^(%S+) ?(.*)$")
    ready[#ready + 1] = wrk.format(method, path, head, body)
    fresh[#fresh + 1] = run ~= "" and {path, body} or nil
  end
end
function request()
  turn = turn + 1
  local place = (turn - 1) % #ready + 1
  if fresh[place] == nil then return ready[place] end
  return wrk.format(method, fresh[place][1], head, (fresh[place][2]:gsub("@@", run .. turn)))
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\\n{"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"failed":%d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, e.connect + e.read + e.write + e.status + e.timeout))
end
"""


class Requests(NamedTuple):
    """What is asked, again and again: the paths in turn, each with its body or the one for all.

    `fresh`: every @@ in a body becomes something that no request has had before.
    """

    base: str
    paths: Sequence[str]
    method: str = "GET"
    body: str = ""
    token: str = ""
    bodies: Sequence[str] = ()
    fresh: bool = False

    def pairs(self) -> list[tuple[str, str]]:
        """Each path with its body."""
        return list(zip(self.paths, self.bodies or [self.body] * len(self.paths), strict=True))


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
        script, paths = _written(Path(folder), requests.pairs())
        told = {
            "BENCH_PATHS": str(paths),
            "BENCH_METHOD": requests.method,
            "BENCH_RUN": f"{uuid4().hex[:12]}-" if requests.fresh else "",
            "BENCH_TOKEN": f"Bearer {requests.token}",
        }
        options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "--timeout", "30s"]
        options += ["-s", str(script)]
        process = await asyncio.create_subprocess_exec(
            "wrk", *options, requests.base, env=told, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
    return msgspec.json.decode(output.splitlines()[-1], type=Run)


def _written(folder: Path, pairs: Sequence[tuple[str, str]]) -> tuple[Path, Path]:
    script, listed = folder / "load.lua", folder / "paths"
    script.write_text(_SCRIPT)
    listed.write_text("\n".join(f"{path} {body}" for path, body in pairs))
    return script, listed


async def _by_ourselves(requests: Requests, seconds: float) -> Run:
    messages = _messages(requests)
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


def _messages(requests: Requests) -> Iterator[bytes]:
    run, turns = uuid4().hex[:12], count()
    for path, body in cycle(requests.pairs()):
        fresh = body.replace("@@", f"{run}-{next(turns)}") if requests.fresh else body
        yield _message(requests, path, fresh.encode())


def _message(requests: Requests, path: str, body: bytes) -> bytes:
    return (
        f"{requests.method} {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {requests.token}\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body


async def _is_answered(reader: asyncio.StreamReader) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
    return head[9:10] == b"2"
