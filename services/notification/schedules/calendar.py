"""A schedule as an iCalendar (RFC 5545): one event a shift, in UTC, of the same UID each time."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid5

from services.notification.schedules.on_call import Shift

_MOST_OCTETS = 75
_CONTROLS = {number: " " for number in range(32) if number != 10} | {127: " "}


def calendar(stream: UUID, name: str, stamp: datetime, shifts: Iterable[Shift]) -> str:
    """The calendar of these shifts; gaps are left out. `stamp` is when it was last changed."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Tocsin//On call//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(name)}",
    ]
    for shift in shifts:
        if shift.duty.person is not None:
            lines += _event(stream, name, stamp, shift, shift.duty.person)
    return "".join(folded(line) for line in (*lines, "END:VCALENDAR"))


def _event(stream: UUID, name: str, stamp: datetime, shift: Shift, person: str) -> Iterator[str]:
    began = _moment(shift.start)
    yield "BEGIN:VEVENT"
    yield f"UID:{uuid5(stream, f'{began} {person}')}@tocsin"
    yield f"DTSTAMP:{_moment(stamp)}"
    yield f"DTSTART:{began}"
    yield f"DTEND:{_moment(shift.end)}"
    yield f"SUMMARY:{escaped(f'{person} on call: {name}')}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def escaped(text: str) -> str:
    """A text value: what has a meaning of its own is marked, controls are left out."""
    plain = text.replace("\r\n", "\n").translate(_CONTROLS)
    for character in ("\\", ";", ","):
        plain = plain.replace(character, f"\\{character}")
    return plain.replace("\n", "\\n")


def folded(line: str) -> str:
    """A content line in pieces of at most 75 octets, never within a character."""
    pieces, octets = [""], 0
    for character in line:
        size = len(character.encode())
        if octets + size > _MOST_OCTETS:
            pieces.append(" ")
            octets = 1
        pieces[-1] += character
        octets += size
    return "\r\n".join(pieces) + "\r\n"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
