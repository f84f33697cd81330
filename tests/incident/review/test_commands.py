"""The rules of a review: what may be done with it when."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from services.incident import incident
from services.incident.events import IncidentEvent
from services.incident.incident import Incident
from services.incident.major.events import ReviewReopened
from services.incident.major.state import Major
from services.incident.review import commands
from services.incident.review import events as r
from services.incident.review.commands import REQUIRED
from services.incident.review.events import ReviewEvent
from services.incident.review.review import Review, Standing, evolve
from services.incident.rules import MajorState, Status
from shared.errors import Refused

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
ID = UUID(int=1)
OPENED = r.ReviewOpened(incident=ID, at=AT)
WRITTEN = [r.SectionWritten(section=name, text="Seen") for name in REQUIRED]
ITEM = r.ActionItemAdded(item=1, title="Alert earlier", owner="ann", due=date(2026, 4, 1))
COMPLETED = r.Completed(revision=1, position=7, at=AT)
RESOLVED = Incident(status=Status.RESOLVED, number=1)
MAJOR = Major(state=MajorState.ACCEPTED)


def after(*events: ReviewEvent) -> Review:
    return reduce(evolve, events, Review())


def give(
    review: Review, command: Callable[..., Sequence[ReviewEvent]], **told: Any
) -> Sequence[ReviewEvent]:
    return command(review, **told)


def complete(review: Review, incident: Incident = RESOLVED) -> Sequence[ReviewEvent]:
    return commands.complete(review, incident=incident, position=7, at=AT)


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
def test_it_is_opened_of_whatever_is_resolved(status: Status) -> None:
    incident = Incident(status=status)
    assert commands.open_review(Review(), incident=incident, id=ID, at=AT) == [OPENED]
    assert commands.open_review(after(OPENED), incident=incident, id=ID, at=AT) == []


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.RESOLVED, Status.CLOSED}))
def test_and_of_nothing_else(status: Status) -> None:
    with pytest.raises(Refused, match="once it is resolved"):
        commands.open_review(Review(), incident=Incident(status=status), id=ID, at=AT)


def test_that_of_a_major_incident_is_due_by_itself_once_it_is_resolved() -> None:
    def due(review: Review, incident: Incident) -> Sequence[ReviewEvent]:
        return commands.due_by_itself(review, incident=incident, id=ID, at=AT)

    assert due(Review(), Incident(status=Status.RESOLVED, major=MAJOR)) == [OPENED]
    assert due(Review(), Incident(status=Status.IN_PROGRESS, major=MAJOR)) == []
    assert due(Review(), RESOLVED) == []
    assert due(after(OPENED), Incident(status=Status.RESOLVED, major=MAJOR)) == []


def test_reopening_a_major_incident_begins_the_next_revision_once() -> None:
    reopened = Major(state=MajorState.ACCEPTED, review_revision=1, review_completed=False)
    incident = Incident(status=Status.IN_PROGRESS, major=reopened)
    completed = after(OPENED, *WRITTEN, COMPLETED)
    due = commands.due_by_itself(completed, incident=incident, id=ID, at=AT)
    assert due == [r.ReviewReopened(revision=2, at=AT)]
    again = after(OPENED, *WRITTEN, COMPLETED, *due)
    assert commands.due_by_itself(again, incident=incident, id=ID, at=AT) == []
    assert again.standing is Standing.OPEN
    assert again.written == frozenset(REQUIRED)


def test_while_it_was_not_completed_the_reopening_changes_nothing() -> None:
    reopened = Major(state=MajorState.ACCEPTED)
    incident = Incident(status=Status.IN_PROGRESS, major=reopened)
    assert commands.due_by_itself(after(OPENED), incident=incident, id=ID, at=AT) == []


def test_the_incident_hears_that_its_review_goes_on_unless_it_is_closed() -> None:
    finished = Major(state=MajorState.ACCEPTED, review_revision=1, review_completed=True)
    completed = after(OPENED, *WRITTEN, COMPLETED)
    review = after(OPENED, *WRITTEN, COMPLETED, r.ReviewReopened(revision=2, at=AT, reason="x"))

    def heard(incident: Incident, review: Review = review) -> Sequence[IncidentEvent]:
        return commands.heard_of(incident, review=review, at=AT)

    resolved = Incident(status=Status.RESOLVED, major=finished)
    [told] = heard(resolved)
    assert told == ReviewReopened(revision=2, at=AT)
    again = incident.evolve(resolved, told)
    assert (again.major.review_completed, again.major.review_revision) == (False, 1)
    assert heard(again) == []
    assert heard(resolved, completed) == []
    assert heard(Incident(status=Status.CLOSED, major=finished)) == []
    assert commands.due_by_itself(review, incident=again, id=ID, at=AT) == []


def test_each_thing_that_is_missing_is_named() -> None:
    bare = r.ActionItemAdded(item=1, title="Alert earlier")
    with pytest.raises(Refused) as refused:
        complete(after(OPENED, *WRITTEN[:3], bare))
    assert [condition for condition, _ in refused.value.unmet] == [
        "section:contributing_factors", "section:lessons", "action_item:1:owner",
        "action_item:1:due",
    ]  # fmt: skip


def test_nothing_is_missing() -> None:
    dropped = r.ActionItemDropped(item=2, reason="Done elsewhere")
    bare = r.ActionItemAdded(item=2, title="Later")
    review = after(OPENED, *WRITTEN, ITEM, bare, dropped)
    assert complete(review) == [COMPLETED]


def test_a_section_that_was_emptied_is_missing() -> None:
    emptied = commands.write_section(after(OPENED, *WRITTEN), section="lessons", text=" \n ")
    assert emptied == [r.SectionWritten(section="lessons", text=None)]
    with pytest.raises(Refused, match="not complete yet"):
        complete(after(OPENED, *WRITTEN, *emptied))


def test_it_is_not_completed_while_the_incident_goes_on() -> None:
    with pytest.raises(Refused, match="in progress: its review is completed once it is resolved"):
        complete(after(OPENED, *WRITTEN), Incident(status=Status.IN_PROGRESS))


@pytest.mark.parametrize("events", [[], [OPENED, *WRITTEN, COMPLETED]])
def test_only_an_open_one_is_written(events: list[ReviewEvent]) -> None:
    review = after(*events)
    for command, told in (
        (commands.write_section, {"section": "lessons", "text": "x"}),
        (commands.add_action_item, {"title": "x", "at": AT}),
    ):
        with pytest.raises(Refused, match=r"not opened yet|is completed"):
            give(review, command, **told)
    with pytest.raises(Refused):
        complete(review)


def test_action_items_are_finished_after_it_was_completed() -> None:
    review = after(OPENED, *WRITTEN, ITEM, COMPLETED)
    done = commands.complete_action_item(review, item=1, at=AT)
    assert done == [r.ActionItemDone(item=1, at=AT)]
    moved = commands.change_action_item(review, item=1, at=AT, due=date(2026, 5, 1))
    assert moved == [r.ActionItemChanged(item=1, due=date(2026, 5, 1))]
    with pytest.raises(Refused, match="is completed"):
        commands.change_action_item(review, item=1, at=AT, title="Another")
    finished = evolve(review, done[0])
    assert commands.complete_action_item(finished, item=1, at=AT) == []
    with pytest.raises(Refused, match="done already"):
        commands.drop_action_item(finished, item=1, reason="x")
    with pytest.raises(Refused, match="no action item 9"):
        commands.complete_action_item(review, item=9, at=AT)


def test_what_changes_nothing_is_nothing() -> None:
    review = after(OPENED, ITEM)
    assert commands.change_action_item(review, item=1, at=AT, owner="ann") == []
    assert commands.write_section(review, section="lessons", text="") == []


def test_it_is_reopened_only_once_it_was_completed() -> None:
    with pytest.raises(Refused, match="nothing to reopen"):
        commands.reopen(after(OPENED), reason="x", at=AT)
    events = commands.reopen(after(OPENED, *WRITTEN, COMPLETED), reason="New facts", at=AT)
    assert events == [r.ReviewReopened(revision=2, at=AT, reason="New facts")]


def test_there_is_an_end_to_sections_and_items() -> None:
    many = [r.SectionWritten(section=f"s{n}", text="x") for n in range(commands.MOST_SECTIONS)]
    with pytest.raises(Refused, match="at most"):
        commands.write_section(after(OPENED, *many), section="one_more", text="x")
    assert commands.write_section(after(OPENED, *many), section="s1", text="y")
    items = [r.ActionItemAdded(item=n + 1, title="x") for n in range(commands.MOST_ITEMS)]
    with pytest.raises(Refused, match="at most"):
        commands.add_action_item(after(OPENED, *items), title="x", at=AT)


def test_what_is_to_be_done_is_due_on_a_day_that_is_not_over_somewhere() -> None:
    today, review = AT.date(), after(OPENED, ITEM)  # at noon the day before has just ended
    for past in (date(2025, 4, 1), today - timedelta(1)):
        with pytest.raises(Refused, match=f"the due date {past} is past"):
            commands.add_action_item(review, title="x", due=past, at=AT)
        with pytest.raises(Refused, match="is past"):
            commands.change_action_item(review, item=1, due=past, at=AT)
    still = AT - timedelta(microseconds=1)
    assert commands.add_action_item(review, title="x", due=today - timedelta(1), at=still)
    assert commands.add_action_item(review, title="x", due=today, at=AT)


def test_an_item_that_is_overdue_is_changed_without_another_due_date() -> None:
    later, review = AT + timedelta(days=90), after(OPENED, ITEM)
    changed = commands.change_action_item(review, item=1, owner="bob", due=ITEM.due, at=later)
    assert changed == [r.ActionItemChanged(item=1, owner="bob", due=ITEM.due)]
