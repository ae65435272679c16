"""The Datasets page: empty, with rows in several versions, and the ways into it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, text_of
from tests.ui.test_logs_tools import picked
from tests.ui.test_playground import kept as kept_session
from tests.ui.test_playground import run_all
from workbench.datasets import jobs
from workbench.logs.importing import incoming
from workbench.providers.host import close_host
from workbench.store import dataset_reading, datasets
from workbench.store.connection import Cursor
from workbench.store.datasets import NewRow
from workbench.store.store import Store
from workbench.ui.importing import all_jobs

T = TypeVar("T")
A = "user:a"
MARK = "<script>alert(1)</script>"


def run(store: Store, change: Callable[[Cursor], T]) -> T:
    return store.change(change).result()


@pytest.fixture
def dataset(store: Store) -> int:
    """120 rows in version 1; in version 2 row 1 is changed, row 2 gone, 121 new; a draft of 3."""

    def make(cursor: Cursor) -> int:
        changes = store.datasets
        id_ = changes.create(cursor, A, f"Cases {MARK}")
        changes.open_draft(cursor, A, id_)
        rows = [
            NewRow(
                {"question": f"case {n} {MARK}", "price": n, "data": {"n": [n]}, "output": "yes"},
                "train" if n % 2 else "test",
                ("even",) if n % 2 == 0 else (),
            )
            for n in range(1, 121)
        ]
        changes.add_rows(cursor, A, id_, rows)
        changes.publish(cursor, A, id_, "the first")
        changes.open_draft(cursor, A, id_)
        changes.edit_row(cursor, A, id_, 1, {"question": "changed", "price": 1})
        changes.delete_rows(cursor, A, id_, [2])
        changes.add_rows(cursor, A, id_, [NewRow({"question": "new", "late": True})])
        changes.publish(cursor, A, id_, "the second")
        changes.open_draft(cursor, A, id_)
        return id_

    return run(store, make)


def click(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception, app.exception
    return app


def within(app: AppTest, opener: str, *labels: str) -> AppTest:
    """Press buttons of a dialog: for AppTest it is there only while its opener is pressed."""
    app.button(key=opener).click()
    for label in labels:
        next(each for each in app.button if each.label == label or each.key == label).click()
    return app.run()


def kept(store: Store, id_: int, number: int) -> dict[int, dict[str, Any]]:
    rows = dataset_reading.rows(store.connection, id_, number)
    return {row.id: row.values for row in rows}


def test_an_empty_store_offers_the_three_ways_in(open_page: Open) -> None:
    app = open_page("datasets")
    text = text_of(app)
    assert "No datasets yet" in text
    for way in ("From the logs", "From a file", "By hand"):
        assert way in text
    assert not app.dataframe


def test_a_dataset_is_made_by_hand_and_its_first_row_filled_in(
    open_page: Open, store: Store
) -> None:
    app = click(open_page("datasets"), "new-dataset")
    app.text_input(key="new-name").input("Questions")
    app.text_input(key="new-columns").input("question, output")
    # The browser sends what was typed when the field is left.
    app = within(app, "new-dataset")
    app = within(app, "new-dataset", "make-dataset")
    found = datasets.get_by_name(store.connection, "questions")
    assert found is not None
    assert "No rows yet" in text_of(app)
    # The grid that its first rows can be typed into is open.
    assert app.toggle(key="dataset-grid").value
    assert app.button(key="keep-grid").disabled
    app = click(app, "add-row")
    app.text_area(key="row-form-new-1-question").input("Where is it?")
    app.text_area(key="row-form-new-1-output").input("Here")
    app = within(app, "add-row", "Add")
    assert kept(store, found.id, 1) == {1: {"question": "Where is it?", "output": "Here"}}


def test_a_name_that_is_taken_is_said_and_nothing_is_lost(
    open_page: Open, store: Store, dataset: int
) -> None:
    app = click(open_page("datasets"), "new-dataset")
    app.text_input(key="new-name").input(f"CASES {MARK}")
    app = within(app, "new-dataset")
    assert "already: choose another name." in text_of(app)
    assert app.button(key="make-dataset").disabled
    assert app.text_input(key="new-name").value == f"CASES {MARK}"


def test_a_new_dataset_is_not_to_be_made_before_it_has_a_name(open_page: Open) -> None:
    app = click(open_page("datasets"), "new-dataset")
    assert app.button(key="make-dataset").disabled
    assert "needs a name" in text_of(app)
    app.text_input(key="new-name").input("Questions")
    app = within(app, "new-dataset")
    assert not app.button(key="make-dataset").disabled
    assert "needs a name" not in text_of(app)


def test_the_list_shows_datasets_with_their_rows_and_versions(
    open_page: Open, dataset: int
) -> None:
    frame = open_page("datasets").dataframe[0].value
    row = frame.iloc[0]
    assert (row["Name"], row["Rows"], row["Version"], row["Draft"]) == (
        f"Cases {MARK}",
        120,
        2,
        "open",
    )
    app = open_page("datasets", q="nowhere")
    assert "No dataset has this in its name" in text_of(app)
    assert len(click(app, "all-found").dataframe) == 1


def test_a_link_names_version_page_order_and_conditions(open_page: Open, dataset: int) -> None:
    id_ = str(dataset)
    app = open_page("datasets", dataset=id_, version="1")
    app.query_params["page"] = "3"
    app.run()
    assert list(app.dataframe[0].value["Row"]) == list(range(101, 121))
    app = open_page("datasets", dataset=id_, version="1", sort="-price", q="price<50 split=train")
    frame = app.dataframe[0].value
    assert list(frame["price"])[:3] == [49, 47, 45]
    assert "**25** of 120 rows" in text_of(app)
    app = open_page("datasets", dataset=id_, version="1", q='"open')
    assert "quote" in text_of(app)
    app = open_page("datasets", dataset=id_, version="1", q="zebra")
    assert "No row matches" in text_of(app)
    app = open_page("datasets", dataset=id_, version="99")
    assert "no version 99" in text_of(app)


def test_what_was_looked_for_stands_in_the_link_and_leaves_it_with_the_view(
    open_page: Open, dataset: int
) -> None:
    app = open_page("datasets", dataset=str(dataset), q="price<50")
    app.query_params["page"] = "2"
    app.run()
    app.text_input(key="dataset-line").input("price<40").run()
    assert (app.query_params["q"], "page" in app.query_params) == ("price<40", False)
    app = click(app, "all-datasets")
    assert not app.query_params
    app.text_input(key="dataset-name").input("nowhere").run()
    app.toggle(key="removed-datasets").set_value(True).run()
    assert app.query_params == {"q": "nowhere", "deleted": "true"}
    assert "No removed dataset has this in its name" in text_of(app)


def test_a_row_opens_beside_the_table_with_whole_values_and_hostile_text_as_text(
    open_page: Open, dataset: int
) -> None:
    app = open_page("datasets", dataset=str(dataset), version="1", row="50")
    text = text_of(app)
    assert "Row 50" in text
    assert "&lt;script&gt;" in text
    assert MARK not in "\n".join(each.proto.body for each in app.get("html"))
    assert app.button(key="go-k").disabled is False
    app = click(app, "go-j")
    assert "Row 51" in text_of(app)
    assert app.query_params["page"] == "2"


def test_a_row_is_edited_in_the_draft_and_published_versions_keep_theirs(
    open_page: Open, store: Store, dataset: int
) -> None:
    app = open_page("datasets", dataset=str(dataset), row="5")
    before = kept(store, dataset, 2)
    app = click(app, "edit-row")
    app.text_input(key="row-form-5-3-price").input("many")
    app = within(app, "edit-row", "Keep")
    assert "a number is needed" in text_of(app)
    app.text_input(key="row-form-5-3-price").input("5.5")
    app = within(app, "edit-row", "Keep")
    after = kept(store, dataset, 3)
    assert after[5] == {**before[5], "price": 5.5}
    assert kept(store, dataset, 2) == before
    assert {id_: row for id_, row in after.items() if id_ != 5} == {
        id_: row for id_, row in before.items() if id_ != 5
    }


def test_duplicates_are_shown_before_they_leave_the_draft(
    open_page: Open, store: Store, dataset: int
) -> None:
    again = [NewRow({"question": "twice"}), NewRow({"question": "twice"})]
    run(store, lambda cursor: store.datasets.add_rows(cursor, A, dataset, again))
    app = open_page("datasets", dataset=str(dataset), version="3")
    app.button(key="dataset-duplicates").click().run()
    text = text_of(app)
    assert "1 row** would go" in text
    app = within(app, "dataset-duplicates", "Remove 1 row")
    assert "1 row taken out" in text_of(app)
    assert [id_ for id_, row in kept(store, dataset, 3).items() if row == again[0].values] == [122]


def test_a_column_of_the_draft_is_renamed_and_published_versions_keep_its_name(
    open_page: Open, store: Store, dataset: int
) -> None:
    app = open_page("datasets", dataset=str(dataset), version="3")
    app.button(key="columns").click().run()
    app.selectbox(key="rename").select("question")
    app.button(key="columns").click().run()
    app.text_input(key="rename-to").set_value("price")
    app = within(app, "columns", "keep-columns")
    assert any("already" in one.value for one in app.error)
    app.button(key="columns").click().run()
    app.selectbox(key="rename").select("question")
    app.button(key="columns").click().run()
    app.text_input(key="rename-to").set_value("asked")
    app = within(app, "columns", "keep-columns")
    assert not app.exception, app.exception
    assert kept(store, dataset, 3)[121] == {"asked": "new", "late": True}
    assert kept(store, dataset, 2)[121] == {"question": "new", "late": True}
    app = open_page("datasets", dataset=str(dataset), tab="Changes", before="2", after="3")
    assert "Renamed: question → asked" in text_of(app)


def test_changes_show_what_came_went_and_differs(open_page: Open, dataset: int) -> None:
    app = open_page("datasets", dataset=str(dataset), tab="Changes", before="1", after="2")
    text = text_of(app)
    assert "+ Row 121" in text
    assert "− Row 2" in text
    assert "~ Row 1" in text
    assert "New columns: late" in text
    assert MARK not in "\n".join(each.proto.body for each in app.get("html"))
    app = open_page("datasets", dataset=str(dataset), tab="Changes", before="2", after="3")
    assert "No row differs" in text_of(app)


def test_versions_are_listed_with_notes_and_an_old_one_is_restored_into_the_draft(
    open_page: Open, store: Store, dataset: int
) -> None:
    app = open_page("datasets", dataset=str(dataset), tab="Versions")
    text = text_of(app)
    assert "the first" in text
    assert "the second" in text
    app = within(click(app, "restore-1"), "restore-1", "restore-now")
    assert kept(store, dataset, 3) == kept(store, dataset, 1)


def test_a_draft_is_published_with_a_note_and_the_next_one_opened(
    open_page: Open, store: Store, dataset: int
) -> None:
    app = click(open_page("datasets", dataset=str(dataset)), "publish")
    app.text_area(key="publish-note").input("third")
    app = within(app, "publish", "publish-now")
    version = datasets.version(store.connection, dataset)
    assert version is not None
    assert (version.number, version.note, version.rows) == (3, "third", 120)
    app = click(app, "edit-dataset")
    assert datasets.draft(store.connection, dataset) is not None


def test_a_dataset_that_is_not_there_is_said(open_page: Open, store: Store) -> None:
    for id_ in ("5", "x", ""):
        assert "no such dataset" in text_of(open_page("datasets", dataset=id_))


def test_a_file_comes_in_as_it_was_shown(open_page: Open, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(f"question,n\n{MARK},1\nb,2\nc,many\n")
    with path.open("rb") as source:
        file = incoming.keep_upload(all_jobs().folder, "cases.csv", source)
    app = open_page("datasets", file=file.token)
    assert list(app.dataframe[-1].value["question"]) == [MARK, "b", "c"]
    app = click(app, "bring-in")
    found = datasets.get_by_name(store.connection, "cases")
    assert found is not None
    assert all(job.live and job.live.wait(20) for job in jobs.of_dataset(store, found.id))
    assert list(kept(store, found.id, 1).values()) == [
        {"question": MARK, "n": "1"},
        {"question": "b", "n": "2"},
        {"question": "c", "n": "many"},
    ]
    text = text_of(open_page("datasets", dataset=str(found.id)))
    assert "3 rows added" in text


def upload(tmp_path: Path, name: str, content: bytes) -> str:
    path = tmp_path / name
    path.write_bytes(content)
    with path.open("rb") as source:
        return incoming.keep_upload(all_jobs().folder, name, source).token


def test_a_file_goes_into_a_dataset_that_is_chosen_where_its_name_is_taken(
    open_page: Open, store: Store, dataset: int, tmp_path: Path
) -> None:
    run(store, lambda cursor: store.datasets.create(cursor, A, "more"))
    app = open_page("datasets", file=upload(tmp_path, "More.csv", b"question\nfrom a file\n"))
    assert 'There is a dataset "more" already' in text_of(app)
    assert app.button(key="bring-in").disabled
    into = next(each for each in app.selectbox if each.label == "Into")
    into.select(dataset).run()
    app = click(app, "bring-in")
    assert all(job.live and job.live.wait(20) for job in jobs.of_dataset(store, dataset))
    assert kept(store, dataset, 3)[122] == {"question": "from a file"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"question\n", "The file has no rows."),
        ("Frage\nGr\u00fc\u00dfe\n".encode("latin-1"), "None of the first rows would come in."),
    ],
)
def test_a_file_of_which_nothing_would_come_in_makes_no_dataset(
    open_page: Open, store: Store, tmp_path: Path, content: bytes, said: str
) -> None:
    app = open_page("datasets", file=upload(tmp_path, "cases.csv", content))
    assert said in text_of(app)
    assert "Another type" not in text_of(app)
    assert app.button(key="bring-in").disabled


def test_a_file_that_is_gone_and_one_that_cannot_be_read_are_said(
    open_page: Open, store: Store, tmp_path: Path
) -> None:
    assert "not there any more" in text_of(open_page("datasets", file="upload-0000000000000000"))
    path = tmp_path / "broken.xlsx"
    path.write_bytes(b"PK\x03\x04 no workbook")
    with path.open("rb") as source:
        file = incoming.keep_upload(all_jobs().folder, "broken.xlsx", source)
    assert "cannot be read" in text_of(open_page("datasets", file=file.token))


def test_picked_requests_become_rows_of_a_new_dataset(
    open_page: Open, store: Store, seeded: list[int]
) -> None:
    app = click(picked(open_page, seeded[:3]), "bulk-dataset")
    app.text_input(key="add-name").input("From logs")
    app = within(app, "bulk-dataset", "add-now")
    assert "3 rows added" in text_of(app)
    found = datasets.get_by_name(store.connection, "From logs")
    assert found is not None
    rows = dataset_reading.rows(store.connection, found.id, 1)
    assert sorted(row.source_request or 0 for row in rows) == sorted(seeded[:3])


def test_a_new_dataset_of_requests_has_a_name_and_one_that_will_not_do_is_said_before(
    open_page: Open, store: Store, seeded: list[int], dataset: int
) -> None:
    app = click(picked(open_page, seeded[:3]), "bulk-dataset")
    assert (app.text_input(key="add-name").value or "").startswith("Logs of ")
    assert not app.button(key="add-now").disabled
    for name, said in ((" ", "needs a name"), (f"cases {MARK}", "already")):
        app.text_input(key="add-name").input(name)
        app = click(app, "bulk-dataset")
        assert said in text_of(app)
        assert app.button(key="add-now").disabled


def test_an_open_request_becomes_a_row(
    open_page: Open, store: Store, seeded: list[int], dataset: int
) -> None:
    app = click(open_page("request", request=str(seeded[0])), "to-dataset")
    app.selectbox(key="add-dataset").set_value(dataset)
    app = within(app, "to-dataset", "add-now")
    assert "1 row added" in text_of(app)
    rows = dataset_reading.rows(store.connection, dataset, 3)
    assert rows[-1].source_request == seeded[0]


@pytest.fixture
def _host(store: Store) -> Iterator[None]:
    yield
    close_host()


@pytest.mark.usefixtures("_host")
def test_answers_of_the_playground_become_rows_with_what_was_asked(
    open_page: Open, store: Store
) -> None:
    session = kept_session(store, "Hello there")
    app = open_page("playground", session=str(session.id))
    app = click(app, "to-dataset")
    assert "no answer yet" in "".join(each.value for each in app.toast)
    app = run_all(app, session, store)
    app = click(app, "to-dataset")
    app.text_input(key="add-name").input("Answers")
    app = within(app, "to-dataset", "add-now")
    assert "2 rows added" in text_of(app)
    found = datasets.get_by_name(store.connection, "Answers")
    assert found is not None
    rows = dataset_reading.rows(store.connection, found.id, 1)
    assert len(rows) == 2
    assert all("Hello" in str(row.values["messages"]) for row in rows)
    assert all("output" in row.values for row in rows)


def test_the_export_page_holds_a_version_of_a_dataset(open_page: Open, dataset: int) -> None:
    options = json.dumps({"source": "datasets", "dataset": dataset, "version": 1})
    app = open_page("export", format="csv", options=options)
    assert app.button(key="start-export").label == "Export 120 rows as CSV"
    app = open_page("export", format="csv", options=json.dumps({"source": "datasets"}))
    assert "number of a dataset is needed" in text_of(app)
    gone = json.dumps({"source": "datasets", "dataset": 5})
    assert "no published version" in text_of(open_page("export", format="csv", options=gone))


def test_what_is_removed_leaves_the_list_and_comes_back_on_a_click(
    open_page: Open, store: Store, dataset: int
) -> None:
    run(store, lambda cursor: store.datasets.remove(cursor, A, dataset))
    assert "No datasets yet" in text_of(open_page("datasets"))
    assert "no such dataset" in text_of(open_page("datasets", dataset=str(dataset)))
    app = open_page("datasets", deleted="true")
    assert list(app.dataframe[0].value["Name"]) == [f"Cases {MARK}"]


def test_rows_of_a_draft_are_typed_into_a_grid(open_page: Open, dataset: int) -> None:
    app = open_page("datasets", dataset=str(dataset), q="price>118")
    app.toggle(key="dataset-grid").set_value(True).run()
    assert not app.exception
    assert app.button(key="keep-grid").disabled
