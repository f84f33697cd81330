"""Stream tickets: for one service, one minute, one use, whichever worker redeems them."""

import math
import os

import pytest

from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.auth.tickets import LIFE_SECONDS, StreamTickets
from shared.errors import Unauthenticated
from tests.shared.auth.forge import NOW

MASTER = os.urandom(32)
ADA = Caller(
    id="ada@example.org",
    name="Ada",
    kind="person",
    roles=frozenset({Role.RESPONDER, Role.AUDITOR}),
    teams=frozenset({"payments"}),
    expires=NOW + 600,
)
KEY = Caller(id="key:1", name="k", kind="service", roles=frozenset(), expires=math.inf)


class Ledger:
    """The table of used tickets that the workers of a service share."""

    def __init__(self) -> None:
        self.used: dict[str, float] = {}
        self.now = NOW

    async def claim(self, ticket_id: str, expires_at: float) -> bool:
        is_first = ticket_id not in self.used
        self.used[ticket_id] = expires_at
        return is_first

    def worker(self, service: str = "incident", master: bytes = MASTER) -> StreamTickets:
        return StreamTickets(master, service, self, lambda: self.now)


@pytest.mark.parametrize("caller", [ADA, KEY])
async def test_another_worker_redeems_a_ticket_as_its_caller(caller: Caller) -> None:
    ledger = Ledger()
    assert await ledger.worker().redeem(ledger.worker().issue(caller)) == caller


async def test_a_ticket_is_used_once_however_it_is_written() -> None:
    ledger = Ledger()
    ticket = ledger.worker().issue(ADA)
    await ledger.worker().redeem(ticket)
    for again in (ticket, ticket + "=", ticket + "\n", f" {ticket}", ticket[:8] + "!" + ticket[8:]):
        with pytest.raises(Unauthenticated):
            await ledger.worker().redeem(again)
    assert len(ledger.used) == 1


async def test_a_ticket_lasts_a_minute_and_no_longer_than_its_caller() -> None:
    ledger = Ledger()
    late, short = ledger.worker().issue(ADA), ledger.worker().issue(brief(NOW + 5))
    for ticket, end in ((late, NOW + LIFE_SECONDS), (short, NOW + 5)):
        ledger.now = end
        with pytest.raises(Unauthenticated, match="expired"):
            await ledger.worker().redeem(ticket)
    assert ledger.used == {}


async def test_the_table_may_forget_a_ticket_once_it_has_expired() -> None:
    ledger = Ledger()
    await ledger.worker().redeem(ledger.worker().issue(ADA))
    assert list(ledger.used.values()) == [NOW + LIFE_SECONDS]


async def test_neither_another_service_nor_another_installation_redeems_it() -> None:
    ledger = Ledger()
    ticket = ledger.worker().issue(ADA)
    for stranger in (ledger.worker("problem"), ledger.worker(master=os.urandom(32))):
        with pytest.raises(Unauthenticated):
            await stranger.redeem(ticket)
    assert ledger.used == {}


async def test_a_ticket_changed_anywhere_is_refused() -> None:
    ledger = Ledger()
    ticket = ledger.worker().issue(ADA)
    for place in range(len(ticket) - 1):
        changed = ticket[:place] + ("A" if ticket[place] != "A" else "B") + ticket[place + 1 :]
        with pytest.raises(Unauthenticated):
            await ledger.worker().redeem(changed)
    assert ledger.used == {}


@pytest.mark.parametrize("text", ["", "A", "AAAA", "A" * 16, "\u0430" * 40, "A" * 100_000, "%00"])
async def test_what_is_no_ticket_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        await Ledger().worker().redeem(text)


def test_a_ticket_shows_nothing_of_its_caller_and_fits_into_an_address() -> None:
    ticket = Ledger().worker().issue(ADA)
    assert ticket.replace("-", "").replace("_", "").isalnum()
    assert len(ticket) < 500
    assert Ledger().worker().issue(ADA) != ticket


def brief(expires: float) -> Caller:
    return Caller(id="b", name="b", kind="person", roles=frozenset(), expires=expires)
