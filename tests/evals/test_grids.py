"""Evaluations are made, edited, listed, scored and compared; an edit makes stale what depends on it
and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.evals.grids import (
    ACTOR,
    Vendor,
    add_dataset,
    add_version,
    chat_column,
    contexts_of,
    prompt,
    regex,
    runner,
    values,
    wait,
)
from tests.evals.support import Registry, chat
from workbench.evals import grid_edits, grid_reading, grids, rating, running
from workbench.evals.columns import TABLE, AllLeft, column_type
from workbench.evals.grid_reading import Condition, Sort
from workbench.evals.grids import NewColumn
from workbench.evals.live import template_fetcher
from workbench.evals.sandbox import available
from workbench.jsontext import FieldError
from workbench.registry import labels
from workbench.registry.publishing import Draft, publish
from workbench.settings import Settings
from workbench.store import requests
from workbench.store.connection import Cursor
from workbench.store.dataset_values import Column
from workbench.store.errors import NotFound, Refused
from workbench.store.store import Store

COUNT = NewColumn("length", "COUNT", {"source": "answer", "type": "chars"})


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    made = Store(Settings(database=database))
    yield made
    made.close()


@pytest.fixture
def dataset(store: Store) -> int:
    return add_dataset(store, [{"question": text} for text in ("apple", "berry")], ["question"])


def run_through(store: Store, run: int, vendor: Any = None, **more: Any) -> None:
    with runner(store, contexts_of(vendor or Vendor(store), **more)):
        running.start(store, ACTOR, run)
        assert wait(store, run).state == "done"


def states(store: Store, run: int) -> dict[str, str]:
    """Of the first row, by column."""
    return {name: state for name, (state, _) in values(store, run)[1].items()}


@pytest.fixture
def run(store: Store, dataset: int) -> int:
    """Two prompts beside each other, and a column that reads each; all are done."""
    columns = [
        prompt("answer", "question"),
        prompt("other", "question"),
        COUNT,
        regex("an a", "other"),
        NewColumn("long", "MATH_OPERATOR", {"sources": ["length"], "operator": "gt", "value": 3}),
    ]
    made = grids.create(store, ACTOR, "Grid", dataset_id=dataset, columns=columns)[1]
    run_through(store, made)
    return made


def test_an_edit_makes_stale_what_depends_on_it_and_nothing_else(store: Store, run: int) -> None:
    edited = prompt("answer", "question", repeats=2).spec
    assert grids.preview_edit(store, run, "answer") == ("answer", "length", "long")
    assert grids.edit_column(store, ACTOR, run, "answer", edited) == ("answer", "length", "long")
    assert states(store, run) == {
        "answer": "stale",
        "other": "done",
        "length": "stale",
        "an a": "done",
        "long": "stale",
    }
    vendor = Vendor(store)
    run_through(store, run, vendor)
    assert sorted(vendor.texts()) == ["apple", "apple", "berry", "berry"]


def test_the_same_configuration_again_changes_nothing(store: Store, run: int) -> None:
    same = prompt("answer", "question").spec
    assert grids.edit_column(store, ACTOR, run, "answer", same) == ()
    assert set(states(store, run).values()) == {"done"}


def test_a_renamed_column_keeps_its_cells_and_is_read_under_its_new_name(
    store: Store, run: int
) -> None:
    grids.set_up(store, ACTOR, run, score={"columns": ["length"], "weights": {"length": 2}})
    grids.rename_column(store, ACTOR, run, "length", "size")
    found = grids.grid(store, run)
    assert json.loads(found.column("long").row.spec)["sources"] == ["size"]
    assert found.run.score == {"columns": ["size"], "weights": {"size": 2}}
    assert set(states(store, run).values()) == {"done"}
    with pytest.raises(Refused, match="already"):
        grids.rename_column(store, ACTOR, run, "size", "question")


def test_a_column_that_is_read_cannot_be_removed_and_takes_its_cells_with_it(
    store: Store, run: int
) -> None:
    with pytest.raises(Refused, match='"long" reads "length"'):
        grids.remove_column(store, ACTOR, run, "length")
    grids.remove_column(store, ACTOR, run, "long")
    assert "long" not in states(store, run)
    grids.add_column(store, ACTOR, run, NewColumn("long", "COUNT", {**COUNT.spec}))
    assert states(store, run)["long"] == "waiting"


def test_a_column_moves_only_to_where_it_finds_what_it_reads(store: Store, run: int) -> None:
    with pytest.raises(Refused, match="to its right"):
        grids.move_column(store, ACTOR, run, "length", "answer")
    with pytest.raises(Refused, match="to its right"):
        grids.move_column(store, ACTOR, run, "length", None)
    grids.move_column(store, ACTOR, run, "an a", None)
    names = [one.name for one in grids.grid(store, run).columns]
    assert names == ["answer", "other", "length", "long", "an a"]
    assert set(states(store, run).values()) == {"done"}


def test_a_column_that_reads_all_to_its_left_goes_stale_with_the_names_there(
    store: Store, dataset: int
) -> None:
    code = NewColumn("code", "CODE_EXECUTION", {"code": "return 1", "language": "PYTHON"})
    made = grids.create(
        store, ACTOR, "G", dataset_id=dataset, columns=[regex("a", "question"), code]
    )[1]
    run_through(store, made)
    before = states(store, made)["code"]
    assert before == "failed"
    grids.add_column(store, ACTOR, made, regex("right", "question"))
    assert states(store, made)["code"] == before
    grids.add_column(store, ACTOR, made, regex("left", "question"), before="code")
    assert states(store, made)["code"] == "stale"
    assert states(store, made)["a"] == "done"


@pytest.mark.parametrize("name", list(TABLE))
def test_every_type_is_read_under_the_new_name_of_a_column(name: str) -> None:
    kind = column_type(name)
    config = kind.read(kind.example)
    sources = kind.sources(config)
    if isinstance(sources, AllLeft):
        return
    spec = json.loads(kind.write(config))
    for old in sources:
        changed = kind.read(grid_edits.rewritten(kind, spec, old, "renamed"))
        expected = {"renamed" if one == old else one for one in sources}
        assert set(kind.sources(changed)) == expected  # type: ignore[arg-type]


def test_an_older_run_stays_as_it_was_and_a_new_one_begins_without_cells(
    store: Store, run: int, dataset: int
) -> None:
    columns = json.dumps([{"name": "question", "type": "text", "role": "input"}])
    store.change(lambda cursor: add_version(cursor, dataset, 2, columns, 2)).result()
    evaluation = grids.grid(store, run).evaluation.id
    again = grids.again(store, ACTOR, evaluation)
    found = grids.newest(store, evaluation)
    assert (found.run.id, found.run.number, found.run.dataset_version) == (again, 2, 2)
    assert set(states(store, again).values()) == {"waiting"}
    assert set(states(store, run).values()) == {"done"}
    with pytest.raises(Refused, match="Run 1 stays as it was"):
        grids.edit_column(store, ACTOR, run, "answer", prompt("x", "question").spec)
    assert [one.number for one in grids.runs(store, evaluation)] == [2, 1]


def test_a_new_run_follows_columns_that_changed_names_and_says_which_one_is_hidden(
    store: Store,
) -> None:
    dataset = add_dataset(store, [{"a": "apple", "b": "berry"}], ["a", "b"])
    columns = [prompt("one", "a"), regex("two", "b")]
    evaluation, first = grids.create(store, ACTOR, "G", dataset_id=dataset, columns=columns)
    changes = store.datasets

    def rename(cursor: Cursor) -> None:
        changes.open_draft(cursor, ACTOR, dataset)
        for name, to in (("a", "t"), ("b", "a"), ("t", "b")):
            changes.rename_column(cursor, ACTOR, dataset, name, to)
        changes.publish(cursor, ACTOR, dataset)

    def hide(cursor: Cursor) -> None:
        changes.open_draft(cursor, ACTOR, dataset)
        changes.set_columns(cursor, ACTOR, dataset, [Column("a")])
        changes.publish(cursor, ACTOR, dataset)

    vendor = Vendor(store)
    run_through(store, first, vendor)
    store.change(rename).result()
    second = grids.again(store, ACTOR, evaluation)
    assert grids.grid(store, second).order.reads == {"one": {"b"}, "two": {"a"}}
    assert grids.grid(store, first).order.reads == {"one": {"a"}, "two": {"b"}}
    run_through(store, second, vendor)
    assert vendor.texts() == ["apple", "apple"]
    where = [Condition(column="b", text="apple")]
    assert grid_reading.page(store, second, where=where).total == 1
    assert grid_reading.page(store, first, where=where).total == 0
    store.change(hide).result()
    with pytest.raises(Refused, match='"one" reads "b", which is not there'):
        grids.again(store, ACTOR, evaluation)


def test_latest_is_fetched_once_a_run_and_anew_by_a_new_one(store: Store, dataset: int) -> None:
    registry = Registry({"greet": ["One {name}"]})
    spec = {
        "template": {"name": "greet"},
        "prompt_template_variable_mappings": {"name": "question"},
    }
    columns = [NewColumn("answer", "PROMPT_TEMPLATE", spec)]
    evaluation, first = grids.create(
        store, ACTOR, "G", dataset_id=dataset, columns=columns, budget=Decimal("0.01")
    )
    vendor = Vendor(store)
    with runner(store, contexts_of(vendor, registry)):
        running.start(store, ACTOR, first)
        assert wait(store, first).state == "paused"
        registry.versions["greet"].append("Two {name}")
        running.set_budget(store, ACTOR, first, None)
        running.start(store, ACTOR, first)
        wait(store, first)
        assert sorted(vendor.texts()) == ["One apple", "One berry"]
        used = grids.grid(store, first).column("answer").used
        assert used is not None
        assert used.number == 1
        second = grids.again(store, ACTOR, evaluation)
        running.set_budget(store, ACTOR, second, None)
        running.start(store, ACTOR, second)
        wait(store, second)
    assert sorted(vendor.texts()[2:]) == ["Two apple", "Two berry"]
    assert grid_reading.rows(store, second, [1])[0].cells["answer"].version == 2


def test_another_judge_makes_stale_only_the_columns_that_ask_it(store: Store, dataset: int) -> None:
    own = {"provider": "echo", "model": "own"}
    asks = {"source": "question", "prompt": "Is it?"}
    columns = [
        NewColumn("judged", "LLM_ASSERTION", asks),
        NewColumn("by its own", "LLM_ASSERTION", {**asks, "engine": own}),
        regex("a", "question"),
    ]
    made = grids.create(store, ACTOR, "G", dataset_id=dataset, columns=columns)[1]
    vendor = Vendor(store)
    vendor.otherwise = '{"passed": true}'
    run_through(store, made, vendor)
    grids.set_up(store, ACTOR, made, judge={"provider": "echo", "model": "other"})
    assert states(store, made) == {"judged": "stale", "by its own": "done", "a": "done"}


def test_nothing_is_edited_while_a_run_goes_on_but_ratings(store: Store, dataset: int) -> None:
    columns = [prompt("answer", "question"), NewColumn("note", "HUMAN", {"data_type": "string"})]
    made = grids.create(store, ACTOR, "G", dataset_id=dataset, columns=columns)[1]
    with runner(store, contexts_of(Vendor(store, delay=0.5))):
        running.start(store, ACTOR, made)
        with pytest.raises(Refused, match="goes on"):
            grids.remove_column(store, ACTOR, made, "answer")
        rating.rate(store, ACTOR, made, 1, "note", "Good.")
        wait(store, made)
    assert values(store, made)[1]["note"] == ("done", "Good.")
    with pytest.raises(FieldError, match="a text is needed"):
        rating.rate(store, ACTOR, made, 1, "note", "  ")
    with pytest.raises(NotFound, match="no row 9"):
        rating.rate(store, ACTOR, made, 9, "note", "x")
    rating.unrate(store, ACTOR, made, 1, "note")
    assert states(store, made)["note"] == "waiting"


def test_evaluations_are_listed_with_their_score(store: Store, run: int) -> None:
    (found,) = grids.listed(store)
    assert found.run.id == run
    assert found.counts.done == 10
    assert found.score is not None
    assert (found.score.value, found.score.size) == (1.0, 2)
    id_ = found.evaluation.id
    grids.rename(store, ACTOR, id_, "Another", "What it is for.")
    assert [one.evaluation.name for one in grids.listed(store, "noth")] == ["Another"]
    assert grids.counted(store, "nothing") == 0
    grids.remove(store, ACTOR, id_)
    assert grids.listed(store) == []
    assert len(grids.listed(store, deleted=True)) == 1
    with pytest.raises(NotFound):
        grids.grid(store, run)
    grids.restore(store, ACTOR, id_)
    assert grids.grid(store, run).evaluation.description == "What it is for."


def test_a_page_holds_inputs_and_cells_cut_and_says_what_they_wait_for(
    store: Store, dataset: int
) -> None:
    columns = [prompt("answer", "question"), COUNT]
    made = grids.create(store, ACTOR, "G", dataset_id=dataset, columns=columns)[1]
    row = grid_reading.page(store, made).rows[0]
    assert row.inputs["question"].value == "apple"
    assert row.cells["answer"].waits == "Not run yet."
    assert row.cells["length"].waits == "Waiting for the column answer."
    vendor = Vendor(store, says={"apple": ['"é' * 300]})
    run_through(store, made, vendor)
    found = grid_reading.page(
        store, made, where=[Condition(column="answer", text="é")], sort=Sort(descending=True)
    )
    assert found.total == 1
    cell = found.rows[0].cells["answer"]
    assert (cell.is_cut, cell.value, cell.text) == (True, None, ('"é' * 300)[:500])
    whole = grid_reading.cell(store, made, 1, "answer")
    assert whole.cell.value == '"é' * 300
    assert requests.get(store.connection, whole.request_ids[0]) is not None
    assert whole.reads["question"].value == "apple"
    with pytest.raises(Refused, match="no column"):
        grid_reading.page(store, made, where=[Condition(column="nothing")])


def test_two_runs_are_compared_by_row_and_column(store: Store, run: int) -> None:
    evaluation = grids.grid(store, run).evaluation.id
    again = grids.again(store, ACTOR, evaluation)
    run_through(store, again, Vendor(store, says={"berry": ["b"]}))
    found = {one.column: one for one in grid_reading.compare(store, run, again)}
    assert (found["length"].equal, found["length"].worse, found["length"].pairs) == (1, 1, 2)
    assert (found["answer"].same, found["answer"].changed) == (1, 1)
    assert grid_reading.compared_rows(store, run, again, "length", "worse") == ([2], 1)
    summary = grid_reading.summaries(store, again)["length"]
    assert summary.score is not None
    assert (summary.score.value, summary.counts.done) == (7.0, 2)


def test_an_estimate_counts_calls_tokens_and_dollars_and_calls_nothing(
    store: Store, dataset: int
) -> None:
    columns = [
        chat_column("answer", "question", "openai", "gpt-4o-mini", repeats=3),
        NewColumn("judged", "LLM_ASSERTION", {"source": "answer", "prompt": '["A?", "B?"]'}),
    ]
    judge = {"provider": "openai", "model": "gpt-4o-mini", "parameters": {}}
    made = grids.create(store, ACTOR, "G", dataset_id=dataset, columns=columns, judge=judge)[1]
    found = running.estimate(store, made)
    answer, judged = found.columns
    assert (answer.cells, answer.calls, answer.model) == (2, 6, "openai/gpt-4o-mini")
    assert (judged.cells, judged.calls) == (2, 4)
    assert answer.input_tokens is not None
    assert (answer.output_tokens, answer.dollars, found.dollars) == (None, None, None)
    # Once calls of the model are logged, their length is known, and so is what it costs.
    vendor = Vendor(store)
    vendor.otherwise = '{"passed": true}'
    run_through(store, made, vendor)
    running.rerun(store, ACTOR, made, "all", go=False)
    later = running.estimate(store, made)
    assert later.columns[0].output_tokens == 6 * 5
    assert later.dollars is not None
    assert 0 < later.dollars < Decimal("0.01")
    assert len(vendor.asked) == 10


def test_an_estimate_counts_no_call_for_a_likeness_that_is_found_by_words(
    store: Store, dataset: int
) -> None:
    columns = [
        chat_column("answer", "question", "echo", "echo"),
        NewColumn("alike", "COSINE_SIMILARITY", {"sources": ["question", "answer"]}),
    ]
    run = grids.create(store, ACTOR, "G", dataset_id=dataset, columns=columns)[1]
    found = running.estimate(store, run)
    _, alike = found.columns
    assert (alike.cells, alike.calls, alike.dollars) == (2, 0, Decimal(0))
    assert found.calls == 2


def test_an_estimate_says_which_cells_would_fail_and_which_vendor_cannot_be_called(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    rows = [{"question": "a", "hint": "b"}, {"question": "c"}, {"question": "d"}]
    made = add_dataset(store, rows, ["question", "hint"])
    columns = [chat_column("answer", "hint", "openai", "gpt-4o-mini")]
    run = grids.create(store, ACTOR, "G", dataset_id=made, columns=columns)[1]
    (answer,) = running.estimate(store, run).columns
    key, gap = answer.problems
    assert "OPENAI_API_KEY" in key
    assert gap.startswith("2 of 3 cells that were looked at would fail:")
    assert '"hint"' in gap
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    (answer,) = running.estimate(store, run).columns
    assert answer.problems == (gap,)


def test_a_label_that_moved_says_to_run_again(store: Store, dataset: int) -> None:
    model = {"model": {"provider": "echo", "name": "echo", "parameters": {}}}
    for number in (1, 2):
        draft = Draft(name="greet", prompt=chat(f"{number} {{name}}"), metadata=model)
        publish(store, ACTOR, draft)
    labels.move_label(store, ACTOR, "greet", "prod", 1)
    template = {"name": "greet", "label": "prod"}
    mapping = {"prompt_template_variable_mappings": {"name": "question"}}
    columns = [
        NewColumn("labelled", "PROMPT_TEMPLATE", {"template": template, **mapping}),
        NewColumn(
            "frozen",
            "PROMPT_TEMPLATE",
            {"template": {"name": "greet", "version_number": 1}, **mapping},
        ),
    ]
    made = grids.create(store, ACTOR, "G", dataset_id=dataset, columns=columns)[1]
    with runner(store, contexts_of(Vendor(store), fetch_template=template_fetcher(store))):
        running.start(store, ACTOR, made)
        wait(store, made)
    assert grids.grid(store, made).column("labelled").notice is None
    labels.move_label(store, ACTOR, "greet", "prod", 2)
    found = grids.grid(store, made)
    assert found.column("labelled").notice == ("The label prod now stands at version 2: run again.")
    assert found.column("frozen").notice == "Version 2 exists, and this column is frozen at 1."


@pytest.mark.skipif(available() is not None, reason="code is not shut off on this machine")
def test_a_score_by_code_gets_all_rows(database: str) -> None:
    store = Store(Settings(database=database, code_columns="on"))
    try:
        dataset = add_dataset(
            store, [{"question": text} for text in ("apple", "kiwi")], ["question"]
        )
        columns = [regex("an a", "question")]
        made = grids.create(store, ACTOR, "G", dataset_id=dataset, columns=columns)[1]
        run_through(store, made)
        code = 'return {"score": 100 * sum(row["an a"] for row in data) / len(data)}'
        grids.set_up(store, ACTOR, made, score={"code": code})
        found = grid_reading.score(store, made)
        assert found.custom == {"score": 50.0}
        assert found.score is not None
        grids.set_up(store, ACTOR, made, score={"code": "return 1"})
        assert grid_reading.score(store, made).problem == (
            'The code has to return {"score": a number}.'
        )
    finally:
        store.close()


def test_a_score_by_code_says_that_code_is_off(store: Store, run: int) -> None:
    grids.set_up(store, ACTOR, run, score={"code": "return {'score': 1}"})
    found = grid_reading.score(store, run)
    assert found.custom is None
    assert found.problem is not None
    assert "Code columns are off" in found.problem
    with pytest.raises(FieldError, match="no computed column"):
        grids.set_up(store, ACTOR, run, score={"columns": ["nothing"]})
