"""A hostile log is drawn harmlessly: nothing runs, nothing is fetched, nothing freezes."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_first_visit import log
from tests.server import Server

pytestmark = pytest.mark.browser

SCRIPTS = (
    "<script>alert('script')</script>",
    "<img src=x onerror=alert('image')>",
    "<svg onload=alert('svg')>",
    "[link](javascript:alert('link'))",
    "![pixel](https://tracker.example/pixel.png)",
    "<a href='https://evil.example'>click</a>",
    "$\\href{javascript:alert('formula')}{x}$",
    ":red[colour] :material/delete:",
)
RIGHT_TO_LEFT = "\u202egnirts desrever\u202c שלום עולם مرحبا بالعالم"
VIEWS = ("Conversation", "Details", "Raw")


def hostile_call(text: str) -> dict[str, object]:
    return {
        "kwargs": {
            "model": "<b>gpt</b>",
            "messages": [
                {"role": "user", "name": "<i>name</i>", "content": text},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": text},
                        {
                            "type": "image_url",
                            "image_url": {"url": "https://tracker.example/a.png"},
                        },
                        {
                            "type": "image_url",
                            "image_url": {"url": "data:image/svg+xml;base64,PHN2Zz4="},
                        },
                    ],
                },
            ],
        },
        "metadata": {"<script>": text, "note": RIGHT_TO_LEFT},
        "tags": ["<u>tag</u>"],
    }


@pytest.mark.parametrize("markdown", [False, True])
def test_scripts_and_remote_images_do_nothing(visit: Visit, server: Server, markdown: bool) -> None:
    text = "\n\n".join((*SCRIPTS, RIGHT_TO_LEFT))
    id_ = log(server, **hostile_call(text))
    visitor = visit()
    for view in VIEWS:
        page = visitor.goto(f"/logs?request={id_}&view={view}")
        expect(page.get_by_role("radio", name=view)).to_be_visible()
        visitor.settle()
        if markdown and view == "Conversation":
            page.get_by_text("Markdown", exact=True).click()
            visitor.settle()
        if view == "Conversation":
            shown = page.locator(".st-key-detail").inner_text()
            assert "alert('script')" in shown
            assert "שלום עולם" in shown
            for link in page.locator(".st-key-detail a").all():
                # A link says where it leads, and leads nowhere else.
                assert unquote(link.get_attribute("href") or "") == link.inner_text()
                assert link.inner_text().startswith("https://")
        page.wait_for_timeout(500)
    assert visitor.dialogs == []
    assert visitor.foreign == []


def test_a_line_of_five_megabytes_is_cut_and_the_page_stays_usable(
    visit: Visit, server: Server
) -> None:
    line = "x" * 5_000_000 + " the end"
    id_ = log(server, kwargs={"model": "gpt-4o", "messages": [{"role": "user", "content": line}]})
    visitor = visit()
    page = visitor.goto(f"/logs?request={id_}")
    expect(page.get_by_role("button", name="Show more of 5,000,008 characters")).to_be_visible()
    visitor.settle()
    assert len(page.locator(".st-key-detail").inner_text()) < 50_000
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-detail")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_nothing_is_wider_than_the_screen(visit: Visit, server: Server, width: int) -> None:
    id_ = log(server, **hostile_call("word " * 200 + "unbroken" * 200))
    visitor = visit(viewport={"width": width, "height": 844})
    for address in ("/", "/logs", f"/logs?request={id_}", "/settings"):
        page = visitor.goto(address)
        page.locator('[data-testid="stMainBlockContainer"]').wait_for()
        visitor.settle()
        wide = page.evaluate(
            "() => document.querySelector('[data-testid=stMain]').scrollWidth - window.innerWidth"
        )
        # A fraction of a pixel is counted as a whole one.
        assert wide <= 1, f"{address} is {wide} pixels too wide"
