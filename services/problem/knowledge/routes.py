"""The knowledge base over HTTP: as JSON, or as a folder of Markdown in a zip file."""

import asyncio
from typing import Annotated

import msgspec
from fastapi import Query, Response

from services.problem.answering import ByReader, WaitFor
from services.problem.knowledge.articles import KnowledgeBase
from services.problem.knowledge.pages import folder, packed
from services.problem.knowledge.reading import knowledge_base
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.body import Name
from shared.http.moments import AsOf, position_of
from shared.http.openapi import answers
from shared.http.waiting import has_seen

OfService = Annotated[
    Name | None, Query(description="Only what is of this service", examples=["checkout"])
]
_ZIP = answers(KnowledgeBase)
_ZIP["openapi_extra"]["responses"]["200"]["content"] = {
    "application/zip": {"schema": {"type": "string", "contentEncoding": "binary"}}
}

router = routes("knowledge base", "/v1/problem")


@router.get("/knowledge-base", **answers(KnowledgeBase))
async def read_knowledge_base(
    asked: ByReader, service: OfService = None, as_of: AsOf = None, wait_for: WaitFor = None
) -> Response:
    """Published known errors and the lessons of closed problems, at most 5,000 of both together.

    Of one position the answer is the same, byte for byte, until a person's data is erased.
    """
    base = await _gathered(asked, service, as_of, wait_for)
    return _answer(msgspec.json.encode(base), base, "application/json")


@router.get("/knowledge-base.zip", **_ZIP)
async def download_knowledge_base(
    asked: ByReader, service: OfService = None, as_of: AsOf = None, wait_for: WaitFor = None
) -> Response:
    """The same as a folder of Markdown, a page for each, in a zip file."""
    base = await _gathered(asked, service, as_of, wait_for)
    content = await asyncio.to_thread(lambda: packed(folder(base)))
    answer = _answer(content, base, "application/zip")
    answer.headers["content-disposition"] = 'attachment; filename="knowledge-base.zip"'
    return answer


async def _gathered(
    asked: Asked, service: str | None, as_of: str | None, wait_for: str | None
) -> KnowledgeBase:
    await has_seen(asked.service, wait_for)
    log = asked.service.store.log
    position = await position_of(as_of, log)
    if position is None:
        position = (await log.head()).position
    return await knowledge_base(asked, position, service)


def _answer(content: bytes, base: KnowledgeBase, media_type: str) -> Response:
    return Response(content, headers={"tocsin-position": str(base.position)}, media_type=media_type)
