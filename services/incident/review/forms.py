"""In which form a document is answered: by its address's suffix, or by what the reader accepts."""

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec
from fastapi import Response

from services.incident.review.html import POLICY, as_html
from services.incident.review.markdown import as_markdown
from services.incident.review.outline import Outline
from services.incident.review.pdf import as_pdf
from shared.http.openapi import answers

TYPES = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "pdf": "application/pdf",
}
_MEDIA = {kind.split(";")[0]: form for form, kind in TYPES.items()}
_ALONE = asyncio.Semaphore(1)  # a PDF takes a core for a second


def accepted(header: str | None) -> str:
    """The form that an Accept header likes best; JSON where it names none of ours."""
    wanted = [_weighed(each) for each in (header or "").split(",")]
    best = max(wanted, key=lambda each: each[1], default=("", 0.0))
    return _MEDIA.get(best[0], "json") if best[1] > 0 else "json"


def _weighed(told: str) -> tuple[str, float]:
    media, *parameters = (part.strip().lower() for part in told.split(";"))
    quality = [part[2:] for part in parameters if part.startswith("q=")]
    try:
        weight = float(quality[0]) if quality else 1.0
    except ValueError:
        weight = 0.0
    return media, weight if media in _MEDIA else 0.0


def described(kind: type[msgspec.Struct], form: str | None = None) -> dict[str, Any]:
    """What a route is told about its answers; without a form all of them may come."""
    told = answers(kind)
    content = told["openapi_extra"]["responses"]["200"]["content"]
    for media, each in _MEDIA.items():
        if each != "json" and form in (None, each):
            content[media] = {"schema": {"type": "string"}}
    if form not in (None, "json"):
        del content["application/json"]
    return told


async def rendered(
    form: str, document: msgspec.Struct, outline: Outline, headers: Iterable[tuple[str, str]] = ()
) -> Response:
    """The document in this form. Raises Refused for PDF where its extra is not installed."""
    more = {"x-content-type-options": "nosniff", "vary": "Accept", **dict(headers)}
    match form:
        case "html":
            more["content-security-policy"] = POLICY
            content: str | bytes = as_html(outline)
        case "md":
            content = as_markdown(outline)
        case "pdf":
            async with _ALONE:
                content = await asyncio.to_thread(as_pdf, outline)
        case _:
            content = msgspec.json.encode(document, order="deterministic")
    return Response(content, headers=more, media_type=TYPES[form])
