"""`prompts`: templates as files, on a store that nobody has open and beside a running server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from tests.cli.test_with_server import command
from tests.server import KEY, Server, running
from workbench.cli.main import main
from workbench.registry import templates
from workbench.registry.files.folder import read_folder
from workbench.registry.publishing import Draft, publish
from workbench.settings import Settings, settings
from workbench.store.store import Store

Run = Callable[..., Result]


def chat(text: str) -> dict[str, object]:
    return {"type": "chat", "messages": [{"role": "user", "content": text}]}


@pytest.fixture
def run(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("WORKBENCH_DATABASE", database)
    settings.cache_clear()
    yield lambda *arguments: CliRunner().invoke(main, [str(one) for one in arguments])
    settings.cache_clear()


@pytest.fixture
def stored(database: str) -> Callable[[str, str], None]:
    """Publish a template while no command runs."""

    def save(name: str, text: str) -> None:
        store = Store(Settings(database=database))
        publish(store, "user:ada", Draft(name=name, prompt=chat(text)))
        store.close()

    return save


def test_templates_travel_through_files_unchanged(
    run: Run, stored: Callable[[str, str], None], database: str, tmp_path: Path
) -> None:
    stored("team/greeting", "Hello {name}\nand {city} ")
    folder = tmp_path / "prompts"
    done = run("prompts", "export", folder)
    assert done.output == f"1 templates, 1 files written into {folder}.\n"
    assert "0 files written" in run("prompts", "export", folder).output
    [path] = folder.iterdir()
    assert "as it is, version 1" in run("prompts", "import", path).output
    path.write_text(path.read_text().replace("Hello", "Good day"))
    assert "team/greeting: saved as version 2" in run("prompts", "import", path).output
    store = Store(Settings(database=database))
    newest = templates.versions(store.connection, "team/greeting")[0]
    assert (newest.number, newest.created_by) == (2, "command line")
    store.close()


def test_files_of_other_tools_and_broken_ones(run: Run, tmp_path: Path) -> None:
    plain = tmp_path / "note.md"
    plain.write_text("Hi {name}")
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: [")
    done = run("prompts", "import", broken, plain)
    assert done.exit_code == 1
    assert "the YAML cannot be read" in done.output.replace("The", "the")
    assert "note: saved as version 1" in done.output
    renamed = run("prompts", "import", "--name", "team/note", "--format", "jinja2", plain)
    assert renamed.output == "team/note: saved as version 1\n"
    assert run("prompts", "import", "--name", "x", plain, plain).exit_code == 2


def test_sync_tells_conflicts_and_ends_with_one(
    run: Run, stored: Callable[[str, str], None], tmp_path: Path
) -> None:
    stored("greeting", "one")
    first = run("prompts", "sync", tmp_path)
    assert first.output == "written: greeting (greeting.yaml): no file yet\n"
    assert run("prompts", "sync", tmp_path).output == "Nothing to do.\n"
    path = read_folder(tmp_path).templates["greeting"][0]
    path.write_text(path.read_text().replace("one", "here"))
    stored("greeting", "there")
    done = run("prompts", "sync", tmp_path)
    assert done.exit_code == 1
    assert done.output.startswith("CONFLICT: greeting (greeting.yaml): the file and version 2")
    dry = run("prompts", "sync", "--prefer", "files", "--dry-run", tmp_path)
    assert dry.output.startswith("would be saved: greeting")
    wins = run("prompts", "sync", "--prefer", "files", tmp_path)
    assert wins.exit_code == 0, wins.output
    assert wins.output.endswith("version 3\n")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(str(tmp_path_factory.mktemp("files") / "workbench.duckdb")) as server:
        yield server


def beside(server: Server, *arguments: object) -> subprocess.CompletedProcess[str]:
    return command(server.database, *map(str, arguments), server=server.url)


def test_a_running_server_is_kept_in_step(server: Server, tmp_path: Path) -> None:
    body = {"prompt_name": "a / b", "prompt_template": chat("Hello {name}")}
    answer = httpx.post(
        f"{server.url}/rest/prompt-templates",
        headers={"X-API-KEY": KEY},
        json={"prompt_template": body, "prompt_version": body},
    )
    assert answer.status_code == 201
    done = beside(server, "prompts", "sync", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    [path] = [found for found, _ in read_folder(tmp_path).templates.values()]
    path.write_text(path.read_text().replace("Hello", "Good day"))
    new = tmp_path / "mine.yaml"
    new.write_text("name: mine\nfolder: Team/Inner\nprompt:\n  type: completion\n  content: Hi\n")
    done = beside(server, "prompts", "sync", tmp_path)
    assert "saved: a / b" in done.stdout
    assert "saved: mine" in done.stdout
    got = httpx.post(
        f"{server.url}/prompt-templates/mine", headers={"X-API-KEY": KEY}, json={}
    ).json()
    assert got["prompt_template"]["content"] == [{"type": "text", "text": "Hi"}]
    new.unlink()
    done = beside(server, "prompts", "sync", "--delete", tmp_path)
    assert "deleted in the registry: mine" in done.stdout
    state = json.loads((tmp_path / ".workbench-prompts.json").read_text())
    assert list(state["templates"]) == ["a / b"]
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: a/../b\nprompt:\n  type: completion\n  content: Hi\n")
    done = beside(server, "prompts", "sync", tmp_path)
    assert done.returncode == 1
    assert "REFUSED: a/../b" in done.stdout
