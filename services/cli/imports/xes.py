"""Reads XES, the form in which process mining exchanges logs: traces of events with attributes."""

import zlib
from collections.abc import Iterator
from functools import partial
from typing import IO, NamedTuple, NoReturn
from xml.parsers.expat import ExpatError, ParserCreate

from shared.process import CannotStart

_PIECE = 65_536


class XesEvent(NamedTuple):
    """An event's attributes by key; `line` is where it begins in the file."""

    line: int
    values: dict[str, str]


class Trace(NamedTuple):
    """A case: its own attributes, and its events in the file's order."""

    line: int
    values: dict[str, str]
    events: list[XesEvent]


def traces(file: IO[bytes]) -> Iterator[Trace]:
    """The traces of a log, one after the other. Raises CannotStart where it is no XES log."""
    reading = _Reading()
    try:
        for piece in iter(partial(file.read, _PIECE), b""):
            reading.take(piece)
            yield from reading.ended()
        reading.take(b"", is_last=True)
    except (ExpatError, EOFError, OSError, zlib.error) as error:
        raise CannotStart(f"this is not a whole XES log: {error}") from None


class _Reading:
    """A document, while its pieces come."""

    def __init__(self) -> None:
        parser = ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._refuse
        self._parser = parser
        self._path: list[str] = []
        self._trace = Trace(0, {}, [])
        self._ended: list[Trace] = []

    def take(self, piece: bytes, *, is_last: bool = False) -> None:
        self._parser.Parse(piece, is_last)

    def ended(self) -> list[Trace]:
        """The traces that have ended since."""
        found, self._ended = self._ended, []
        return found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        line = self._parser.CurrentLineNumber
        match [*self._path, name]:
            case [root] if root != "log":
                raise CannotStart(f"this is not an XES log: it begins with <{root}>")
            case ["log", "trace"]:
                self._trace = Trace(line, {}, [])
            case ["log", "trace", "event"]:
                self._trace.events.append(XesEvent(line, {}))
            case ["log", "trace", _]:
                _keep(self._trace.values, attributes)
            case ["log", "trace", "event", _]:
                _keep(self._trace.events[-1].values, attributes)
            case _:
                pass  # what is said of the log itself, or within an attribute
        self._path.append(name)

    def _end(self, name: str) -> None:
        self._path.pop()
        if [*self._path, name] == ["log", "trace"]:
            self._ended.append(self._trace)

    def _refuse(self, *declared: object) -> NoReturn:
        raise CannotStart("this is not an XES log: it declares a document type")


def _keep(values: dict[str, str], attributes: dict[str, str]) -> None:
    if "key" in attributes and "value" in attributes:
        values[attributes["key"]] = attributes["value"]
