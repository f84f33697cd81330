"""What people do with a review: each command answers with events, or refuses."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from services.incident.events import IncidentEvent
from services.incident.incident import Incident
from services.incident.lifecycle import why_not
from services.incident.major.events import ReviewReopened
from services.incident.review import events as r
from services.incident.review.events import ReviewEvent
from services.incident.review.review import Item, Review, Standing
from services.incident.rules import Status
from shared.clock import is_over
from shared.errors import Refused

REQUIRED = (
    "what_happened",
    "what_went_well",
    "what_did_not",
    "contributing_factors",
    "lessons",
)
MOST_SECTIONS = 20
MOST_ITEMS = 200
_AFTERWARDS = frozenset({Status.RESOLVED, Status.CLOSED})


def due_by_itself(
    review: Review, *, incident: Incident, id: UUID, at: datetime
) -> list[ReviewEvent]:
    """A major incident's is opened at its resolution; its reopening begins the next revision."""
    if not incident.major.is_accepted:
        return []
    if review.standing is Standing.NONE and incident.status in _AFTERWARDS:
        return [r.ReviewOpened(incident=id, at=at)]
    is_reopened = (
        review.standing is Standing.COMPLETED
        and incident.major.review_revision == review.revision
        and not incident.major.review_completed
    )
    return [r.ReviewReopened(revision=review.revision + 1, at=at)] if is_reopened else []


def heard_of(incident: Incident, *, review: Review, at: datetime) -> Sequence[IncidentEvent]:
    """A review that was reopened must be completed again before its incident closes."""
    is_told = incident.major.review_completed and review.standing is Standing.OPEN
    if not is_told or incident.status is Status.CLOSED:
        return []
    return [ReviewReopened(revision=review.revision, at=at)]


def open_review(
    review: Review, *, incident: Incident, id: UUID, at: datetime
) -> Sequence[ReviewEvent]:
    """Of any incident that is resolved."""
    if review.standing is Standing.COMPLETED:
        raise Refused("the review is completed; reopen it to begin the next revision")
    if review.standing is Standing.OPEN:
        return []
    _require_afterwards(incident, "its review is opened")
    return [r.ReviewOpened(incident=id, at=at)]


def write_section(review: Review, *, section: str, text: str) -> Sequence[ReviewEvent]:
    """Say a section as a whole; an empty text empties it."""
    _require_open(review)
    told = text.strip() or None
    if told is None and section not in review.written:
        return []
    if len(review.written | {section}) > MOST_SECTIONS:
        raise Refused(f"a review has at most {MOST_SECTIONS} sections")
    return [r.SectionWritten(section=section, text=told)]


def add_action_item(
    review: Review,
    *,
    title: str,
    at: datetime,
    owner: str | None = None,
    due: date | None = None,
) -> Sequence[ReviewEvent]:
    """Owner and due date may follow, until the review is completed."""
    _require_open(review)
    _require_time(due, at)
    if len(review.items) >= MOST_ITEMS:
        raise Refused(f"a review has at most {MOST_ITEMS} action items")
    return [r.ActionItemAdded(item=len(review.items) + 1, title=title, owner=owner, due=due)]


def change_action_item(
    review: Review,
    *,
    item: int,
    at: datetime,
    title: str | None = None,
    owner: str | None = None,
    due: date | None = None,
) -> Sequence[ReviewEvent]:
    """What is not given stays. Owner and due date move after completion as well."""
    held = _open_item(review, item)
    if title is not None:
        _require_open(review)
    if title is None and (owner or held.owner, due or held.due) == (held.owner, held.due):
        return []
    if due != held.due:
        _require_time(due, at)
    return [r.ActionItemChanged(item=item, title=title, owner=owner, due=due)]


def complete_action_item(review: Review, *, item: int, at: datetime) -> Sequence[ReviewEvent]:
    """It is done; also long after the review was completed."""
    if item in review.items and review.items[item].done:
        return []
    _open_item(review, item)
    return [r.ActionItemDone(item=item, at=at)]


def drop_action_item(review: Review, *, item: int, reason: str) -> Sequence[ReviewEvent]:
    """It will not be done, and why."""
    _open_item(review, item)
    return [r.ActionItemDropped(item=item, reason=reason)]


def complete(
    review: Review, *, incident: Incident, position: int, at: datetime
) -> Sequence[ReviewEvent]:
    """End this revision with its facts as of a position. Names each thing that is missing."""
    _require_open(review)
    _require_afterwards(incident, "its review is completed")
    if missing := list(_missing(review)):
        raise Refused("the review is not complete yet", missing)
    return [r.Completed(revision=review.revision, position=position, at=at)]


def reopen(review: Review, *, reason: str, at: datetime) -> Sequence[ReviewEvent]:
    """Begin the next revision with what the last one says; that one stays as it is."""
    if review.standing is not Standing.COMPLETED:
        raise Refused("the review is not completed: there is nothing to reopen")
    return [r.ReviewReopened(revision=review.revision + 1, at=at, reason=reason)]


def _missing(review: Review) -> Iterable[tuple[str, str]]:
    for section in REQUIRED:
        if section not in review.written:
            yield f"section:{section}", f"the section {section} is empty"
    for number, item in review.items.items():
        if item.dropped:
            continue
        if item.owner is None:
            yield f"action_item:{number}:owner", f"action item {number} has no owner"
        if item.due is None:
            yield f"action_item:{number}:due", f"action item {number} has no due date"


def _require_open(review: Review) -> None:
    if review.standing is Standing.NONE:
        raise Refused("the review is not opened yet: that happens when the incident is resolved")
    if review.standing is Standing.COMPLETED:
        raise Refused("the review is completed; reopen it to begin the next revision")


def _require_afterwards(incident: Incident, what: str) -> None:
    if incident.status not in _AFTERWARDS:
        raise Refused(f"{why_not(incident).split(';')[0]}: {what} once it is resolved")


def _require_time(due: date | None, at: datetime) -> None:
    if due is not None and is_over(due, at):
        raise Refused(f"the due date {due} is past; name a day on which it can still be done")


def _open_item(review: Review, item: int) -> Item:
    held = review.items.get(item)
    if held is None:
        raise Refused(f"there is no action item {item}")
    if not held.is_open:
        raise Refused(f"action item {item} is {'done' if held.done else 'dropped'} already")
    return held
