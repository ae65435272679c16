"""A file with a wrong line on its way in, and a long import whose server dies."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, Visitor
from tests.server import Server

pytestmark = pytest.mark.browser

TABLE = """When;Question;Reply;Customer
2026-03-01 12:00:00;What is the weather?;Sunny;ACME
yesterday;Where is it?;Here;ACME
2026-03-01 12:05:00;Wo ist die Straße?;<b>Hier</b>;Øre
"""
LONG_SECONDS = 120_000


def counts(page: Page) -> dict[str, str]:
    told = {}
    for metric in page.get_by_test_id("stMetric").all():
        label, *_, value = metric.inner_text().split("\n")
        told[label] = value
    return told


def start(visitor: Visitor) -> Page:
    visitor.settle()
    visitor.page.get_by_role("button", name="Import", exact=True).click()
    expect(visitor.page).to_have_url(re.compile("job="))
    return visitor.page


def test_from_home_a_table_with_a_wrong_line_becomes_requests(visit: Visit, tmp_path: Path) -> None:
    table = tmp_path / "help desk.csv"
    table.write_text(TABLE)
    visitor = visit(timezone_id="Europe/Berlin")
    page = visitor.goto("/")
    page.get_by_role("button", name="Import a file").click()
    expect(page.get_by_text("There is none yet.")).to_be_visible()
    page.locator("input[type=file]").set_input_files(table)
    expect(page.get_by_text("The first rows, as they would be read")).to_be_visible()
    expect(page.get_by_text("Not understood in the first rows")).to_be_visible()

    # The customer becomes a tag; the link holds the file, so a reload shows it again.
    visitor.settle()
    field = page.get_by_role("combobox", name=re.compile("Field of Customer"))
    field.click()
    field.fill("tags")
    field.press("Enter")
    start(visitor)
    expect(page.get_by_role("link", name="Open in Logs")).to_be_visible()
    assert counts(page) == {
        "Read": "3",
        "Stored": "2",
        "There already": "0",
        "Refused": "1",
        "Passed over": "0",
    }
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the refused rows").click()
    assert download.value.suggested_filename == "help desk.csv.refused.csv"
    (row,) = csv.DictReader(download.value.path().open(newline=""))
    assert (row["line"], row["field"]) == ("3", "started_at")
    assert "yesterday" in row["row"]

    page.get_by_role("link", name="Open in Logs").click()
    expect(page.get_by_text("2 requests ·")).to_be_visible()
    assert parse_qs(urlsplit(page.url).query)["f"] == ['origin:"import:help desk.csv"']
    visitor.goto('/logs?f=tag:"Øre"')
    expect(page.get_by_text("1 request ·")).to_be_visible()
    assert visitor.foreign == []


def test_an_import_outlives_its_page_and_its_server(visit: Visit, server: Server) -> None:
    """Reloaded, stopped, killed, left: in the end each row is there once."""
    folder = Path(server.database).parent / "imports"
    folder.mkdir()
    # Enough to be under way when the server is killed, however fast the machine is.
    rows = 150_000
    with (folder / "long.jsonl").open("w") as file:
        for n in range(rows):
            row = {"id": n, "input": f"question {n}", "output": "w " * 200, "started_at": n + 1}
            file.write(json.dumps(row) + "\n")
    visitor = visit()
    page = visitor.goto("/import")
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("The first rows, as they would be read")).to_be_visible()
    start(visitor)
    job = page.url
    stored = page.get_by_test_id("stMetric").filter(has_text="Stored")
    expect(stored).to_contain_text(re.compile(r"[1-9][\d,]*$"), timeout=LONG_SECONDS)

    page.reload()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("It was stopped")).to_be_visible(timeout=LONG_SECONDS)
    before = int(counts(page)["Read"].replace(",", ""))
    assert 0 < before < rows

    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("rows a second")).to_be_visible(timeout=LONG_SECONDS)
    server.kill()
    server.start()
    visitor.goto(job)
    expect(page.get_by_text("The server ended while it ran.")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("It goes on when this page is left")).to_be_visible()
    page.get_by_role("link", name="Settings", exact=True).click()
    expect(page.get_by_role("tab", name="API keys")).to_be_visible()
    visitor.goto(job)
    expect(page.get_by_text("● done")).to_be_visible(timeout=LONG_SECONDS)
    told = {label: int(value.replace(",", "")) for label, value in counts(page).items()}
    assert told["Read"] == told["Stored"] + told["There already"] == rows
    page.get_by_role("link", name="Open in Logs").click()
    expect(page.get_by_text(f"{rows:,} requests ·")).to_be_visible()
