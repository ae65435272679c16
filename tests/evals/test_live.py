"""Columns in the real process: the registry, the host with its echo, the log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.evals.grids import add_dataset, contexts_of, prompt, runner, wait
from tests.evals.support import chat
from workbench.evals import grids, running
from workbench.evals.asking import Patient
from workbench.evals.cells import Cell, CellError, CellResult
from workbench.evals.columns import column_type
from workbench.evals.context import Context
from workbench.evals.live import code_columns_off, http_limits, live_context
from workbench.providers.call import Origin
from workbench.providers.host import Host, store_sink
from workbench.registry import labels
from workbench.registry.publishing import Draft, publish
from workbench.settings import Settings
from workbench.store import connections
from workbench.store.rows import NewRequest
from workbench.store.store import Store

WHO = "user:ada"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(Settings(database=str(tmp_path / "x.duckdb")))
    yield made
    made.close()


@pytest.fixture
def live(store: Store) -> Iterator[Context]:
    settings = Settings(model_retries=0)
    host = Host(settings, store_sink(store), lambda: connections.listed(store.connection))
    origin = Origin(place="evaluation", actor=WHO, metadata={"evaluation": 1, "row": 2})
    judge = {"provider": "echo", "model": "echo", "parameters": {}}
    yield live_context(store, host, settings, origin, judge)
    host.close()


def draft(text: str, **more: Any) -> Draft:
    model = {"model": {"provider": "echo", "name": "echo", "parameters": {"temperature": 0}}}
    return Draft(name="greet", prompt=chat(text), metadata=model, **more)


def run(name: str, spec: dict[str, Any], values: dict[str, Any], given: Context) -> Cell:
    kind = column_type(name)
    return asyncio.run(kind.run(kind.read(spec), values, given))


def test_a_prompt_column_asks_and_its_call_stands_in_the_log(store: Store, live: Context) -> None:
    publish(store, WHO, draft("One {who}"))
    publish(store, WHO, draft("Two {who}", labels=("prod",)))
    publish(store, WHO, draft("Three {who}"))
    expected: dict[str, dict[str, Any]] = {
        "One": {"version_number": 1},
        "Two": {"label": "prod"},
        "Three": {},
    }
    for word, chosen in expected.items():
        spec = {
            "template": {"name": "greet", **chosen},
            "prompt_template_variable_mappings": {"who": "name"},
        }
        cell = run("PROMPT_TEMPLATE", spec, {"name": "Ada"}, live)
        assert isinstance(cell, CellResult), cell
        assert f"{word} Ada" in cell.value
        assert cell.detail.used is not None
        assert cell.detail.used["newest"] == 3
        (request_id,) = cell.detail.request_ids
        with store.connection.cursor() as cursor:
            row = cursor.execute(
                "SELECT origin, prompt_name, prompt_version FROM requests WHERE id = ?",
                [request_id],
            ).fetchone()
        assert row == ("evaluation", "greet", cell.detail.used["number"])


def test_a_label_that_is_not_there_is_a_failure_with_the_registrys_words(
    store: Store, live: Context
) -> None:
    publish(store, WHO, draft("One {who}"))
    found = run("PROMPT_TEMPLATE", {"template": {"name": "greet", "label": "prod"}}, {}, live)
    assert isinstance(found, CellError)
    assert found.kind == "template"
    assert "prod" in found.message
    labels.move_label(store, WHO, "greet", "prod", 1)
    again = run("PROMPT_TEMPLATE", {"template": {"name": "greet", "label": "prod"}}, {}, live)
    assert isinstance(again, CellResult)


def test_a_judge_without_a_key_gives_a_verdict_of_the_schemas_kind(live: Context) -> None:
    cell = run("LLM_ASSERTION", {"source": "a", "prompt": "Polite?"}, {"a": "Please."}, live)
    assert isinstance(cell, CellResult), cell
    assert isinstance(cell.value, bool)
    assert cell.passed is cell.value


def test_settings_decide_on_code_and_private_endpoints() -> None:
    assert "WORKBENCH_CODE_COLUMNS=on" in (code_columns_off(Settings()) or "")
    reason = code_columns_off(Settings(code_columns="on"))
    assert reason is None or reason.startswith(("This machine", "Code columns need Linux"))
    assert http_limits(Settings()).allow_private is False
    assert http_limits(Settings(private_endpoints="on")).allow_private is True


def test_a_row_that_waits_for_its_log_record_makes_room_for_one_other(store: Store) -> None:
    """With one row at a time: the second is asked while the first is logged, the third is not."""
    asked: list[NewRequest] = []
    most_unlogged = 0
    second = asyncio.Event()
    write = store_sink(store)

    async def keep(row: NewRequest, body: Mapping[str, Any]) -> int:
        nonlocal most_unlogged
        asked.append(row)
        most_unlogged = max(most_unlogged, len(asked) - len(logged))
        if len(asked) == 2:
            second.set()
        await asyncio.wait_for(second.wait(), 20)
        id_ = await write(row, body)
        logged.append(id_)
        return id_

    logged: list[int] = []
    host = Host(Settings(model_retries=0), keep, list)
    rows = [{"question": f"Question {n}"} for n in range(6)]
    dataset = add_dataset(store, rows, ["question"])
    columns = [prompt("answer", "question")]
    run_id = grids.create(store, WHO, "Grid", dataset_id=dataset, columns=columns, concurrency=1)[1]
    with runner(store, contexts_of(Patient(host))):
        running.start(store, WHO, run_id)
        end = wait(store, run_id)
    host.close()
    assert (end.state, end.counts.done) == ("done", 6)
    assert most_unlogged == 2
    assert len(logged) == 6
