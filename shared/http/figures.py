"""What may be asked of any figure: over which period, at which moment, of which things, how."""

from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlencode

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.effective import Instant
from shared.envelope import rfc3339
from shared.http.asked import Asked
from shared.http.body import Moment
from shared.http.moments import AsOf, EffectiveAt, moment_of, position_of, time_of
from shared.http.pages import Cursor, ListQuery
from shared.http.waiting import has_seen


class PeriodQuery(BaseModel):
    """The period is of effective time; unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    narrowing: ClassVar[tuple[str, ...]] = ()
    """The names of a service's own filters."""

    begins: Annotated[Moment | None, Field(alias="from", description="Included")] = None
    until: Annotated[Moment | None, Field(description="Not included")] = None
    as_of: AsOf = None
    effective_at: EffectiveAt = None
    wait_for: Annotated[
        str | None, Field(max_length=64, description="service:position to have been seen")
    ] = None

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        if self.begins and self.until and self.begins >= self.until:
            raise ValueError("until must come after from")
        return self

    def behind(self, instant: Instant) -> str:
        """The query that lists what is behind this figure, at the moment it was asked of."""
        beside = {"wait_for", "format"}
        told = self.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=beside)
        told.setdefault("as_of", instant.position if self.effective_at else rfc3339(instant.now))
        listed = {n: ",".join(map(str, v)) if isinstance(v, list) else v for n, v in told.items()}
        return urlencode(listed)

    def filters(self) -> dict[str, Any]:
        """The filters that are stated."""
        stated = {name: getattr(self, name) for name in self.narrowing}
        return {name: value for name, value in stated.items() if value is not None}


class InForm(BaseModel):
    """Also in which form."""

    format: Annotated[
        Literal["json", "csv"] | None, Field(description="As Accept: text/csv does")
    ] = None


class Behind(ListQuery):
    """A page of what is behind a figure."""

    excluded: Annotated[
        bool | None, Field(description="Only what does not count, or only what does")
    ] = None


async def instant_of(asked: Asked, query: PeriodQuery, cursor: Cursor | None = None) -> Instant:
    """The instant that is asked about, or at which a walk of pages began.

    Raises Invalid, NotCaughtUp.
    """
    await has_seen(asked.service, query.wait_for)
    log, effective_at = asked.service.store.log, moment_of(query.effective_at)
    if cursor is not None:
        return Instant(cursor.position, moment_of(cursor.id) or asked.now, effective_at)
    position = await position_of(query.as_of, log)
    if position is None:
        return Instant((await log.head()).position, effective_at or asked.now, effective_at)
    now = effective_at or await time_of(query.as_of, log) or asked.now
    return Instant(position, now, effective_at)


def wants_csv(asked: Asked, query: InForm) -> bool:
    """Whether it is asked for as a table: in so many words, or else by its Accept header."""
    if query.format is not None:
        return query.format == "csv"
    return asked.request.headers.get("accept", "").lower().startswith("text/csv")


def csv_answer(name: str, text: str) -> Response:
    """A table to be kept as a file."""
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(text, headers=headers, media_type="text/csv; charset=utf-8")
