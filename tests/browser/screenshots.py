"""Make the pictures of the README from the sample: `python -m tests.browser.screenshots`."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import expect, sync_playwright

from tests.__main__ import BROWSERS
from tests.browser.conftest import ARGUMENTS, WAIT_MS, Visitor
from tests.browser.test_first_visit import log
from tests.server import log_body, running
from workbench.logs.sample import SAMPLE_PATH
from workbench.settings import ROOT

FOLDER = ROOT / "docs" / "images"
PASTED = """Sort this email of a customer of {shop} into a queue.

Answer with one JSON object, for example:
{
  "category": "returns",
  "needs_human": false,
  "language": "{language}"
}
"""
VIEWPORT = {"width": 1440, "height": 900}


def take(visitor: Visitor, name: str) -> None:
    visitor.settle()
    visitor.page.wait_for_timeout(1500)
    visitor.page.screenshot(path=FOLDER / f"{name}.png")


def photo() -> str:
    """A picture of the sample, as a data: URL."""
    with gzip.open(SAMPLE_PATH, "rt", encoding="utf-8") as lines:
        found = (re.search(r"data:image/png;base64,[A-Za-z0-9+/=]+", line) for line in lines)
        return next(match[0] for match in found if match)


def claim_with_a_photo() -> dict[str, Any]:
    """A call in which a customer sends a photo and the model uses a tool, twice."""

    def call(number: int, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        function = {"name": name, "arguments": json.dumps(arguments)}
        return {"id": f"call_{number}", "type": "function", "function": function}

    order = {"order_id": "LF-424511", "status": "delivered", "items": ["Tarn Shell 3L, M"]}
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "You settle returns for Larkfield with the tools you have."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "My receipt for LF-424511. May I send the shell back?"},
                {"type": "image_url", "image_url": {"url": photo()}},
            ],
        },
        {"role": "assistant", "tool_calls": [call(1, "get_order", {"order_id": "LF-424511"})]},
        {"role": "tool", "tool_call_id": "call_1", "content": json.dumps(order)},
    ]
    answer = {"role": "assistant", "tool_calls": [call(2, "create_return_label", order)]}
    response = log_body()["request_response"]
    response["choices"] = [{"index": 0, "finish_reason": "tool_calls", "message": answer}]
    response["usage"] = {"prompt_tokens": 1180, "completion_tokens": 42, "total_tokens": 1222}
    return {
        "kwargs": {"model": "gpt-4o", "messages": messages},
        "request_response": response,
        "metadata": {"claim_id": "W-28527"},
        "prompt_name": "agent/refund",
    }


def main() -> None:
    expect.set_options(timeout=WAIT_MS)
    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(str(Path(folder) / "sample.duckdb")) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        visitor = Visitor(browser.new_context(viewport=VIEWPORT), server)  # type: ignore[arg-type]
        page = visitor.goto("/")
        page.get_by_role("button", name="Load the sample").click()
        expect(page.get_by_text("requests ·")).to_be_visible(timeout=60_000)
        visitor.goto("/")
        expect(page.get_by_text("Needs attention")).to_be_visible()
        take(visitor, "home")
        visitor.goto("/logs?f=prompt:support/answer tag:prod")
        expect(page.get_by_text("requests ·")).to_be_visible()
        visitor.settle()
        visitor.click_row(4)
        expect(page.get_by_role("radio", name="Conversation")).to_be_visible()
        take(visitor, "logs")
        page.set_viewport_size({"width": 1440, "height": 1250})
        id_ = log(server, **claim_with_a_photo())
        visitor.goto(f"/logs?f=last:24h&request={id_}")
        expect(page.get_by_role("radio", name="Conversation")).to_be_visible()
        expect(page.get_by_text("tool call · create_return_label")).to_be_visible()
        take(visitor, "detail")
        page.set_viewport_size(VIEWPORT)  # type: ignore[arg-type]
        visitor.goto("/templates")
        visitor.settle()
        page.get_by_placeholder("Name or words of the text").fill("triage")
        page.keyboard.press("Enter")
        expect(page.get_by_text("1 template")).to_be_visible()
        visitor.settle()
        visitor.click_row(0)
        expect(page.get_by_label("Text of message 1")).to_be_visible()
        visitor.settle()
        page.get_by_label("Text of message 1").fill(PASTED)
        expect(page.get_by_text("message 1, line 7, column 16")).to_be_visible()
        take(visitor, "editor")
        browser.close()


if __name__ == "__main__":
    main()
