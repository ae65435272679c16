"""Searching as one types, and saved views, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_first_visit import log
from tests.server import Server

pytestmark = pytest.mark.browser


def search_box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search")


def fill_store(server: Server) -> None:
    for number in range(6):
        model = ("gpt-4o", "gpt-4o-mini", "claude-sonnet")[number % 3]
        log(
            server,
            kwargs={"model": model, "messages": [{"role": "user", "content": f"Hello {number}"}]},
            request_response={},
            tags=["prod"] if number % 2 else ["dev"],
            metadata={"user_id": str(number)},
        )


# Everything that the page says reaches the server so much later, in its order.
SLOW_LINE = """
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) { setTimeout(() => send.call(this, data), 900); };
"""


def test_a_search_on_a_slow_line_is_answered(visit: Visit, server: Server) -> None:
    """A question for completions is under way when it is handed over, and answered before it."""
    fill_store(server)
    visitor = visit()
    visitor.page.add_init_script(SLOW_LINE)
    page = visitor.goto("/logs")
    expect(page.get_by_text("6 requests ·")).to_be_visible()
    visitor.settle()
    search_box(page).fill("tag:prod")
    # As long as a person needs; a question is asked when no more is typed for a moment.
    page.wait_for_timeout(300)
    search_box(page).press("Enter")
    expect(page.get_by_text("3 requests ·")).to_be_visible()
    expect(page).to_have_url(re.compile("f=tag%3Aprod"))


def test_a_search_is_completed_with_the_keyboard(visit: Visit, server: Server) -> None:
    fill_store(server)
    visitor = visit()
    page = visitor.goto("/logs")
    expect(page.get_by_text("6 requests ·")).to_be_visible()
    box = search_box(page)
    expect(box).to_be_visible()
    visitor.settle()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    expect(page.get_by_role("option").first).to_have_text("model:")
    box.press_sequentially("mod")
    box.press("Tab")
    expect(box).to_have_value("model:")
    expect(page.get_by_role("option")).to_have_count(3)
    box.press_sequentially("mini")
    expect(page.get_by_role("option")).to_have_text(["gpt-4o-mini2"])
    box.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    # The server's own answer to the letters comes after the choice, which it leaves as it is.
    visitor.settle()
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    expect(box).to_have_value("model:gpt-4o-mini ")
    box.press_sequentially("tag:")
    expect(page.get_by_role("option")).to_have_text(["dev1", "prod1"])
    box.press("ArrowUp")
    box.press("Enter")
    expect(box).to_have_value("model:gpt-4o-mini tag:prod ")
    box.press("Enter")
    expect(page.get_by_text(re.compile("^1 request ·"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("tag has prod"))).to_be_visible()
    expect(page).to_have_url(re.compile("f=model%3Agpt-4o-mini"))
    expect(box).to_have_value("model:gpt-4o-mini tag:prod")
    assert visitor.foreign == []


def test_a_value_with_spaces_and_a_hostile_one_are_completed_as_text(
    visit: Visit, server: Server
) -> None:
    evil = '<img src=x onerror=alert(1)> "x"'
    log(server, tags=[evil, "two words"])
    visitor = visit()
    page = visitor.goto("/logs")
    expect(page.get_by_text("1 request ·")).to_be_visible()
    visitor.settle()
    box = search_box(page)
    box.fill("tag:two")
    page.get_by_role("option", name=re.compile("two words")).click()
    expect(box).to_have_value('tag:"two words" ')
    box.press_sequentially("tag:<")
    expect(page.get_by_role("option")).to_have_text([f"{evil}1"])
    box.press("Tab")
    box.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^tag has.*img src"))).to_be_visible()
    expect(page.get_by_text("1 request ·")).to_be_visible()
    assert visitor.dialogs == []
    assert visitor.foreign == []


def test_a_mistake_keeps_the_line_and_is_mended_with_a_click(visit: Visit, server: Server) -> None:
    fill_store(server)
    visitor = visit()
    page = visitor.goto("/logs")
    expect(page.get_by_text("6 requests ·")).to_be_visible()
    visitor.settle()
    box = search_box(page)
    box.fill("tga:prod")
    box.press("Enter")
    expect(page.get_by_text("Did you mean tag?")).to_be_visible()
    expect(box).to_have_value("tga:prod")
    expect(page.get_by_text("6 requests ·")).to_be_visible()
    page.get_by_role("button", name="Search for tag:prod instead").click()
    expect(page.get_by_text("3 requests ·")).to_be_visible()
    expect(box).to_have_value("tag:prod")


def test_a_view_is_saved_shared_changed_removed_and_brought_back(
    visit: Visit, server: Server
) -> None:
    fill_store(server)
    visitor = visit()
    page = visitor.goto("/logs?f=tag:prod")
    expect(page.get_by_text("3 requests ·")).to_be_visible()
    page.get_by_role("button", name="Views").click()
    page.get_by_placeholder("Name of the view").fill("Production")
    page.get_by_text("Open the Logs page with it").click()
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("button", name="Production")).to_be_visible()
    expect(page).to_have_url(re.compile("saved=1"))

    other = visit()
    shared = other.goto("/logs?saved=1")
    expect(shared.get_by_text("3 requests ·")).to_be_visible()
    expect(search_box(shared)).to_have_value("tag:prod")
    search_box(shared).fill("tag:prod model:gpt-4o")
    search_box(shared).press("Enter")
    menu = shared.get_by_role("button", name="Production (changed)")
    expect(menu).to_be_visible()
    menu.click()
    shared.get_by_role("button", name="Overwrite").click()
    expect(shared.get_by_role("button", name="Production (changed)")).to_have_count(0)

    third = visit()
    opened = third.goto("/logs")
    expect(search_box(opened)).to_have_value("tag:prod model:gpt-4o")
    expect(opened.get_by_text("1 request ·")).to_be_visible()
    opened.get_by_role("button", name="Production").click()
    opened.get_by_role("button", name="Remove", exact=True).click()
    expect(opened.get_by_text("Removed Production")).to_be_visible()
    opened.get_by_role("button", name="Undo").click()
    # The open menu lists the view by the same name.
    menu = opened.get_by_test_id("stPopoverButton").filter(has_text="Production")
    expect(menu).to_be_visible()
    assert visitor.foreign == other.foreign == third.foreign == []
