"""API keys over HTTP: make, list, revoke."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Depends, Path, Query, Response
from pydantic import Field, StrictBool

from services.incident.api_key import key_stream
from services.incident.api_keys import ApiKeyLedger, Wanted
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.clock import new_id
from shared.errors import Forbidden, Invalid
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.body import Body, Line, Moment, Name
from shared.http.lists import CHANGED, WHEN, TimedQuery, given, listed
from shared.http.managed import When, folded_at
from shared.http.openapi import answers
from shared.listing import Listing

_LISTING = Listing("api_keys", CHANGED)
_BESIDE = """select k.id, u.used_at,
        (select e.actor from events e where e.originator_id = k.stream and e.originator_version = 1)
    from unnest($1::text[], $2::uuid[]) as k (id, stream) left join api_key_uses u using (id)"""

KeyId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="As its text begins")]
ByManager = Annotated[Asked, Depends(allowed(Role.INCIDENT_MANAGER))]
ByReader = Annotated[Asked, Depends(allowed(Role.INCIDENT_MANAGER, Role.AUDITOR))]

router = routes("api keys", "/v1/api-keys")


class NewKey(Body):
    """A key for a program: which roles and teams it speaks for, and until when."""

    name: Annotated[Line, Field(examples=["Alertmanager, region north"])]
    roles: Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
    teams: Annotated[list[Name], Field(max_length=50)] = []
    expires_at: Moment | None = None
    short: StrictBool = Field(
        False,
        description="32 hexadecimal digits, as PagerDuty's clients want: for alert intake alone",
    )


class ApiKeyView(msgspec.Struct, kw_only=True):
    """A key without its secret; `last_used_at` is to the minute, as this service saw it."""

    id: str
    name: str
    roles: list[Role]
    teams: list[str]
    created_by: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    version: int
    position: int


class CreatedApiKey(ApiKeyView, kw_only=True):
    """A new key. Its text `key` is told here and nowhere else: it is kept by nobody."""

    key: str


class ApiKeyPage(msgspec.Struct):
    """A page of keys."""

    items: list[ApiKeyView]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class ApiKeyQuery(TimedQuery):
    """Which keys."""

    sort: Literal["-created_at", "created_at", "-updated_at", "updated_at"] = "-created_at"


@router.post("", **answers(CreatedApiKey, 201, "Created; the only answer that tells the key"))
async def create_api_key(body: NewKey, asked: ByManager) -> Response:
    """Make a key with roles and teams that you hold yourself; an admin may give any.

    The answer tells the key's text, and nothing tells it again, but for one case: repeated with
    the same Idempotency-Key and body by the same caller within 72 hours, this very answer comes
    again, so that a lost reply loses no key. A key cannot make keys. A short key opens alert intake
    and nothing else: as a routing key, as a GenieKey, or in an address.
    """
    _require_own(asked.caller, body)
    if body.expires_at is not None and body.expires_at <= asked.now:
        raise Invalid(("/expires_at", "lies in the past"))
    if body.short and set(body.roles) != {Role.SERVICE}:
        raise Invalid(("/roles", "of a short key can only be service"))
    order = await asked.order(new_id(), creates=True)
    wanted = Wanted(body.name, body.roles, body.teams, body.expires_at, body.short)
    created = await _ledger(asked).create(order, wanted)
    view = CreatedApiKey(**await _fields(asked, created.folded), key=created.text)
    return _answer(view, 201, {"location": f"/v1/api-keys/{view.id}"})


@router.get("", **answers(ApiKeyPage))
async def list_api_keys(query: Annotated[ApiKeyQuery, Query()], asked: ByReader) -> Response:
    """All keys, revoked ones too, newest first; at any past moment with as_of."""
    found = await listed(asked, _LISTING, query, query.sort, given(query, WHEN))
    keys = [(row["key_id"], row["id"]) for row in found.rows]
    beside = await _beside(asked, [key for key, _ in keys], [stream for _, stream in keys])
    items = [_item(row, *beside[row["key_id"]]) for row in found.rows]
    page = ApiKeyPage(items, found.next_cursor, found.total_estimate, found.position)
    return Response(msgspec.json.encode(page), media_type="application/json")


@router.get("/{id}", **answers(ApiKeyView))
async def read_api_key(id: KeyId, when: When, asked: ByReader) -> Response:
    """One key, now or as it was."""
    folded = await folded_at(asked, _ledger(asked), key_stream(id), when)
    return _answer(ApiKeyView(**await _fields(asked, folded)))


@router.delete("/{id}", **answers(ApiKeyView))
async def revoke_api_key(id: KeyId, asked: ByManager) -> Response:
    """Revoke it for ever: refused here at once, and within a minute by every service."""
    order = await asked.order(key_stream(id))
    folded = await _ledger(asked).revoke(order, asked.now)
    asked.service.authenticator.forget(f"key:{id}")
    return _answer(ApiKeyView(**await _fields(asked, folded)))


def _ledger(asked: Asked) -> ApiKeyLedger:
    found: ApiKeyLedger = asked.service.parts["api_keys"]
    return found


def _require_own(caller: Caller, body: NewKey) -> None:
    if caller.id.startswith("key:"):
        raise Forbidden("an API key cannot make keys: one that leaked would outlive its end")
    if Role.ADMIN in caller.roles:
        return
    foreign = [*sorted(set(body.roles) - caller.roles), *sorted(set(body.teams) - caller.teams)]
    if foreign:
        raise Forbidden(f"you do not hold {', '.join(foreign)} yourself, so a key of yours cannot")


async def _beside(
    asked: Asked, keys: Sequence[str], streams: Sequence[Any]
) -> Mapping[str, tuple[datetime | None, str]]:
    """By key, when it was last used, and who made it."""
    rows = await asked.service.store.pool.fetch(_BESIDE, keys, streams)
    return {row[0]: (row[1], row[2]) for row in rows}


async def _fields(asked: Asked, folded: Folded[Any]) -> dict[str, Any]:
    key = folded.state
    used_at, created_by = (await _beside(asked, [key.id], [folded.stream]))[key.id]
    return {
        "id": key.id,
        "name": key.name,
        "roles": list(key.roles),
        "teams": list(key.teams),
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "created_by": created_by,
        "created_at": folded.created_at,
        "updated_at": folded.updated_at,
        "last_used_at": used_at,
        "version": folded.version,
        "position": folded.position,
    }


def _item(row: Any, used_at: datetime | None, created_by: str) -> ApiKeyView:
    names = "name roles teams expires_at revoked_at created_at updated_at version".split()
    return ApiKeyView(
        **{name: row[name] for name in names},
        id=row["key_id"],
        position=row["from_position"],
        created_by=created_by,
        last_used_at=used_at,
    )


def _answer(view: ApiKeyView, status: int = 200, more: Mapping[str, str] | None = None) -> Response:
    headers = {"etag": f'"{view.version}"', "tocsin-position": str(view.position), **(more or {})}
    return Response(msgspec.json.encode(view), status, headers, "application/json")
