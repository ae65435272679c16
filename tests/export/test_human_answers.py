"""The expected answer out of a human column: whose, which rating of several, and what has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.evals.grids import ACTOR, add_dataset
from tests.export.support import add, chat, export, lines
from workbench.evals import rating
from workbench.export.preview import preview
from workbench.export.spec import read_spec
from workbench.jsontext import FieldError
from workbench.settings import Settings
from workbench.store import clock, evaluations
from workbench.store.connection import Cursor
from workbench.store.evaluation_values import ColumnRow
from workbench.store.store import Store

TEXT = '{"data_type":"string"}'
NUMBER = '{"data_type":"number"}'


@pytest.fixture(params=["file", "ducklake"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    place = f"{tmp_path}/workbench.duckdb"
    if request.param == "ducklake":
        place = f"ducklake:{tmp_path}/catalogue.ducklake"
    opened = Store(Settings(database=place, time_zone="UTC"))
    yield opened
    opened.close()


def evaluation(
    store: Store, ids: Sequence[int], columns: Mapping[str, str], name: str = "Reviews"
) -> tuple[int, int]:
    """An evaluation over a dataset with a row (from 1 on) for each request, with these human
    columns: its id, and that of its run."""
    dataset = add_dataset(store, [{"question": f"q{id_}"} for id_ in ids], ["question"], name)

    def change(cursor: Cursor) -> tuple[int, int]:
        for row, id_ in enumerate(ids, 1):
            cursor.execute(
                "UPDATE dataset_rows SET source_request = ? WHERE dataset_id = ? AND id = ?",
                [id_, dataset, row],
            )
        made = store.evaluations.create(cursor, ACTOR, name, "")
        run = store.evaluations.add_run(
            cursor,
            ACTOR,
            made,
            dataset=(dataset, 1),
            concurrency=4,
            columns=[
                ColumnRow(
                    id=0,
                    position=0,
                    name=column,
                    type="HUMAN",
                    spec=spec,
                    used=None,
                    edited_by=ACTOR,
                    edited_at=clock.from_stored(clock.now()),
                )
                for column, spec in columns.items()
            ],
        )
        return made, run

    return store.change(change).result()


def answers(store: Store, folder: Path, **tuning: Any) -> tuple[dict[str, str], dict[int, str]]:
    """The answer to each question, and why what is left out is."""
    _, place = export(store, folder, {"format": "openai", "name": "p", "tuning": tuning})
    found = [line["messages"] for line in lines(place / "p-train.jsonl")]
    left = {one["id"]: one["reason"] for one in lines(place / "left-out.jsonl")}
    return {one[-2]["content"]: one[-1]["content"] for one in found}, left


def test_a_written_answer_is_learnt_and_what_nobody_rated_has_its_reason(
    store: Store, folder: Path
) -> None:
    ids = add(
        store,
        chat(1, "One?", "Wrong."),
        chat(2, "Two?", "Also wrong."),
        chat(3, "Three?", "Cut", finish_reason="length"),
        chat(4, "Four?", "", status="ERROR", error_type="timeout"),
        chat(5, "Five?", "Never looked at."),
    )
    _, run = evaluation(store, ids[:4], {"better": TEXT, "grade": NUMBER})
    rating.rate(store, ACTOR, run, 1, "better", "It is one.")
    rating.rate(store, ACTOR, run, 3, "better", "Drei 😀\n")
    rating.rate(store, ACTOR, run, 4, "better", "Four.")
    rating.rate(store, ACTOR, run, 1, "grade", 4)
    # Taken back again.
    rating.rate(store, ACTOR, run, 2, "better", "No.")
    rating.unrate(store, ACTOR, run, 2, "better")
    found, left = answers(store, folder, answer="human.better")
    assert found == {"One?": "It is one.", "Three?": "Drei 😀\n"}
    assert left == {ids[1]: "no rating", ids[3]: "error", ids[4]: "no rating"}
    # A number is an answer too: a model can learn to grade.
    assert answers(store, folder, answer="human.grade")[0] == {"One?": "4"}


def test_the_newest_rating_of_any_evaluation_counts_or_that_of_the_one_that_is_named(
    store: Store, folder: Path
) -> None:
    ids = add(store, chat(1, "One?", "Wrong."), chat(2, "Two?", "Wrong."))
    first, run = evaluation(store, ids, {"better": TEXT})
    second, later = evaluation(store, ids[:1], {"better": TEXT}, "Others")
    third, _ = evaluation(store, ids, {"other": TEXT}, "Third")
    rating.rate(store, ACTOR, later, 1, "better", "of the second")
    rating.rate(store, ACTOR, run, 1, "better", "of the first")
    rating.rate(store, ACTOR, run, 2, "better", "of the first too")
    newest = {"One?": "of the first", "Two?": "of the first too"}
    assert answers(store, folder, answer="human.better")[0] == newest
    named, left = answers(store, folder, answer="human.better", evaluation=second)
    assert (named, left) == ({"One?": "of the second"}, {ids[1]: "no rating"})
    rating.rate(store, ACTOR, later, 1, "better", "newer")
    assert answers(store, folder, answer="human.better")[0]["One?"] == "newer"
    assert answers(store, folder, answer="human.better", evaluation=first)[0] == newest
    for tuning, field in (
        ({"answer": "human.better", "evaluation": third}, "tuning.evaluation"),
        ({"answer": "human.nothing"}, "tuning.answer"),
    ):
        with pytest.raises(FieldError) as refused:
            answers(store, folder, **tuning)
        assert refused.value.field == field
    # With its evaluation a rating goes out of sight.
    store.change(lambda cursor: store.evaluations.remove(cursor, ACTOR, second)).result()
    assert answers(store, folder, answer="human.better")[0] == newest


def test_many_requests_keep_their_own_ratings_also_where_few_are_chosen(
    store: Store, folder: Path
) -> None:
    ids = add(store, *(chat(n, f"{n}?", "No.", tags=(f"t{n % 5}",)) for n in range(60)))
    _, run = evaluation(store, ids[::2], {"better": TEXT})
    for row in range(1, 31):
        rating.rate(store, ACTOR, run, row, "better", f"answer {2 * (row - 1)}")
    spec = {"format": "openai", "tuning": {"answer": "human.better"}, "q": ""}
    group = {"filters": [{"field": "tags", "operator": "contains", "value": "t0"}]}
    _, place = export(store, folder, {**spec, "filter_group": group})
    found = [line["messages"] for line in lines(place / "requests-train.jsonl")]
    assert {one[-2]["content"]: one[-1]["content"] for one in found} == {
        f"{n}?": f"answer {n}" for n in range(0, 60, 10)
    }


def test_ratings_are_masked_and_previewed(store: Store, folder: Path) -> None:
    ids = add(store, chat(1, "One?", "Wrong."), chat(2, "Two?", "Wrong."))
    _, run = evaluation(store, ids, {"better": TEXT})
    rating.rate(store, ACTOR, run, 1, "better", "Write to ann@example.org.")
    given = {"format": "openai", "masking": {}, "tuning": {"answer": "human.better"}}
    seen = preview(store.connection, read_spec(given), clock.from_stored(clock.now()))
    assert seen.left_out == {"no rating": 1}
    assert seen.sample[0]["messages"][-1]["content"] == "Write to [EMAIL]."
    made, place = export(store, folder, given)
    assert "ann@" not in (place / "requests-train.jsonl").read_text()
    assert made.manifest["spec"]["tuning"] == {"answer": "human.better"}
    assert "human.better" in [one["name"] for one in made.manifest["columns"]]


@pytest.mark.parametrize(
    ("format_", "tuning", "field"),
    [
        ("openai", {"evaluation": 7}, "tuning.evaluation"),
        ("openai", {"answer": "human."}, "tuning.answer"),
        ("openai", {"answer": "metadata.x", "evaluation": 7}, "tuning.evaluation"),
        ("openai", {"answer": "human.x", "evaluation": 0}, "tuning.evaluation"),
        ("openai-preference", {"answer": "human.x"}, "tuning.answer"),
    ],
)
def test_what_names_no_human_column_is_refused_with_its_place(
    format_: str, tuning: dict[str, Any], field: str
) -> None:
    with pytest.raises(FieldError) as refused:
        read_spec({"format": format_, "tuning": tuning})
    assert refused.value.field == field


def test_a_store_without_evaluations_says_that_there_are_no_human_columns(
    store: Store, folder: Path
) -> None:
    add(store, chat(1, "One?", "Wrong."))
    assert evaluations.counted(store.connection, "", deleted=False) == 0
    with pytest.raises(FieldError, match="there are: none"):
        answers(store, folder, answer="human.better")
