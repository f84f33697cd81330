"""A review and a live state in a real browser: asking for nothing, read narrow, wide, printed.

`make browser` runs it, with Debian's chromium (or TOCSIN_CHROMIUM); screenshots go to .browser/.
"""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient
from tests.support.postgres import ROOT, Databases
from tests.support.started import client_at, listening

CHROMIUM = os.environ.get("TOCSIN_CHROMIUM") or shutil.which("chromium")
SHOTS = Path(os.environ.get("TOCSIN_SHOTS", ROOT / ".browser"))
WIDTHS = (390, 1280)
PAGES = ("review.html", "situation.html")
SMALLEST = 9  # pixels, of any text

pytestmark = [
    pytest.mark.skipif("TOCSIN_BROWSER" not in os.environ, reason="needs a browser: make browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium"),
]

_WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_SIZES = """Array.from(document.querySelectorAll('main *'))
    .filter(e => !e.closest('svg') && e.textContent.trim())
    .map(e => parseFloat(getComputedStyle(e).fontSize))"""
_CUT = """Array.from(document.querySelectorAll('main p, main td, main b, main h1, main span'))
    .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1).map(e => e.outerHTML)"""


class Told:
    """A major incident as it was told, and where it is read."""

    def __init__(self, base: str, path: str, token: str) -> None:
        self.base = base
        self.path = path
        self.token = token


@pytest.fixture(scope="module")
async def told(databases: Databases) -> AsyncIterator[Told]:
    async with listening("incident", databases) as (service, base):
        async with client_at(base, service, Role.ADMIN) as client:
            path = await story(client)
        yield Told(base, path, service.token(Role.ADMIN))


async def story(client: AsyncClient) -> str:
    """A long night, with a text of each kind that could break a page."""

    async def give(command: str, **body: Any) -> None:
        answer = await client.post(f"{path}/{command}", json=body)
        assert answer.status_code == 200, f"{command}: {answer.text}"

    body = {
        "title": "Checkout <b>slow</b>: an-identifier-" + "without-any-place-to-break" * 3,
        "service": "checkout", "impact": 1, "urgency": 1, "started_at": "2026-11-20T02:10:00Z",
        "detected_at": "2026-11-20T02:20:00Z",
    }  # fmt: skip
    path = f"/v1/incidents/{(await client.post('/v1/incidents', json=body)).json()['id']}"
    await give("accept-major")
    await give("assign-role", role="incident_commander", person="cora")
    await give("request-responder", group="network", message="Come")
    await give("assign", group="payments", person="ann")
    for number in range(12):
        await give("note", text=f"Looked at shard {number}: <img src=//evil.example/x.png>")
    said = {"impact": "One in three cannot pay", "action": "Rolling back", "workaround": "Retry"}
    for text in ("We look into it", "Release 41 leaks connections"):
        await give("post-update", status=text, audiences=["management", "affected-users"], **said)
    await give("decide", decision="Roll back everywhere", basis="South recovered with it")
    await give("record-regulatory", origin="aware", at="2026-11-20T02:30:00Z")
    await give("record-regulatory", origin="classified", at="2026-11-20T03:00:00Z")
    await give("mitigate", action="Rolled back", at="2026-11-20T04:05:00Z")
    await give("resolve", code="fixed", summary="Rolled back release 41")
    for section in ("what_happened", "what_went_well", "what_did_not", "contributing_factors"):
        text = "The pool was too small.\n\nNobody saw it: the alert was muted.\nSince March."
        await give("review/write-section", section=section, text=text)
    attack = "<script>document.title = 'run'</script><style>main{display:none}</style>"
    await give("review/write-section", section="lessons", text=attack)
    await give("review/add-action-item", title="Size the pool", owner="ann", due="2099-01-31")
    await give("review/complete")
    return path


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Any]:
    from playwright.async_api import async_playwright

    SHOTS.mkdir(exist_ok=True)  # noqa: ASYNC240  # once, before anything runs
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        await opened.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_read_without_asking_for_anything(
    told: Told, browser: Any, name: str, width: int
) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 900},
        extra_http_headers={"authorization": f"Bearer {told.token}"},
    )
    page = await context.new_page()
    asked: list[str] = []
    trouble: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda failure: trouble.append(str(failure)))
    address = f"{told.base}{told.path}/{name}"
    answer = await page.goto(address, wait_until="networkidle")
    assert answer.status == 200
    await page.screenshot(path=SHOTS / f"{name}-{width}.png", full_page=True)
    assert asked == [address]
    assert trouble == []
    assert "run" not in await page.title()
    assert await page.evaluate(_WIDER) <= 0
    assert await page.evaluate(_CUT) == []
    assert min(await page.evaluate(_SIZES)) >= SMALLEST
    shown = await page.inner_text("main")
    assert "Roll back everywhere" in shown
    assert "<b>slow</b>" in shown
    for lane in ("Status", "Communications", "People"):
        assert lane in await page.text_content("svg")
    await context.close()


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_printed(told: Told, browser: Any, name: str) -> None:
    context = await browser.new_context(
        extra_http_headers={"authorization": f"Bearer {told.token}"}
    )
    page = await context.new_page()
    await page.goto(f"{told.base}{told.path}/{name}")
    printed = await page.pdf(format="A4", path=SHOTS / f"{name}.pdf")
    assert printed.startswith(b"%PDF")
    await page.emulate_media(media="print")
    await page.set_viewport_size({"width": 794, "height": 1123})  # A4 at 96 dots an inch
    assert await page.evaluate(_WIDER) <= 0
    assert await page.evaluate(_CUT) == []
    await page.screenshot(path=SHOTS / f"{name}-printed.png", full_page=True)
    await context.close()
