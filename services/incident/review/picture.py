"""The timeline as a picture: SVG within the page, with lanes for status, communications, people."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from services.incident.review.document import ImpactWindow, StatusSpan
from services.incident.review.lanes import LANES, lane_of
from services.incident.review.markup import Markup, tag
from shared.timeline import Entry

_WIDTH, _LEFT, _RIGHT = 1000, 145, 20
_TOP, _LANE, _HEIGHT = 34, 62, 240
_TICKS = 5
_MOST_MARKS = 600
_STYLE = """.lane{fill:#f4f6f9}.grid{stroke:#d9dee6}
.tick,.name{font:13px system-ui,"DejaVu Sans",sans-serif;fill:#5a6575}
.name{font-weight:600;fill:#1c2430}.mark{fill:#1c2430;fill-opacity:.75}
.impact{fill:#b3261e;fill-opacity:.12}
.mark.communications{fill:#7a3fc0}.mark.people{fill:#c4561b}"""
_COLOURS = {
    "new": "#8a8f98",
    "in_progress": "#2f6fde",
    "on_hold": "#c98a00",
    "resolved": "#2e8b57",
    "closed": "#55606e",
    "cancelled": "#55606e",
    "merged": "#55606e",
}


class _Scale(NamedTuple):
    start: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        """Where a moment lies; what lies outside is drawn at the edge."""
        part = (at - self.start) / (self.end - self.start)
        return round(_LEFT + min(max(part, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT), 1)


def picture(
    entries: Sequence[Entry], statuses: Sequence[StatusSpan], impact: ImpactWindow | None
) -> Markup:
    """All of it; nothing where nothing has happened."""
    if not entries:
        return Markup("")
    scale = _scale(entries, statuses)
    return tag(
        "svg",
        tag("title", "Timeline with lanes for status, communications and people"),
        tag("style", Markup(_STYLE)),
        *_axis(scale),
        *_lanes(),
        *_felt(impact, scale),
        *_bars(statuses, scale),
        *_marks(entries, scale),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        class_="picture",
        xmlns="http://www.w3.org/2000/svg",
    )


def _scale(entries: Sequence[Entry], statuses: Sequence[StatusSpan]) -> _Scale:
    """From the first moment to the last turn of its status, or the last moment before any."""
    start = min(each.effective_at for each in entries)
    turns = [each.since for each in statuses[1:]]
    end = max(turns) if turns else max(each.effective_at for each in entries)
    end = max(end, start + timedelta(minutes=1))
    return _Scale(start, end + (end - start) * 0.04)


def _axis(scale: _Scale) -> Iterable[Markup]:
    span = scale.end - scale.start
    form = "%d %b %H:%M" if span > timedelta(hours=20) else "%H:%M"
    for place in range(_TICKS + 1):
        at = scale.start + span * place / _TICKS
        x = scale.x(at)
        yield tag("line", x1=x, y1=_TOP - 8, x2=x, y2=_HEIGHT - 10, class_="grid")
        anchor = {0: "start", _TICKS: "end"}.get(place, "middle")
        yield tag("text", f"{at:{form}}", x=x, y=_TOP - 16, text_anchor=anchor, class_="tick")


def _lanes() -> Iterable[Markup]:
    for place, name in enumerate(LANES):
        y = _TOP + place * _LANE
        yield tag("rect", x=0, y=y, width=_WIDTH, height=_LANE - 6, class_="lane")
        yield tag("text", name.capitalize(), x=10, y=y + _LANE / 2, class_="name")


def _felt(impact: ImpactWindow | None, scale: _Scale) -> Iterable[Markup]:
    """The time in which users felt it, behind all lanes."""
    if impact is None:
        return
    x, until = scale.x(impact.since), scale.x(impact.until or scale.end)
    end = "now" if impact.until is None else f"{impact.until:%Y-%m-%d %H:%M:%S} UTC"
    yield tag(
        "rect",
        tag("title", f"Impact from {impact.since:%Y-%m-%d %H:%M:%S} UTC to {end}"),
        x=x,
        y=_TOP,
        width=max(round(until - x, 1), 1.5),
        height=_LANE * len(LANES) - 6,
        class_="impact",
    )


def _bars(statuses: Sequence[StatusSpan], scale: _Scale) -> Iterable[Markup]:
    for each in statuses:
        x, until = scale.x(each.since), scale.x(each.until or scale.end)
        name = each.status.replace("_", " ")
        yield tag(
            "rect",
            tag("title", f"{name} since {each.since:%Y-%m-%d %H:%M:%S} UTC"),
            x=x,
            y=_TOP + 6,
            width=max(round(until - x, 1), 1.5),
            height=18,
            rx=2,
            fill=_COLOURS.get(each.status, "#8a8f98"),
        )


def _marks(entries: Sequence[Entry], scale: _Scale) -> Iterable[Markup]:
    """Where there are too many, the picture shows the first ones of each lane."""
    drawn = dict.fromkeys(LANES, 0)
    for each in entries:
        lane = lane_of(each.kind)
        drawn[lane] += 1
        if drawn[lane] <= _MOST_MARKS // len(LANES):
            yield _mark(each, lane, drawn[lane], scale)


def _mark(entry: Entry, lane: str, number: int, scale: _Scale) -> Markup:
    """Neighbours stand a little above and below one another."""
    y = _TOP + LANES.index(lane) * _LANE + (40 if lane == "status" else 18 + 10 * (number % 3))
    return tag(
        "circle",
        tag("title", f"{entry.effective_at:%Y-%m-%d %H:%M:%S} UTC: {entry.title}"),
        cx=scale.x(entry.effective_at),
        cy=y,
        r=4,
        class_=f"mark {lane}",
    )
