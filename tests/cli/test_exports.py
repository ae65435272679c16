"""`export` and `exports`: by the store itself, and by the server that has it open."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.cli.test_with_server import command, told
from tests.export.support import add, chat
from tests.export.test_human_answers import evaluation
from tests.server import Server, running
from workbench.cli.main import main
from workbench.datasets.adding import Target, add_by_hand
from workbench.evals.rating import rate
from workbench.settings import Settings, settings
from workbench.store import exports
from workbench.store.datasets import NewRow
from workbench.store.store import Store

ROWS = 40


def fill(database: str) -> None:
    store = Store(Settings(database=database))
    rows = [chat(n, f"q{n}", f"write to a{n}@example.com") for n in range(ROWS)]
    add(store, *rows)
    store.close()


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A store that nobody has open."""
    database = str(tmp_path / "alone.duckdb")
    fill(database)
    monkeypatch.setenv("WORKBENCH_DATABASE", database)
    settings.cache_clear()
    yield database
    settings.cache_clear()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    database = str(tmp_path_factory.mktemp("served") / "workbench.duckdb")
    fill(database)
    with running(database) as server:
        yield server


def here(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, result.output
    return result.output


def assert_whole(out: Path, name: str) -> dict[str, Any]:
    """One folder with the file and its manifest, and the digests in it are the files'."""
    (folder,) = out.iterdir()
    assert {each.name for each in folder.iterdir()} == {name, "manifest.json"}
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    for file in manifest["files"]:
        data = (folder / file["name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
    return manifest


def test_an_export_by_the_store_itself(alone: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = here("export", "q1", "--format", "jsonl", "--out", str(out), "--mask")
    manifest = assert_whole(out, "requests.jsonl")
    assert said.startswith("11 of 11 rows in ")
    assert manifest["masking"]["masked"]["email"] >= 11
    # It is in no list: the files are the caller's.
    store = Store(Settings(database=alone))
    assert exports.listed(store.connection) == []
    store.close()


def test_a_preview_writes_nothing(alone: str, tmp_path: Path) -> None:
    said = here("export", "--preview", "--mask", "--out", str(tmp_path / "out"))
    assert said.startswith(f"{ROWS} rows, about ")
    assert "[EMAIL]" in said
    assert not (tmp_path / "out").exists()


def test_a_pack_learns_what_people_wrote_into_a_human_column(alone: str, tmp_path: Path) -> None:
    store = Store(Settings(database=alone))
    ids = add(store, chat(90, "Rated?", "Not well."))
    made, run = evaluation(store, ids, {"better": '{"data_type":"string"}'})
    rate(store, "user:tester", run, 1, "better", "Better now.")
    store.close()
    out = tmp_path / "out"
    asked = ["--format", "openai", "--answer", "human.better", "--evaluation", str(made)]
    said = here("export", *asked, "--out", str(out))
    assert said.startswith(f"1 of {ROWS + 1} rows in ")
    (file,) = out.rglob("requests-train.jsonl")
    assert json.loads(file.read_bytes())["messages"][-1]["content"] == "Better now."


def test_what_came_damaged_is_not_under_its_name(
    alone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:-1])

    monkeypatch.setattr("workbench.cli.download.shutil.copyfile", damaged)
    said = here("export", "--format", "jsonl", "--out", str(tmp_path / "out"), code=2)
    assert "digest" in said
    assert not list((tmp_path / "out").rglob("requests.jsonl"))
    assert not list((tmp_path / "out").rglob("manifest.json"))


def test_a_mistake_is_told_and_nothing_is_made(alone: str, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "out")]
    assert "nope" in here("export", "--columns", "nope", *out, code=2)
    assert "no spec" not in here("export", "tag:", *out, code=2)
    assert "tuning.evaluation" in here("export", "--evaluation", "7", *out, code=2)
    asked = ["--format", "openai", "--answer", "human.better"]
    assert 'no evaluation has a human column "better"' in here("export", *asked, *out, code=2)
    assert not (tmp_path / "out").exists()


def test_an_export_by_the_server(server: Server, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = told(server, "export", "q2", "--format", "parquet", "--out", str(out))
    assert_whole(out, "requests.parquet")
    assert said.startswith("11 of 11 rows in ")
    preview = told(server, "export", "--preview", "--mask")
    assert preview.startswith(f"{ROWS} rows")
    assert "[EMAIL]" in preview
    listed = told(server, "exports", "list")
    assert "done" in listed
    id_ = listed.split()[0]
    assert told(server, "exports", "cancel", id_)
    assert told(server, "exports", "remove", id_) == f"Removed export {id_}.\n"
    assert told(server, "exports", "list") == ""


def test_the_prompt_templates_leave_by_their_name(alone: str, tmp_path: Path) -> None:
    said = here("export", "nothing", "--prompts", "--out", str(tmp_path / "out"))
    assert said.startswith("0 of 0 rows")
    again = here("export", "nothing", "--source", "prompts", "--out", str(tmp_path / "out2"))
    assert again.startswith("0 of 0 rows")


def schedules_and_patterns(tmp_path: Path, tell: Any) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"format": "jsonl", "name": "nightly", "q": "q1"}))
    id_ = tell("exports", "repeat", str(spec), "--every", "week").split()[2].rstrip(":")
    assert f"{id_}  every week  next " in tell("exports", "repeating")
    tell("exports", "pause", id_)
    assert "paused  nightly" in tell("exports", "repeating")
    tell("exports", "pause", id_, "--on")
    assert "next " in tell("exports", "repeating")
    tell("exports", "end", id_)
    assert tell("exports", "repeating") == ""
    kept = tmp_path / "patterns.json"
    kept.write_text(json.dumps([{"name": "order", "pattern": "LF-[0-9]+"}]))
    tell("exports", "patterns", "--set", str(kept))
    assert json.loads(tell("exports", "patterns"))[0]["mark"] == "[ORDER]"


def test_repeating_and_patterns_by_the_store_itself(alone: str, tmp_path: Path) -> None:
    schedules_and_patterns(tmp_path, here)
    (tmp_path / "bad.json").write_text('[{"name": "a", "pattern": "("}]')
    assert "RE2" in here("exports", "patterns", "--set", str(tmp_path / "bad.json"), code=2)


def test_repeating_and_patterns_by_the_server(server: Server, tmp_path: Path) -> None:
    schedules_and_patterns(tmp_path, lambda *words: told(server, *words))
    (tmp_path / "bad.json").write_text('[{"name": "a", "pattern": "("}]')
    done = command(
        server.database,
        "exports",
        "patterns",
        "--set",
        str(tmp_path / "bad.json"),
        server=server.url,
    )
    assert done.returncode == 2
    assert "RE2" in done.stderr


def rows_of_cases(database: str) -> int:
    store = Store(Settings(database=database))
    rows = [
        NewRow({"frage": f"q{n}", "gold": f"a{n}", "hint": "Hilf."}, split=split)
        for n, split in enumerate(("train", "dev", "test"))
    ]
    made = add_by_hand(store, "user:tester", Target(name="Cases"), rows)
    store.close()
    return made.dataset_id


def test_a_pack_is_made_of_the_columns_of_a_dataset(alone: str, tmp_path: Path) -> None:
    id_ = rows_of_cases(alone)
    out = ["--out", str(tmp_path / "out")]
    asked = [f"{id_} 1", "--source", "datasets", "--format", "openai"]
    assert "tuning.prompt_column" in here("export", *asked, *out, code=2)
    asked += ["--prompt-column", "frage", "--answer-column", "gold"]
    assert 'no column "nope"' in here("export", *asked, "--system-column", "nope", *out, code=2)
    asked += ["--system-column", "hint", "--own-splits"]
    assert "1 of 3 left out: other split" in here("export", *asked, "--preview")
    assert here("export", *asked, *out).startswith("2 of 3 rows in ")
    (held,) = (tmp_path / "out").rglob("datasets-validation.jsonl")
    assert [one["content"] for one in json.loads(held.read_bytes())["messages"]] == [
        "Hilf.",
        "q1",
        "a1",
    ]
