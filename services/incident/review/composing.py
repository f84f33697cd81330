"""Puts a review's document together: the replayed facts, and what people have said of them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.incident.review import events as r
from services.incident.review.commands import REQUIRED
from services.incident.review.content import Content, ItemContent, Said
from services.incident.review.document import (
    ActionItemView,
    Completion,
    ReviewDocument,
    SectionView,
    section_title,
)
from services.incident.review.facts import MOST_ENTRIES, Facts, told_of
from services.incident.review.review import Standing
from shared.vault import Vault


def composed(incident: UUID, content: Content, facts: Facts, vault: Vault) -> ReviewDocument:
    """The document; the keys of its texts must have been loaded."""
    last = content.last
    timeline = list(facts.entries)
    return ReviewDocument(
        id=r.review_stream(incident),
        incident=incident,
        **told_of(facts),
        status=Standing.COMPLETED if content.completed else Standing.OPEN,
        revision=content.revision,
        version=0 if last is None else last.originator_version,
        created_at=None if content.opened is None else content.opened.recorded_at,
        updated_at=None if last is None else last.recorded_at,
        opened_at=content.opened_at,
        reopened_because=None if content.reason is None else opened(vault, content.reason),
        completed=_completion(content),
        sections=_sections(content, vault),
        action_items=action_items(content, vault),
        timeline=timeline[:MOST_ENTRIES],
        timeline_omitted=max(len(timeline) - MOST_ENTRIES, 0),
    )


def texts_of(content: Content) -> Sequence[Any]:
    """All that is sealed in it."""
    said = [*content.sections.values(), *(item.title for item in content.items.values())]
    said += [item.dropped for item in content.items.values() if item.dropped is not None]
    return [each.text for each in (*said, content.reason) if each is not None]


def action_items(content: Content, vault: Vault) -> list[ActionItemView]:
    """What is to be done, by whom, by when."""
    return [_action_item(item, vault) for item in content.items.values()]


def opened(vault: Vault, said: Said) -> str:
    """A text in clear."""
    return vault.open(said.recorded.originator_id, said.text)


def _completion(content: Content) -> Completion | None:
    recorded = content.completed
    if recorded is None or not isinstance(event := recorded.event, r.Completed):
        return None
    position = event.position
    return Completion(by=recorded.actor, at=event.at, position=position, event=recorded.event_id)


def _sections(content: Content, vault: Vault) -> list[SectionView]:
    names = dict.fromkeys((*REQUIRED, *content.sections))
    return [_section(name, content.sections.get(name), vault) for name in names]


def _section(name: str, said: Said | None, vault: Vault) -> SectionView:
    return SectionView(
        name=name,
        title=section_title(name),
        required=name in REQUIRED,
        text=None if said is None else opened(vault, said),
        written_by=None if said is None else said.recorded.actor,
        written_at=None if said is None else said.recorded.recorded_at,
        event=None if said is None else said.recorded.event_id,
    )


def _action_item(item: ItemContent, vault: Vault) -> ActionItemView:
    state = "dropped" if item.dropped else "open" if item.done is None else "done"
    return ActionItemView(
        item=item.item,
        title=opened(vault, item.title),
        owner=item.owner,
        due=item.due,
        state=state,
        done_at=item.done_at,
        dropped_because=None if item.dropped is None else opened(vault, item.dropped),
        event=item.event,
    )
