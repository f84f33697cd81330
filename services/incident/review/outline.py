"""A document as a sequence of blocks, which each form renders in its own way."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.incident.regulators.view import RegulatoryDeadline
from services.incident.review.deliveries import Delivery
from services.incident.review.document import (
    ActionItemView,
    ImpactWindow,
    Moment,
    Participant,
    ReviewDocument,
    SectionView,
    Span,
    StatusSpan,
)
from services.incident.review.words import by, moment, named, span
from shared.timeline import Entry


class Heading(NamedTuple):
    text: str
    level: int = 2


class Said(NamedTuple):
    """What somebody has written, as it was written."""

    text: str


class Note(NamedTuple):
    """A sentence of ours, said quietly."""

    text: str


class Card(NamedTuple):
    label: str
    value: str
    proofs: Sequence[UUID] = ()


class Cards(NamedTuple):
    cards: Sequence[Card]


class Table(NamedTuple):
    """The last cell of a row is the event that proves it, if any does."""

    heads: Sequence[str]
    rows: Sequence[tuple[Sequence[str], UUID | None]]


class Line(NamedTuple):
    at: datetime
    title: str
    detail: str | None
    by: str
    proof: UUID


class Lines(NamedTuple):
    lines: Sequence[Line]


class Picture(NamedTuple):
    entries: Sequence[Entry]
    statuses: Sequence[StatusSpan]
    impact: ImpactWindow | None


Block = Heading | Said | Note | Cards | Table | Lines | Picture


class Outline(NamedTuple):
    """A document: its title, the marks beside it, and what follows."""

    kind: str
    title: str
    marks: Sequence[str]
    blocks: Sequence[Block]


def of_review(review: ReviewDocument) -> Outline:
    """A post-incident review."""
    marks = [review.severity, f"revision {review.revision}", review.status]
    if review.priority is not None:
        marks.insert(1, f"priority {review.priority}")
    return Outline(
        "Post-incident review", f"{review.number} {review.title}", marks, [*_review(review)]
    )


def _review(review: ReviewDocument) -> Iterable[Block]:
    yield Note(_standing(review))
    if review.reopened_because is not None:
        yield Note(f"Reopened: {review.reopened_because}")
    yield Cards([impact_card(review.impact_window), *duration_cards(review.durations)])
    yield Picture(review.timeline, review.statuses, review.impact_window)
    for section in review.sections:
        yield from _section(section)
    yield from _action_items(review.action_items)
    yield from milestones(review.milestones, review.seconds_in_status)
    yield from people(review.participants)
    yield from told("Communications", review.communications)
    yield from reached(review.told)
    yield from told("Decisions", review.decisions)
    yield from regulators(review.regulators)
    yield from told("Timeline", review.timeline)
    if review.timeline_omitted:
        yield Note(f"{review.timeline_omitted} later entries are left out here.")


def _standing(review: ReviewDocument) -> str:
    facts = f"The facts are replayed from the log up to position {review.position}."
    if review.completed is None:
        return f"Open. {facts}"
    done = review.completed
    return f"Completed by {done.by} at {moment(done.at)}, event {done.event}. {facts}"


def impact_card(impact: ImpactWindow | None) -> Card:
    """How long it was felt."""
    if impact is None:
        return Card("Impact", "not known")
    if impact.until is None or impact.ends is None:
        return Card("Impact", f"since {moment(impact.since)} ({impact.by})", [impact.begins])
    value = f"{span(impact.seconds)}: {moment(impact.since)} to {moment(impact.until)}"
    return Card("Impact", value, [impact.begins, impact.ends])


def duration_cards(durations: Sequence[Span]) -> list[Card]:
    """How long it took from one milestone to another."""
    return [
        Card(named(each.name), span(each.seconds), [each.begins, each.ends]) for each in durations
    ]


def _section(section: SectionView) -> Iterable[Block]:
    yield Heading(section.title)
    if section.text is None:
        yield Note("Nothing is written here yet.")
        return
    yield Said(section.text)
    yield Note(f"{section.written_by}, {moment(section.written_at)}, event {section.event}")


def _action_items(items: Sequence[ActionItemView]) -> Iterable[Block]:
    yield Heading("Action items")
    if not items:
        yield Note("There are none.")
        return
    heads = ("No.", "What", "Owner", "Due", "State")
    yield Table(heads, [(_item(each), each.event) for each in items])


def _item(item: ActionItemView) -> Sequence[str]:
    state = item.state if item.dropped_because is None else f"dropped: {item.dropped_because}"
    due = "-" if item.due is None else item.due.isoformat()
    return (str(item.item), item.title, item.owner or "-", due, state)


def milestones(reached: Sequence[Moment], spent: dict[str, float]) -> Iterable[Block]:
    """When it was what, and how long in which status."""
    yield Heading("Milestones")
    rows = [((named(each.name), moment(each.at)), each.event) for each in reached]
    yield Table(("Milestone", "When"), rows)
    if spent:
        times = [((named(name), span(seconds)), None) for name, seconds in spent.items()]
        yield Table(("Status", "Time in it"), times)


def people(participants: Sequence[Participant]) -> Iterable[Block]:
    """Who took part, as what."""
    yield Heading("Participants")
    rows = [
        ((each.person, named(part.role), moment(part.since)), part.event)
        for each in participants
        for part in each.took_part
    ]
    yield Table(("Person", "As", "Since"), rows)


def told(heading: str, entries: Sequence[Entry]) -> Iterable[Block]:
    """A part of the timeline, or all of it."""
    yield Heading(heading)
    if not entries:
        yield Note("There are none.")
        return
    yield Lines(
        [Line(each.effective_at, each.title, each.detail, by(each), each.id) for each in entries]
    )


def reached(deliveries: Sequence[Delivery]) -> Iterable[Block]:
    """Who was told of what, where anybody was."""
    if deliveries:
        yield Heading("Told")
        heads = ("Of", "By", "Outcome", "How many", "Who", "First")
        yield Table(heads, [(_reached(each), each.event) for each in deliveries])


def _reached(delivery: Delivery) -> Sequence[str]:
    more = ", ..." if delivery.count > len(delivery.recipients) else ""
    who, first = ", ".join(delivery.recipients) + more, moment(delivery.first_at)
    of = delivery.fact.removeprefix("incident.").replace("_", " ")
    return (of, delivery.channel, delivery.outcome, str(delivery.count), who, first)


def regulators(deadlines: Sequence[RegulatoryDeadline]) -> Iterable[Block]:
    """The reports to regulators, where anything was recorded for them."""
    if not deadlines:
        return
    yield Heading("Reports to regulators")
    heads = ("Report", "State", "Due", "Submitted", "Told")
    yield Table(heads, [(_report(each), each.submitted or each.overdue) for each in deadlines])


def _report(deadline: RegulatoryDeadline) -> Sequence[str]:
    reached = ", ".join(f"{each.recipient} ({each.outcome})" for each in deadline.told)
    return (
        f"{deadline.regime} {deadline.report}",
        deadline.state.replace("_", " "),
        moment(deadline.due_at),
        moment(deadline.submitted_at),
        reached or "-",
    )
