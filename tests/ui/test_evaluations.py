"""The Evaluations page: empty, with a grid that has run, and the ways into it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from tests.evals.grids import ACTOR, add_dataset, chat_column, regex, wait
from tests.ui.conftest import Open, text_of
from tests.ui.test_logs_tools import picked
from workbench.evals import gallery, grid_reading, grids, running
from workbench.evals.columns import column_type
from workbench.evals.grid_reading import CellDetail
from workbench.evals.grids import NewColumn
from workbench.providers.host import close_host
from workbench.registry import publishing
from workbench.registry.publishing import Draft
from workbench.store import datasets
from workbench.store.store import Store
from workbench.ui.evaluation_list import frame_of

MARK = "<script>alert(1)</script>"
RATING = NewColumn(
    "rating",
    "HUMAN",
    {"data_type": "number", "ui_element": {"type": "slider", "min": 1, "max": 5}},
)


@pytest.fixture(autouse=True)
def _no_host_outlives_its_store(store: Store) -> Iterator[None]:
    yield
    close_host()


@pytest.fixture
def dataset(store: Store) -> int:
    """120 rows; "question" of even rows has an "a" in it."""
    rows = [
        {"question": f"{'answer' if n % 2 == 0 else 'help'} {n} {MARK}", "price": n}
        for n in range(1, 121)
    ]
    return add_dataset(store, rows, ["question", "price"], f"Cases {MARK}")


@pytest.fixture
def evaluation(store: Store, dataset: int) -> tuple[int, int]:
    """A grid that has run: a regex that half of the rows fulfil, an echo's text, a rating."""
    columns = [
        regex("has answer", "question", "answer"),
        NewColumn("words", "COUNT", {"source": "question", "type": "words"}),
        NewColumn("broken", "JSON_PATH", {"source": "question", "json_path": "$.a"}),
        RATING,
    ]
    made = grids.create(
        store,
        ACTOR,
        f"Grid {MARK}",
        dataset_id=dataset,
        columns=columns,
        score={"columns": ["has answer"]},
    )
    running.start(store, ACTOR, made[1])
    wait(store, made[1])
    return made


def grid(open_page: Open, evaluation: tuple[int, int], **link: str) -> AppTest:
    return open_page("evaluations", evaluation=str(evaluation[0]), **link)


def said(app: AppTest, name: str) -> str | None:
    """A parameter of the link."""
    found = app.query_params.get(name)
    return found[0] if isinstance(found, list) else found


def table(app: AppTest, column: str) -> list[str]:
    return [str(one) for one in app.dataframe[0].value[column]]


def click(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception, app.exception
    return app


def within(app: AppTest, opener: str, *keys: str) -> AppTest:
    """Press buttons of a dialog: for AppTest it is there only while its opener is pressed."""
    app.button(key=opener).click().run()
    app.button(key=opener).click()
    for key in keys:
        app.button(key=key).click()
    app.run()
    assert not app.exception, app.exception
    return app


def test_an_empty_store_explains_and_offers_ways_and_ready_grids(open_page: Open) -> None:
    app = open_page("evaluations")
    text = text_of(app)
    for way in ("Evaluate these logs", "Evaluate this template", "From a dataset"):
        assert way in text
    for ready in gallery.READY:
        assert app.button(key=f"ready-{ready.key}").label == ready.title


def test_the_list_shows_dataset_state_progress_and_score(
    open_page: Open, evaluation: tuple[int, int]
) -> None:
    app = open_page("evaluations")
    assert "**1** evaluation" in text_of(app)
    assert table(app, "Name") == [f"Grid {MARK}"]
    assert table(app, "Dataset") == [f"Cases {MARK}"]
    assert table(app, "Version") == ["1"]
    assert table(app, "State") == ["● done"]
    assert table(app, "Score")[0].startswith("50.0 % (")
    assert float(table(app, "Cells")[0]) == pytest.approx(0.75)


def test_a_search_without_a_hit_is_taken_back_by_a_click(
    open_page: Open, evaluation: tuple[int, int]
) -> None:
    app = open_page("evaluations", q="nowhere")
    assert "No evaluation has this in its name or tags" in text_of(app)
    click(app, "all-found")
    assert table(app, "Name") == [f"Grid {MARK}"]
    assert said(app, "q") is None


def test_a_search_where_there_is_nothing_at_all_shows_how_to_begin(open_page: Open) -> None:
    assert "No evaluations yet" in text_of(open_page("evaluations", q="nowhere"))
    assert "No datasets yet" in text_of(open_page("datasets", q="nowhere"))


@pytest.mark.parametrize(
    ("done", "rows", "shown"), [(2, 3, 0.66), (1999, 2000, 0.99), (3, 3, 1.0), (0, 0, None)]
)
def test_the_list_shows_whole_percents_and_all_of_them_only_at_the_end(
    store: Store, dataset: int, done: int, rows: int, shown: float | None
) -> None:
    grids.create(store, ACTOR, "One", dataset_id=dataset, columns=[RATING])
    (found,) = grids.listed(store)
    counts = replace(found.counts, done=done, failed=0, waiting=rows - done)
    (share,) = frame_of([replace(found, counts=counts)])["Cells"]
    assert (None if pd.isna(share) else share) == shown


def test_tags_are_given_with_the_name_and_stand_in_the_list(
    open_page: Open, store: Store, evaluation: tuple[int, int]
) -> None:
    grids.rename(store, ACTOR, evaluation[0], "Graded", "", tags=["prod", "eu"])
    assert table(open_page("evaluations"), "Tags") == ["prod, eu"]
    app = click(grid(open_page, evaluation), "evaluation-rename")
    app.multiselect(key="evaluation-tags").set_value(["eu"])
    within(app, "evaluation-rename", "keep-name")
    found = grids.get(store, evaluation[0])
    assert found is not None
    assert (found.name, found.tags) == ("Graded", ("eu",))


@pytest.mark.parametrize(
    ("looked_for", "is_found"), [("PRO", True), ("grad", True), ("prod eu", False), ("x", False)]
)
def test_the_list_is_searched_by_a_part_of_the_name_or_of_a_tag(
    looked_for: str, is_found: bool, open_page: Open, store: Store, evaluation: tuple[int, int]
) -> None:
    grids.rename(store, ACTOR, evaluation[0], "Graded", "", tags=["prod", "eu"])
    app = open_page("evaluations", q=looked_for)
    if is_found:
        assert table(app, "Name") == ["Graded"]
    else:
        assert "No evaluation has this in its name or tags" in text_of(app)


def test_a_run_without_a_single_result_is_not_called_done(
    open_page: Open, store: Store, dataset: int
) -> None:
    broken = NewColumn("broken", "JSON_PATH", {"source": "question", "json_path": "$.a"})
    made = grids.create(store, ACTOR, "All wrong", dataset_id=dataset, columns=[broken])
    running.start(store, ACTOR, made[1])
    wait(store, made[1])
    assert table(open_page("evaluations"), "State") == ["▲ all failed"]
    app = grid(open_page, made)
    assert "all failed" in text_of(app)
    assert "● done" not in text_of(app)


def test_before_a_run_starts_it_is_said_that_a_key_is_missing(
    open_page: Open, store: Store, dataset: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    column = chat_column("reply", "question", "openai", "gpt-4o-mini")
    made = grids.create(store, ACTOR, "No key", dataset_id=dataset, columns=[column])
    app = grid(open_page, made)
    click(app, "start-run")
    assert any("OPENAI_API_KEY" in one.value for one in app.warning)


@pytest.fixture
def answered(store: Store, dataset: int) -> tuple[int, int]:
    """A grid that has run: a model's answers, and a check of them that fails."""
    broken = NewColumn("broken", "JSON_PATH", {"source": "question", "json_path": "$.a"})
    replies = [chat_column(name, "question", "echo", "echo") for name in ("reply", "other")]
    columns = [*replies, broken]
    made = grids.create(store, ACTOR, "Answered", dataset_id=dataset, columns=columns)
    running.start(store, ACTOR, made[1])
    wait(store, made[1])
    return made


def begun(store: Store, evaluation: tuple[int, int]) -> int:
    """How often runs of an evaluation were started."""
    with store.connection.cursor() as cursor:
        found = cursor.execute(
            "SELECT count(*) FROM audit WHERE action = 'evaluation.start' AND subject = ?",
            [f"evaluation/{evaluation[0]}"],
        ).fetchone()
    return 0 if found is None else int(found[0])


@pytest.mark.parametrize(
    ("opener", "said", "columns"),
    [
        ("rerun-column", "120 calls", ["reply"]),
        ("rerun-cell", "1 call", ["reply"]),
        ("rerun-row", "2 calls", ["reply", "other"]),
    ],
)
def test_what_a_rerun_of_model_calls_would_cost_is_said_before_it_starts(
    open_page: Open,
    store: Store,
    answered: tuple[int, int],
    opener: str,
    said: str,
    columns: list[str],
) -> None:
    app = grid(open_page, answered, cell="3:reply")
    if opener == "rerun-column":
        opener = f"rerun-{grids.newest(store, answered[0]).ids['reply']}"
    click(app, opener)
    assert f"{said} of models" in text_of(app)
    (estimate,) = [one.value for one in app.dataframe if "Column" in one.value]
    assert list(estimate["Column"]) == columns
    assert begun(store, answered) == 1
    within(grid(open_page, answered, cell="3:reply"), opener, "start-now")
    assert begun(store, answered) == 2
    wait(store, answered[1])


def test_what_calls_no_model_is_run_anew_at_once(
    open_page: Open, store: Store, answered: tuple[int, int]
) -> None:
    click(grid(open_page, answered), "rerun-failed")
    assert begun(store, answered) == 2
    wait(store, answered[1])
    click(grid(open_page, answered, cell="3:broken"), "rerun-cell")
    assert begun(store, answered) == 3
    wait(store, answered[1])


def test_a_cost_of_which_nothing_is_known_is_not_called_zero(
    open_page: Open, store: Store, dataset: int
) -> None:
    column = chat_column("reply", "question", "openai", "gpt-4o-mini")
    made = grids.create(store, ACTOR, "New", dataset_id=dataset, columns=[column])
    app = click(grid(open_page, made), "start-run")
    assert "120 calls of models over 120 rows" in text_of(app)
    assert "what they cost is not known" in text_of(app)
    assert "$0" not in text_of(app)


def test_a_note_that_columns_share_is_said_once_in_the_estimate(
    open_page: Open, store: Store, dataset: int
) -> None:
    columns = [chat_column(name, "question", "echo", "echo") for name in ("first", "second")]
    app = grid(open_page, grids.create(store, ACTOR, "Two", dataset_id=dataset, columns=columns))
    click(app, "start-run")
    assert [one.value for one in app.caption if one.value.startswith("first, second: ")]
    assert not [one.value for one in app.caption if one.value.startswith("first: ")]


def test_a_column_that_cannot_run_says_why_in_its_head(
    open_page: Open, store: Store, dataset: int
) -> None:
    judge = NewColumn("good", "LLM_ASSERTION", {"source": "question", "prompt": "Is it good?"})
    broken = NewColumn("found", "REGEX", {"source": "question", "regex_pattern": "(?=a)"})
    code = NewColumn("code", "CODE_EXECUTION", {"code": "return 1", "language": "PYTHON"})
    columns = [judge, broken, code]
    made = grids.create(store, ACTOR, "Three", dataset_id=dataset, columns=columns)
    text = text_of(grid(open_page, made))
    assert "Cannot run: No model is chosen" in text
    assert "look around" in text
    assert "Cannot run: Code columns are off: an administrator turns them on" in text
    assert text.count("Cannot run:") == 3


def test_a_removed_evaluation_is_listed_as_removed_alone(
    open_page: Open, store: Store, evaluation: tuple[int, int]
) -> None:
    grids.remove(store, ACTOR, evaluation[0])
    assert "No evaluations yet" in text_of_subheaders(open_page("evaluations"))
    assert table(open_page("evaluations", deleted="true"), "Name") == [f"Grid {MARK}"]


def text_of_subheaders(app: AppTest) -> str:
    return "\n".join(one.value for one in app.subheader)


def test_the_grid_shows_marks_numbers_failures_and_what_waits_for_people(
    open_page: Open, evaluation: tuple[int, int]
) -> None:
    app = grid(open_page, evaluation)
    assert table(app, "has answer")[:2] == ["■ false", "● true"]
    assert table(app, "words")[:2] == ["3.0", "3.0"]
    assert table(app, "broken")[0].startswith("▲ failed")
    assert table(app, "rating")[0].startswith("○ waiting for a person")
    assert len(table(app, "Row")) == 50
    assert MARK not in text_of(app)


def test_messages_and_calls_of_tools_are_read_as_such_in_the_grid_and_in_an_open_cell(
    open_page: Open, store: Store
) -> None:
    said = [{"role": "user", "content": [{"type": "text", "text": "Weather in Zürich?"}]}]
    calls = [
        {"name": "weather", "arguments": {"city": "Zürich"}},
        {"name": "now", "arguments": {}},
    ]
    rows = [{"messages": said, "answer": {"content": "Let me look.", "tool_calls": calls}}]
    made = add_dataset(store, rows, ["messages", "answer"], "Calls")
    found = grids.create(store, ACTOR, "Calls", dataset_id=made, columns=[RATING])
    app = grid(open_page, found)
    assert table(app, "messages") == ["Weather in Zürich?"]
    assert table(app, "answer") == ['Let me look. weather({"city":"Zürich"}) now({})']
    app = grid(open_page, found, cell="1:answer")
    text = text_of(app)
    assert "Let me look." in text
    assert "tool call · weather" in text
    assert "No arguments" in text
    assert [json.loads(one.value) for one in app.json] == [{"city": "Zürich"}]


def test_what_code_printed_is_text_in_an_open_cell(
    open_page: Open, evaluation: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = grid_reading.cell

    def cell(*place: Any) -> CellDetail:
        return replace(read(*place), data={"stdout": "first\nsecond\n", "step": 2})

    monkeypatch.setattr(grid_reading, "cell", cell)
    app = grid(open_page, evaluation, cell="1:words")
    assert "Printed" in text_of(app)
    assert [one.value for one in app.code if "first" in one.value] == ["first\nsecond"]
    assert [json.loads(one.value) for one in app.json] == [{"step": 2}]


def test_numbers_stand_in_the_grid_as_they_are_and_an_image_by_its_kind(
    open_page: Open, store: Store
) -> None:
    rows = [{"price": 52.76, "picture": "data:image/png;base64,iVBORw0KGgo="}]
    made = add_dataset(store, rows, ["price", "picture"], "Receipts")
    app = grid(open_page, grids.create(store, ACTOR, "Receipts", dataset_id=made))
    shown = app.dataframe[0].proto.arrow_data.styler.display_values
    drawn = convert_arrow_bytes_to_pandas_df(shown)
    assert [str(one) for one in drawn.iloc[0]] == ["1", "52.76", "data:image/png;base64"]


def test_a_link_filters_sorts_and_pages_on_computed_columns(
    open_page: Open, evaluation: tuple[int, int]
) -> None:
    app = grid(open_page, evaluation, q='"has answer"=false', sort="-price")
    assert "**60 rows** match" in text_of(app)
    assert table(app, "Row")[:2] == ["119", "117"]
    app = grid(open_page, evaluation)
    app.query_params["page"] = "3"
    assert table(app.run(), "Row")[0] == "101"
    assert "A state is one of" in text_of(grid(open_page, evaluation, q="words.state=odd"))


def test_what_was_looked_for_leaves_the_link_with_the_view(
    open_page: Open, evaluation: tuple[int, int]
) -> None:
    app = click(grid(open_page, evaluation, q="alpha"), "all-evaluations")
    assert not app.query_params
    app.text_input(key="evaluation-name").input("nowhere").run()
    assert said(app, "q") == "nowhere"
    app = click(app, "new-evaluation")
    assert set(app.query_params) == {"new"}


def test_a_button_of_a_head_shows_the_rows_behind_its_figure(
    open_page: Open, store: Store, evaluation: tuple[int, int]
) -> None:
    column = grids.grid(store, evaluation[1]).column("has answer")
    app = click(grid(open_page, evaluation), f"find-{column.id}--false")
    assert set(table(app, "has answer")) == {"■ false"}
    broken = grids.grid(store, evaluation[1]).column("broken")
    app = click(grid(open_page, evaluation), f"find-{broken.id}-state-failed")
    assert "**120 rows** match" in text_of(app)


def test_an_open_cell_is_shown_whole_with_its_failure_in_words(
    open_page: Open, evaluation: tuple[int, int]
) -> None:
    app = grid(open_page, evaluation, cell="3:broken")
    assert "It would fail again as it stands." in text_of(app)
    app = click(app, "go-j")
    assert said(app, "cell") == "4:broken"
    app = click(app, "go-h")
    assert said(app, "cell") == "4:words"
    app = click(app, "close")
    assert said(app, "cell") is None


def test_beside_an_open_cell_stands_the_verdict_that_is_scored(
    open_page: Open, evaluation: tuple[int, int]
) -> None:
    app = grid(open_page, evaluation, cell="1:words")
    frame = app.dataframe[0].value
    assert list(frame.columns) == ["Row", "question", "words", "has answer"]


def test_the_last_row_of_a_page_goes_on_to_the_next_page(
    open_page: Open, evaluation: tuple[int, int]
) -> None:
    app = click(grid(open_page, evaluation, cell="50:words"), "go-j")
    assert said(app, "cell") == "51:words"
    assert said(app, "page") == "2"


def test_a_rating_in_the_cell_is_kept_and_taken_back(
    open_page: Open, store: Store, evaluation: tuple[int, int]
) -> None:
    app = click(grid(open_page, evaluation, cell="3:rating"), f"rate-{evaluation[1]}-3-rating-4")
    assert grid_reading.cell(store, evaluation[1], 3, "rating").cell.value == 4
    click(app, "unrate")
    assert grid_reading.cell(store, evaluation[1], 3, "rating").cell.value is None


def test_the_fast_screen_goes_from_item_to_item_and_back(
    open_page: Open, store: Store, evaluation: tuple[int, int]
) -> None:
    run_id = evaluation[1]
    app = grid(open_page, evaluation, rate="rating")
    for row, value in ((1, 5), (2, 2)):
        assert f"Row {row}" in text_of(app)
        app = click(app, f"fast-{run_id}-{row}-rating-{value}")
    assert "Row 3" in text_of(app)
    kept = [grid_reading.cell(store, run_id, row, "rating").cell.value for row in (1, 2, 3)]
    assert kept == [5, 2, None]
    app = click(app, "undo-rating")
    assert "Row 2" in text_of(app)
    assert grid_reading.cell(store, run_id, 2, "rating").cell.value is None
    assert "Row 3" in text_of(click(app, "skip-rating"))


def test_a_column_is_added_by_its_form(
    open_page: Open, store: Store, evaluation: tuple[int, int]
) -> None:
    app = grid(open_page, evaluation)
    app.button(key="add-column").click().run()
    app.button_group(key="column-group").set_value("Measure")
    app.button(key="add-column").click().run()
    app.button_group(key="column-type-Measure").set_value("COUNT")
    app.button(key="add-column").click().run()
    app.button(key="add-column").click()
    app.button(key="keep-column").click().run()
    assert not app.exception, app.exception
    made = grids.grid(store, evaluation[1]).columns[-1]
    assert (made.name, made.kind.name, made.problems) == ("count", "COUNT", ())


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        ("MATH_OPERATOR", "Numbers"),
        ("ENDPOINT", "Address"),
        ("LLM_ASSERTION", "Question"),
        ("CONTAINS", "Looked for"),
        ("APPLY_DIFF", "Text, Diff"),
    ],
)
def test_what_a_new_column_still_needs_is_said_by_the_labels_of_its_form(
    open_page: Open, evaluation: tuple[int, int], kind: str, needed: str
) -> None:
    app = grid(open_page, evaluation)
    app.button(key="add-column").click().run()
    app.button(key="add-column").click()
    group = column_type(kind).group
    app.session_state["column-group"] = group
    app.session_state[f"column-type-{group}"] = kind
    app.run()
    assert not app.exception, app.exception
    assert f"Still needed: {needed}." in text_of(app)
    assert "is not there" not in text_of(app)


def test_the_menu_of_a_head_duplicates_and_moves(
    open_page: Open, store: Store, evaluation: tuple[int, int]
) -> None:
    column = grids.grid(store, evaluation[1]).column("words")
    app = click(grid(open_page, evaluation), f"copy-{column.id}")
    assert list(grids.grid(store, evaluation[1]).ids)[1:3] == ["words", "words 2"]
    click(app, f"left-{column.id}")
    assert next(iter(grids.grid(store, evaluation[1]).ids)) == "words"
    app = within(grid(open_page, evaluation), f"remove-{column.id}", "remove-now")
    assert "words" not in grids.grid(store, evaluation[1]).ids


def test_runs_are_made_again_and_compared(
    open_page: Open, store: Store, evaluation: tuple[int, int]
) -> None:
    second = grids.again(store, ACTOR, evaluation[0])
    grids.edit_column(
        store, ACTOR, second, "has answer", {"source": "question", "regex_pattern": "help"}
    )
    running.start(store, ACTOR, second)
    wait(store, second)
    app = grid(open_page, evaluation, tab="Runs")
    compared = app.dataframe[1].value.set_index("Column")
    assert compared.loc["has answer", "Better"] == 60
    assert compared.loc["has answer", "Worse"] == 60
    assert compared.loc["words", "Equal"] == 120
    old = grid(open_page, evaluation, run=str(evaluation[1]))
    assert "This is an older run" in text_of(old)
    assert not [one for one in old.button if one.key in ("add-column", "start-run")]


def test_the_score_says_its_interval_and_what_is_left_out(
    open_page: Open, store: Store, evaluation: tuple[int, int]
) -> None:
    app = grid(open_page, evaluation, tab="Score")
    assert app.metric[0].value == "50.0 %"
    assert "95 % interval" in text_of(app)
    app.multiselect(key=f"score-columns-{evaluation[1]}").set_value(["words", "broken"])
    click(app, "keep-score")
    assert grids.grid(store, evaluation[1]).run.score == {"columns": ["words", "broken"]}
    assert "Without a score: broken" in text_of(grid(open_page, evaluation, tab="Score"))


def test_a_ready_grid_is_made_run_and_scored(open_page: Open, store: Store, dataset: int) -> None:
    app = open_page("evaluations", new="people", dataset=str(dataset), version="1")
    app.text_input(key="start-name").set_value("Mine")
    app = click(app, "make-evaluation")
    evaluation_id = int(said(app, "evaluation") or 0)
    found = grids.newest(store, evaluation_id)
    assert list(found.ids) == ["answer", "rating"]
    assert found.evaluation.name == "Mine"
    app = within(app, "start-run", "start-now")
    wait(store, found.run.id)
    shown = table(open_page("evaluations", evaluation=str(evaluation_id)), "answer")[0]
    assert "help 1" in shown


def test_a_link_to_nothing_says_so(open_page: Open, evaluation: tuple[int, int]) -> None:
    assert "There is no such evaluation" in text_of(open_page("evaluations", evaluation="1"))
    for link in ({"cell": "999:words"}, {"cell": "1:nothing"}, {"rate": "words"}, {"sort": "x"}):
        grid(open_page, evaluation, **link)


def links(app: AppTest) -> list[str]:
    """Labels and targets of a page's links."""
    return [f"{one.proto.label} {one.proto.query_string}" for one in app.get("page_link")]


def test_a_published_version_of_a_dataset_links_to_a_new_evaluation_of_it(
    open_page: Open, dataset: int
) -> None:
    app = open_page("datasets", dataset=str(dataset))
    link = next(one for one in links(app) if one.startswith("Evaluate this version"))
    assert f"dataset={dataset}" in link
    assert "version=1" in link


def test_picked_requests_become_a_dataset_and_a_new_evaluation(
    open_page: Open, store: Store, seeded: list[int]
) -> None:
    app = picked(open_page, seeded[:5])
    app.button(key="bulk-evaluate").click().run()
    app.button(key="bulk-evaluate").click()
    app.button(key="evaluate-now").click().run()
    assert not app.exception, app.exception
    made = datasets.listed(store.connection)
    assert [(one.newest, one.draft, one.rows) for one in made] == [(1, None, 5)]
    app = open_page("evaluations", new="backtest", dataset=str(made[0].id), version="1")
    app = click(app, "make-evaluation")
    found = grids.newest(store, int(said(app, "evaluation") or 0))
    assert found.run.dataset_id == made[0].id
    assert list(found.ids) == ["answer", "same", "similarity"]
    assert all(one.problems == () for one in found.columns)


def test_settings_of_the_run_are_kept(
    open_page: Open, store: Store, evaluation: tuple[int, int]
) -> None:
    app = grid(open_page, evaluation)
    app.button(key="run-settings").click().run()
    app.number_input(key="run-budget").set_value(2.5)
    app.number_input(key="run-concurrency").set_value(3)
    app.button(key="run-settings").click()
    app.button(key="keep-settings").click().run()
    assert not app.exception, app.exception
    run = grids.grid(store, evaluation[1]).run
    assert (run.budget, run.concurrency) == (Decimal("2.5"), 3)


def test_a_budget_of_nothing_is_refused_and_not_taken_for_no_limit(
    open_page: Open, store: Store, evaluation: tuple[int, int]
) -> None:
    running.set_budget(store, ACTOR, evaluation[1], Decimal(2))
    app = grid(open_page, evaluation)
    app.button(key="run-settings").click().run()
    app.number_input(key="run-budget").set_value(0.0)
    app.button(key="run-settings").click()
    app.button(key="keep-settings").click().run()
    assert any("above 0" in one.value for one in app.error)
    assert grids.grid(store, evaluation[1]).run.budget == Decimal(2)


def test_the_prompt_of_a_cell_can_be_read_as_it_was_sent(
    open_page: Open, store: Store, dataset: int
) -> None:
    column = chat_column("reply", "question", "echo", "echo")
    made = grids.create(store, ACTOR, "Echo", dataset_id=dataset, columns=[column])
    running.start(store, ACTOR, made[1])
    wait(store, made[1])
    app = grid(open_page, made, cell="2:reply")
    assert any(one.label == "Prompt as sent" for one in app.expander)
    folded = text_of(app).count("answer 2")
    app.session_state["cell-sent"] = True
    assert text_of(app.run()).count("answer 2") == folded + 1


def test_a_template_links_to_a_new_evaluation_that_fills_its_variables(
    open_page: Open, store: Store, dataset: int
) -> None:
    for text in ("Answer {question}", "Answer {question} kindly"):
        prompt = {
            "type": "chat",
            "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
        }
        metadata = {"model": {"provider": "echo", "name": "echo", "parameters": {}}}
        draft = Draft(name="support/answer", prompt=prompt, metadata=metadata)
        template = publishing.publish(store, ACTOR, draft).template
    app = open_page("templates", template=str(template.id))
    assert any(one.startswith("Evaluate ") and str(template.id) in one for one in links(app))
    app = open_page("evaluations", new="versions", template=str(template.id), dataset=str(dataset))
    assert "Filled in: question from question." in text_of(app)
    app = click(app, "make-evaluation")
    found = grids.newest(store, int(said(app, "evaluation") or 0))
    running.start(store, ACTOR, found.run.id)
    wait(store, found.run.id)
    row = grid_reading.page(store, found.run.id, limit=1).rows[0]
    assert [row.cells[name].version for name in ("before", "after")] == [1, 2]
    app = open_page("evaluations", evaluation=str(found.evaluation.id))
    assert "frozen at 1" in text_of(app)


def test_a_new_evaluation_proposes_the_prompt_and_the_answer_that_fit_the_dataset(
    open_page: Open, store: Store
) -> None:
    for name, text in (("other", "Translate {text}"), ("fits", "{question}"), ("last", "{topic}")):
        messages = [{"role": "user", "content": [{"type": "text", "text": text}]}]
        publishing.publish(
            store, ACTOR, Draft(name=name, prompt={"type": "chat", "messages": messages})
        )
    rows = [{"question": "Why?", "expected": "Because."}]
    with_answer = add_dataset(store, rows, ["question", "expected"], "With answers")
    without = add_dataset(store, [{"question": "Why?"}], ["question"], "Without")
    app = open_page("evaluations", new="expected", dataset=str(with_answer))
    assert shown_choice(app, "start-template") == "fits"
    assert [one.value for one in app.selectbox if one.label == "Expected answer"] == ["expected"]
    app = open_page("evaluations", new="expected", dataset=str(without))
    assert [one.value for one in app.selectbox if one.label == "Expected answer"] == [None]
    assert "Columns: **answer**" in text_of(app)


def shown_choice(app: AppTest, key: str) -> str:
    box = app.selectbox(key=key)
    return str(box.options[box.index or 0])
