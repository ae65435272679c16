"""The page of imports: choosing, looking, and the import itself, in an empty and a used store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.importing.support import FILES
from tests.ui.conftest import Open, text_of
from workbench.filters import parse_text
from workbench.logs.importing import incoming
from workbench.logs.importing.background import Jobs, close_jobs, jobs
from workbench.logs.importing.background_job import Asked, Job
from workbench.store import clock, search
from workbench.store.store import Store
from workbench.ui import download, importing
from workbench.ui.importing_words import plain

WRONG = b"""Question,Reply,When,Customer,Note
What is the weather?,Sunny,2026-03-01 12:00:00,c1,
Where is it?,Here,not a time,c2,
<img src=x onerror=alert(1)>,**bold**,2026-03-01 12:05:00,c1,
"""


@pytest.fixture
def all_jobs(store: Store) -> Jobs:
    return jobs(store.settings)


@pytest.fixture(autouse=True)
def _no_import_outlives_its_test(store: Store) -> Iterator[None]:
    yield
    close_jobs()


def link_of(app: AppTest, name: str) -> str:
    """A parameter of the page's address."""
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def button(app: AppTest, label: str) -> bool:
    return any(one.label == label for one in app.button)


def click(app: AppTest, label: str) -> AppTest:
    next(one for one in app.button if one.label == label).click()
    app.run()
    assert not app.exception, app.exception
    return app


def choose(app: AppTest, label: str, value: str | None) -> AppTest:
    next(one for one in app.selectbox if one.label == label).select(value)
    app.run()
    assert not app.exception, app.exception
    return app


def place(all_jobs: Jobs, name: str, data: bytes) -> str:
    all_jobs.folder.mkdir(exist_ok=True)
    (all_jobs.folder / name).write_bytes(data)
    return f"file-{name}"


def ended(all_jobs: Jobs, job_id: str) -> Job:
    while True:
        job = all_jobs.get(job_id)
        assert job is not None
        if job.state not in ("waiting", "running"):
            return job
        threading.Event().wait(0.02)


def run_job(all_jobs: Jobs, store: Store, asked: Asked) -> Job:
    return ended(all_jobs, all_jobs.start(asked, store, "tester").id)


def test_home_and_logs_of_an_empty_store_lead_to_the_import(open_page: Open) -> None:
    assert button(open_page(), "Import a file")
    links = [link.proto.label for link in open_page("logs").get("page_link")]
    assert "Import a file" in links


def test_the_empty_page_says_where_files_may_lie(open_page: Open, all_jobs: Jobs) -> None:
    app = open_page("import")
    shown = text_of(app)
    assert "Upload a file" in shown
    assert str(all_jobs.folder) in shown
    assert "There is none yet." in shown
    assert "Imports" not in [one.value for one in app.subheader]


def test_an_upload_is_shown_as_it_would_be_read_and_nothing_is_stored(
    open_page: Open, store: Store, all_jobs: Jobs
) -> None:
    app = open_page("import")
    app.file_uploader[0].upload("../own.csv", WRONG, "text/csv")
    app.run()
    assert not app.exception, app.exception
    token = link_of(app, "file")
    assert token.startswith("upload-")
    shown = text_of(app)
    assert "own.csv" in shown
    assert "Not understood in the first rows" in shown
    rows, refused = app.dataframe
    assert list(rows.value["Line"]) == [2, 4]
    assert list(rows.value["Input"]) == ["What is the weather?", "<img src=x onerror=alert(1)>"]
    assert list(refused.value["Line"]) == [3]
    assert "a time such as" in refused.value["Why"][0]
    chosen = {one.label: one.value for one in app.selectbox if one.label.startswith("Field")}
    assert chosen["Field of Question"] == "input"
    assert chosen["Field of Customer"] == "metadata.Customer"
    assert "Left out: Note." in shown
    assert search.newest_id(store.connection) == 0
    click(app, "Choose another file")
    assert incoming.find(all_jobs.folder, token) is None, "an upload that nobody wants goes"


def test_a_changed_mapping_and_zone_are_seen_at_once_and_are_what_is_imported(
    open_page: Open, store: Store, all_jobs: Jobs
) -> None:
    app = open_page("import", file=place(all_jobs, "own.csv", WRONG))
    choose(app, "Times without a zone are in", "Asia/Tokyo")
    choose(app, "Field of Customer", "tags")
    choose(app, "Field of Reply", "")
    rows = app.dataframe[0].value
    assert "Output" not in rows
    assert [f"{at:%H:%M}" for at in rows["Started"]] == ["03:00", "03:05"]
    click(app, "Import")
    job_id = link_of(app, "job")
    assert ended(all_jobs, job_id).counts.stored == 2
    (first, *_) = search.page(
        store.connection, parse_text("tag:c1", UTC), now=clock.now(), limit=5
    ).rows
    assert f"{first.started_at:%H:%M}" == "03:05"


def test_a_mapping_without_input_and_output_is_said_and_cannot_be_imported(
    open_page: Open, all_jobs: Jobs
) -> None:
    app = open_page("import", file=place(all_jobs, "own.csv", WRONG))
    choose(app, "Field of Question", "")
    choose(app, "Field of Reply", "")
    assert "gives no column to input or output" in plain_of(app)
    assert next(one for one in app.button if one.label == "Import").disabled


def test_a_table_whose_columns_say_nothing_is_mapped_by_hand(
    open_page: Open, all_jobs: Jobs
) -> None:
    """Nothing can be proposed for input and output, so the columns must be there to choose from."""
    table = b"Frage;Antwort;Wann\nWo?;Hier.;2026-03-01T12:00:00Z\n"
    app = open_page("import", file=place(all_jobs, "de.csv", table))
    assert "gives no column to input or output" in plain_of(app)
    choose(app, "Field of Frage", "input")
    choose(app, "Field of Antwort", "output")
    choose(app, "Field of Wann", "started_at")
    assert not app.error
    assert list(app.dataframe[0].value["Input"]) == ["Wo?"]


def test_a_file_of_another_encoding_asks_for_it(open_page: Open, all_jobs: Jobs) -> None:
    table = "input;output;Wann\nStraße?;Ja.;2026-03-01T12:00:00Z\n".encode("windows-1252")
    app = open_page("import", file=place(all_jobs, "de.csv", table))
    assert "None of the first rows can be read. Line 2:" in plain_of(app)
    assert not button(app, "Import")
    choose(app, "Encoding", "windows-1252")
    assert not app.error
    assert list(app.dataframe[0].value["Input"]) == ["Straße?"]
    click(app, "Import")
    assert ended(all_jobs, link_of(app, "job")).counts.stored == 1


def plain_of(app: AppTest) -> str:
    return "".join(str(one.value) for one in app.error).replace("\\", "")


@pytest.mark.parametrize("file", sorted(FILES.iterdir()), ids=lambda path: path.name)
def test_every_format_is_found_and_can_be_imported(
    open_page: Open, store: Store, all_jobs: Jobs, file: Path
) -> None:
    app = open_page("import", file=place(all_jobs, file.name, file.read_bytes()))
    chosen = next(one for one in app.selectbox if one.label == "Format")
    found = chosen.value
    assert "(found)" in chosen.format_func(found)
    click(app, "Import")
    job_id = link_of(app, "job")
    job = ended(all_jobs, job_id)
    assert (job.state, job.problem) == ("done", None)
    assert job.counts.read > 0
    assert job.asked.format == found


def test_the_format_can_be_changed(open_page: Open, all_jobs: Jobs) -> None:
    data = (FILES / "neutral.jsonl").read_bytes()
    app = open_page("import", file=place(all_jobs, "n.jsonl", data))
    assert not [one for one in app.selectbox if one.label.startswith("Field")]
    choose(app, "Format", "mapped")
    assert [one for one in app.selectbox if one.label == "Field of input"]
    choose(app, "Format", "langsmith")
    assert "None of the first rows can be read." in text_of(app)


def test_a_batch_asks_for_its_other_file(open_page: Open, all_jobs: Jobs) -> None:
    data = (FILES / "openai_batch_output.jsonl").read_bytes()
    app = open_page("import", file=place(all_jobs, "out.jsonl", data))
    other = (FILES / "openai_batch_input.jsonl").read_bytes()
    app.file_uploader[0].upload("in.jsonl", other, "application/json")
    app.run()
    assert "With the requests of in\\.jsonl." in text_of(app)
    assert all(app.dataframe[0].value["Input"])
    click(app, "Import")
    job_id = link_of(app, "job")
    job = ended(all_jobs, job_id)
    assert job.counts.stored == 3
    assert job.asked.companion is not None


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"PK\x03\x04", "ZIP archive"), (b"", "is empty"), (b"PAR1 broken", "Parquet file cannot be")],
)
def test_a_file_that_is_none_is_said(
    open_page: Open, all_jobs: Jobs, data: bytes, said: str
) -> None:
    app = open_page("import", file=place(all_jobs, "f.csv", data))
    assert said in plain_of(app)
    assert not button(app, "Import")
    assert button(app, "Choose another file")


@pytest.mark.parametrize("link", ["file", "job"])
def test_a_link_to_what_is_gone_shows_the_beginning(open_page: Open, link: str) -> None:
    app = open_page("import", **{link: "../../etc/passwd"})
    assert "not" in app.warning[0].value
    assert "Upload a file" in text_of(app)


def test_a_finished_import_shows_counts_a_link_and_what_was_refused(
    open_page: Open, store: Store, all_jobs: Jobs, seeded: list[int]
) -> None:
    token = place(all_jobs, "own.csv", WRONG)
    mapping = {"Question": "input", "Reply": "output", "When": "started_at"}
    job = run_job(all_jobs, store, Asked(token, "own *1*.csv", "mapped", mapping))
    app = open_page("import", job=job.id)
    metrics = {one.label: one.value for one in app.metric}
    assert metrics == {
        "Read": "3",
        "Stored": "2",
        "There already": "0",
        "Refused": "1",
        "Passed over": "0",
    }
    assert "own *1*.csv" in text_of(app)
    (refused,) = app.dataframe
    assert list(refused.value["Line"]) == ["3"]
    (link,) = [one for one in app.get("page_link") if one.proto.label == "Open in Logs"]
    logs = open_page("logs", f='origin:"import:own *1*.csv"')
    assert "**2** requests" in text_of(logs)
    assert "own" in link.proto.query_string
    again = run_job(all_jobs, store, Asked(token, "own *1*.csv", "mapped", mapping))
    assert (again.counts.stored, again.counts.duplicates) == (0, 2)
    listed = open_page("import").dataframe[0].value
    assert list(listed["There already"]) == [2, 0]


def test_a_stopped_import_can_go_on_and_be_removed(
    open_page: Open, store: Store, all_jobs: Jobs
) -> None:
    token = place(all_jobs, "own.csv", WRONG)
    job = run_job(all_jobs, store, Asked(token, "own.csv", "neutral"))
    with all_jobs._lock:
        all_jobs._put(Job(job.id, job.asked, job.actor, job.created_at, state="stopped"))
    app = open_page("import", job=job.id)
    assert "It was stopped" in app.warning[0].value
    click(app, "Go on")
    assert ended(all_jobs, job.id).state == "done"
    app = open_page("import", job=job.id)
    click(app, "Remove it")
    assert all_jobs.listed() == []
    assert "job" not in app.query_params


def test_a_failed_import_says_why(open_page: Open, store: Store, all_jobs: Jobs) -> None:
    token = place(all_jobs, "a.zip", b"PK\x03\x04")
    job = run_job(all_jobs, store, Asked(token, "a.zip", "neutral"))
    app = open_page("import", job=job.id)
    assert "a.zip is a ZIP archive" in plain_of(app)
    assert button(app, "Go on")


def test_the_list_of_imports_stands_still_once_all_have_ended(
    open_page: Open, store: Store, all_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_job(all_jobs, store, Asked(place(all_jobs, "log.csv", WRONG), "log.csv", "table"))
    # The page finds one that goes on; a second later the list finds none and draws the page anew.
    answers = iter([True, False, False])
    monkeypatch.setattr(importing, "_are_going", lambda _listed: next(answers))
    assert len(open_page("import").dataframe) == 1
    assert list(answers) == []


def test_a_long_list_of_refused_rows_leaves_whole_by_a_link(
    open_page: Open, store: Store, all_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = place(all_jobs, "own.csv", b"input,started_at\n" + b"q,not a time\n" * 50)
    job = run_job(all_jobs, store, Asked(token, "own.csv", "neutral"))
    assert "signature=" not in text_of(open_page("import", job=job.id))
    monkeypatch.setattr(download, "BUTTON_BYTES", 100)
    shown = text_of(open_page("import", job=job.id))
    assert f"/api/workbench/imports/{job.id}/refused?name=own.csv.refused.csv" in shown


def test_text_from_outside_stays_plain() -> None:
    assert plain("![x](http://a) **b**\n:red[c] $d$") == (
        "\\!\\[x\\]\\(http\\:\\/\\/a\\) \\*\\*b\\*\\* \\:red\\[c\\] \\$d\\$"
    )
