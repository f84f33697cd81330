"""The UCI log of a ServiceNow instance: each row is a ticket as it stood at `sys_updated_at`."""

import csv
from collections.abc import Iterator
from datetime import tzinfo
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any

from services.cli.imports.record import LogFile, Rejected, Ticket
from services.cli.imports.uci_row import BadRow, Cells, Mapping, known, time_of


class UciLog(LogFile):
    """Reads the log's tickets, one after the other; its times are of this zone."""

    def __init__(self, file: Path, zone: tzinfo) -> None:
        super().__init__(file)
        self._zone = zone

    def tickets(self, limit: int | None = None) -> Iterator[Ticket]:
        """At most so many tickets. Raises CannotStart where the file is not this log."""
        with self.opened() as content:
            text = TextIOWrapper(content, "utf-8", "replace", newline="")
            yield from islice(self._grouped(csv.reader(text)), limit)

    def _grouped(self, reader: Any) -> Iterator[Ticket]:
        """A ticket's rows stand together; one that does not comes too late to be told in order."""
        columns = Mapping(next(reader, []), self._zone)
        ended: set[str] = set()
        ticket = _Rows("", columns, self._zone)
        for line, cells in _rows(reader):
            number = columns.cell(cells, "number").strip() if len(cells) == columns.width else ""
            if not number:
                ticket.reject(line, number, "has no number, or not the columns of the header")
                continue
            if number != ticket.number:
                yield from ticket.done()
                ended.add(ticket.number)
                ticket = _Rows(number, columns, self._zone)
            if number in ended:
                ticket.reject(line, number, "stands apart from its ticket's other rows")
            else:
                ticket.add(line, cells)
        yield from ticket.done()


def _rows(reader: Any) -> Iterator[tuple[int, Cells]]:
    """Each row with its line; without cells where it cannot be read."""
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = []
        yield reader.line_num, cells


class _Rows:
    """One ticket, while its rows are read."""

    def __init__(self, number: str, columns: Mapping, zone: tzinfo) -> None:
        self.number = number
        self._columns = columns
        self._zone = zone
        self._first: Cells | None = None
        self._last: Cells | None = None
        self._steps: list[dict[str, Any]] = []
        self._rejected: list[Rejected] = []

    def add(self, line: int, cells: Cells) -> None:
        try:
            step = self._columns.step(cells, self._last)
            self._first = self._first or self._checked(cells)
        except BadRow as reason:
            self.reject(line, self.number, str(reason))
            return
        self._steps.append(step)
        self._last = cells

    def reject(self, line: int, number: str, reason: str) -> None:
        self._rejected.append(Rejected(line, number, reason))

    def done(self) -> Iterator[Ticket]:
        if self._first and self._last:
            self._steps[-1]["source"] |= self._columns.hindsight(self._last)
            yield Ticket(self._body(self._first), self._rejected)
        elif self._rejected:
            yield Ticket(None, self._rejected)

    def _checked(self, cells: Cells) -> Cells:
        """A first row's `opened_at` is also a milestone."""
        time_of(self._columns.cell(cells, "opened_at"), self._zone)
        return cells

    def _body(self, first: Cells) -> dict[str, Any]:
        symptom = known(self._columns.cell(first, "u_symptom"))
        return {
            "external_ref": self.number,
            "title": f"{self.number}, symptom {symptom}" if symptom else self.number,
            "reporter": {"id": known(self._columns.cell(first, "caller_id")) or "unknown"},
            "detected_at": time_of(self._columns.cell(first, "opened_at"), self._zone),
            "steps": self._steps,
        }
