"""The playground's journeys: streams side by side, stopping one, replaying a log, sharing."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, Visitor
from tests.browser.test_first_visit import log
from tests.browser.test_prompts import publish
from tests.seed import png
from tests.server import KEY, Server

pytestmark = pytest.mark.browser

LONG = "Count these words slowly, one after the other: " + " ".join(f"word{n}" for n in range(60))
TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Looks a thing up",
        "parameters": {"type": "object", "properties": {"q": {"type": "string"}}},
    },
}


def column(page: Page, number: int) -> Any:
    return page.locator(f".st-key-answer-c{number}")


def three_slow_columns(visitor: Visitor, text: str = LONG) -> Page:
    """An open session with three columns on the slow echo."""
    page = visitor.goto("/playground")
    visitor.settle()
    box = page.get_by_label("Text of message 2")
    box.fill(text)
    expect(page.get_by_text("nothing to remark")).to_be_visible()
    visitor.settle()
    choose_model(visitor, 1, "echo/echo-slow")
    page.get_by_role("button", name="Add column").click()
    expect(column(page, 3)).to_be_visible()
    visitor.settle()
    return page


def choose_model(visitor: Visitor, number: int, model: str) -> None:
    field = visitor.page.locator(f".st-key-head-c{number}").get_by_role("combobox")
    field.click()
    field.press_sequentially(model)
    visitor.page.get_by_role("option", name=model, exact=True).click()
    visitor.settle()


def test_three_columns_stream_at_once_and_one_is_stopped(visit: Visit) -> None:
    visitor = visit()
    page = three_slow_columns(visitor)
    page.get_by_label("Text of message 2").press("Control+Enter")
    for number in (1, 2, 3):
        expect(column(page, number)).to_contain_text("word3 ")
        expect(column(page, number)).to_contain_text("running")
    page.locator(".st-key-stop-c2 button").first.click()
    expect(column(page, 2)).to_contain_text("stopped")
    # The others go on to their ends, and the one that was stopped keeps what it had.
    for number in (1, 3):
        expect(column(page, number)).to_contain_text("done")
        expect(column(page, number)).to_contain_text("word59")
    expect(column(page, 2)).to_contain_text("word3 ")
    expect(column(page, 2)).not_to_contain_text("word59")
    expect(page.get_by_role("button", name="Stop all")).to_be_hidden()
    expect(page.locator(".wb-best").first).to_be_visible()


def test_a_running_comparison_survives_another_page_and_a_second_context_sees_it(
    visit: Visit,
) -> None:
    visitor = visit()
    page = three_slow_columns(visitor)
    page.get_by_role("button", name=re.compile("Run all")).click()
    expect(column(page, 1)).to_contain_text("word2 ")
    expect(page).to_have_url(re.compile("session="))
    link = page.url
    page.get_by_role("link", name="Logs", exact=True).click()
    visitor.settle()
    page.get_by_role("link", name="Playground", exact=True).click()
    other = visit()
    there = other.goto(link)
    for each in (page, there):
        for number in (1, 2, 3):
            expect(column(each, number)).to_contain_text("word59")
            expect(column(each, number)).to_contain_text("done")
        expect(each.get_by_label("Text of message 2")).to_have_value(LONG)
    assert visitor.foreign == other.foreign == []


def test_a_killed_server_leaves_finished_columns_and_marks_the_others_interrupted(
    visit: Visit, server: Server
) -> None:
    visitor = visit()
    # Long enough to be under way when the server is killed, however slow the machine is.
    page = three_slow_columns(visitor, " ".join([LONG] * 12))
    choose_model(visitor, 1, "echo/echo")
    page.get_by_role("button", name=re.compile("Run all")).click()
    expect(column(page, 1)).to_contain_text("done")
    expect(column(page, 2)).to_contain_text("word2 ")
    link = page.url
    server.kill()
    server.start()
    visitor.goto(link)
    visitor.settle()
    expect(column(page, 1)).to_contain_text("word59")
    for number in (2, 3):
        expect(column(page, number)).to_contain_text("interrupted")
        expect(column(page, number)).to_contain_text("Run the column again")


def test_a_logged_request_with_a_picture_and_a_tool_is_run_again(
    visit: Visit, server: Server
) -> None:
    picture = "data:image/png;base64," + base64.b64encode(png(40, 30, (200, 80, 40))).decode()
    asked = {
        "model": "gpt-4o",
        "temperature": 0.3,
        "tools": [TOOL],
        "tool_choice": "required",
        "messages": [
            {"role": "system", "content": 'Answer as {"a": {{b}}}.'},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is on it?"},
                    {"type": "image_url", "image_url": {"url": picture}},
                ],
            },
        ],
    }
    id_ = log(server, kwargs=asked)
    visitor = visit()
    page = visitor.goto(f"/request?request={id_}")
    visitor.settle()
    page.locator(".st-key-open-in-playground button").first.click()
    expect(column(page, 1)).to_contain_text("Good day")
    expect(column(page, 1)).to_contain_text("logged")
    expect(page.get_by_label("Text of message 1")).to_have_value('Answer as {"a": {{b}}}.')
    expect(page.locator('[data-testid="stImage"] img').first).to_be_visible()
    expect(page.get_by_text("Tools (1)")).to_be_visible()
    visitor.settle()
    expect(page.locator(".st-key-head-c2").get_by_role("combobox")).to_have_value("openai/gpt-4o")
    choose_model(visitor, 2, "echo/echo")
    page.get_by_role("button", name=re.compile("Run all")).click()
    expect(column(page, 2)).to_contain_text("look_up")
    expect(column(page, 1)).to_contain_text("Good day")
    field = column(page, 2).get_by_label("Result of look_up")
    field.fill("A red square")
    visitor.settle()
    column(page, 2).get_by_role("button", name="Send results").click()
    # The tool is forced, so the echo calls it again: the result stands under the first call.
    expect(column(page, 2)).to_contain_text("A red square")
    expect(column(page, 2).get_by_text("tool result").first).to_be_visible()


def test_a_version_is_saved_from_the_playground(visit: Visit, server: Server) -> None:
    visitor = visit()
    page = visitor.goto("/playground")
    visitor.settle()
    page.get_by_label("Text of message 2").fill("Hello {name}")
    expect(page.get_by_label("name", exact=True)).to_be_visible()
    visitor.settle()
    page.locator("[class*=st-key-playground-more] button").first.click()
    page.get_by_role("button", name="Save as version…").click()
    dialog = page.get_by_role("dialog", name="Save as a version")
    name = dialog.get_by_role("textbox", name="Name of the prompt template")
    name.fill("greet")
    name.press("Enter")
    dialog.get_by_role("button", name="Save version 1").click()
    expect(dialog).to_be_hidden()
    answer = requests.post(
        f"{server.url}/prompt-templates/greet",
        json={"input_variables": {"name": "Ada"}},
        headers={"X-API-KEY": KEY},
        timeout=20,
    )
    message = answer.json()["prompt_template"]["messages"][-1]
    assert message["content"][0]["text"] == "Hello Ada"


def repeat(visitor: Visitor, times: int, calls: int) -> None:
    """Run every column so many times, and wait until all answers are there."""
    page = visitor.page
    page.locator(".st-key-playground-repeats button").first.click()
    field = page.get_by_label("Repeats of each")
    field.fill(str(times))
    field.press("Enter")
    page.get_by_role("button", name=f"Run {calls} calls…").click()
    dialog = page.get_by_role("dialog", name="Run more than once")
    expect(dialog).to_contain_text("They cost nothing.")
    dialog.get_by_role("button", name=f"Run {calls} calls").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Stop all")).to_be_hidden()
    visitor.settle()


def test_without_a_key_two_versions_of_a_prompt_are_compared_with_repeats(
    visit: Visit, server: Server
) -> None:
    for text in ("Greet {name}.", "Greet {name} at length, and warmly, as a friend would do."):
        publish(server, "greet", text)
    visitor = visit()
    page = visitor.goto("/playground")
    visitor.settle()
    choose_model(visitor, 2, "echo/echo")
    for number, version in ((1, "version 1"), (2, "version 2")):
        page.locator(f".st-key-menu-c{number} button").first.click()
        for label, option in (("Messages", "A prompt template"), ("Version", version)):
            field = page.get_by_role("combobox", name=label, exact=True)
            field.click()
            field.press_sequentially(option)
            page.get_by_role("option", name=option, exact=True).click()
            visitor.settle()
        page.keyboard.press("Escape")
        visitor.settle()
    page.get_by_label("name", exact=True).fill("Ada")
    page.get_by_label("name", exact=True).press("Tab")
    visitor.settle()
    repeat(visitor, 4, 8)
    expect(column(page, 1)).to_contain_text("Greet Ada.")
    expect(column(page, 2)).to_contain_text("as a friend would do")
    page.get_by_text("Compare two answers").click()
    part = page.locator("[class*=st-key-compare-]").first
    expect(part.locator("ins", has_text="at length").first).to_be_visible()
    page.get_by_text("Statistics", exact=True).click()
    part = page.locator("[class*=st-key-statistics-]").first
    which = part.get_by_role("combobox", name="Which run")
    expect(which).to_have_value(re.compile("8 runs · 4 repeats"))
    # The echo answers the same each time, so every pair differs by the same length.
    expect(part).to_contain_text("every pair differs by the same")
    expect(part).to_contain_text("Agreement of repeats")
    expect(part.locator(".js-plotly-plot")).to_be_visible()


def test_a_vote_is_blind_until_it_is_given(visit: Visit) -> None:
    visitor = visit()
    page = three_slow_columns(visitor, "Three words only")
    page.locator("[class*=st-key-blind-] label").first.click()
    visitor.settle()
    page.get_by_role("button", name=re.compile("Run all")).click()
    expect(page.locator(".st-key-answer-slot3")).to_contain_text("done")
    expect(page.get_by_role("button", name="Stop all")).to_be_hidden()
    visitor.settle()
    everything = page.locator("body").inner_html()
    for told in ("echo-slow", "First token", "st-key-answer-c", "st-key-head-c"):
        assert told not in everything, told
    link = page.url
    other = visit()
    there = other.goto(link)
    expect(there.locator(".st-key-answer-slot3")).to_contain_text("done")
    page.locator(".st-key-prefer-slot2 button").first.click()
    expect(page.get_by_text("without seeing the names")).to_be_visible()
    expect(page.locator(".st-key-head-c1")).to_be_visible()
    expect(column(page, 1)).to_contain_text("First token")
    page.get_by_role("button", name="Take the vote back").click()
    expect(page.locator(".st-key-answer-slot1")).to_be_visible()
    expect(page.locator(".st-key-head-c1")).to_be_hidden()


def test_a_second_viewer_sees_a_run_begin_and_its_words_come(visit: Visit) -> None:
    visitor = visit()
    page = three_slow_columns(visitor)
    expect(page).to_have_url(re.compile("session="))
    other = visit()
    there = other.goto(page.url)
    other.settle()
    expect(column(there, 1)).to_contain_text("Not run yet")
    page.get_by_role("button", name=re.compile("Run all")).click()
    expect(column(there, 2)).to_contain_text("running")
    expect(column(there, 2)).to_contain_text("word20 ")
    expect(column(there, 2)).to_contain_text("done")
    expect(column(there, 2)).to_contain_text("word59")
