"""Lists of known errors: filters, sorting, full text, any past position."""

from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import BeforeValidator

from services.problem.access import known_among, on_record
from services.problem.known_errors.known_error import KnownErrorStatus
from services.problem.known_errors.routes import ByReader
from services.problem.known_errors.view import KnownErrorPage, item
from services.problem.known_errors.words import plain_code, words
from services.problem.lists.filters import References
from shared.errors import Invalid
from shared.http.app import routes
from shared.http.lists import CHANGED, WHEN, TextQuery, given, listed
from shared.http.managed import list_answer
from shared.http.openapi import answers
from shared.http.pages import Words, split
from shared.listing import Listing, Sort
from shared.restrictions import not_derived, visible_to

_LISTING = Listing(
    "known_errors",
    CHANGED
    | {
        "-number": Sort("t.number", "bigint", True),
        "number": Sort("t.number", "bigint", False),
    },
)
_CONDITIONS = WHEN | {
    "status": "t.status = any({}::text[])",
    "service": "t.services ?| {}::text[]",
    "item": "t.items ?| {}::text[]",
    "product": "t.product = any({}::text[])",
    "product_version": "t.product_version = any({}::text[])",
    "tag": "t.tags ?| {}::text[]",
    "problem": "t.problem = any({}::uuid[])",
    "fixed": "t.fixed = {}::boolean",
}
_OF_CODES = "t.id in (select x.id from known_error_texts x where x.code = any({}::text[]))"
_OF_WORDS = "t.id in (select x.id from known_error_texts x where x.document @@ {}::text::tsquery)"
SortName = Literal[
    "-updated_at", "updated_at", "-created_at", "created_at", "-number", "number"
]  # fmt: skip


class KnownErrorQuery(TextQuery):
    """Which known errors; several values of one filter are alternatives, filters add up."""

    status: Annotated[list[KnownErrorStatus], BeforeValidator(split)] | None = None
    service: Words | None = None
    item: Words | None = None
    error_code: Words | None = None
    product: Words | None = None
    product_version: Words | None = None
    tag: Words | None = None
    problem: References | None = None
    fixed: bool | None = None
    sort: SortName = "-updated_at"


router = routes("known errors", "/v1/known-errors")


@router.get("", **answers(KnownErrorPage))
async def list_known_errors(
    query: Annotated[KnownErrorQuery, Query()], asked: ByReader
) -> Response:
    """Known errors, drafts and ended ones too, newest change first; at any moment with as_of."""
    if query.problem is not None:
        query.problem = await known_among(asked, "problem", query.problem)
    conditions = given(query, _CONDITIONS) + visible_to(asked.caller, not_derived("t.id"))
    if query.error_code is not None:
        conditions.append((_OF_CODES, [plain_code(code) for code in query.error_code]))
    if query.q is not None:
        conditions.append((_OF_WORDS, _all_of(query.q)))
    found = await listed(asked, _LISTING, query, query.sort, conditions)
    named = {row[name] for row in found.rows for name in ("problem", "superseded_by")}
    hidden = await on_record(asked, [row["id"] for row in found.rows], named)
    return list_answer(found, [item(row, hidden) for row in found.rows])


def _all_of(q: str) -> str:
    """The words of a query, all of which a text must hold. Raises Invalid."""
    found = dict.fromkeys(word.stem for word in words(q))
    if not found:
        raise Invalid(("query:q", "holds no word to search for; give a word that tells more"))
    return " & ".join(f"'{stem}'" for stem in found)
