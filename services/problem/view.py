"""How a problem looks to a caller: alone with what they may do now."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from services.problem.actions import problem_actions
from services.problem.events import NodeReference
from services.problem.items import SHARED, Milestones, ProblemItem, source, without
from services.problem.known import KnownErrorNow
from services.problem.parts import Task
from services.problem.problem import Problem
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.domain import Personal
from shared.http.actions import Action
from shared.store.store import Store

_encode = msgspec.json.Encoder().encode
REVIEW = ("outcome", "what_happened", "went_well", "went_badly", "prevention")
"""Its texts."""


class RootCause(msgspec.Struct, frozen=True):
    """What is behind it, and what proves that: in words, and entries of its analyses."""

    cause: str
    evidence: list[str]
    nodes: list[NodeReference]


class WorkaroundTexts(msgspec.Struct, frozen=True):
    """What helps meanwhile: the published text, and the draft of its next revision."""

    published: str | None
    draft: str | None
    revision: int


class AcceptedRisk(msgspec.Struct, frozen=True):
    """Why it is lived with, who approved that, and when it is looked at again."""

    reason: str
    approver: str
    review_date: date


class Change(msgspec.Struct, frozen=True):
    """A change that is to fix it, by its reference elsewhere."""

    reference: str
    state: str


class KnownErrorLink(msgspec.Struct, frozen=True):
    """A known error this problem is behind of; a fixed one is marked to stay."""

    id: UUID
    number: str
    status: str
    fixed: bool


class ReviewView(msgspec.Struct, frozen=True):
    """The review of a major problem."""

    outcome: str | None
    what_happened: str | None
    went_well: str | None
    went_badly: str | None
    prevention: str | None
    participants: list[str]
    at: datetime


class AnalysisLink(msgspec.Struct, frozen=True):
    """A root cause analysis of it; `status` is open or concluded."""

    id: UUID
    method: str
    status: str
    href: str


class Beside(NamedTuple):
    """What is known of a problem elsewhere, and what is hidden from the caller."""

    known_errors: Sequence[KnownErrorNow] = ()
    recurrences: Sequence[UUID] = ()
    hidden: Collection[UUID] = ()


class ProblemView(ProblemItem, kw_only=True):
    """A problem alone; `recurrences` are incidents that came back after its fix.

    `actions` only where it was read, not in a command's answer.
    """

    description: str | None
    matrix_version: int | None
    root_cause: RootCause | None
    workaround_texts: WorkaroundTexts
    fix: str | None
    changes: list[Change]
    tasks: list[Task]
    resolution: str | None
    risk: AcceptedRisk | None
    lessons_learned: str | None
    review_outcome: str | None
    review: ReviewView | None
    known_errors: list[KnownErrorLink]
    recurrences: list[UUID]
    analyses: list[AnalysisLink]
    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


async def render(
    store: Store,
    folded: Folded[Problem],
    caller: Caller | None = None,
    beside: Beside | None = None,
) -> bytes:
    """The representation as JSON, without links to what is hidden from the caller.

    With this caller's actions if one is given.
    """
    await store.vault.load(store.pool, _texts(folded.state))

    def clear(value: Personal | None) -> str | None:
        return None if value is None else store.vault.open(folded.stream, value)

    shown = _view(folded, clear)
    found, came_back, hidden = beside or Beside()
    shown.known_errors = [_known_error(each) for each in found if each.id not in hidden]
    shown.recurrences = [each for each in came_back if each not in hidden]
    content = _encode(without(shown, hidden))
    if caller is None:
        return content
    actions = problem_actions(folded.state.status, caller.roles)
    return with_actions(content, actions, folded.stream)


def _texts(state: Problem) -> list[Personal | None]:
    workaround = state.workaround
    return [
        state.description, state.root_cause, workaround.draft, workaround.published, state.fix,
        state.resolution, state.lessons_learned, state.review_outcome,
        state.risk.reason if state.risk else None,
        *(getattr(state.review, name) for name in REVIEW if state.review),
    ]  # fmt: skip


def _view(folded: Folded[Problem], clear: Callable[[Personal | None], str | None]) -> ProblemView:
    state, workaround = folded.state, folded.state.workaround
    created_at, updated_at = folded.times
    return ProblemView(
        **{name: getattr(state, name) for name in (*SHARED, "duplicate_of", "candidate")},
        id=folded.stream,
        version=folded.version,
        position=folded.position,
        created_at=created_at,
        updated_at=updated_at,
        number=f"PRB-{state.number}",
        group=state.group,
        tags=list(state.tags),
        incidents=list(state.incidents),
        source=source(state.source, state.stated if state.imported else None),
        workaround=workaround.status,
        review_date=state.risk.review_date if state.risk else None,
        open_tasks=len(state.open_tasks),
        milestones=Milestones(
            state.started_at, state.root_cause_at, state.resolved_at, state.closed_at
        ),
        description=clear(state.description),
        matrix_version=state.matrix_version,
        root_cause=_root_cause(state, clear),
        workaround_texts=WorkaroundTexts(
            clear(workaround.published), clear(workaround.draft), workaround.revision
        ),
        fix=clear(state.fix),
        changes=[Change(*each) for each in state.changes.items()],
        tasks=list(state.tasks.values()),
        resolution=clear(state.resolution),
        risk=_risk(state, clear),
        lessons_learned=clear(state.lessons_learned),
        review_outcome=clear(state.review_outcome),
        review=_review(state, clear),
        known_errors=[],
        recurrences=[],
        analyses=_analyses(folded),
    )


def _known_error(known: KnownErrorNow) -> KnownErrorLink:
    return KnownErrorLink(known.id, f"KE-{known.number}", known.status, known.fixed)


def _analyses(folded: Folded[Problem]) -> list[AnalysisLink]:
    return [
        AnalysisLink(
            id,
            each.method.value,
            "concluded" if each.concluded else "open",
            f"/v1/problems/{folded.stream}/analyses/{id}",
        )
        for id, each in folded.state.analyses.items()
    ]


def _review(state: Problem, clear: Callable[[Personal | None], str | None]) -> ReviewView | None:
    held = state.review
    if held is None:
        return None
    texts = {name: clear(getattr(held, name)) for name in REVIEW}
    return ReviewView(participants=list(held.participants), at=held.at, **texts)


def _root_cause(state: Problem, clear: Callable[[Personal | None], str | None]) -> RootCause | None:
    cause = clear(state.root_cause)
    return None if cause is None else RootCause(cause, list(state.evidence), list(state.proofs))


def _risk(state: Problem, clear: Callable[[Personal | None], str | None]) -> AcceptedRisk | None:
    if state.risk is None:
        return None
    reason = clear(state.risk.reason) or ""
    return AcceptedRisk(reason, state.risk.approver, state.risk.review_date)


def with_actions(content: bytes, actions: bytes, stream: UUID) -> bytes:
    """A representation with these actions of its own."""
    return content[:-1] + b',"actions":%b}' % actions.replace(b"{id}", str(stream).encode())
