"""Make the pictures of the README from the sample: `python -m tests.browser.screenshots`."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.__main__ import BROWSERS
from tests.browser.conftest import ARGUMENTS, WAIT_MS, Visitor
from tests.server import running
from workbench.settings import ROOT

FOLDER = ROOT / "docs" / "images"
VIEWPORT = {"width": 1440, "height": 900}


def take(visitor: Visitor, name: str) -> None:
    visitor.settle()
    visitor.page.wait_for_timeout(1500)
    visitor.page.screenshot(path=FOLDER / f"{name}.png")


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
        visitor.goto("/logs?f=prompt:vision/receipt has:tool")
        expect(page.get_by_text("requests ·")).to_be_visible()
        visitor.settle()
        visitor.click_row(0)
        expect(page.get_by_role("radio", name="Conversation")).to_be_visible()
        expect(page).to_have_url(re.compile("request="))
        take(visitor, "detail")
        browser.close()


if __name__ == "__main__":
    main()
