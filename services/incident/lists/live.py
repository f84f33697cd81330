"""A saved view as it lives: which incidents enter it, change in it and leave it, event by event.

Whether an incident is in the view is asked of its version rows before and after each event, so a
reader who comes back with the last position misses nothing and hears nothing twice. A restricted
one is in it as long as its reader is admitted, and is shown to nobody who is not admitted now.
"""

from typing import Annotated, Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec
from fastapi import Depends, Query, Request
from fastapi.sse import ServerSentEvent

from services.incident import view as incident_view
from services.incident.discretion import items_shown
from services.incident.lists.admission import Admissions, Around
from services.incident.lists.asking import meant_by
from services.incident.saved_views.saved_view import SavedView
from services.incident.saved_views.saved_views import saved_views_of
from services.incident.view import AppliedView, IncidentItem
from services.incident.visibility import visible_to
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.errors import Invalid, NotFound, Refused, Unavailable
from shared.http.access_log import record_access
from shared.http.asked import Asked
from shared.http.feed import Heard, Live, streaming
from shared.http.service import service_of
from shared.listing import Condition, where_of

_AT_ONCE = 1_000
_encode = msgspec.json.Encoder(order="deterministic").encode


class Moved(msgspec.Struct, kw_only=True):
    """An incident that has entered, changed in or left a view; without it where it has left."""

    position: int
    id: UUID
    number: str
    incident: IncidentItem | msgspec.UnsetType = msgspec.UNSET


class _Move(NamedTuple):
    """What an event did: the row it opened, if that is shown; whether it was in the view before."""

    row: asyncpg.Record
    is_shown: bool
    was_shown: bool


class Ended(msgspec.Struct):
    """Why a view is told of no more."""

    reason: str


async def live_view(
    request: Request,
    caller: Annotated[Caller, Depends(streaming)],
    view: Annotated[
        UUID | None,
        Query(
            description="Of a saved view: tells instead when an incident has `entered` it, has "
            "`changed` in it, has `left` it; `view` tells the version that is applied (load the "
            "list again when it is another one), `ended` that the view is there no more"
        ),
    ] = None,
) -> Live | None:
    """What a stream tells where it is of a view. Raises Invalid, NotFound, Refused."""
    if view is None:
        return None
    if narrowing := request.query_params.keys() & {"subjects", "types"}:
        raise Invalid((f"query:{min(narrowing)}", "does not go with view, which says what is told"))
    live = _LiveView(request, caller, view)
    meant_by(await live.usable(), caller)
    return live


class _LiveView:
    """One stream's view, and the version of it that its reader was told of."""

    def __init__(self, request: Request, caller: Caller, view: UUID) -> None:
        self._request = request
        self._caller = caller
        self._view = view
        self._service = service_of(request)
        self._told = 0
        self._admissions = Admissions(self._service.store, caller)

    async def usable(self) -> Folded[SavedView]:
        """The view. Raises NotFound, Refused."""
        return await saved_views_of(self._service).usable(self._view, self._caller)

    async def __call__(self, after: int) -> Heard:
        """What has happened behind a position, as far as one look goes."""
        head = (await self._service.store.log.head()).position
        if self._told and head <= after:
            return Heard([], after)
        try:
            return await self._heard(after, min(head, after + _AT_ONCE))
        except (NotFound, Refused) as over:
            ended = ServerSentEvent(raw_data=_text(Ended(str(over))), event="ended")
            return Heard([ended], after, ended=True)
        except Unavailable:  # nothing is shown that cannot be put on record
            return Heard([], after, ended=True)

    async def _heard(self, after: int, until: int) -> Heard:
        view = await self.usable()
        moves = await self._moves(view, after, until)
        rows = [move.row for move in moves if move.is_shown]
        restricted = [row["id"] for row in rows if row["restricted"]]
        await record_access(self._request, self._caller, restricted)
        items = {row["at"]: incident_view.item(row) for row in rows}
        await items_shown(Asked(self._request, self._caller), list(items.values()))
        told = [_event(move, items.get(move.row["at"])) for move in moves]
        return Heard([*self._version(view), *told], until)

    def _version(self, view: Folded[SavedView]) -> list[ServerSentEvent]:
        if view.version == self._told:
            return []
        self._told = view.version
        applied = AppliedView(view.stream, view.version)
        return [ServerSentEvent(raw_data=_text(applied), event="view")]

    async def _moves(self, view: Folded[SavedView], after: int, until: int) -> list[_Move]:
        arguments: list[Any] = [after, until]
        sql = _moves_sql(meant_by(view, self._caller), visible_to(self._caller), arguments)
        rows = await self._service.store.pool.fetch(sql, *arguments)
        kept = [(row["about"], row["at"]) for row in rows if _is_kept(row)]
        around = await self._admissions.around(kept)
        moves = [_move(row, around[row["at"]] if _is_kept(row) else _OPEN) for row in rows]
        return [move for move in moves if move.is_shown or move.was_shown]


def _moves_sql(asks: list[Condition], visible: list[Condition], arguments: list[Any]) -> str:
    """For each event, the row it opened and the one it closed, as far as they are in the view.

    The former only where the reader may know of it now; of both it says whether it is restricted.
    """
    now = where_of([*asks, *visible], arguments)
    before = where_of(asks, arguments)
    return f"""select n.*, e.position as at, e.originator_id as about, w.number as was,
        w.restricted as was_restricted
    from events e
    left join lateral (select t.* from incidents t
        where t.id = e.originator_id and t.from_position = e.position{now}) n on true
    left join lateral (select t.number, t.restricted from incidents t
        where t.id = e.originator_id and t.to_position = e.position{before}) w on true
    where e.position > $1 and e.position <= $2 and (n.id is not null or w.number is not null)
    order by e.position"""


_OPEN = Around(before=True, after=True)


def _is_kept(row: asyncpg.Record) -> bool:
    return bool(row["restricted"] or row["was_restricted"])


def _move(row: asyncpg.Record, admitted: Around) -> _Move:
    is_shown = row["id"] is not None and admitted.after
    return _Move(row, is_shown, row["was"] is not None and admitted.before)


def _event(move: _Move, item: IncidentItem | None) -> ServerSentEvent:
    row = move.row
    told = Moved(position=row["at"], id=row["about"], number=f"INC-{row['was']}")
    kind = "left"
    if item is not None:
        told.incident, told.number = item, item.number
        kind = "changed" if move.was_shown else "entered"
    return ServerSentEvent(raw_data=_text(told), event=kind, id=str(row["at"]))


def _text(told: msgspec.Struct) -> str:
    return _encode(told).decode()
