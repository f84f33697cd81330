"""The log read once more, without our code, and what holds of it."""

import gzip
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

_NS = "{http://www.xes-standard.org}"


class Row(NamedTuple):
    """An event of the log that is not bad data."""

    at: datetime
    activity: str
    by: str
    group: str


def rows_of(path: Path) -> dict[str, list[Row]]:
    """The rows of each problem that a backfill can take."""
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    found: dict[str, list[Row]] = {}
    for trace in ET.fromstring(text).iter(f"{_NS}trace"):
        rows = [_row(event) for event in trace.iter(f"{_NS}event")]
        found[_values(trace)["concept:name"]] = [r for r in rows if "Unmatched" not in r.activity]
    return found


def reanalyses(rows: list[Row]) -> int:
    """Closed, and accepted again."""
    return sum(
        here.activity == "Completed-Closed" and there.activity.startswith("Accepted")
        for here, there in pairwise(rows)
    )


def _row(event: ET.Element) -> Row:
    told = _values(event)
    at = datetime.fromisoformat(told["time:timestamp"])
    return Row(at, told["Activity"], told["Resource"], told["org:group"])


def _values(element: ET.Element) -> dict[str, str]:
    return {c.attrib["key"]: c.attrib["value"] for c in element if "key" in c.attrib}
