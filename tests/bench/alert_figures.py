"""The figures about alerts: how many are taken in, and what many open incidents cost."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from services.incident.facts import FACTS, Alert, AlertsAttached, attach, facts_stream
from shared.ledger import Ledger, Order
from shared.store.store import Store
from tests.bench.figures import REPORT
from tests.bench.fill import Filler, open_store
from tests.bench.ground import Ground, Side
from tests.bench.load import Requests, load
from tests.bench.measure import Figure, Pace, compare

ALERTS = 50
_PATH = "/v1/alerts/alertmanager"
_ON_HOLD = msgspec.json.encode({"reason": "awaiting_vendor"}).decode()
_IN_TURN = 1_000
_AT_ONCE = 100


class AlertFigures:
    """Each compares two sides at this pace."""

    def __init__(self, ground: Ground, pace: Pace, bare: Side, service: Side) -> None:
        self._ground = ground
        self._pace = pace
        self._bare = bare
        self._service = service

    async def alertmanager_alerts_vs_bare_insert(self) -> Figure:
        """Notifications of 50 new alerts of a new group, against one INSERT an alert."""
        body = msgspec.json.encode(notification("@@", ALERTS)).decode()
        ours = Requests(self._service.base, [_PATH], "POST", body, self._ground.token, fresh=True)
        bare = Requests(self._bare.base, ["/insert"], "POST", REPORT)
        figure = await compare(lambda _: ours, lambda _: bare, self._pace, 1.5)
        return figure.times(ALERTS, "alerts/s")

    async def status_change_at_10k_open_vs_100(self) -> Figure:
        """On hold and resumed among 10,000 open incidents with 15,000 alerts, against 100."""
        many = await self._with_alerts("many", self._pace.of(10_000), self._pace.of(15_000))
        few = await self._with_alerts("few", 100, 150)
        return await compare(lambda _: many, lambda _: few, self._pace, 0.9)

    async def _with_alerts(self, name: str, incidents: int, alerts: int) -> Requests:
        database = await self._ground.incident_database(name)
        store = await open_store(database, self._ground.master)
        ids = await Filler(store).incidents(incidents, events=1)
        await _attach(store, ids, alerts)
        await store.close()
        await self._ground.tidy(name)
        side = await self._ground.incident_service(database)
        reads = [f"/v1/incidents/{id}" for id in ids]  # so that no change is overtaken by the next
        await load(Requests(side.base, reads, token=self._ground.token), self._pace.warm_up)
        return self._changes(side, ids)

    def _changes(self, side: Side, ids: Sequence[UUID]) -> Requests:
        paths, bodies = [f"/v1/incidents/{ids[0]}/hold"], [_ON_HOLD]  # wrk drops the first of all
        for some in (ids[n : n + _IN_TURN] for n in range(0, len(ids), _IN_TURN)):
            for command, body in (("hold", _ON_HOLD), ("resume", "")):
                paths += [f"/v1/incidents/{id}/{command}" for id in some]
                bodies += [body] * len(some)
        return Requests(side.base, paths, "POST", token=self._ground.token, bodies=bodies)


def notification(group: str, alerts: int, status: str = "firing") -> dict[str, Any]:
    """What Alertmanager would post of one group."""
    ended = "0001-01-01T00:00:00Z" if status == "firing" else "2026-11-22T00:35:00.123456789Z"
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="CheckoutErrors", run="{group}"}}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "tocsin",
        "groupLabels": {"alertname": "CheckoutErrors"},
        "commonLabels": {"alertname": "CheckoutErrors", "severity": "critical"},
        "commonAnnotations": {"summary": "Checkout answers with errors"},
        "externalURL": "http://monitor.example",
        "alerts": [
            {
                "status": status,
                "labels": {
                    "alertname": "CheckoutErrors",
                    "cluster": "prod-7",
                    "instance": f"checkout-{number}:9090",
                    "service": "checkout",
                    "severity": "critical",
                },
                "annotations": {
                    "summary": "Checkout answers with errors",
                    "description": "More than 5 % of the answers are errors for 10 minutes",
                },
                "startsAt": "2026-11-22T00:30:00.123456789Z",
                "endsAt": ended,
                "generatorURL": "http://monitor.example/graph?g0.expr=errors",
                "fingerprint": f"{number:04x}-{group}",
            }
            for number in range(alerts)
        ],
    }


async def _attach(store: Store, incidents: Sequence[UUID], alerts: int) -> None:
    facts = Ledger(store, FACTS)

    async def one(place: int) -> None:
        told = tuple(map(_alert, range(place, alerts, len(incidents))))
        fact = AlertsAttached(receiver="tocsin", group_key="g", alerts=told)
        order = Order(stream=facts_stream(incidents[place]), actor="monitor", creates=True)
        await facts.execute(order, attach, fact=fact)

    for start in range(0, len(incidents), _AT_ONCE):
        places = range(start, min(start + _AT_ONCE, len(incidents)))
        await asyncio.gather(*map(one, places))


def _alert(number: int) -> Alert:
    return Alert(fingerprint=f"{number:016x}", status="firing", labels={"n": str(number)})
