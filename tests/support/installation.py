"""A whole installation in a folder of its own, run as its operator would."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import psutil
import pytest

from shared.process import free_port
from tests.support.postgres import ROOT, new_home, remove_home

PORTS = ("TOCSIN_PORT", "TOCSIN_INCIDENT_PORT", "TOCSIN_PROBLEM_PORT", "TOCSIN_NOTIFICATION_PORT")


@dataclass
class Installation:
    """A home, four ports, and the processes of one run after the other."""

    home: Path
    ports: dict[str, int]
    module: tuple[str, ...] = ("services.cli.main", "run")
    told: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def launch(self) -> subprocess.Popen[str]:
        told = {"TOCSIN_HOME": str(self.home)} | {k: str(v) for k, v in self.ports.items()}
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
        command = [sys.executable, "-m", *self.module]
        self.process = subprocess.Popen(
            command,
            env=kept | told | self.told,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            stderr=subprocess.STDOUT,
        )
        return self.process

    def start(self) -> None:
        process = self.launch()
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                return
        pytest.fail("".join(said))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> str:
        """What it said in the end."""
        assert self.process
        self.process.send_signal(number)
        said, _ = self.process.communicate()
        return said

    def descendants(self) -> dict[str, psutil.Process]:
        """By what they are; of PostgreSQL's the first."""
        found = {}
        for child in psutil.Process(self.pid).children():
            with suppress(psutil.NoSuchProcess):  # gone since, or about to be reaped
                command = child.cmdline()
                program = Path(command[0]).name
                found[command[-1] if program.startswith("python") else program] = child
        return found

    def get(self, path: str) -> tuple[int, str, str]:
        """Status, media type and body at the one origin."""
        try:
            with urlopen(f"http://127.0.0.1:{self.ports['TOCSIN_PORT']}{path}") as answer:
                return answer.status, answer.headers["content-type"], answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.headers["content-type"], error.read().decode()

    def post(self, path: str) -> None:
        request = Request(f"http://127.0.0.1:{self.ports['TOCSIN_PORT']}{path}", method="POST")
        urlopen(request).close()

    def until_back(self, name: str) -> None:
        """A restarted program has another process than the one that was killed."""
        while name not in self.descendants() or self.get(f"/v1/{name}/healthz")[0] != 200:
            time.sleep(0.05)

    def until_visits(self, service: str, expected: int) -> None:
        """The test's own time limit ends this when it never comes true."""
        while True:
            try:
                if self.get(f"/v1/{service}/readyz") == (200, "application/json", str(expected)):
                    return
            except (URLError, OSError):
                pass
            time.sleep(0.05)


@contextmanager
def new_installation(*module: str) -> Iterator[Installation]:
    """Gone with all its processes in the end; `module` is what is run instead of `tocsin run`."""
    home = new_home()
    made = Installation(home, {name: free_port() for name in PORTS})
    made.module = module or made.module
    yield made
    if made.process and made.process.poll() is None:
        made.stop()
    remove_home(home)
