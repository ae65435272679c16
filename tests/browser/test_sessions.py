"""Journeys in a real browser: a session and back, comparing two requests, keys, hits."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, Visitor
from tests.browser.test_first_visit import log
from tests.server import Server

pytestmark = pytest.mark.browser


def chat(server: Server, session: str, questions: list[str]) -> list[int]:
    """Log a chat in which each request sends all that came before."""
    history: list[dict[str, Any]] = [{"role": "system", "content": "You answer customers."}]
    ids = []
    for number, question in enumerate(questions):
        history.append({"role": "user", "content": question})
        start = 1_767_000_000.0 + 60 * number
        response = {
            "model": "gpt-4o",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": f"Answer to: {question}"},
                }
            ],
            "usage": {"prompt_tokens": 9 + number, "completion_tokens": 3, "total_tokens": 12},
        }
        ids.append(
            log(
                server,
                kwargs={"model": "gpt-4o", "messages": list(history)},
                request_response=response,
                metadata={"session_id": session},
                request_start_time=start,
                request_end_time=start + 2,
            )
        )
        history.append({"role": "assistant", "content": f"Answer to: {question}"})
    return ids


def pressed(visitor: Visitor, key: str) -> None:
    visitor.page.keyboard.press(key)
    visitor.settle()


def test_a_session_is_opened_read_and_left_and_its_link_shows_the_same(
    visit: Visit, server: Server
) -> None:
    chat(server, "abc", ["Where is my parcel?", "And the refund?"])
    chat(server, "other", ["Hello"])
    visitor = visit()
    page = visitor.goto("/sessions")
    expect(page.get_by_text("2 sessions")).to_be_visible()
    visitor.settle()
    visitor.click_row(0)
    expect(page.get_by_text("2 requests ·")).to_be_visible()
    visitor.settle()
    assert "session=metadata.session_id%3Aabc" in page.url
    expect(page.get_by_text("And the refund?", exact=True)).to_have_count(1)
    expect(page.get_by_text("Where is my parcel?", exact=True)).to_have_count(1)
    expect(page.get_by_text("3 messages as in turn 1")).to_be_visible()
    expect(page.get_by_text("58 s later")).to_be_visible()
    shared = page.url
    page.get_by_role("link", name="Open").nth(1).click()
    expect(page.get_by_text("Cost and tokens")).to_be_visible()
    visitor.settle()
    assert "/request?request=" in page.url
    other = visit()
    other.goto(shared)
    expect(other.page.get_by_text("3 messages as in turn 1")).to_be_visible()
    other.settle()
    pressed(other, "Escape")
    expect(other.page.get_by_text("2 sessions")).to_be_visible()
    assert visitor.foreign == other.foreign == []


def test_two_requests_are_compared_from_the_open_one(visit: Visit, server: Server) -> None:
    ids = chat(server, "abc", ["Where is my parcel?", "And the refund?"])
    visitor = visit()
    page = visitor.goto(f"/logs?request={ids[1]}")
    expect(page.get_by_role("radio", name="Conversation")).to_be_visible()
    visitor.settle()
    page.locator(".st-key-compare-with button").first.click()
    page.get_by_role("link", name="Previous of session_id").click()
    expect(page.get_by_role("heading", name="Compare two requests")).to_be_visible()
    visitor.settle()
    assert f"left={ids[0]}" in page.url
    assert f"right={ids[1]}" in page.url
    removed = page.locator(".wb-pair del").all_inner_texts()
    added = page.locator(".wb-pair ins").all_inner_texts()
    assert "Where is my parcel" in removed
    assert "And the refund" in added
    page.get_by_text("Together", exact=True).click()
    visitor.settle()
    assert "layout=Together" in page.url
    expect(page.locator(".wb-diff-together").first).to_be_visible()
    assert visitor.foreign == []


def test_keys_open_follow_enlarge_and_close(visit: Visit, server: Server) -> None:
    ids = chat(server, "abc", ["First question", "Second question"])
    visitor = visit()
    page = visitor.goto("/logs")
    expect(page.locator('[data-testid="stDataFrame"]')).to_be_visible()
    visitor.settle()
    pressed(visitor, "j")
    assert f"request={ids[1]}" in page.url
    pressed(visitor, "j")
    assert f"request={ids[0]}" in page.url
    pressed(visitor, "k")
    assert f"request={ids[1]}" in page.url
    pressed(visitor, "o")
    expect(page.get_by_text("Cost and tokens")).to_be_visible()
    visitor.settle()
    assert f"/request?request={ids[1]}" in page.url
    pressed(visitor, "Escape")
    expect(page.locator('[data-testid="stDataFrame"]')).to_be_visible()
    assert f"request={ids[1]}" in page.url
    pressed(visitor, "Escape")
    assert "request=" not in page.url
    pressed(visitor, "?")
    expect(page.get_by_text("open the request on its own")).to_be_visible()


def test_what_is_typed_into_the_search_presses_no_keys(visit: Visit, server: Server) -> None:
    ids = chat(server, "abc", ["First question", "Second question"])
    visitor = visit()
    page = visitor.goto(f"/logs?request={ids[1]}")
    expect(page.get_by_role("radio", name="Conversation")).to_be_visible()
    visitor.settle()
    page.keyboard.press("/")
    page.keyboard.type("jokn?", delay=60)
    visitor.settle()
    assert f"request={ids[1]}" in page.url
    assert "/logs" in page.url
    expect(page.get_by_text("open the request on its own")).to_have_count(0)


def test_hits_are_marked_and_a_key_goes_from_one_to_the_next(visit: Visit, server: Server) -> None:
    ids = chat(server, "abc", ["Die Straße, die STRASSE", "x"])
    visitor = visit()
    page = visitor.goto(f"/logs?f=strasse&request={ids[0]}")
    hits = page.locator("mark.wb-hit")
    expect(hits).to_have_count(4)
    visitor.settle()
    assert hits.all_inner_texts() == ["Straße", "STRASSE"] * 2
    page.keyboard.press("n")
    expect(page.get_by_text("1 of 4")).to_be_visible()
    page.get_by_role("button", name="Next hit").click()
    expect(page.get_by_text("2 of 4")).to_be_visible()
    expect(page.locator("mark.wb-now")).to_have_text("STRASSE")
    page.keyboard.press("Shift+N")
    expect(page.get_by_text("1 of 4")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_nothing_is_wider_than_the_screen(visit: Visit, server: Server, width: int) -> None:
    ids = chat(server, "abc", ["word " * 60 + "unbroken" * 60, "And now?"])
    visitor = visit(viewport={"width": width, "height": 844})
    for address in (
        "/sessions",
        "/sessions?session=metadata.session_id:abc",
        f"/compare?left={ids[0]}&right={ids[1]}",
        f"/request?request={ids[0]}",
    ):
        page = visitor.goto(address)
        page.locator('[data-testid="stMainBlockContainer"]').wait_for()
        visitor.settle()
        wide = page.evaluate(
            "() => document.querySelector('[data-testid=stMain]').scrollWidth - window.innerWidth"
        )
        # A fraction of a pixel is counted as a whole one.
        assert wide <= 1, f"{address} is {wide} pixels too wide"
