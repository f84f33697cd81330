"""Quiet hours: when somebody wants to be left alone, by the clock where they are."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.notification.contact_events import QuietHours

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def quiet_until(
    hours: QuietHours | None, at: datetime, priority: int | None = None
) -> datetime | None:
    """When the quiet hours of this moment end; None where it is in none, or breaks them."""
    if hours is None or (priority is not None and priority in hours.but_priorities):
        return None
    here = at.astimezone(ZoneInfo(hours.time_zone))
    for ago in (1, 0):  # those that began yesterday may go on
        day = here.date() - timedelta(days=ago)
        if hours.days and _DAYS[day.weekday()] not in hours.days:
            continue
        start, end = time.fromisoformat(hours.start), time.fromisoformat(hours.end)
        ends_on = day if end > start else day + timedelta(days=1)
        begin = datetime.combine(day, start, here.tzinfo).astimezone(UTC)
        over = datetime.combine(ends_on, end, here.tzinfo).astimezone(UTC)
        if begin <= at < over:
            return over
    return None
