"""The live state over HTTP, in the same forms as the review; and the evidence behind both."""

import hashlib
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Query, Response

from services.incident.access import seen
from services.incident.relations.past import family_at, with_facts
from services.incident.review.document import ImpactWindow, Moment, Span
from services.incident.review.facts import told_of
from services.incident.review.forms import TYPES, accepted, described, rendered
from services.incident.review.routes import desk_of, incident_at
from services.incident.review.situation import Situation, of_situation, situation_of
from services.incident.routes import ByReader, Reference, WaitFor
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.body import Body
from shared.http.moments import AsOf
from shared.http.openapi import answers
from shared.http.past import PastQuery, past_page
from shared.http.waiting import has_seen
from shared.store.reader import Recorded

router = routes("reviews", "/v1/incidents")


class SituationQuery(Body):
    """As known at which moment."""

    as_of: AsOf = None
    wait_for: WaitFor = None


class EvidenceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it is stored; `sha256` is of its stored bytes, texts still sealed."""

    event: UUID
    position: int
    stream: UUID
    version: int
    type: str
    recorded_at: datetime
    effective_at: datetime
    actor: str
    sha256: str


class AttachedEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was attached: where it is, and what it must be."""

    url: str
    sha256: str
    size: int
    media_type: str


class Evidence(msgspec.Struct, kw_only=True):
    """What an incident's facts rest on: each fact's events, and every event's digest, in pages.

    The facts are those of the page's position; each page repeats them.
    """

    incident: UUID
    number: str
    position: int
    impact_window: ImpactWindow | None
    milestones: list[Moment]
    durations: list[Span]
    attachments: list[AttachedEvidence]
    items: list[EvidenceRecord]
    next_cursor: str | None
    total_estimate: int


@router.get("/{id}/situation", **described(Situation))
async def situation(
    id: Reference, query: Annotated[SituationQuery, Query()], asked: ByReader
) -> Response:
    """Its live state: impact, roles, updates owed, who was asked, what was decided, what is due.

    The form as `Accept` says: JSON, HTML, Markdown or PDF.
    """
    return await _read(accepted(asked.request.headers.get("accept")), id, query, asked)


def _in_form(form: str) -> None:
    async def read(
        id: Reference, query: Annotated[SituationQuery, Query()], asked: ByReader
    ) -> Response:
        """Its live state in this form, whatever `Accept` says."""
        return await _read(form, id, query, asked)

    told = described(Situation, form)
    router.add_api_route(
        f"/{{id}}/situation.{form}", read, methods=["GET"], name=f"situation_as_{form}", **told
    )


for _form in TYPES:
    _in_form(_form)


@router.get("/{id}/evidence", **answers(Evidence))
async def evidence(
    id: Reference, query: Annotated[PastQuery, Query()], asked: ByReader
) -> Response:
    """What proves its facts: the events of each, and the digest of every event, oldest first."""
    await has_seen(asked.service, query.wait_for)
    found = await seen(asked, id)

    async def streams(position: int) -> list[UUID]:
        return with_facts(await family_at(asked, found, position))

    page = await past_page(asked, query, streams)
    facts = await desk_of(asked).facts(asked, found, page.position, asked.now)
    told = told_of(facts)
    attached = facts.replayed.incident.attachments.values()
    content = Evidence(
        incident=found.stream,
        **{name: told[name] for name in _FACTS},
        attachments=[
            AttachedEvidence(url=a.url, sha256=a.sha256, size=a.size, media_type=a.media_type)
            for a in attached
        ],
        items=[_record(each) for each in page.events],
        next_cursor=page.next_cursor,
        total_estimate=page.total,
    )
    return Response(msgspec.json.encode(content), media_type="application/json")


_FACTS = ("number", "position", "impact_window", "milestones", "durations")


def _record(recorded: Recorded) -> EvidenceRecord:
    return EvidenceRecord(
        event=recorded.event_id,
        position=recorded.position,
        stream=recorded.originator_id,
        version=recorded.originator_version,
        type=recorded.topic,
        recorded_at=recorded.recorded_at,
        effective_at=recorded.event.effective(recorded.recorded_at),
        actor=recorded.actor,
        sha256=hashlib.sha256(recorded.state).hexdigest(),
    )


async def _read(form: str, id: str, query: SituationQuery, asked: Asked) -> Response:
    await has_seen(asked.service, query.wait_for)
    found, position, now = await incident_at(asked, id, query.as_of)
    facts = await desk_of(asked).facts(asked, found, position, now)
    document = situation_of(found.stream, found.version, facts)
    outline = of_situation(document, facts.entries)
    return await rendered(form, document, outline, [("etag", f'"{found.version}"')])
