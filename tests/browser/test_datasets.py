"""A file becomes a dataset, a row is edited, versions are published, compared and exported."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, Visitor

pytestmark = pytest.mark.browser

CASES = """question;price;output;split
Where is it?;9.50;It is on its way.;test
<b>Bold?</b>;many;No.;train
Wo ist die Straße?;3;Dort.;train
"""


def published(visitor: Visitor, number: int, note: str) -> None:
    page = visitor.settle()
    page.get_by_role("button", name="Publish").click()
    page.get_by_label("Note").fill(note)
    page.get_by_role("button", name=f"Publish version {number}").click()
    expect(page.get_by_text(f"Version {number} is published.")).to_be_visible()


def test_from_a_file_to_two_versions_their_difference_and_a_file_again(
    visit: Visit, tmp_path: Path
) -> None:
    cases = tmp_path / "my cases.csv"
    cases.write_text(CASES)
    visitor = visit()
    page = visitor.goto("/datasets")
    expect(page.get_by_text("No datasets yet")).to_be_visible()
    page.get_by_role("button", name="Choose a file").click()
    page.locator("input[type=file]").set_input_files(cases)
    expect(page.get_by_text("The first rows", exact=True)).to_be_visible()
    visitor.settle()
    page.get_by_role("button", name="Bring it in").click()
    expect(page.get_by_text("3 rows added.")).to_be_visible()
    published(visitor, 1, "as they came")

    # The next version: its draft is opened, the second row is edited in it.
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_role("button", name="Publish")).to_be_visible()
    visitor.settle()
    visitor.click_row(1)
    expect(page.get_by_text("Row 2", exact=True)).to_be_visible()
    # Text of a file is text. (The table has it as well, drawn on a canvas with hidden cells.)
    expect(page.get_by_text("<b>Bold?</b>").filter(visible=True).first).to_be_visible()
    visitor.settle()
    page.get_by_role("button", name="Edit", exact=False).first.click()
    page.get_by_role("textbox", name="output").fill("Never.")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("Row 2 is changed in the draft.")).to_be_visible()
    published(visitor, 2, "one answer mended")

    visitor.settle()
    page.get_by_role("radio", name="Changes").click()
    expect(page.get_by_text("1 changed")).to_be_visible()
    expect(page.get_by_text("~ Row 2")).to_be_visible()
    expect(page.locator("ins", has_text="Never")).to_be_visible()
    link = page.url
    other = visit()
    shared = other.goto(link)
    expect(shared.get_by_text("~ Row 2")).to_be_visible()

    # It leaves through the export page.
    page.get_by_test_id("stMain").get_by_role("link", name="Export").click()
    expect(page.get_by_role("button", name=re.compile("Export 3 rows as CSV"))).to_be_visible()
    options = json.loads(parse_qs(urlsplit(page.url).query)["options"][0])
    assert (options["source"], options["version"]) == ("datasets", 2)
    page.get_by_role("button", name=re.compile("Export 3 rows as CSV")).click()
    expect(page.get_by_text("done").first).to_be_visible()

    # It is found by its name, removed, and brought back with the search still in the field.
    visitor.goto("/datasets?q=cases")
    visitor.settle()
    visitor.click_row(0)
    expect(page.get_by_role("radio", name="Versions")).to_be_visible()
    visitor.settle()
    page.get_by_role("button", name="more_horiz").click()
    page.get_by_role("button", name="Remove this dataset…").click()
    expect(page.get_by_text("It is hidden at once.")).to_be_visible()
    # The menu does not lie over what was chosen in it.
    expect(page.get_by_role("button", name="Remove this dataset…")).to_be_hidden()
    page.get_by_role("button", name="Remove my cases").click()
    expect(page.get_by_text("my cases is removed.")).to_be_visible()
    visitor.goto("/datasets?q=cases&deleted=true")
    visitor.settle()
    visitor.click_row(0)
    expect(page.get_by_text("my cases is restored.")).to_be_visible()
    expect(page.get_by_role("radio", name="Versions")).to_be_visible()
    assert set(parse_qs(urlsplit(page.url).query)) == {"dataset"}
    assert visitor.foreign == other.foreign == []
    assert visitor.dialogs == []
