"""The way to a known error for every request: found, known to its caller, its reading on record.

One that was made from a problem is kept to those who may know of the incident behind it.
"""

from typing import Any
from uuid import UUID

from services.problem.access import known_problem, problems_of, require_known
from services.problem.known_errors.known_error import KnownError
from services.problem.known_errors.ledger import KNOWN_ERRORS_PART, KnownErrors
from services.problem.known_errors.view import Uses
from services.problem.problem import Problem
from shared.aggregate import Folded
from shared.http.asked import Asked
from shared.listing import moments

_COUNTED = """select count(*) filter (where offered), count(*) filter (where used),
        count(*) filter (where helped)
    from known_error_uses t where known_error = $1 and ({moment})"""


def known_errors_of(asked: Asked) -> KnownErrors:
    """The known errors of the service that was asked."""
    found: KnownErrors = asked.service.parts[KNOWN_ERRORS_PART]
    return found


async def known(asked: Asked, reference: str) -> Folded[KnownError]:
    """The known error that a request means, as it now is. Raises NotFound."""
    known_errors = known_errors_of(asked)
    held = await known_errors.current(await known_errors.find(reference))
    if held.state.raised_from is not None:
        await require_known(asked, held.stream, "there is no such known error")
    return held


async def uses_of(asked: Asked, id: UUID, position: int | None = None) -> Uses:
    """How often it was offered, used and of help, now or at a position."""
    moment = " or ".join(f"({each})" for each in moments(position))
    sql = _COUNTED.format(moment=moment)
    return Uses(*await asked.service.store.pool.fetchrow(sql, id))


async def copied_from(asked: Asked, reference: str) -> dict[str, Any]:
    """The facts that a known error takes over from its problem, texts in clear. Raises NotFound."""
    problems, store = problems_of(asked), asked.service.store
    held = await problems.current(await known_problem(asked, reference))
    state = held.state
    texts = {
        "symptom": state.description,
        "cause": state.root_cause,
        "workaround": state.workaround.published,
        "solution": state.resolution or state.fix,
    }
    await store.vault.load(store.pool, texts.values())
    clear = {n: store.vault.open(held.stream, t) for n, t in texts.items() if t is not None}
    clear.setdefault("symptom", state.title)
    return clear | _plain(held.stream, state)


def _plain(stream: UUID, state: Problem) -> dict[str, Any]:
    return {
        "title": state.title,
        "services": () if state.service is None else (state.service,),
        "items": () if state.item is None else (state.item,),
        "problem": stream,
        "raised_from": state.raised_from,
    }
