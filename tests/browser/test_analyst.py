"""The analyst's question in three actions, what a colleague sees, and what is one's own."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_first_visit import log
from tests.browser.test_search import search_box
from tests.server import Server
from workbench import browser_id

pytestmark = pytest.mark.browser
QUESTION = "metadata.user_id:42 metadata.language:fr is:tool_call status:error time:tuesday"


def last_tuesday() -> datetime:
    """Its noon; a day of the week is the last one before today."""
    today = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return today - timedelta(days=(today.weekday() - 2) % 7 + 1)


def call(server: Server, **changes: Any) -> int:
    """A failing French tool call of user 42 last Tuesday; `changes` make it another."""
    is_call = changes.pop("is_call", True)
    at = changes.pop("at", last_tuesday()).timestamp()
    metadata = {"user_id": "42", "language": "fr"} | changes.pop("metadata", {})
    function = {"name": "track_parcel", "arguments": '{"colis": 7}'}
    message = {"role": "assistant", "content": "Bonjour"}
    if is_call:
        calls = [{"id": "c1", "type": "function", "function": function}]
        message = {"role": "assistant", "content": None, "tool_calls": calls}  # type: ignore[dict-item]
    said = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Où est mon colis ?"}]}
    return log(
        server,
        kwargs=said,
        request_response={"choices": [{"index": 0, "message": message}]},
        metadata=metadata,
        request_start_time=at,
        request_end_time=at + 1,
        **{"status": "ERROR", "error_type": "PROVIDER_TIMEOUT", **changes},
    )


def test_the_failing_french_tool_calls_of_a_user_last_tuesday_in_three_actions(
    visit: Visit, server: Server
) -> None:
    wanted = call(server)
    call(server, metadata={"user_id": "43"})
    call(server, metadata={"language": "de"})
    call(server, is_call=False)
    call(server, status="SUCCESS", error_type=None)
    call(server, at=last_tuesday() - timedelta(days=7))
    call(server, at=last_tuesday() + timedelta(days=1))
    visitor = visit(timezone_id="Europe/Berlin")
    page = visitor.goto("/logs")
    expect(page.get_by_text("7 requests ·")).to_be_visible()
    visitor.settle()

    # One: ask.
    search_box(page).fill(QUESTION)
    search_box(page).press("Enter")
    expect(page.get_by_text(re.compile("^1 request ·"))).to_be_visible()
    visitor.settle()
    # Two: open what was found.
    visitor.click_row(0)
    expect(page.get_by_text("tool call · track_parcel")).to_be_visible()
    expect(page).to_have_url(re.compile(f"request={wanted}"))
    # Three: send the link.
    link = page.url

    colleague = visit(timezone_id="Europe/Berlin")
    shared = colleague.goto(link)
    expect(shared.get_by_text(re.compile("^1 request ·"))).to_be_visible()
    expect(shared.get_by_text("tool call · track_parcel")).to_be_visible()
    expect(search_box(shared)).to_have_value(re.compile("metadata.user_id:42"))
    assert visitor.foreign == colleague.foreign == []


def test_what_one_browser_hides_another_still_shows(visit: Visit, server: Server) -> None:
    log(server)
    first = visit()
    page = first.goto("/logs")
    expect(page.get_by_text(re.compile("^1 request ·"))).to_be_visible()
    first.settle()
    page.get_by_role("button", name="left_panel_close").first.click()
    first.settle()
    (cookie,) = [each for each in page.context.cookies() if each["name"] == browser_id.COOKIE]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")

    page = first.goto("/logs")
    expect(page.get_by_text(re.compile("^1 request ·"))).to_be_visible()
    first.settle()
    expect(page.get_by_role("button", name="left_panel_open").first).to_be_visible()
    second = visit()
    other = second.goto("/logs")
    expect(other.get_by_text(re.compile("^1 request ·"))).to_be_visible()
    second.settle()
    expect(other.get_by_role("button", name="left_panel_close").first).to_be_visible()


def test_a_recording_is_played_from_the_record_alone(visit: Visit, server: Server) -> None:
    sound = base64.b64encode(b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0").decode()
    part = {"type": "input_audio", "input_audio": {"data": sound, "format": "wav"}}
    id_ = log(server, kwargs={"model": "gpt-4o", "messages": [{"role": "user", "content": [part]}]})
    visitor = visit()
    page = visitor.goto(f"/request?request={id_}")
    player = page.locator("audio")
    expect(player).to_be_visible()
    assert str(player.get_attribute("src")).startswith(("/media/", visitor.server.url))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    assert download.value.suggested_filename == "audio.wav"
    assert download.value.path().read_bytes() == base64.b64decode(sound)
    assert visitor.foreign == []
