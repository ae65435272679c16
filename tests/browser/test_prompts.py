"""A prompt engineer's way: paste, read why, convert, save, move a label, roll back; and a clash."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit, Visitor
from tests.server import KEY, Server, log_body

pytestmark = pytest.mark.browser

PASTED = """Answer with one JSON object, for example:
{
  "reply": "...",
  "tone": "{tone}"
}
"""
CALM = {"tone": "calm"}
RELEASED = "Answer in the tone calm."


def publish(server: Server, name: str, text: str) -> None:
    body = {
        "prompt_name": name,
        "prompt_template": {
            "type": "chat",
            "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
        },
    }
    answer = requests.post(
        f"{server.url}/rest/prompt-templates",
        json={"prompt_template": body, "prompt_version": body},
        headers={"X-API-KEY": KEY},
        timeout=20,
    )
    assert answer.status_code in (200, 201), answer.text


def fetched(server: Server, name: str, **asked: object) -> str:
    """What a client gets."""
    answer = requests.post(
        f"{server.url}/prompt-templates/{name}",
        json={"api_key": KEY, **asked},
        headers={"X-API-KEY": KEY},
        timeout=20,
    )
    assert answer.status_code == 200, answer.text
    text: str = answer.json()["prompt_template"]["messages"][0]["content"][0]["text"]
    return text


_APPLICATION = """
import sys
from promptlayer import PromptLayer

client = PromptLayer(api_key=sys.argv[2], base_url=sys.argv[1])
found = client.templates.get(sys.argv[3], {"label": "prod", "input_variables": {"tone": "calm"}})
sys.stdout.write(found["prompt_template"]["messages"][0]["content"][0]["text"])
"""


def fetched_by_the_package(server: Server, name: str) -> str:
    """What an application with the unmodified package gets, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _APPLICATION, server.url, KEY, name],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def log_inputs(server: Server, name: str, number: int) -> None:
    """Log requests that the template made, each with its input variables."""
    for each in range(number):
        body = log_body(
            span_id=f"{name}-{each}",
            prompt_name=name,
            prompt_version=1,
            prompt_input_variables={"tone": f"tone {each}"},
        )
        answer = requests.post(
            f"{server.url}/track-request", json=body, headers={"X-API-KEY": KEY}, timeout=20
        )
        assert answer.status_code == 200, answer.text


def save(page: Page, message: str) -> None:
    page.get_by_role("button", name="Save…").click()
    page.get_by_label("What changed").fill(message)
    page.get_by_label("What changed").press("Enter")
    page.get_by_role("button", name=re.compile("Save version")).click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def move_label(page: Page, name: str, said: str = "") -> None:
    page.get_by_role("button", name="Move or make a label…").click()
    dialog = page.get_by_role("dialog")
    field = dialog.get_by_role("combobox", name=re.compile("Label"))
    field.click()
    field.fill(name)
    field.press("Enter")
    expect(dialog.get_by_text("Preflight.")).to_be_visible()
    if said:
        expect(dialog.get_by_text(said)).to_be_visible()
    dialog.get_by_role("button", name=re.compile("Move to version")).click()
    expect(dialog).to_be_hidden()


def test_a_pasted_json_example_becomes_a_released_version_and_rolls_back(
    visit: Visit, server: Server
) -> None:
    publish(server, "extract", "Answer in the tone {tone}.")
    log_inputs(server, "extract", 3)
    visitor = visit()
    page = visitor.goto("/templates")
    visitor.settle()
    visitor.click_row(0)
    box = page.get_by_label("Text of message 1")
    expect(box).to_have_value("Answer in the tone {tone}.")
    page.get_by_text("Labels", exact=True).click()
    visitor.settle()
    move_label(page, "prod")
    page.get_by_text("Editor", exact=True).click()

    box.fill(PASTED)
    expect(page.get_by_text("One extra variable comes from JSON objects")).to_be_visible()
    expect(page.get_by_role("cell", name="message 1, line 4, column 12")).to_be_visible()
    page.get_by_role("button", name="Convert to jinja2").click()
    # jinja2 takes the last line end away: the conversion adds one, so that the bytes stay.
    expect(box).to_have_value(PASTED.replace("{tone}", "{{ tone }}") + "\n")
    visitor.settle()
    save(page, "JSON answers")
    expect(page.get_by_text("from version 2")).to_be_visible()
    assert fetched(server, "extract", label="prod", input_variables=CALM) == RELEASED

    page.get_by_text("Labels", exact=True).click()
    visitor.settle()
    move_label(page, "prod", "All 3 logged requests render with version 2.")
    sent = fetched(server, "extract", label="prod", input_variables=CALM)
    assert sent == PASTED.replace("{tone}", "calm")
    assert fetched_by_the_package(server, "extract") == sent

    page.get_by_role("button", name="Back to 1…").click()
    page.get_by_role("button", name="Move back to 1").click()
    expect(page.get_by_role("button", name="Back to 2…")).to_be_visible()
    assert fetched(server, "extract", label="prod", input_variables=CALM) == RELEASED


def begin_a_change(visitor: Visitor) -> Locator:
    """The text of the only template, begun to be changed and not saved."""
    page = visitor.goto("/templates")
    visitor.settle()
    visitor.click_row(0)
    box = page.get_by_label("Text of message 1")
    box.fill("Mine {b}")
    expect(page.get_by_text("unsaved changes")).to_be_visible()
    return box


def test_unsaved_work_survives_a_reload_and_a_clash_is_told(visit: Visit, server: Server) -> None:
    publish(server, "clash", "First {a}")
    visitor = visit()
    box = begin_a_change(visitor)
    page = visitor.page
    page.reload()
    expect(box).to_have_value("Mine {b}")
    publish(server, "clash", "Theirs {c}")
    visitor.settle()
    page.get_by_role("button", name="Save…").click()
    expect(page.get_by_text("Version 2 was saved meanwhile by key:")).to_be_visible()
    page.get_by_role("button", name="Take theirs").click()
    expect(box).to_have_value("Theirs {c}")
    expect(page.get_by_text("unsaved changes")).to_be_hidden()


def test_an_idle_editor_tells_of_a_newer_version_and_shows_it(visit: Visit, server: Server) -> None:
    publish(server, "watched", "First {a}")
    visitor = visit()
    page = visitor.goto("/templates")
    visitor.settle()
    visitor.click_row(0)
    box = page.get_by_label("Text of message 1")
    expect(box).to_have_value("First {a}")
    publish(server, "watched", "Second {b}")
    expect(page.get_by_text("Version 2 was saved meanwhile")).to_be_visible()
    page.get_by_role("button", name="Show it").click()
    expect(box).to_have_value("Second {b}")
    expect(page.get_by_text("from version 2")).to_be_visible()


def test_discarded_work_is_gone_from_the_editor_and_after_a_reload(
    visit: Visit, server: Server
) -> None:
    publish(server, "discarded", "First {a}")
    visitor = visit()
    box = begin_a_change(visitor)
    page = visitor.page
    page.get_by_role("button", name="Discard").click()
    expect(box).to_have_value("First {a}")
    expect(page.get_by_text("unsaved changes")).to_be_hidden()
    visitor.settle()
    page.reload()
    expect(box).to_have_value("First {a}")


def test_what_was_written_goes_along_to_the_other_kind_of_a_new_template(visit: Visit) -> None:
    visitor = visit()
    page = visitor.goto("/templates")
    visitor.settle()
    page.get_by_role("button", name="New template").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("kinds/one")
    page.get_by_label("Text of message 2").fill("Hello {name}")
    expect(page.get_by_text("unsaved changes")).to_be_visible()
    visitor.settle()
    page.get_by_role("radio", name="completion").click()
    expect(page.get_by_role("button", name="Add system")).to_be_hidden()
    expect(page.get_by_text("Hello {name}").first).to_be_visible()
    visitor.settle()
    page.reload()
    expect(page.get_by_role("radio", name="completion")).to_be_checked()
    page.get_by_role("radio", name="chat").click()
    expect(page.get_by_role("button", name="Add system")).to_be_visible()
    expect(page.get_by_label("Text of message 2")).to_have_value("Hello {name}")
    visitor.settle()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_label("Text of message 2")).to_have_value("")
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("")


def test_a_file_that_is_no_picture_is_refused_at_once(visit: Visit) -> None:
    visitor = visit()
    page = visitor.goto("/templates?template=new")
    expect(page.get_by_label("Text of message 2")).to_be_visible()
    visitor.settle()
    page.get_by_role("button", name="add_photo_alternate").last.click()
    page.locator("input[type=file]").last.set_input_files(
        {"name": "picture.png", "mimeType": "image/png", "buffer": b"only words"}
    )
    expect(
        page.get_by_text("That file is no PNG, JPEG, GIF or WebP picture, no PDF.")
    ).to_be_visible()


def test_a_tool_gets_its_parameters_as_rows(visit: Visit, server: Server) -> None:
    publish(server, "tools", "Find {what}")
    visitor = visit(viewport={"width": 1440, "height": 1400})
    page = visitor.goto("/templates")
    visitor.settle()
    visitor.click_row(0)
    page.get_by_text("Tools", exact=True).click()
    visitor.settle()
    page.locator("[class*=st-key-add-tool] input").first.click()
    page.get_by_role("option", name="Function").click()
    expect(page.get_by_text("Tools (1)")).to_be_visible()
    visitor.settle()
    page.get_by_role("button", name="Add parameter").click()
    name = page.get_by_placeholder("Name", exact=True)
    expect(name).to_have_value("parameter")
    name.fill("words")
    name.press("Enter")
    visitor.settle()
    page.get_by_label("Description", exact=True).first.fill("Finds things")
    page.get_by_label("Description", exact=True).first.press("Enter")
    visitor.settle()
    save(page, "A tool")
    got = requests.get(
        f"{server.url}/prompt-templates/tools", headers={"X-API-KEY": KEY}, timeout=20
    ).json()
    [tool] = got["prompt_template"]["tools"]
    assert tool["function"]["description"] == "Finds things"
    assert tool["function"]["parameters"]["properties"] == {"words": {"type": "string"}}
