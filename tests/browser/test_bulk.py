"""Pick requests by their boxes over pages, delete them, bring them back; sort; values beside."""

from __future__ import annotations

import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, Visitor
from tests.browser.test_first_visit import log
from tests.server import Server, log_body

pytestmark = pytest.mark.browser
REQUESTS = 30


def fill(server: Server) -> list[int]:
    """Requests of two models, each a minute older than the one before."""
    now = time.time()
    ids = []
    for number in range(REQUESTS):
        start = now - 60 * (number + 1)
        response = log_body()["request_response"]
        response["model"] = "gpt-4o" if number % 3 else "gpt-4o-mini"
        ids.append(
            log(
                server,
                request_start_time=start,
                request_end_time=start + 1 + number / 10,
                request_response=response,
                metadata={"user_id": f"u{number}"},
            )
        )
    return ids


def click_at(visitor: Visitor, x: float, line: int) -> None:
    """Click into the table, `line` -1 being the headings."""
    visitor.click_table(x, line)
    visitor.settle()


def tick(visitor: Visitor, line: int) -> None:
    click_at(visitor, 16, line)


def asked(visitor: Visitor) -> dict[str, list[str]]:
    return parse_qs(urlsplit(visitor.page.url).query)


def test_picked_requests_are_deleted_and_brought_back(visit: Visit, server: Server) -> None:
    fill(server)
    visitor = visit()
    page = visitor.goto("/logs")
    expect(page.get_by_text("30 requests ·")).to_be_visible()
    visitor.settle()
    tick(visitor, 0)
    tick(visitor, 2)
    expect(page.get_by_text("2 requests picked")).to_be_visible()
    page.get_by_role("button", name="Older").click()
    visitor.settle()
    tick(visitor, 1)
    expect(page.get_by_text("3 requests picked")).to_be_visible()
    page.get_by_role("button", name="Newer").click()
    visitor.settle()
    tick(visitor, 2)
    expect(page.get_by_text("2 requests picked")).to_be_visible()
    # A click on a line opens it, and leaves the boxes alone.
    visitor.click_row(4)
    expect(page.get_by_role("radio", name="Conversation")).to_be_visible()
    expect(page.get_by_text("2 requests picked")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Deleted 2 requests.")).to_be_visible()
    expect(page.get_by_text("28 requests ·")).to_be_visible()
    page.reload()
    expect(page.get_by_text("28 requests ·")).to_be_visible()
    page.goto(f"{server.url}/settings")
    page.get_by_role("tab", name="Store").click()
    expect(page.get_by_text("2 requests are hidden.")).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Put back 2 requests.")).to_be_visible()
    visitor.goto("/logs")
    expect(page.get_by_text("30 requests ·")).to_be_visible()


def test_all_that_match_are_deleted_and_the_undo_is_at_hand(visit: Visit, server: Server) -> None:
    fill(server)
    visitor = visit()
    page = visitor.goto("/logs?f=model:gpt-4o-mini")
    expect(page.get_by_text("10 requests ·")).to_be_visible()
    visitor.settle()
    tick(visitor, 3)
    page.get_by_role("button", name="Pick all 10 that match").click()
    visitor.settle()
    tick(visitor, 0)
    expect(page.get_by_text("9 requests picked")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("1 request ·")).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("10 requests ·")).to_be_visible()
    expect(page.get_by_text("Put back 9 requests.")).to_be_visible()


def test_a_purge_asks_and_then_leaves_nothing_to_undo(visit: Visit, server: Server) -> None:
    fill(server)
    visitor = visit()
    page = visitor.goto("/logs")
    visitor.settle()
    tick(visitor, 0)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Deleted 1 request.")).to_be_visible()
    visitor.goto("/settings")
    page.get_by_role("tab", name="Store").click()
    page.get_by_role("button", name="Purge…").click()
    page.get_by_role("button", name="Keep them").click()
    expect(page.get_by_text("1 request is hidden.")).to_be_visible()
    page.get_by_role("button", name="Purge…").click()
    page.get_by_role("button", name="Purge for good").click()
    expect(page.get_by_text(re.compile("Purged 1 request"))).to_be_visible()
    expect(page.get_by_text("Nothing is deleted that is not purged.")).to_be_visible()
    expect(page.get_by_role("button", name="Undo", exact=True)).to_have_count(0)


def test_headings_sort_the_whole_list_and_values_narrow_it(visit: Visit, server: Server) -> None:
    ids = fill(server)
    visitor = visit()
    page = visitor.goto("/logs?columns=latency,model,id")
    visitor.settle()
    click_at(visitor, 70, -1)
    expect(page).to_have_url(re.compile(r"[?&]sort=-latency\b"))
    visitor.settle()
    click_at(visitor, 70, 0)
    assert asked(visitor)["request"] == [str(ids[-1])]
    page.keyboard.press("Escape")
    visitor.settle()
    page.get_by_role("button", name=re.compile("^gpt-4o-mini")).click()
    expect(page.get_by_text("10 requests ·")).to_be_visible()
    assert asked(visitor)["f"] == ["model:gpt-4o-mini"]
    expect(page.get_by_role("button", name=re.compile("^gpt-4o ?20"))).to_be_visible()
    page.get_by_role("button", name="Leave it out: gpt-4o-mini").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("20 requests ·")).to_be_visible()
    assert asked(visitor)["f"] == ["-model:gpt-4o-mini"]
    assert asked(visitor)["sort"] == ["-latency"]


def test_a_star_is_one_key_away(visit: Visit, server: Server) -> None:
    ids = fill(server)
    visitor = visit()
    page = visitor.goto(f"/logs?request={ids[2]}")
    expect(page.get_by_role("radio", name="Conversation")).to_be_visible()
    visitor.settle()
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="★")).to_be_visible()
    visitor.goto("/logs?f=is:starred")
    expect(page.get_by_text("1 request ·")).to_be_visible()
