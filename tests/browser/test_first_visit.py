"""A newcomer's way: first start, sample, filter, share the link."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.contrast import contrast
from tests.server import KEY, Server, log_body

pytestmark = pytest.mark.browser


def log(server: Server, **changes: Any) -> int:
    now = time.time()
    times = {"request_start_time": now - 1.5, "request_end_time": now}
    body = log_body(**(times | changes))
    request = urllib.request.Request(
        f"{server.url}/track-request",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "X-API-KEY": KEY},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(json.load(answer)["request_id"])


def test_sample_filter_share_and_see_the_same(visit: Visit) -> None:
    first = visit(timezone_id="Europe/Berlin")
    page = first.goto("/")
    page.get_by_role("button", name="Load the sample").click()
    expect(page.get_by_text("requests ·")).to_be_visible(timeout=60_000)
    first.settle()
    line = page.get_by_placeholder(re.compile("Words, or tag"))
    line.fill("provider:anthropic tag:prod")
    line.press("Enter")
    expect(page.get_by_role("button", name="provider is anthropic")).to_be_visible()
    expect(page.get_by_role("button", name="tag has prod")).to_be_visible()
    first.settle()
    first.click_row(2)
    expect(page.get_by_role("radio", name="Conversation")).to_be_visible()
    first.settle()
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["f"] == ["provider:anthropic tag:prod"]
    counted = page.get_by_text("requests ·").inner_text()
    drawn = page.locator(".st-key-detail .wb-text").all_inner_texts()
    assert drawn

    second = visit(timezone_id="Europe/Berlin")
    other = second.goto(page.url)
    expect(other.get_by_text(counted)).to_be_visible()
    expect(other.get_by_role("button", name="provider is anthropic")).to_be_visible()
    second.settle()
    assert other.locator(".st-key-detail .wb-text").all_inner_texts() == drawn
    assert first.foreign == second.foreign == []


def test_the_light_turns_green_on_the_first_record(visit: Visit, server: Server) -> None:
    visitor = visit()
    page = visitor.goto("/")
    expect(page.get_by_text("Waiting for a record")).to_be_visible()
    log(server)
    expect(page.get_by_text("A record has arrived.")).to_be_visible()
    page.get_by_role("link", name="Open the logs").click()
    expect(page.get_by_text("1 request ·")).to_be_visible()


def test_a_primary_button_can_be_read_in_both_themes(visit: Visit) -> None:
    """Contrast as WCAG 2.2 computes it: 4.5 is what text of this size needs."""
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme).goto("/")
        button = page.get_by_role("button", name="Load the sample")
        expect(button).to_be_visible()
        colours = button.evaluate(
            "one => [one.querySelector('p'), one].map((each, at) =>"
            " getComputedStyle(each)[at ? 'backgroundColor' : 'color'])"
        )
        assert contrast(*map(parts_of, colours)) >= 4.5, (scheme, colours)


def parts_of(colour: str) -> list[int]:
    """Of a colour as a browser writes it, rgb(1, 2, 3)."""
    return [int(part) for part in re.findall(r"\d+", colour)[:3]]


def test_live_mode_shows_requests_as_they_arrive(visit: Visit, server: Server) -> None:
    log(server)
    visitor = visit()
    page = visitor.goto("/logs?live=true")
    expect(page.get_by_text("1 request ·")).to_be_visible()
    log(server, metadata={"user_id": "u2"})
    expect(page.get_by_text("2 requests ·")).to_be_visible()


def test_keys_walk_through_the_list_and_close(visit: Visit, server: Server) -> None:
    ids = [log(server, metadata={"user_id": str(number)}) for number in range(3)]
    visitor = visit()
    page = visitor.goto("/logs")
    expect(page.get_by_text("3 requests ·")).to_be_visible()
    visitor.settle()
    visitor.click_row(0)
    for key, wanted in (("", ids[2]), ("j", ids[1]), ("j", ids[0]), ("k", ids[1])):
        if key:
            page.keyboard.press(key)
        expect(page).to_have_url(re.compile(f"request={wanted}"))
        # The link changes before the page does, and the keys belong to what is drawn.
        expect(page.locator(".st-key-go-first")).to_have_count(0)
        for name, end in (("go-k", ids[2]), ("go-j", ids[0])):
            step = page.locator(f".st-key-{name} button").first
            expect(step).to_be_disabled() if wanted == end else expect(step).to_be_enabled()
        visitor.settle()
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("request="))


def test_dragging_over_the_timeline_narrows_the_list(visit: Visit, server: Server) -> None:
    now = time.time()
    for day in range(10):
        start = now - 86_400 * day
        body = log_body(
            request_start_time=start - 1, request_end_time=start, metadata={"n": str(day)}
        )
        request = urllib.request.Request(
            f"{server.url}/track-request", data=json.dumps(body).encode(), headers={}
        )
        urllib.request.urlopen(request, timeout=30).close()
    visitor = visit()
    page = visitor.goto("/logs")
    expect(page.get_by_text("10 requests ·")).to_be_visible()
    visitor.settle()
    plot = page.locator(".stPlotlyChart .nsewdrag").first
    box = plot.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.6, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=8)
    page.mouse.move(box["x"] + box["width"] - 2, middle, steps=8)
    page.mouse.up()
    expect(page).to_have_url(re.compile("f="))
    expect(page.get_by_text(re.compile("^[1-9] requests? ·"))).to_be_visible()


def test_a_second_start_on_the_same_store_names_the_first(server: Server, tmp_path: Path) -> None:
    second = Server(server.database, log_file=tmp_path / "second.log").start(wait=False)
    assert second.process is not None
    assert second.process.wait(60) != 0
    said = second.log()
    assert server.process is not None
    assert f"is in use by process {server.process.pid}" in said
    assert "Traceback" not in said
