"""A real Chromium against the real server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FloatRect,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from tests.__main__ import BROWSERS
from tests.server import Server, running

WAIT_MS = 20_000
QUIET_MS = 400
# An element that has not moved for so long stands still; it is looked at so often.
STILL_MS, MOST_MOVES = 150, 100
# Chromium asks its maker's hosts for things of its own unless told not to.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """For the tests of this folder alone: while it lives, its event loop runs in this thread."""
    expect.set_options(timeout=WAIT_MS)
    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield launched
        launched.close()


class Visitor:
    """One person's browser: a context of its own that notes what was asked of other hosts."""

    def __init__(self, context: BrowserContext, server: Server) -> None:
        self.server = server
        self.foreign: list[str] = []
        self.dialogs: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("request", self._note)
        self.page.on("dialog", self._dismiss)

    def _note(self, request: Any) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:", "ws://127.0.0.1")):
            self.foreign.append(request.url)

    def _dismiss(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def goto(self, address: str) -> Page:
        self.page.goto(address if "://" in address else f"{self.server.url}{address}")
        return self.page

    def settle(self) -> Page:
        """Wait until the page has been without a run for a moment: one may follow another."""
        self.page.evaluate("() => { window.quietSince = undefined; }")
        self.page.wait_for_function(
            "() => { const app = document.querySelector('[data-testid=stApp]');"
            " const quiet = app && app.getAttribute('data-test-script-state') === 'notRunning';"
            " const now = performance.now();"
            " if (!quiet) { window.quietSince = undefined; return false; }"
            " window.quietSince ??= now;"
            f" return now - window.quietSince > {QUIET_MS}; }}"
        )
        return self.page

    def click_row(self, number: int) -> None:
        """Click into the table's line `number` (from 0), on its model."""
        self.click_table(290, number)

    def click_table(self, x: float, line: int) -> None:
        """Click into the page's first table, `x` pixels from its left; line -1 is the headings."""
        table = self.page.locator('[data-testid="stDataFrame"]').first
        expect(table.locator("canvas").first).to_be_visible()
        box = self._still(table)
        self.page.mouse.click(box["x"] + x, box["y"] + 30 * (line + 1) + 15)

    def _still(self, element: Locator) -> FloatRect:
        """Where an element is once nothing that loads above it (a chart) moves it any more."""
        before = None
        for _ in range(MOST_MOVES):
            box = element.bounding_box()
            if box is not None and box == before:
                return box
            before = box
            self.page.wait_for_timeout(STILL_MS)
        raise AssertionError("the element does not stand still")


Visit = Callable[..., Visitor]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(str(tmp_path / "workbench.duckdb")) as started:
        yield started


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visit]:
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> Visitor:
        options = {"viewport": {"width": 1440, "height": 900}, **options}
        context = browser.new_context(**options)
        contexts.append(context)
        return Visitor(context, server)

    yield make
    for context in contexts:
        context.close()
