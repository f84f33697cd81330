"""Finding known errors over HTTP: by what people type, and by what is known of an incident."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.problem.access import known_incident, problems_of
from services.problem.copies import IncidentCopy
from services.problem.known_errors import bodies, thesaurus
from services.problem.known_errors.access import known_errors_of
from services.problem.known_errors.finding import Found, Wanted, find, look_up
from services.problem.known_errors.question import asked as asked_for
from services.problem.known_errors.routes import ByReader
from services.problem.known_errors.scoring import Facts
from services.problem.known_errors.words import plain_code, stems, words
from shared.clock import new_id
from shared.errors import Invalid
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.openapi import answers
from shared.http.waiting import has_seen

router = routes("known errors", "/v1/known-errors")
_TITLE_OF = "title description error_code category subcategory product".split()


class Because(msgspec.Struct, frozen=True):
    """Why it is a hit: the kind of signal, and the names or words that agree."""

    kind: str
    detail: str


class Hit(msgspec.Struct, kw_only=True):
    """A published known error that answers; a higher score answers better."""

    id: UUID
    number: str
    revision: int
    title: str
    error_code: str | None
    product: str | None
    product_version: str | None
    score: float
    reasons: list[Because]


class Hits(msgspec.Struct):
    """The best answers, best first."""

    items: list[Hit]


class HitPage(Hits, kw_only=True):
    """They are all there is: who wants others asks for more of them, or otherwise."""

    next_cursor: None = None
    total_estimate: None = None
    position: int


class SearchQuery(BaseModel):
    """What is looked for; names narrow nothing, they count before words."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[
        str, Field(min_length=1, max_length=500, description="Words, codes; slips are understood")
    ]
    service: Annotated[str | None, Field(max_length=100)] = None
    item: Annotated[str | None, Field(max_length=100)] = None
    product: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=50)] = 10
    wait_for: Annotated[str | None, Field(max_length=64, description="service:position")] = None


@router.get("/search", **answers(HitPage))
async def search_known_errors(query: Annotated[SearchQuery, Query()], asked: ByReader) -> Response:
    """Published known errors by words, slips of spelling and codes, best first, each with why."""
    await has_seen(asked.service, query.wait_for)
    if not words(query.q):
        raise Invalid(("query:q", "holds no word to search for; give a word that tells more"))
    facts = _facts(query.q, query.service, query.item, query.product)
    hits = await _hits(asked, query.q, facts, query.limit)
    head = await asked.service.store.log.head()
    return _json(HitPage(items=hits, position=head.position))


@router.post("/match", **answers(Hits))
async def match_known_errors(body: bodies.Likeness, asked: ByReader) -> Response:
    """The likely known errors of a new incident, best first, each with the reasons for it."""
    await asked.order(new_id())  # nothing is written; its headers are checked as of every POST
    said: dict[str, Any] = {n: v for n, v in body.arguments().items() if v is not None}
    if body.incident is not None:
        said = _of(await known_incident(asked, body.incident)) | said
    text = " \n ".join(said[name] for name in _TITLE_OF if name in said)
    named = (said.get("service"), said.get("item"), said.get("product"))
    facts = _facts(said.get("error_code", ""), *named, said.get("product_version"))
    return _json(Hits(await _hits(asked, text, facts, body.limit)))


def _of(copy: IncidentCopy) -> dict[str, Any]:
    names = ("title", "service", "item", "category", "subcategory")
    return {name: value for name in names if (value := getattr(copy, name)) is not None}


def _facts(
    code: str,
    service: str | None,
    item: str | None,
    product: str | None,
    version: str | None = None,
) -> Facts:
    return Facts(
        frozenset(filter(None, [plain_code(code)])),
        frozenset(filter(None, [service])),
        frozenset(filter(None, [item])),
        None if product is None else stems(words(product)),
        version,
    )


async def _hits(asked: Asked, text: str, facts: Facts, limit: int) -> list[Hit]:
    pool, policies = asked.service.store.pool, problems_of(asked).policies
    policy = await policies.named(thesaurus.POLICY)
    known_errors = known_errors_of(asked)
    in_force = known_errors.thesauruses.of(policy.version, policy.state.document)
    question = await look_up(pool, asked_for(text, in_force))
    near = await known_errors.near(text)
    found = await find(pool, Wanted(question, facts, asked.now, asked.caller, limit, near))
    return [_hit(each) for each in found if each.judged.score > 0]


def _json(answer: Hits) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _hit(found: Found) -> Hit:
    return Hit(
        id=found.id,
        number=f"KE-{found.number}",
        revision=found.revision,
        title=found.title,
        error_code=found.error_code,
        product=found.product,
        product_version=found.product_version,
        score=round(found.judged.score, 4),
        reasons=[Because(each.kind, each.detail) for each in found.judged.reasons],
    )
