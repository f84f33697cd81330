"""`GET /problems/{name}`: what a problem's type means and what to do about it."""

from html import escape
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Path, Response

from shared.errors import NotFound
from shared.http.problems import types

router = APIRouter()

ADVICE = {
    "malformed": "Not even HTTP, or it did not arrive whole. Send the request again; if it is "
    "refused again, look at what sends it.",
    "unauthenticated": "Send Authorization: Bearer with a token of the trusted issuer that has "
    "not expired, or with an API key that has not been revoked.",
    "forbidden": "Ask an administrator for the role that the detail names, or somebody who has "
    "it. GET /v1/me tells which roles you hold.",
    "not-found": "Check the id or number. It may also be something that you may not know of.",
    "refused": "The detail says what stands in the way; where several conditions count, `unmet` "
    "lists them. Read the thing again: its `actions` tell what is possible now.",
    "not-caught-up": "Wait for as long as Retry-After says and ask again.",
    "log-mismatch": "Your cursor comes from another log, or from before a restore. Do not go on: "
    "find out what happened to the log, then read it again from a position you trust.",
    "stale": "Somebody else was faster. Read it again, decide anew, and send its present ETag "
    "as If-Match.",
    "too-large": "Send less at once: the body is limited to 1 MiB, or 16 MiB for alerts and for "
    "the import of histories.",
    "invalid": "Each entry of `errors` points at what is wrong and says why. Nothing was stored.",
    "key-reused": "Use a fresh Idempotency-Key for every new request. A repetition must have the "
    "very same body.",
    "too-many": "Slow down, and wait for as long as Retry-After says.",
    "unavailable": "Nothing was promised. Repeat the request after Retry-After, with the same "
    "Idempotency-Key if it had one.",
    "method-not-allowed": "The header Allow names the methods of this address.",
    "timeout": "Send the whole request within 10 seconds.",
    "head-too-large": "Address and headers may have 16 KiB together: ask for less at once.",
    "took-too-long": "Repeat the request; ask for less at once if it happens again.",
    "internal": "It is a fault of this service and has been logged. Report it with the time.",
    "http": "The detail says what was wrong.",
}

_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{title}</title></head>'
    "<body><main><h1>{title}</h1><p>{advice}</p>"
    "<p><code>/problems/{name}</code>, status {status}</p></main></body></html>"
)


class ProblemType(msgspec.Struct):
    """A kind of problem."""

    type: str
    title: str
    status: int | None
    advice: str


@router.get("/problems/{name}", include_in_schema=False)
async def problem_page(
    name: Annotated[str, Path(max_length=64)], accept: Annotated[str, Header()] = ""
) -> Response:
    """For people as a page, for programs as JSON."""
    if name not in ADVICE:
        raise NotFound("there is no such type of problem")
    status, title = types()[name]
    if "application/json" in accept:
        known = ProblemType(f"/problems/{name}", title, status, ADVICE[name])
        return Response(msgspec.json.encode(known), media_type="application/json")
    shown = "as the answer says" if status is None else str(status)
    page = _PAGE.format(title=escape(title), advice=escape(ADVICE[name]), name=name, status=shown)
    return Response(page, media_type="text/html", headers={"vary": "accept"})
