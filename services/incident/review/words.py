"""Moments, spans of time and names as people read them, in every form of a document."""

from datetime import datetime

from shared.timeline import Entry


def moment(at: datetime | None) -> str:
    """To the second, UTC."""
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def span(seconds: float | None) -> str:
    """Such as 2 h 5 min; of less than a minute the seconds."""
    if seconds is None:
        return "-"
    sign, left = ("-" if seconds < 0 else ""), round(abs(seconds))
    days, left = divmod(left, 86_400)
    hours, left = divmod(left, 3600)
    minutes, rest = divmod(left, 60)
    if not (days or hours or minutes):
        return f"{sign}{rest} s"
    parts = ((days, "d"), (hours, "h"), (minutes, "min"))
    return sign + " ".join(f"{count} {unit}" for count, unit in parts if count)


def named(name: str) -> str:
    """A name of ours, such as time_to_restore, in words."""
    return name.replace("_", " ").capitalize()


def by(entry: Entry) -> str:
    """Who did it; the system speaks for itself."""
    system = entry.actor.removeprefix("system:")
    return entry.actor if system == entry.actor else f"the system, {system.replace('-', ' ')}"
