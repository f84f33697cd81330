"""Child processes that never outlive their parent, and the ports they listen on."""

import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

PR_SET_PDEATHSIG = 1


class CannotStart(Exception):
    """Something the operator must put right first; the message is one line that names the cure."""


class Account(TypedDict, total=False):
    """Arguments of `subprocess.Popen` that say whom the child runs as; empty: as ourselves."""

    user: int
    group: int
    extra_groups: list[int]


def die_with_parent(sig: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: on Linux the kernel sends `sig` when the parent is gone, even by SIGKILL.

    The parent is the *thread* that starts the child, so start children from the main thread.
    """
    if sys.platform != "linux":
        return lambda: None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def follow() -> None:
        prctl(PR_SET_PDEATHSIG, sig)
        if os.getppid() != parent:  # it died before the line above
            os.kill(os.getpid(), sig)

    return follow


def unprivileged_account() -> Account:
    """Whom to run as a program that refuses root: nobody else when we aren't root ourselves."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise CannotStart("PostgreSQL does not run as root: create a user with `useradd postgres`")


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def port_is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def command_line(pid: int) -> str:
    """What this process was started with; empty when there is none."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return ""
    shown = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, check=False)
    return shown.stdout.decode()
