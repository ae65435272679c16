"""`run`: answers, usage and cost on the terminal, every run in the log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import KEY, Server, running
from workbench.registry import base_urls
from workbench.registry.publishing import Draft, publish
from workbench.settings import ROOT, Settings
from workbench.store import requests
from workbench.store.connections import Connected
from workbench.store.store import Store

GREETING = {
    "type": "chat",
    "messages": [
        {
            "role": "user",
            "content": [{"type": "text", "text": "Greet {{ name }}."}],
            "template_format": "jinja2",
        }
    ],
}


def run(database: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "workbench", "run", *arguments],
        cwd=ROOT,
        env={**kept, "WORKBENCH_DATABASE": database, **more},
        capture_output=True,
        text=True,
        timeout=120,
    )


def publish_greeting(store: Store, **fields: Any) -> None:
    metadata = {"model": {"provider": "echo", "name": "echo", "parameters": {"temperature": 0.5}}}
    draft = Draft(name="greeting", prompt=GREETING, metadata=metadata, labels=("prod",), **fields)
    publish(store, "user:ada", draft)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with a template."""
    database = str(tmp_path_factory.mktemp("run") / "workbench.duckdb")
    store = Store(Settings(database=database))
    publish_greeting(store)
    store.close()
    return database


@pytest.fixture(scope="module")
def server(filled: str) -> Iterator[Server]:
    with running(filled, environment={"WORKBENCH_API_KEY": KEY}) as server:
        yield server


def test_several_models_answer_one_message_as_json_and_are_logged(filled: str) -> None:
    models = ("--model", "echo/echo", "--model", "echo/echo-slow")
    done = run(
        filled, "--message", "Hi {who}", "--var", "who=Ada", *models, "--json", "--tag", "dev"
    )
    assert (done.returncode, done.stderr) == (0, "")
    answers = json.loads(done.stdout)
    assert [one["model"] for one in answers] == ["echo", "echo-slow"]
    for one in answers:
        assert "Hi Ada" in one["text"]
        assert one["input_tokens"] > 0
        assert one["status"] == "done"
    store = Store(Settings(database=filled))
    details = [requests.get(store.connection, one["request_id"]) for one in answers]
    store.close()
    for detail in details:
        assert detail is not None
        assert (detail.origin, detail.actor) == ("command line", "command line")
        assert detail.summary.tags == ["dev"]
        assert detail.input_variables == {"who": "Ada"}


def test_a_template_runs_with_its_own_model_and_settings(filled: str) -> None:
    done = run(filled, "--template", "greeting", "--label", "prod", "--var", "name=Ada", "--stream")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Greet Ada." in done.stdout
    assert '"temperature":0.5' in done.stdout
    number = int(done.stdout.rsplit("request ", 1)[1].split("]")[0])
    store = Store(Settings(database=filled))
    detail = requests.get(store.connection, number)
    store.close()
    assert detail is not None
    assert (detail.summary.prompt_name, detail.summary.prompt_version) == ("greeting", 1)
    assert detail.prompt_label == "prod"


def test_beside_a_server_the_template_comes_from_it_and_the_record_goes_to_it(
    server: Server,
) -> None:
    where = ("--server", server.url)
    arguments = ("--template", "greeting", "--var", "name=Bob", "--json", *where)
    done = run(server.database, *arguments, PROMPTLAYER_API_KEY=KEY)
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads(done.stdout)
    assert "Greet Bob." in answer["text"]
    assert answer["request_id"] > 0


def test_beside_a_server_without_a_key_nothing_is_run(server: Server) -> None:
    done = run(server.database, "--message", "Hi", "--model", "echo/echo", "--server", server.url)
    assert done.returncode == 2
    assert "needs an API key" in done.stderr
    assert done.stdout == ""


def test_a_failure_is_told_and_ends_with_one(tmp_path: Path) -> None:
    models = ("--model", "echo/echo", "--model", "anthropic/claude-sonnet-5")
    done = run(str(tmp_path / "a.duckdb"), "--message", "Hi", *models)
    assert done.returncode == 1
    assert "== echo/echo\n[user" in done.stdout
    assert "failed: No valid key: Anthropic needs ANTHROPIC_API_KEY" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--model", "echo/echo"), "--template"),
        (("--message", "Hi", "--model", "gpt-5"), "provider/model"),
        (("--message", "Hi"), "names no model"),
        (("--message", "{a} {b}", "--var", "a=1", "--model", "echo/echo"), "value was given for b"),
        (("--message", "Hi", "--var", "x", "--model", "echo/echo"), "name=value"),
        (("--message", "Hi", "--stream", "--json", "--model", "echo/echo"), "at once"),
        (("--template", "nowhere", "--model", "echo/echo"), "no prompt template 'nowhere'"),
        (("--file", "README.md", "--template", "greeting"), "--file"),
    ],
)
def test_what_cannot_be_run_is_said(tmp_path: Path, arguments: tuple[str, ...], word: str) -> None:
    done = run(str(tmp_path / "a.duckdb"), *arguments)
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_a_templates_own_address_must_be_connected_first(tmp_path: Path) -> None:
    database = str(tmp_path / "a.duckdb")
    store = Store(Settings(database=database))
    base_urls.save(store, "user:ada", "elsewhere", "openai", "http://127.0.0.1:9/v1")
    metadata = {"model": {"provider": "openai", "name": "m", "parameters": {}}}
    draft = Draft(name="away", prompt=GREETING, metadata=metadata, provider_base_url="elsewhere")
    publish(store, "user:ada", draft)
    store.close()
    asked = ("--template", "away", "--var", "name=A")
    done = run(database, *asked, OPENAI_API_KEY="sk-secret-0123456789")
    assert done.returncode == 2
    assert "not connected" in done.stderr
    store = Store(Settings(database=database))
    box = Connected(name="box", kind="openai", base_url="http://127.0.0.1:9/v1/")
    store.change(lambda cursor: store.connections.put(cursor, "user:ada", box)).result()
    store.close()
    done = run(database, *asked, WORKBENCH_MODEL_RETRIES="0")
    assert done.returncode == 1
    assert "cannot be reached" in done.stdout or "Connection error" in done.stdout


def test_a_file_holds_a_message_or_a_template(tmp_path: Path) -> None:
    words, prompt = tmp_path / "a.txt", tmp_path / "a.json"
    words.write_text("Plain words {with braces}")
    prompt.write_text(json.dumps({"prompt_template": GREETING}))
    database = str(tmp_path / "a.duckdb")
    done = run(database, "--file", str(words), "--model", "echo/echo")
    assert "Plain words {with braces}" in done.stdout
    done = run(database, "--file", str(prompt), "--var", "name=Eve", "--model", "echo/echo")
    assert "Greet Eve." in done.stdout
