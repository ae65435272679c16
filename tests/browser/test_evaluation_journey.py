"""A prompt engineer's way: last week's failures, a grid with a judge and a regex, and the plug
pulled in the middle."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_first_visit import log
from tests.evals.grids import values
from tests.evals.killing import Books, CountingVendor, echo, until, vendor
from tests.server import KEY, Server, running, store_in_process

pytestmark = pytest.mark.browser
CASES = 24


@pytest.fixture
def asked() -> Iterator[CountingVendor]:
    with vendor() as made:
        made.delay = 0.6
        yield made


@pytest.fixture
def server(tmp_path: Path, asked: CountingVendor) -> Iterator[Server]:
    """A server with one prompt, whose answers came out empty for every case but a few."""
    environment = {
        "OPENAI_API_KEY": "k-0123456789",
        "OPENAI_BASE_URL": f"{asked.url}/v1",
        "WORKBENCH_MODEL_CONCURRENCY": "4",
    }
    with running(str(tmp_path / "workbench.duckdb"), environment=environment) as started:
        _publish(started)
        for number in range(CASES + 3):
            log(
                started,
                kwargs={"model": "gpt-4o", "messages": [_user(f"Case {number}")]},
                prompt_name="answer",
                prompt_input_variables={"question": f"Case {number}"},
                tags=["failed" if number < CASES else "good"],
            )
        yield started


def _user(text: str) -> dict[str, object]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def _publish(server: Server) -> None:
    body = {
        "prompt_name": "answer",
        "prompt_template": {"type": "chat", "messages": [_user("{question}")]},
        "metadata": {"model": {"provider": "openai", "name": "gpt-4o-mini", "parameters": {}}},
    }
    httpx.post(
        f"{server.url}/rest/prompt-templates",
        json={"prompt_template": body, "prompt_version": body},
        headers={"X-API-KEY": KEY},
    ).raise_for_status()


def test_failures_are_evaluated_by_the_newest_prompt_and_a_pulled_plug_changes_nothing(
    visit: Visit, server: Server, asked: CountingVendor
) -> None:
    visitor = visit()
    page = visitor.goto("/logs?f=tag:failed")
    expect(page.get_by_text(f"{CASES} requests ·")).to_be_visible()
    visitor.settle()
    visitor.click_table(16, 0)
    page.get_by_role("button", name=f"Pick all {CASES} that match").click()
    visitor.settle()
    page.get_by_role("button", name="Evaluate").click()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("combobox", name="Begin with")).to_be_visible()
    visitor.settle()
    page.get_by_role("combobox", name="Begin with").click()
    page.get_by_role("option", name="LLM judge and a regex").click()
    expect(page.get_by_text("Filled in: question from question.")).to_be_visible()
    visitor.settle()
    judge = page.get_by_role("combobox", name="Judge")
    judge.fill("openai/gpt-4o-mini")
    judge.press("Enter")
    visitor.settle()
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("button", name="Run", exact=True).click()
    link = page.url
    page.get_by_role("button", name="Start", exact=True).click()
    until(lambda: asked.total >= CASES // 2, server)

    server.kill()
    with store_in_process(server.database) as store, store.connection.cursor() as cursor:
        (run_id,) = cursor.execute("SELECT max(id) FROM evaluation_runs").fetchone() or (0,)
    books = Books(server.database, run_id, asked, repeats=1)
    assert books.balance() == "running"
    server.start()
    visitor.goto(link)
    expect(page.locator(".st-key-run-bar").get_by_text("done")).to_be_visible(timeout=60_000)
    expect(page.get_by_text(re.compile(r"[0-9.]+ % true")).first).to_be_visible()
    expect(page.get_by_text("failed", exact=False)).to_have_count(0)

    server.stop()
    assert books.balance() == "done"
    with store_in_process(server.database) as store:
        cells = values(store, run_id)
    assert len(cells) == CASES
    answers = sorted(one["answer"] for one in cells.values())
    assert answers == sorted(("done", echo(f"Case {n}")) for n in range(CASES))
    assert {state for one in cells.values() for state, _ in one.values()} == {"done"}
    assert visitor.foreign == []
