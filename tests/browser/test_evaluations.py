"""From a dataset to a grid that ran, is filtered and rated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.evals.grids import add_dataset
from tests.server import Server, running, store_in_process

pytestmark = pytest.mark.browser
ROWS = 40


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server whose store has a published dataset; every second row speaks of Monday."""
    database = str(tmp_path / "workbench.duckdb")
    rows = [{"question": f"Parcel {n}, {'Monday' if n % 2 else 'May'}"} for n in range(ROWS)]
    with store_in_process(database) as store:
        add_dataset(store, rows, ["question"], "Cases")
    with running(database) as started:
        yield started


def add_regex(page: Page, pattern: str) -> None:
    page.get_by_role("button", name="Add a column").click()
    page.get_by_role("radio", name="Check").click()
    page.get_by_role("radio", name="Regex").click()
    # The fields of the type before may still stand while those of this one come.
    expect(page.get_by_label("Pattern", exact=True)).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_count(1)
    page.get_by_label("Name", exact=True).fill("monday")
    page.get_by_label("Pattern", exact=True).fill(pattern)
    page.get_by_label("Pattern", exact=True).press("Tab")
    page.get_by_role("button", name="Add the column").click()


def test_a_dataset_is_evaluated_filtered_and_rated(visit: Visit) -> None:
    visitor = visit()
    page = visitor.goto("/datasets")
    table = page.locator('[data-testid="stDataFrame"]').first
    expect(table.locator("canvas").first).to_be_visible()
    visitor.settle()
    table.click(position={"x": 60, "y": 45})
    page.get_by_role("link", name="Evaluate this version").click()
    page.get_by_role("combobox", name="Begin with").click()
    page.get_by_role("option", name="Rated by people").click()
    visitor.settle()
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_text("not run", exact=False).first).to_be_visible()
    visitor.settle()
    add_regex(page, "Monday")
    visitor.settle()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".st-key-run-bar").get_by_text("done")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("50.0 % true")).to_be_visible()

    visitor.settle()
    page.get_by_role("button", name="Only false").click()
    expect(page.get_by_text(f"{ROWS // 2} rows")).to_be_visible()
    expect(page).to_have_url(re.compile(r"q=monday"))
    page.reload()
    expect(page.get_by_text(f"{ROWS // 2} rows")).to_be_visible()

    visitor.settle()
    menu = page.locator('[class*="st-key-head-"]').filter(has_text="rating")
    menu.get_by_role("button").first.click()
    page.get_by_role("button", name="Rate one by one").click()
    expect(page.get_by_text(f"0 of {ROWS} rows rated")).to_be_visible()
    visitor.settle()
    page.keyboard.press("4")
    expect(page.get_by_text(f"1 of {ROWS} rows rated")).to_be_visible()
    visitor.settle()
    page.keyboard.press("u")
    expect(page.get_by_text(f"0 of {ROWS} rows rated")).to_be_visible()
    assert visitor.foreign == []
