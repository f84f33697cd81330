"""What people have put into a review, as its own events tell it, each with who said it and when."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple, assert_never
from uuid import UUID

from services.incident.review import events as r
from shared.domain import Personal
from shared.store.reader import Recorded


class Said(NamedTuple):
    """A text as stored, and where."""

    text: Personal
    recorded: Recorded


class ItemContent(NamedTuple):
    """An action item; its events are those that say so."""

    item: int
    title: Said
    owner: str | None
    due: date | None
    event: UUID
    done_at: datetime | None = None
    done: UUID | None = None
    dropped: Said | None = None


class Content(NamedTuple):
    """A revision: who opened it, what it says, who completed it."""

    revision: int
    opened: Recorded | None = None
    opened_at: datetime | None = None
    reason: Said | None = None
    sections: dict[str, Said] = {}
    items: dict[int, ItemContent] = {}
    completed: Recorded | None = None
    last: Recorded | None = None


def content_of(events: Sequence[Recorded], revision: int | None = None) -> Content:
    """As of the last of these events, or a revision as it was completed."""
    content = Content(0)
    for recorded in events:
        content = _after(content, recorded)._replace(last=recorded)
        if isinstance(event := recorded.event, r.Completed) and event.revision == revision:
            return content
    return content


def _after(content: Content, recorded: Recorded) -> Content:
    event = recorded.event
    if not isinstance(event, r.ReviewEvent):
        return content
    match event:
        case r.ReviewOpened(at=at):
            return content._replace(revision=1, opened=recorded, opened_at=at)
        case r.ReviewReopened(revision=revision, at=at, reason=reason):
            why = None if reason is None else Said(reason, recorded)
            return content._replace(
                revision=revision, opened=recorded, opened_at=at, reason=why, completed=None
            )
        case r.Completed():
            return content._replace(completed=recorded)
        case r.SectionWritten(section=section, text=text):
            others = {name: said for name, said in content.sections.items() if name != section}
            told = {} if text is None else {section: Said(text, recorded)}
            return content._replace(sections=others | told)
        case r.ActionItemAdded() | r.ActionItemChanged() | r.ActionItemDone():
            return _with(content, _item(content, recorded, event))
        case r.ActionItemDropped(item=item, reason=why_not):
            held = content.items[item]
            return _with(content, held._replace(dropped=Said(why_not, recorded)))
        case _:
            assert_never(event)


def _item(
    content: Content,
    recorded: Recorded,
    event: r.ActionItemAdded | r.ActionItemChanged | r.ActionItemDone,
) -> ItemContent:
    match event:
        case r.ActionItemAdded(item=item, title=title, owner=owner, due=due):
            return ItemContent(item, Said(title, recorded), owner, due, recorded.event_id)
        case r.ActionItemChanged(item=item, title=title, owner=owner, due=due):
            held = content.items[item]
            said = held.title if title is None else Said(title, recorded)
            return held._replace(title=said, owner=owner or held.owner, due=due or held.due)
        case r.ActionItemDone(item=item, at=at):
            return content.items[item]._replace(done_at=at, done=recorded.event_id)
        case _:
            assert_never(event)


def _with(content: Content, item: ItemContent) -> Content:
    return content._replace(items=content.items | {item.item: item})
