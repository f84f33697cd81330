"""What may be asked of any figure: over which period, at which moment, of which things."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.http.body import Moment
from shared.http.moments import AsOf, EffectiveAt


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

    def filters(self) -> dict[str, Any]:
        """The filters that are stated."""
        stated = {name: getattr(self, name) for name in self.narrowing}
        return {name: value for name, value in stated.items() if value is not None}
