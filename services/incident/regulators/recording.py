"""Recording what regulators' clocks rest on. It is refused only where it cannot be meant."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.incident.events import IncidentEvent
from services.incident.incident import Incident
from services.incident.lifecycle import require
from services.incident.regulators.events import (
    RegulatoryFact,
    RegulatoryRecord,
    RegulatoryRecorded,
)
from shared.errors import Refused

MOST = 500


def record_regulatory(
    incident: Incident,
    *,
    origin: RegulatoryFact,
    at: datetime,
    now: datetime,
    reports: Collection[tuple[str, str]],
    regime: str | None = None,
    report: str | None = None,
    retracted: bool = False,
    replaces: int | None = None,
    reference: str | None = None,
    note: str | None = None,
) -> Sequence[IncidentEvent]:
    """In any status: the last report follows long after closure. `reports` are those there are."""
    require(incident, "record-regulatory")
    _require_named(origin, regime, report, reports)
    if at > now:
        raise Refused("it cannot have happened in the future: record it when it has")
    _require_replaceable(incident, replaces)
    told = RegulatoryRecorded(
        record=len(incident.regulatory) + 1,
        fact=origin,
        at=at,
        regime=regime,
        report=report,
        retracted=retracted,
        replaces=replaces,
        reference=reference,
        note=note,
    )
    if replaces is None and any(_says_the_same(told, before) for before in incident.regulatory):
        return []
    if len(incident.regulatory) >= MOST:
        raise Refused(f"it holds {MOST} regulatory records already")
    return [told]


def _require_named(
    origin: RegulatoryFact,
    regime: str | None,
    report: str | None,
    reports: Collection[tuple[str, str]],
) -> None:
    regimes = sorted({each for each, _ in reports})
    if regime is not None and regime not in regimes:
        raise Refused(f"there is no regime {regime}; there are {', '.join(regimes) or 'none'}")
    if origin is not RegulatoryFact.REPORT_SUBMITTED:
        if report is not None:
            raise Refused("only a submission names a report")
        return
    if regime is None or report is None:
        raise Refused("a submission names its regime and the report that was submitted")
    if (regime, report) not in reports:
        known = ", ".join(name for of, name in reports if of == regime)
        raise Refused(f"{regime} has no report {report}; it has {known}")


def _require_replaceable(incident: Incident, replaces: int | None) -> None:
    if replaces is None:
        return
    if not 1 <= replaces <= len(incident.regulatory):
        raise Refused(f"there is no regulatory record {replaces} to replace")
    if any(each.replaces == replaces for each in incident.regulatory):
        raise Refused(f"the regulatory record {replaces} is replaced already")


def _says_the_same(told: RegulatoryRecorded, before: RegulatoryRecord) -> bool:
    names = ("fact", "at", "regime", "report", "retracted")
    return all(getattr(told, name) == getattr(before, name) for name in names)
