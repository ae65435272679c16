"""A grid that runs shows by itself what has come; people rate texts without the mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.contrast import contrast
from tests.evals.grids import ACTOR, add_dataset, regex
from tests.evals.killing import CountingVendor, vendor
from tests.server import Server, running, store_in_process
from workbench.evals import grids
from workbench.evals.grids import NewColumn
from workbench.registry.publishing import Draft, publish

pytestmark = pytest.mark.browser
#: At two a second they take longer than all that is looked at meanwhile.
ROWS = 120
NOTE = NewColumn("note", "HUMAN", {"data_type": "string", "ui_element": {"type": "text"}})


@pytest.fixture
def asked() -> Iterator[CountingVendor]:
    with vendor() as made:
        made.delay = 1.0
        yield made


@pytest.fixture
def server(tmp_path: Path, asked: CountingVendor) -> Iterator[Server]:
    """A server with an evaluation that has not run: a prompt, a check of it, a note of a person."""
    database = str(tmp_path / "workbench.duckdb")
    messages = [{"role": "user", "content": [{"type": "text", "text": "{question}"}]}]
    model = {"provider": "openai", "name": "gpt-4o-mini", "parameters": {}}
    with store_in_process(database) as store:
        draft = Draft(
            name="answer",
            prompt={"type": "chat", "messages": messages},
            metadata={"model": model},
        )
        publish(store, ACTOR, draft)
        rows = [{"question": f"Case {number}"} for number in range(ROWS)]
        prompt = {
            "template": {"name": "answer"},
            "prompt_template_variable_mappings": {"question": "question"},
        }
        grids.create(
            store,
            ACTOR,
            "Cases",
            dataset_id=add_dataset(store, rows, ["question"]),
            columns=[
                NewColumn("reply", "PROMPT_TEMPLATE", prompt),
                regex("has a case", "reply", "Case"),
                NOTE,
            ],
            score={"columns": ["has a case"]},
        )
    environment = {
        "OPENAI_API_KEY": "k-0123456789",
        "OPENAI_BASE_URL": f"{asked.url}/v1",
        "WORKBENCH_MODEL_CONCURRENCY": "2",
    }
    with running(database, environment=environment) as started:
        yield started


def test_versions_and_the_score_are_shown_while_the_grid_runs(visit: Visit) -> None:
    visitor = visit()
    page = visitor.goto("/evaluations")
    visitor.settle()
    visitor.click_table(60, 0)
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("button", name="Start", exact=True).click()
    bar = page.locator(".st-key-run-bar")
    expect(bar.get_by_text("running")).to_be_visible()
    expect(page.get_by_text("Version 1 of answer: the newest when the run started.")).to_be_visible(
        timeout=8_000
    )
    score = page.locator(".st-key-evaluation-bar .wb-head")
    expect(score).to_contain_text(re.compile(r"of has a case, \d+ cells?"), timeout=8_000)
    before = score.inner_text()
    expect(score).not_to_have_text(before, timeout=8_000)
    # All of it without an end of the run, which draws the page anew.
    expect(bar.get_by_text("running")).to_be_visible()


def test_notes_are_written_one_after_the_other_without_the_mouse(visit: Visit) -> None:
    visitor = visit()
    page = visitor.goto("/evaluations")
    visitor.settle()
    visitor.click_table(60, 0)
    page.wait_for_url(re.compile("evaluation="))
    visitor.goto(f"{page.url}&rate=note")
    box = page.get_by_label("Rating", exact=True)
    for number in (1, 2):
        expect(page.get_by_text(f"Row {number}", exact=True)).to_be_visible()
        expect(box).to_be_focused()
        expect(box).to_have_value("")
        page.keyboard.type("so sure")
        page.keyboard.press("Enter")
    expect(page.get_by_text(f"2 of {ROWS} rows rated")).to_be_visible()
    visitor.settle()
    page.keyboard.press("Alt+s")
    expect(page.get_by_text("Row 4", exact=True)).to_be_visible()


#: An element's colour over the page's, with the opacity of all it stands in, and the page's.
_SEEN = """one => {
  const parts = (colour) => {
    const found = colour.match(/[0-9.]+/g).map(Number);
    const scale = colour.startsWith('color(') ? 255 : 1;
    return [...found.slice(0, 3).map((part) => part * scale), found[3] ?? 1];
  };
  const page = parts(getComputedStyle(document.querySelector('.stApp')).backgroundColor);
  const [red, green, blue, own] = parts(getComputedStyle(one).color);
  let opacity = own;
  for (let each = one; each; each = each.parentElement) {
    opacity *= Number(getComputedStyle(each).opacity);
  }
  const over = [red, green, blue].map((part, at) => part * opacity + page[at] * (1 - opacity));
  return [over, page.slice(0, 3)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_notes_captions_and_keys_can_be_read(visit: Visit, scheme: str) -> None:
    visitor = visit(color_scheme=scheme)
    page = visitor.goto("/evaluations?new=expected")
    expect(page.get_by_role("combobox", name="Begin with")).to_be_visible()
    visitor.settle()
    seen = {"caption": page.locator('[data-testid="stCaptionContainer"] p').first.evaluate(_SEEN)}
    visitor.goto("/evaluations")
    visitor.settle()
    visitor.click_table(60, 0)
    expect(page.locator(".st-key-run-bar")).to_be_visible()
    visitor.settle()
    seen["note"] = page.locator(".st-key-run-bar .wb-note").evaluate(_SEEN)
    for name in ("held", "bad"):
        page.locator(".st-key-run-bar .wb-note").evaluate(
            f"one => {{ one.innerHTML = '<span class=\"wb-{name}\">words</span>'; }}"
        )
        seen[name] = page.locator(f".st-key-run-bar .wb-{name}").evaluate(_SEEN)
    for what, (colour, behind) in seen.items():
        assert contrast(colour, behind) >= 4.5, (what, colour, behind)
