"""Candidates over HTTP: see which trends were found; accept, dismiss or merge them."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import Body, Path, Query, Response
from pydantic import BeforeValidator

from services.problem import bodies, candidate, investigation, lifecycle
from services.problem.access import (
    hidden_from,
    known_among,
    known_problem,
    on_record,
    problems_of,
    require_known,
    taken_over,
)
from services.problem.actions import candidate_actions
from services.problem.answering import ByManager, ByReader, WaitFor, matrix_in_force
from services.problem.candidate import Candidate, CandidateStatus
from services.problem.candidate_view import CandidatePage, CandidateView, item, matches_of, render
from services.problem.lists.filters import References
from services.problem.problems import MATRIX
from services.problem.view import with_actions
from shared.aggregate import Folded
from shared.clock import new_id
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.lists import CHANGED, WHEN, TimedQuery, given, listed
from shared.http.moments import AsOf, position_of
from shared.http.openapi import answers
from shared.http.pages import Words, split
from shared.http.waiting import has_seen
from shared.listing import Listing
from shared.restrictions import not_derived, visible_to
from shared.work import Work, settle


class CandidateQuery(TimedQuery):
    """Which candidates; several values of one filter are alternatives, filters add up."""

    status: Annotated[list[CandidateStatus], BeforeValidator(split)] | None = None
    rule: Words | None = None
    incident: References | None = None
    service: Words | None = None
    sort: Literal["-updated_at", "updated_at", "-created_at", "created_at"] = "-updated_at"


_LISTING = Listing("candidates", CHANGED)
_CONDITIONS = WHEN | {
    "status": "t.status = any({}::text[])",
    "rule": "t.rule = any({}::text[])",
    "incident": (
        "exists (select 1 from candidate_matches m where m.candidate = t.id "
        "and m.version <= t.version and m.incident = any({}::uuid[]))"
    ),
    "service": "t.alike ->> 'service' = any({}::text[])",
}

Id = Annotated[UUID, Path(description="The candidate's id")]
Acceptance = Annotated[bodies.Acceptance | None, Body()]
router = routes("candidates", "/v1/candidates")


@router.get("", **answers(CandidatePage))
async def list_candidates(query: Annotated[CandidateQuery, Query()], asked: ByReader) -> Response:
    """Candidates, newest change first unless sorted otherwise; at any past moment with as_of."""
    if query.incident is not None:
        query.incident = await known_among(asked, "incident", query.incident)
    conditions = given(query, _CONDITIONS) + visible_to(asked.caller, not_derived("t.id"))
    found = await listed(asked, _LISTING, query, query.sort, conditions)
    matches = await matches_of(asked.service.store.pool, found.rows)
    named = {match.incident for each in matches.values() for match in each}
    named |= {row["problem"] for row in found.rows}
    hidden = await on_record(asked, [row["id"] for row in found.rows], named)
    page = CandidatePage(
        items=[item(row, matches[row["id"]], hidden) for row in found.rows],
        next_cursor=found.next_cursor,
        total_estimate=found.total_estimate,
        position=found.position,
    )
    return Response(msgspec.json.encode(page), media_type="application/json")


@router.get("/{id}", **answers(CandidateView))
async def read_candidate(
    id: Id, asked: ByReader, as_of: AsOf = None, wait_for: WaitFor = None
) -> Response:
    """One candidate, now or as it was, with what this caller may do."""
    await has_seen(asked.service, wait_for)
    found = await known_candidate(asked, id)
    position = await position_of(as_of, asked.service.store.log)
    if position is not None:
        found = await problems_of(asked).candidates.past(id, position=position)
    actions = candidate_actions(found.state.status, asked.caller.roles)
    content = with_actions(await _rendered(asked, found), actions, id)
    return Response(content, headers={"etag": f'"{found.version}"'}, media_type="application/json")


@router.post("/{id}/accept", **answers(CandidateView))
async def accept(id: Id, asked: ByManager, body: Acceptance = None) -> Response:
    """Make it a problem, which copies the facts of the incidents that matched."""
    problems = problems_of(asked)
    held = await known_candidate(asked, id)
    copies = await problems.incidents.all_of(held.state.incidents)
    facts = await taken_over(asked, copies) | (body or bodies.Acceptance()).facts()
    number, stream = await problems.numbers.next(), new_id()

    async def log(work: Work) -> Folded[Candidate]:
        policy = await work.current(problems.policies, problems.policies.stream(MATRIX))
        matrix = matrix_in_force(policy)
        await work.execute(
            problems, stream, lifecycle.log, number=number, matrix=matrix, candidate=id, **facts
        )
        return await work.execute(
            problems.candidates, id, candidate.accept, problem=stream, number=number
        )

    return await _answer(asked, await settle(problems.candidates, await asked.order(id), log))


@router.post("/{id}/dismiss", **answers(CandidateView))
async def dismiss(id: Id, body: bodies.Reason, asked: ByManager) -> Response:
    """Say why it is no problem; its incidents raise no other candidate."""
    candidates = problems_of(asked).candidates
    await known_candidate(asked, id)
    order = await asked.order(id)
    dismissed = await candidates.execute(order, candidate.dismiss, reason=body.reason)
    return await _answer(asked, dismissed)


@router.post("/{id}/merge", **answers(CandidateView))
async def merge(id: Id, body: bodies.Merging, asked: ByManager) -> Response:
    """Add it to a problem that is known already: its incidents are linked there."""
    problems = problems_of(asked)
    await known_candidate(asked, id)
    if (before := await asked.repeated(problems.candidates)) is not None:
        return await _answer(asked, before)
    into = await known_problem(asked, body.into)
    number = (await problems.current(into)).state.number

    async def link(work: Work) -> Folded[Candidate]:
        incidents = (await work.current(problems.candidates, id)).state.incidents
        await work.execute(problems, into, investigation.link_incidents, incidents=incidents)
        return await work.execute(
            problems.candidates, id, candidate.merge, problem=into, number=number
        )

    return await _answer(asked, await settle(problems.candidates, await asked.order(id), link))


async def _answer(asked: Asked, folded: Folded[Candidate]) -> Response:
    headers = {"etag": f'"{folded.version}"', "tocsin-position": str(folded.position)}
    content = await _rendered(asked, folded)
    return Response(content, headers=headers, media_type="application/json")


async def known_candidate(asked: Asked, id: UUID) -> Folded[Candidate]:
    """The candidate as it is now, for whom may know of it, on record. Raises NotFound."""
    held = await problems_of(asked).candidates.current(id)
    await require_known(asked, id, "there is no such candidate")
    return held


async def _rendered(asked: Asked, folded: Folded[Candidate]) -> bytes:
    hidden = await hidden_from(asked, (*folded.state.incidents, folded.state.problem))
    return await render(asked.service.store, folded, hidden)
