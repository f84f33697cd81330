"""Regulators' clocks told in sentences, for the timeline."""

from services.incident.regulators.events import RegulatoryFact, RegulatoryRecorded
from services.incident.regulators.warnings import (
    RegulatoryOverdue,
    RegulatoryWarned,
    RegulatoryWarning,
)
from shared.domain import Event
from shared.envelope import rfc3339
from shared.timeline import Sentence

SENTENCES: dict[type[Event], Sentence] = {
    RegulatoryRecorded: lambda h: (_recorded(h), h.note),
    RegulatoryWarned: lambda h: (f"{_report(h)} is due at {rfc3339(h.due_at)}", _version(h)),
    RegulatoryOverdue: lambda h: (
        f"{_report(h)} is overdue since {rfc3339(h.due_at)}",
        _version(h),
    ),
}

_SAID = {
    RegulatoryFact.AWARE: ("Aware of it", "Not aware of it after all"),
    RegulatoryFact.CLASSIFIED: ("Classified as major", "Classified as not major"),
    RegulatoryFact.MATERIALITY_DETERMINED: ("Determined to be material", "Not material"),
    RegulatoryFact.PERSONAL_DATA_AFFECTED: ("Personal data affected", "No personal data affected"),
}


def _recorded(recorded: RegulatoryRecorded) -> str:
    what = _submission(recorded) if recorded.report else _SAID[recorded.fact][recorded.retracted]
    of = f" ({recorded.regime})" if recorded.regime and not recorded.report else ""
    instead = f", in place of record {recorded.replaces}" if recorded.replaces else ""
    return f"For regulators: {what}{of} at {rfc3339(recorded.at)}{instead}"


def _submission(recorded: RegulatoryRecorded) -> str:
    said = "withdrawn" if recorded.retracted else "submitted"
    reference = f" as {recorded.reference}" if recorded.reference else ""
    return f"{recorded.regime} {recorded.report} {said}{reference}"


def _report(warning: RegulatoryWarning) -> str:
    return f"The report {warning.report} of {warning.regime}"


def _version(warning: RegulatoryWarning) -> str:
    return f"regulators version {warning.policy_version}"
