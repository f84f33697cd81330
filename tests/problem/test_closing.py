"""What must be done before a problem is closed: each rule refuses, and each can be met."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from services.problem import closing
from services.problem.events import (
    ChangeRecorded,
    ChangeState,
    Closed,
    Prioritised,
    ProblemEvent,
    Resolved,
    Reviewed,
    TaskCompleted,
)
from services.problem.known import KnownErrorNow
from services.problem.problem import Problem
from shared.client import AsyncClient
from shared.errors import Refused
from tests.problem.stories import (
    NOON,
    REVIEW,
    STATES,
    TASK,
    accepted,
    analysing,
    major,
    resolved,
    task,
)
from tests.support.scenario import Scenario

LEARNED: dict[str, Any] = {"at": NOON, "lessons_learned": "Size pools by their callers"}
PLANNED = ChangeRecorded(reference="CHG-1", state=ChangeState.PLANNED)
KNOWN = KnownErrorNow(UUID(int=6), 3, "published", fixed=False)


class Rule(NamedTuple):
    """What is missing, what meets it: events, or what the command says or finds."""

    condition: str
    story: Scenario[Problem]
    said: dict[str, Any]
    events: tuple[ProblemEvent, ...]
    then_said: dict[str, Any]


def changed_to(state: ChangeState) -> ChangeRecorded:
    return ChangeRecorded(reference="CHG-1", state=state)


def rules() -> Iterator[Rule]:
    yield Rule(
        "root_cause", analysing.given(Resolved(summary="Gone", at=NOON)), {}, (accepted,), {}
    )
    for state in (ChangeState.IMPLEMENTED, ChangeState.FAILED, ChangeState.CANCELLED):
        yield Rule("planned_changes", resolved.given(PLANNED), {}, (changed_to(state),), {})
    yield Rule("open_tasks", resolved.given(task), {}, (TaskCompleted(task=TASK, at=NOON),), {})
    yield Rule("lessons_learned", resolved, {"lessons_learned": None}, (), LEARNED)
    yield Rule("review_outcome", resolved.given(major), {}, (Reviewed(**REVIEW),), {})
    yield Rule("review_outcome", resolved.given(major), {}, (), {"review_outcome": "Solved"})
    for known in (
        KNOWN._replace(fixed=True),
        KNOWN._replace(status="retired"),
        KNOWN._replace(status="superseded"),
    ):
        yield Rule(
            "known_errors", resolved, {"known_errors": [KNOWN]}, (), {"known_errors": [known]}
        )
    draft = KNOWN._replace(status="draft", fixed=True)
    yield Rule("known_errors", resolved, {"known_errors": [draft]}, (), {"known_errors": []})


@pytest.mark.parametrize("rule", list(rules()), ids=lambda rule: rule.condition)
def test_each_rule_refuses_and_can_be_met(rule: Rule) -> None:
    said = LEARNED | rule.said
    with pytest.raises(Refused) as refusal:
        closing.close(rule.story.state, **said)
    assert [condition for condition, _ in refusal.value.unmet] == [rule.condition]
    met = rule.story.given(*rule.events)
    [closed] = closing.close(met.state, **(said | rule.then_said))
    assert isinstance(closed, Closed)


def test_everything_that_is_missing_is_named_at_once() -> None:
    story = resolved.given(major, PLANNED, task)
    with pytest.raises(Refused) as refusal:
        closing.close(story.state, at=NOON, known_errors=[KNOWN])
    assert [condition for condition, _ in refusal.value.unmet] == [
        "planned_changes", "known_errors", "open_tasks", "lessons_learned", "review_outcome",
    ]  # fmt: skip
    assert "KE-3 is published; retire it, or mark it as fixed" in str(refusal.value.unmet)


def test_only_a_major_problem_is_reviewed_and_a_new_analysis_asks_for_another_review() -> None:
    resolved.when(closing.review, **REVIEW).refused("only a major problem")
    again = STATES["closed"].given(major, Reviewed(**REVIEW))
    assert again.state.review_outcome == "Solved"
    story = resolved.given(major, Reviewed(**REVIEW))
    assert story.state.review is not None
    minor = story.given(Prioritised(impact=1, urgency=2, priority=2, matrix_version=1, major=False))
    assert closing.close(minor.state, **LEARNED)


async def raised(client: AsyncClient) -> str:
    body = {
        "title": "Slow", "category": "database", "impact": 1, "urgency": 1, "owner": "paul",
    }  # fmt: skip
    path = str((await client.post("/v1/problems", json=body)).headers["location"])
    for command, arguments in (
        ("assess", {"major": True}),
        ("confirm", {}),
        ("record-root-cause", {"cause": "Pool", "evidence": ["dump"]}),
        ("plan-fix", {"fix": "Bigger", "target_date": "2026-12-01"}),
        ("resolve", {"summary": "Bigger"}),
    ):
        answer = await client.post(f"{path}/{command}", json=arguments)
        assert answer.status_code == 200, answer.text
    return path


async def test_a_major_problem_with_a_known_error_is_closed_with_its_review(
    manager: AsyncClient,
) -> None:
    path = await raised(manager)
    said = {"title": "Slow", "symptom": "It is slow", "workaround": "Wait"}
    drafted = await manager.post("/v1/known-errors", json=said | {"problem": path.split("/")[-1]})
    known = f"/v1/known-errors/{drafted.json()['id']}"
    await manager.post(f"{known}/publish")
    shown = (await manager.get(path)).json()["known_errors"]
    assert [(each["status"], each["fixed"]) for each in shown] == [("published", False)]
    closure = {"lessons_learned": "Size pools"}
    refused = (await manager.post(f"{path}/close", json=closure)).json()
    assert [each["condition"] for each in refused["unmet"]] == ["known_errors", "review_outcome"]
    texts = {name: value for name, value in REVIEW.items() if name != "at"}
    reviewed = await manager.post(f"{path}/review", json=texts | {"participants": ["ada"]})
    assert reviewed.json()["review"]["went_badly"] == "Nobody watched it"
    await manager.post(f"{known}/mark-fixed")
    closed = await manager.post(f"{path}/close", json=closure)
    assert (closed.status_code, closed.json()["status"]) == (200, "closed")
    assert closed.json()["review_outcome"] == "Solved"
    again = await manager.post(f"{path}/reanalyse", json={"reason": "It came back"})
    assert (again.json()["review"], again.json()["review_outcome"]) == (None, None)


async def test_the_known_errors_of_a_duplicate_are_its_own(manager: AsyncClient) -> None:
    first = await raised(manager)
    other = (await manager.post("/v1/problems", json={"title": "Again"})).json()["id"]
    said = {"title": "Slow", "symptom": "It is slow", "workaround": "Wait", "problem": other}
    number = (await manager.post("/v1/known-errors", json=said)).json()["number"]
    await manager.post(f"/v1/problems/{other}/mark-duplicate", json={"of": first.split("/")[-1]})
    shown = (await manager.get(first)).json()
    assert [each["number"] for each in shown["known_errors"]] == [number]
    before = (await manager.get(first, params={"as_of": shown["position"] - 1})).json()
    assert before["known_errors"] == []
