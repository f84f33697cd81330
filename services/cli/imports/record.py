"""What an import reads from another system's log: one record after the other, in parts."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol


class Rejected(NamedTuple):
    """A row that is not taken; `row` is its line in the file, from 1."""

    row: int
    external_ref: str
    reason: str


class Ticket(NamedTuple):
    """One record as a backfill takes it (None where no row is left), and rows not taken."""

    body: dict[str, Any] | None
    rejected: list[Rejected]


class Log(Protocol):
    """A log under way; `size` and `bytes_read` are those of its file."""

    size: int

    @property
    def bytes_read(self) -> int: ...

    def tickets(self, limit: int | None = None) -> Iterator[Ticket]: ...


class LogFile:
    """A file, packed by gzip or not, and how far it was read."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._raw: IO[bytes] | None = None
        self.size = file.stat().st_size

    @property
    def bytes_read(self) -> int:
        """How far it is."""
        return self.size if self._raw is None or self._raw.closed else self._raw.tell()

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Its content."""
        with self._file.open("rb") as raw:
            self._raw = raw
            is_packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            unpacked: Any = gzip.GzipFile(fileobj=raw) if is_packed else raw
            yield unpacked
