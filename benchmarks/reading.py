"""How fast the data layer and the pages answer on a full store.

python -m benchmarks.reading /tmp/full.duckdb            (made by benchmarks.fill)
python -m benchmarks.reading /tmp/full.duckdb --browser  (also drives a real Chromium)
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from benchmarks.machine import describe, percentile, resident_mb, timed
from workbench.filters import Filter, parse_text
from workbench.settings import Settings
from workbench.store import requests, search, stats
from workbench.store.search import Position
from workbench.store.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CLICKS = 40
ACTIONS = 8
LOADS = 20
# "The failing French tool calls of user 42 last Tuesday".
ANALYST = "metadata.user_id:42 metadata.language:fr is:tool_call status:error time:tuesday"
_TABLE = '[data-testid="stDataFrame"] canvas'
_QUIET = (
    "document.querySelector('[data-testid=stApp]')"
    ".getAttribute('data-test-script-state') === 'notRunning'"
)


def row(name: str, median: float, worst: float, unit: str = "ms") -> None:
    print(f"| {name} | {median:,.1f} {unit} | {worst:,.1f} {unit} |")


def data_layer(database: str) -> None:
    store = Store(Settings(database=database))
    connection, now = store.connection, datetime.now(UTC)
    newest = search.page(connection, Filter(), now=now, limit=25)
    middle = search.numbered_page(connection, Filter(), now=now, number=2000, size=25)
    print(f"\n{search.count(connection, Filter(), now=now):,} requests\n")
    print("| | median | 95th percentile |\n|---|---|---|")

    def newest_page_with_count() -> None:
        search.page(connection, Filter(), now=now, limit=25)
        search.totals(connection, Filter(), now=now)

    row("newest page with count and totals", *timed(newest_page_with_count))
    row("detail", *timed(lambda: requests.get(connection, newest.rows[3].id)))
    if middle:
        at = Position.of(middle[0])
        row(
            "page in the middle",
            *timed(lambda: search.page(connection, Filter(), now=now, limit=25, position=at)),
        )
    for text in ("metadata.user_id:42", "tag:vip", "model:gpt-4o status:error", "荷物", "n77777"):
        chosen = parse_text(text)

        def filtered(chosen: Filter = chosen) -> None:
            search.page(connection, chosen, now=now, limit=25)
            search.totals(connection, chosen, now=now)

        row(f"page with count, `{text}`", *timed(filtered, runs=8))
    width = timedelta(days=2)
    row(
        "timeline",
        *timed(lambda: stats.timeline(connection, Filter(), now=now, width=width, zone="UTC")),
    )
    store.close()


# The frame that shows the table with its count. Told by the page itself: after it the script of the
# chart is read, and until that is done the driver hears nothing.
_PAINTED = """
const look = () => {
  const table = document.querySelector('[data-testid="stDataFrame"] canvas');
  if (table && [...document.querySelectorAll('p')].some(p => /requests? ·/.test(p.innerText)))
    requestAnimationFrame(() => setTimeout(() => { window.paintedAt = performance.now(); }, 0));
  else setTimeout(look, 10);
};
look();
"""


def _first_visit(launched: Browser, url: str) -> float:
    """Milliseconds from nothing cached to a painted table with its count."""
    context = launched.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(_PAINTED)
    page.goto(f"{url}/logs")
    page.wait_for_function("() => window.paintedAt")
    took = float(page.evaluate("window.paintedAt"))
    context.close()
    return took


def _until_changed(page: Page, act: Callable[[], object]) -> float:
    """Milliseconds until the line of figures says something else and nothing runs any more."""
    before = page.get_by_text("requests ·").first.inner_text()
    begin = time.perf_counter()
    act()
    page.wait_for_function(
        "before => { const all = [...document.querySelectorAll('p')];"
        " const line = all.find(p => /requests? ·/.test(p.innerText));"
        f" return line && line.innerText !== before && {_QUIET}; }}",
        arg=before,
    )
    return (time.perf_counter() - begin) * 1000


def _until_quiet(page: Page, act: Callable[[], object], address: str) -> float:
    """Milliseconds until the address holds a text and nothing runs any more."""
    begin = time.perf_counter()
    act()
    page.wait_for_function(
        f"part => location.search.includes(part) && {_QUIET}", arg=address, timeout=60_000
    )
    return (time.perf_counter() - begin) * 1000


def _actions(page: Page) -> dict[str, list[float]]:
    """What people click, by what it is, in milliseconds each."""
    took: dict[str, list[float]] = {}
    presets = took.setdefault("click on a time preset to painted table", [])
    for number in range(CLICKS):
        button = page.get_by_role("radio", name=("7d", "30d", "24h", "All")[number % 4], exact=True)
        presets.append(_until_changed(page, button.click))
    turns = took.setdefault("page turn", [])
    opened = took.setdefault("row opened", [])
    tags = took.setdefault("value clicked beside the list", [])
    for _ in range(ACTIONS):
        turns.append(_until_quiet(page, page.get_by_role("button", name="Older").click, "from="))
    for _ in range(ACTIONS):
        page.goto(page.url.partition("?")[0])
        page.get_by_text("requests ·").first.wait_for()
        page.wait_for_function(f"() => {_QUIET}")
        box = page.locator(_TABLE).first.bounding_box()
        assert box is not None
        x, y = box["x"] + 290, box["y"] + 105
        opened.append(_until_quiet(page, lambda x=x, y=y: page.mouse.click(x, y), "request="))  # type: ignore[misc]
    for _ in range(ACTIONS):
        page.goto(page.url.partition("?")[0])
        page.get_by_text("requests ·").first.wait_for()
        page.wait_for_function(f"() => {_QUIET}")
        # Not the table's own cell of that text, which is there for screen readers alone.
        value = page.get_by_text("vip", exact=True).filter(visible=True).first
        tags.append(_until_changed(page, value.click))
    return took


def _searches(page: Page) -> dict[str, list[float]]:
    """Questions typed into the search line, until the exact count stands there."""
    took: dict[str, list[float]] = {}
    for text in ('"refund return"', "n777777", "zzzqqq", ANALYST):
        page.goto(page.url.partition("?")[0])
        page.get_by_text("requests ·").first.wait_for()
        page.wait_for_function(f"() => {_QUIET}")
        box = page.get_by_role("combobox", name="Search")
        box.fill(text)
        took[f"`{text}` asked, to the exact count"] = [
            _until_quiet(page, lambda box=box: box.press("Enter"), "f=")  # type: ignore[misc]
        ]
    return took


def browser(database: str) -> None:
    from playwright.sync_api import sync_playwright

    from tests.__main__ import BROWSERS
    from tests.server import Server

    start = time.perf_counter()
    server = Server(database).start()
    print(f"\nstart until it answers: {time.perf_counter() - start:.2f} s")
    assert server.process is not None
    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    try:
        time.sleep(3)
        print(f"\nidle memory of the server: {resident_mb(server.process.pid):,.0f} MB\n")
        with sync_playwright() as playwright:
            launched = playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
            )
            loads = [_first_visit(launched, server.url) for _ in range(LOADS)]
            page = launched.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{server.url}/logs")
            page.locator(_TABLE).first.wait_for()
            page.get_by_text("requests ·").wait_for()
            took = _actions(page)
            memory = resident_mb(server.process.pid)
            took |= _searches(page)
            launched.close()
        print("| | median | 95th percentile |\n|---|---|---|")
        row(
            "first visit, nothing cached, to painted table",
            statistics.median(loads),
            percentile(loads, 95),
        )
        for name, times in took.items():
            row(name, statistics.median(times), percentile(times, 95))
        clicks = sum(map(len, took.values()))
        print(f"\nmemory after clicks: {memory:,.0f} MB")
        print(f"memory after {clicks} actions, searches of texts among them: ", end="")
        print(f"{resident_mb(server.process.pid):,.0f} MB")
    finally:
        server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database")
    parser.add_argument("--browser", action="store_true")
    given = parser.parse_args()
    print(describe())
    data_layer(given.database)
    if given.browser:
        browser(given.database)
