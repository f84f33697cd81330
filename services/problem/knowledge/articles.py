"""What the knowledge base holds: published known errors, and what closed problems taught."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec


class KnownErrorArticle(msgspec.Struct, frozen=True, kw_only=True):
    """A published known error; `fixed` says that a permanent fix exists."""

    id: UUID
    number: str
    revision: int
    title: str
    symptom: str | None
    cause: str | None
    workaround: str | None
    solution: str | None
    error_code: str | None
    services: list[str]
    items: list[str]
    product: str | None
    product_version: str | None
    tags: list[str]
    valid_to: datetime | None
    fixed: bool
    problem: str | None


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """What a closed problem taught; `outcome` is fixed or risk_accepted."""

    id: UUID
    number: str
    title: str
    outcome: Literal["fixed", "risk_accepted"]
    service: str | None
    item: str | None
    category: str | None
    closed_at: datetime | None
    description: str | None
    root_cause: str | None
    workaround: str | None
    resolution: str | None
    lessons_learned: str
    review_outcome: str | None
    known_errors: list[str]


class KnowledgeBase(msgspec.Struct, frozen=True, kw_only=True):
    """All that the caller may know of, as it was at `position`, by number."""

    position: int
    known_errors: list[KnownErrorArticle]
    lessons: list[Lesson]
