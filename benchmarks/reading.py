"""How fast the data layer and the pages answer on a full store.

python -m benchmarks.reading /tmp/full.duckdb            (made by benchmarks.fill)
python -m benchmarks.reading /tmp/full.duckdb --browser  (also drives a real Chromium)
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import time
from datetime import UTC, datetime, timedelta

from benchmarks.machine import describe, percentile, resident_mb, timed
from workbench.filters import Filter, parse_text
from workbench.settings import Settings
from workbench.store import requests, search, stats
from workbench.store.search import Position
from workbench.store.store import Store

CLICKS = 40
LOADS = 5


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
            loads = []
            for _ in range(LOADS):
                context = launched.new_context(viewport={"width": 1440, "height": 900})
                page = context.new_page()
                begin = time.perf_counter()
                page.goto(f"{server.url}/logs")
                page.locator('[data-testid="stDataFrame"] canvas').first.wait_for()
                page.get_by_text("requests ·").wait_for()
                loads.append((time.perf_counter() - begin) * 1000)
            took = []
            for number in range(CLICKS):
                name = ("7d", "30d", "24h", "All")[number % 4]
                before = page.get_by_text("requests ·").inner_text()
                begin = time.perf_counter()
                page.get_by_role("radio", name=name, exact=True).click()
                page.wait_for_function(
                    "before => { const all = [...document.querySelectorAll('p')];"
                    " const line = all.find(p => p.innerText.includes('requests ·'));"
                    " const app = document.querySelector('[data-testid=stApp]');"
                    " return line && line.innerText !== before"
                    " && app.getAttribute('data-test-script-state') === 'notRunning'; }",
                    arg=before,
                )
                took.append((time.perf_counter() - begin) * 1000)
            launched.close()
        print("| | median | 95th percentile |\n|---|---|---|")
        row("first visit, nothing cached, to painted table", statistics.median(loads), max(loads))
        row(
            "click on a time preset to painted table", statistics.median(took), percentile(took, 95)
        )
        print(f"\nmemory after {CLICKS} clicks: {resident_mb(server.process.pid):,.0f} MB")
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
