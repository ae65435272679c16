"""A dataset that left as a file and came in again has equal rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.datasets.conftest import ACTOR, bring, kept, values
from workbench.datasets.adding import Opened, Target, add_by_hand, open_target
from workbench.datasets.from_files import Reading
from workbench.export.output import Output
from workbench.export.running import Control, Finished, run
from workbench.export.spec import Spec, read_spec
from workbench.jsontext import FieldError
from workbench.settings import Settings
from workbench.store.datasets import NewRow
from workbench.store.store import Store

PICTURE = f"data:image/png;base64,{'QUJD' * 500}"
ROWS = [
    NewRow(
        {
            "question": "Où est-il ?\n\"quoted\", 'and' \\ more",
            "n": 5,
            "x": 0.5,
            "ok": True,
            "messages": [{"role": "user", "content": [{"type": "text", "text": "é"}]}],
            "picture": PICTURE,
            "zip": "00123",
            "mixed": "text",
        },
        "train",
        ("a", "b, c"),
    ),
    NewRow(
        {"question": "=1+1", "n": -(2**40), "x": 2, "ok": False, "mixed": 5, "zip": "1"}, "test"
    ),
    NewRow({"question": "only", "zip": "0"}),
]
FORMATS = {"csv": "csv", "jsonl": "jsonl", "parquet": "parquet", "excel": "xlsx"}


def export(store: Store, folder: Path, **spec: Any) -> tuple[Path, Finished]:
    made = run(
        store.connection,
        Spec(source="datasets", name="cases", **spec),
        Output(folder, 1),
        id_=1,
        now=datetime.now(UTC),
        control=Control(),
    )
    name = made.manifest["files"][0]["name"]
    return next(folder.rglob(name)), made


def again(store: Store, path: Path) -> Opened:
    target = open_target(store, ACTOR, Target(name=f"again {path.suffix}"))
    brought = bring(store, target, path, Reading())
    assert brought.refused == 0, brought.listed
    return target


def told(store: Store, draft: Opened) -> list[tuple[dict[str, Any], str | None, tuple[str, ...]]]:
    return [(row.values, row.split, row.tags) for row in kept(store, draft)]


@pytest.mark.parametrize("format_", FORMATS)
def test_an_export_comes_in_again_with_equal_rows(
    store: Store, draft: Opened, tmp_path: Path, format_: str
) -> None:
    add_by_hand(store, ACTOR, Target(draft.dataset_id), ROWS)
    path, made = export(
        store, tmp_path / "out", format=format_, dataset=draft.dataset_id, version=1
    )
    assert made.rows == 3
    assert path.suffix == f".{FORMATS[format_]}"
    assert told(store, again(store, path)) == told(store, draft)


anything = st.characters(exclude_categories=["Cs"])
texts = st.text(anything, max_size=20)
scalars = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc~/\"'", max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
row_values = st.fixed_dictionaries(
    {},
    optional={
        "text": texts,
        'na~me/"x"': texts,
        "n": st.integers(-(2**63), 2**63 - 1),
        "x": st.floats(allow_nan=False, allow_infinity=False),
        "ok": st.booleans(),
        "any": json_values,
    },
)


@settings(max_examples=25)
@example([{"x": 9.223372036854776e18}, {"x": 1e15, "n": 2**63 - 1}])
@example([{"any": "00"}])
@example([{"any": ""}])
@example([{"any": 1}, {"any": ""}, {"any": "1"}, {"text": "[1]"}])
@given(st.lists(row_values, min_size=1, max_size=5))
def test_any_rows_leave_as_json_lines_and_parquet_and_come_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("round")
    store = Store(Settings(database=str(folder / "w.duckdb")))
    try:
        draft = open_target(store, ACTOR, Target(name="Set"))
        add_by_hand(store, ACTOR, Target(draft.dataset_id), [NewRow(row) for row in rows])
        if not any(rows):
            with pytest.raises(FieldError, match="no columns"):
                export(store, folder, format="csv", dataset=draft.dataset_id, version=1)
            return
        for format_ in ("jsonl", "parquet"):
            path, _ = export(
                store, folder / format_, format=format_, dataset=draft.dataset_id, version=1
            )
            assert values(store, again(store, path)) == rows
    finally:
        store.close()


def test_chosen_columns_alone_leave_and_the_row_number_where_it_is_asked_for(
    store: Store, draft: Opened, tmp_path: Path
) -> None:
    add_by_hand(store, ACTOR, Target(draft.dataset_id), ROWS)
    path, made = export(
        store,
        tmp_path / "out",
        format="csv",
        dataset=draft.dataset_id,
        version=1,
        columns=("row", "n", "split"),
    )
    assert path.read_text().splitlines() == [
        '"row","n","split"',
        '1,5,"train"',
        f'2,{-(2**40)},"test"',
        "3,,",
    ]
    assert made.manifest["filter"]["json"] == {"dataset": draft.dataset_id, "version": 1}


def test_the_newest_published_version_leaves_where_none_is_named(
    store: Store, draft: Opened, tmp_path: Path
) -> None:
    id_ = draft.dataset_id
    with pytest.raises(FieldError, match="no published version") as refused:
        export(store, tmp_path / "a", format="csv", dataset=id_)
    assert refused.value.field == "dataset"
    add_by_hand(store, ACTOR, Target(id_), ROWS[:1])
    store.change(lambda cursor: store.datasets.publish(cursor, ACTOR, id_)).result()
    add_by_hand(store, ACTOR, Target(id_), ROWS[1:])
    assert export(store, tmp_path / "b", format="csv", dataset=id_)[1].rows == 1
    assert export(store, tmp_path / "c", format="csv", dataset=id_, version=2)[1].rows == 3
    with pytest.raises(FieldError, match="no column"):
        export(store, tmp_path / "d", format="csv", dataset=id_, columns=("nowhere",))


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "csv"},
        {"format": "openai-chat", "dataset": 1},
        {"format": "csv", "dataset": 1, "q": "x"},
        {"format": "csv", "dataset": 0},
    ],
)
def test_specs_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(FieldError):
        read_spec({"source": "datasets", **wrong})


def test_values_are_masked_where_that_is_asked_for(
    store: Store, draft: Opened, tmp_path: Path
) -> None:
    row = NewRow({"text": "write to ada@example.org", "data": {"to": "ada@example.org"}})
    add_by_hand(store, ACTOR, Target(draft.dataset_id), [row])
    path, made = export(
        store,
        tmp_path / "out",
        format="jsonl",
        dataset=draft.dataset_id,
        version=1,
        masking={"detectors": ("email",)},
    )
    assert "ada@example.org" not in path.read_text()
    assert made.manifest["masking"]["masked"]["email"] == 2
