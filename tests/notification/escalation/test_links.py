"""The link of a page leads to a form; only the form acknowledges."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification.escalation import escalation, link_routes
from services.notification.escalation.events import Occasion, Step, Target
from services.notification.escalation.lists import RUNNING
from services.notification.escalation.running import Running
from services.notification.events import Channel
from services.notification.links import Links
from services.notification.said import Words
from services.notification.verification import verifying
from shared.clock import new_id, now
from shared.ledger import Order
from shared.work import Work
from tests.contracts.telling import BY
from tests.notification.sinks import MailSink
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started
from tests.support.until import until

LINKS = Links("http://tocsin.example", b"k" * 32)
ADDRESS = re.compile(r"Acknowledge: http://127\.0\.0\.1:8000(/\S+)")


@given(st.uuids(), st.uuids(), st.text(max_size=60))
def test_only_its_own_token_leads_to_a_page(page: UUID, other: UUID, junk: str) -> None:
    token = LINKS.token(page)
    assert LINKS.page(token) == page
    assert LINKS._replace(key=b"x" * 32).page(token) is None
    assert LINKS.page(junk) is None
    assert (LINKS.token(other) == token) == (page == other)
    assert LINKS.page(token[:-1]) is None
    assert LINKS.page(token + "A") is None


@pytest.fixture
async def mail() -> AsyncIterator[MailSink]:
    async with MailSink().up() as sink:
        yield sink


@pytest.fixture
async def service(databases: Databases, mail: MailSink) -> AsyncIterator[RunningService]:
    async with started("notification", databases, smtp_url=mail.url) as running:
        yield running


async def _contact(service: RunningService, person: str) -> UUID:
    client = service.client("notification_admin")
    body = {"name": person, "person": person, "email": f"{person}@example.com"}
    return UUID((await client.post("/v1/contacts", json=body)).json()["id"])


async def _verified(service: RunningService, person: str) -> UUID:
    id = await _contact(service, person)
    contacts, order = service.service.parts["contacts"], Order(stream=id, actor=person)
    said: dict[str, Any] = {"channel": Channel.EMAIL, "digest": "x", "at": now()}
    await contacts.execute(order, verifying.send, **said)
    await contacts.execute(order, verifying.confirm, **said)
    return id


async def _paged(service: RunningService, *people: str, then: str = "") -> UUID:
    """An escalation for these people, as the follower begins it; answers its event."""
    running: Running = service.service.parts[RUNNING]
    occasion = Occasion(
        cause=new_id(),
        fact="incident.responder_requested",
        about=new_id(),
        happened_at=now(),
    )
    first = Step(targets=tuple(Target(person=each) for each in people), wait_minutes=5)
    steps = [first, Step(targets=(Target(person=then),), wait_minutes=5)] if then else [first]
    work, stream = Work(service.service.store, BY), new_id()
    words = Words("[INC-7] You are needed: <b>Checkout</b>", "Come", {"number": "INC-7"})
    said: dict[str, Any] = {"occasion": occasion, "words": words, "steps": steps, "at": now()}
    await work.execute(running.escalations, stream, escalation.begin, **said)
    await running.advance(stream, _everybody, now(), work)
    await work.append()
    return occasion.cause


async def _everybody(person: str) -> bool:
    return True


async def test_the_link_of_a_page_leads_to_a_form_and_only_that_form_acknowledges(
    service: RunningService, mail: MailSink
) -> None:
    for person in ("ada", "bob"):
        await _verified(service, person)
    await _paged(service, "ada", "bob")
    await until(lambda: _is(len(mail.mails) == 2))
    to_ada = next(m for m in mail.mails if m["to"] == "ada@example.com")
    address = ADDRESS.search(to_ada.get_content())
    assert address is not None
    anybody, admin = service.client(None), service.client("admin")
    for _ in range(3):  # as scanners do
        form = await anybody.get(address[1])
        assert (form.status_code, form.headers["cache-control"]) == (200, "no-store")
        assert '<form method="post">' in form.text
        assert "&lt;b&gt;Checkout" in form.text
    (running,) = (await admin.get("/v1/notification/escalations")).json()["items"]
    assert running["status"] == "running"
    done = await anybody.post(address[1])
    assert (done.status_code, "Acknowledged by ada" in done.text) == (200, True)
    (ended,) = (await admin.get("/v1/notification/escalations")).json()["items"]
    assert (ended["status"], ended["acknowledged_by"]) == ("acknowledged", "ada")
    again = await anybody.post(address[1])
    assert (again.status_code, "<form" in again.text) == (200, False)
    pages = (await admin.get("/v1/notifications")).json()["items"]
    assert "by-key" not in (await admin.get(f"/v1/notifications/{pages[0]['id']}")).text


async def test_a_link_that_is_not_whole_is_refused(service: RunningService) -> None:
    links: Links = service.service.parts["links"]
    anybody, path = service.client(None), "/v1/notification/acknowledgements/by-key"
    for token in ("x", links.token(new_id())[:-2], links.token(new_id())):
        assert (await anybody.get(f"{path}/{token}")).status_code == 401
        assert (await anybody.post(f"{path}/{token}")).status_code == 401


async def _link(service: RunningService, mail: MailSink) -> tuple[str, dict[str, Any]]:
    """The link that Ada was sent, and her page."""
    await _verified(service, "ada")
    await _paged(service, "ada")
    await until(lambda: _is(len(mail.mails) == 1))
    address = ADDRESS.search(mail.mails[0].get_content())
    assert address is not None
    (page,) = (await service.client("admin").get("/v1/notifications")).json()["items"]
    return address[1], page


async def test_a_link_counts_for_a_week(
    service: RunningService, mail: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, page = await _link(service, mail)
    monkeypatch.setattr(link_routes, "_COUNTS", timedelta(0))
    anybody = service.client(None)
    assert (await anybody.get(link)).status_code == 401
    assert (await anybody.post(link)).status_code == 401
    read = await service.client("admin").get(f"/v1/notifications/{page['id']}")
    assert read.json()["acknowledged_at"] is None


@pytest.mark.parametrize("admitted", ["person:ada", "person:eve"])
async def test_what_was_restricted_since_is_shown_by_no_link_but_to_whom_it_admits(
    service: RunningService, mail: MailSink, admitted: str
) -> None:
    link, page = await _link(service, mail)
    values: list[Any] = [UUID(page["about"]), True, [admitted], []]
    pool, anybody = service.service.store.pool, service.client(None)
    await pool.execute("insert into restrictions values ($1, $2, $3, $4)", *values)
    shown, done = await anybody.get(link), await anybody.post(link)
    is_ada = admitted == "person:ada"
    assert {shown.status_code, done.status_code} == {200 if is_ada else 401}
    assert ("Checkout" in shown.text) == is_ada
    read = await pool.fetch("select principal, subject from access_log")
    expected = [("ada", UUID(page["about"]))] * 2 if is_ada else []
    assert [(row["principal"], row["subject"]) for row in read] == expected


async def test_a_reply_that_says_yes_acknowledges_and_another_does_not(
    service: RunningService, mail: MailSink
) -> None:
    await _verified(service, "ada")
    await _paged(service, "ada")
    admin, gateway = service.client("admin"), service.client("service")
    (page,) = (await admin.get("/v1/notifications")).json()["items"]
    path, reply = "/v1/notification/replies", {"in_reply_to": page["id"]}
    refused = await gateway.post(path, json=reply | {"text": "who is this?"})
    assert (refused.status_code, "must begin with ack" in refused.text) == (409, True)
    taken = await gateway.post(path, json=reply | {"text": "OK, on my way"})
    assert taken.json()["acknowledged_by"] == "ada"
    (ended,) = (await admin.get("/v1/notification/escalations")).json()["items"]
    assert ended["acknowledged_by"] == "ada"
    unknown = {"in_reply_to": str(new_id()), "text": "ack"}
    assert (await gateway.post(path, json=unknown)).status_code == 404


async def test_why_somebody_was_not_paged(service: RunningService, mail: MailSink) -> None:
    ids = {name: await _verified(service, name) for name in ("ada", "bob")}
    ids["cleo"] = await _contact(service, "cleo")
    event = await _paged(service, "ada", "cleo", then="bob")
    admin = service.client("admin")
    (page,) = (await admin.get("/v1/notifications")).json()["items"]
    await admin.post(f"/v1/notifications/{page['id']}/acknowledge")
    said = {}
    for name, id in ids.items():
        asked = {"event": str(event), "contact": str(id)}
        told = (await admin.get("/v1/notifications/why", params=asked)).json()
        said[name] = [(each["reason"], each["detail"]) for each in told["reasons"]]
    assert next(reason for reason, _ in said["ada"]) in ("page", "acknowledged_meanwhile")
    missing = "no verified way to reach this person"
    assert said["cleo"] == [("no_usable_contact_method", missing)]
    meanwhile = "demo-admin acknowledged before the step that names them"
    assert said["bob"] == [("acknowledged_meanwhile", meanwhile)]


async def _is(holds: bool) -> bool:
    return holds
