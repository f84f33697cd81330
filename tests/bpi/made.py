"""A small log in the form of the BPI Challenge's, made for these tests, with its oddities."""

import gzip
from pathlib import Path

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org">
	<string key="creator" value="a test"/>
"""
_TRACE = """	<trace>
		<string key="concept:name" value="{name}"/>
		<string key="variant" value="Variant 1"/>
{events}	</trace>
"""
_EVENT = """		<event>
			<string key="lifecycle:transition" value="complete"/>
			<string key="org:resource" value="{who}-Org line {line}"/>
			<date key="time:timestamp" value="{at}"/>
			<string key="Activity" value="{activity}"/>
			<string key="Resource" value="{who}"/>
			<string key="org:group" value="Org line {line}"/>
		</event>
"""
LINES_OF_AN_EVENT = 8
LINES_BEFORE_THE_FIRST_EVENT = 6

Told = tuple[str, str, str, str]
"""When, which activity, by whom, of which line."""


def event(day: int, activity: str, who: str = "Minnie", line: str = "A2") -> Told:
    return (f"2012-03-{day:02}T12:00:00.000+02:00", activity, who, line)


IN_PROGRESS, WAIT, ASSIGNED = "Accepted-In Progress", "Accepted-Wait", "Accepted-Assigned"
QUEUED, CLOSED, CANCELLED = "Queued-Awaiting Assignment", "Completed-Closed", "Completed-Cancelled"
UNMATCHED = "Unmatched-Unmatched"

PLAIN = [
    event(1, QUEUED),
    event(2, IN_PROGRESS),
    event(3, IN_PROGRESS),  # nothing new
    event(4, WAIT, "Ewa", "G3"),
    event(5, CLOSED, "Ewa", "G3"),
]
AGAIN = [
    event(1, IN_PROGRESS),
    event(2, CLOSED),
    event(3, IN_PROGRESS),
    event(4, QUEUED, line="C"),
    event(5, ASSIGNED, "Tomas", "C"),
    event(6, CLOSED, "Tomas", "C"),
    event(7, WAIT, "Tomas", "C"),
    event(8, CLOSED, "Tomas", "C"),
]
STRANGE = [
    event(1, IN_PROGRESS),
    event(2, UNMATCHED),  # bad data
    event(3, CANCELLED),
    event(4, IN_PROGRESS),
    event(5, CLOSED),
]
SMALL = {"1-100": PLAIN, "1-200": AGAIN, "1-300": STRANGE}


def xes(told: dict[str, list[Told]]) -> str:
    """These cases as XES."""
    return _HEAD + "".join(_trace(name, events) for name, events in told.items()) + "</log>\n"


def _trace(name: str, events: list[Told]) -> str:
    lines = (
        _EVENT.format(at=at, activity=activity, who=who, line=line)
        for at, activity, who, line in events
    )
    return _TRACE.format(name=name, events="".join(lines))


def write(path: Path, text: str) -> Path:
    """Packed where the name says so."""
    content = text.encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path
