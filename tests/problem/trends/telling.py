"""Sightings as tests tell them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.problem.trends.sighting import Sighting, microseconds, traits_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def sighting(
    position: int,
    incident: int = 0,
    *,
    hour: float = 0,
    title: str = "Checkout is slow",
    service: str | None = "checkout",
    item: str | None = None,
    category: str | None = None,
    subcategory: str | None = None,
    **more: Any,
) -> Sighting:
    """An incident as the fact at this position tells it; one of its own unless it is named."""
    at = NOON + timedelta(hours=hour)
    told = {"impact": None, "urgency": None, "counts": True, "quiet": False} | more
    return Sighting(
        position=position,
        event=UUID(int=10**9 + position),
        told_at=NOON + timedelta(seconds=position),
        incident=UUID(int=incident or position),
        number=f"INC-{incident or position}",
        title=title,
        at=at,
        traits=traits_of(title, service, item, category, subcategory),
        when=microseconds(at),
        **told,
    )
