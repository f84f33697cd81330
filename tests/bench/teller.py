"""An incident service that only tells: so many declared incidents, made up as they are asked for.

    python -m uvicorn tests.bench.teller:app

It is silent until `POST /tell/{count}`. Services, categories, items and the words of the titles
vary; the incidents happened one after the other, RATE of them a second.
"""

import asyncio
from hashlib import blake2b
from uuid import UUID, uuid5

from fastapi import FastAPI, Query, Response

RATE = 2_000
_LOG = UUID(int=7)
_WORDS = (
    "disk mail login cache queue slow down full late error timeout node api web proxy fails cannot "
    "printer badge door lift room phone screen laptop battery token password export import report "
    "invoice order stock search index backup restore sync feed socket memory core fan power"
).split()

app = FastAPI()
app.state.count = 0


@app.post("/tell/{count}")
async def tell(count: int) -> None:
    """So many from now on."""
    app.state.count = count


@app.get("/v1/incident/feed")
async def feed(
    after: int = Query(0, alias="lastEventId"), limit: int = Query(100), timeout: float = 0
) -> Response:
    """A page as the incident service would answer it."""
    if after >= app.state.count:
        await asyncio.sleep(min(timeout, 0.05))
    end = min(after + limit, app.state.count)
    content = ",".join(map(_told, range(after + 1, end + 1)))
    headers = {
        "tocsin-restricted": "included",
        "tocsin-log": str(_LOG),
        "tocsin-hash": "0" * 64,
        "tocsin-scanned": str(max(end, after)),
    }
    return Response(f"[{content}]", headers=headers, media_type="application/json")


def _told(n: int) -> str:
    """Any of many matters; one in eight is of a few that many suffer from."""
    *chance, which = blake2b(b"%d" % n, digest_size=8).digest()
    if which < 32:
        chance = [which] * 7
    at = f"2026-11-22T10:{n // RATE // 60 % 60:02}:{n // RATE % 60:02}.{n % RATE:06}Z"
    words = " ".join(_WORDS[each % 45] for each in chance[:4])
    return (
        f'{{"id":"{uuid5(_LOG, str(n))}","type":"tocsin.incident.declared.v1",'
        f'"subject":"{UUID(int=n)}","time":"{at}","position":{n},"actor":"monitor",'
        f'"correlationid":"{_LOG}","data":{{"number":"INC-{n}","title":"{words} on host {n}",'
        f'"reporter":"monitor","service":"service-{chance[4] + chance[5] % 2 * 256}",'
        f'"category":"category-{chance[5] % 20}","item":"item-{chance[6] * 20 + chance[5] % 20}",'
        f'"impact":{n % 3 + 1},"urgency":{n % 2 + 1},"group":null,"assigned_to":null}}}}'
    )
