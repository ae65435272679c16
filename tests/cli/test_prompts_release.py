"""`prompts preflight | move | waiting | approve | reject | ab`, without and beside a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.cli.test_with_server import command
from tests.server import running
from tests.store.samples import some_request
from workbench.cli.main import main
from workbench.registry import labels
from workbench.registry.publishing import Draft, publish
from workbench.settings import Settings, settings
from workbench.store.store import Store

Run = Callable[..., Result]
NAME = "team/greeting"


@pytest.fixture
def run(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("WORKBENCH_DATABASE", database)
    settings.cache_clear()
    yield lambda *given: CliRunner().invoke(main, ["prompts", *(str(one) for one in given)])
    settings.cache_clear()


@pytest.fixture
def filled(database: str) -> None:
    """Two versions, `prod` at the first, and one logged request."""
    store = Store(Settings(database=database))
    for text, released in (("Hello {name}", ["prod"]), ("Hello {name} of {city}", [])):
        prompt = {"type": "chat", "messages": [{"role": "user", "content": text}]}
        publish(store, "user:ada", Draft(name=NAME, prompt=prompt, labels=released))
    store.add(some_request(prompt_name=NAME, input_variables={"name": "Ada"})).result()
    store.close()


def protect(database: str) -> None:
    store = Store(Settings(database=database))
    labels.protect(store, "page", "prod", NAME)
    labels.move_label(store, "page", NAME, "prod", 2)
    store.close()


@pytest.mark.usefixtures("filled")
def test_a_preflight_ends_with_one_where_a_value_is_missing(run: Run) -> None:
    done = run("preflight", NAME, "--label", "prod", "--to", 2)
    assert done.exit_code == 1
    assert "1 of 1 logged request lacks a value for city" in done.output
    assert "Without a value: city (1 request)." in done.output
    good = run("preflight", NAME, "--to", 1, "--json")
    assert good.exit_code == 0
    assert json.loads(good.output)["clear"] is True
    assert "no version 9" in run("preflight", NAME, "--to", 9).output


@pytest.mark.usefixtures("filled")
def test_a_label_moves_and_a_protected_one_waits_for_another(run: Run, database: str) -> None:
    assert "moved from version 1 to 2" in run("move", NAME, "--label", "prod", "--to", 2).output
    run("move", NAME, "--label", "prod", "--to", 1)
    assert run("waiting").output == "Nothing waits.\n"
    protect(database)
    [waiting] = json.loads(run("waiting", "--prompt", NAME, "--json").output)
    assert f"{waiting['id']}  {NAME}: move prod 1 → 2, asked by page" in run("waiting").output
    done = run("approve", waiting["id"])
    assert done.output == f"approved by command line: {NAME}: move prod 1 → 2\n"
    asked = run("move", NAME, "--label", "prod", "--to", 1).output
    assert "waits for a second person" in asked
    number = asked.split()[-1]
    assert "somebody other than command line" in run("approve", number).output
    assert run("reject", number).exit_code == 0


@pytest.mark.usefixtures("filled")
def test_releases_are_started_listed_changed_and_ended(run: Run, tmp_path: Path) -> None:
    started = run("ab", NAME, "--label", "prod", "--share", "1=90", "--share", "2=10%")
    assert started.exit_code == 0, started.output
    [share, other] = json.loads(run("ab", NAME).output)["shares"]
    assert (share["percent"], other["percent"]) == ("90", "10")
    assert "sum to 90, not to 100" in run("ab", NAME, "--label", "x", "--share", "1=90").output
    assert '"VERSION=PERCENT" is needed' in run("ab", NAME, "--label", "x", "--share", "all").output
    path = tmp_path / "release.json"
    segment = {"name": "a", "when": {"k": "v"}, "shares": [{"version": 2, "percent": 100}]}
    whole = {"shares": [{"version": 1, "percent": 100}], "segments": [segment]}
    path.write_text(json.dumps(whole))
    assert run("ab", NAME, "--label", "prod", "--file", path).exit_code == 0
    assert json.loads(run("ab", NAME).output)["segments"][0]["when"] == {"k": ["v"]}
    assert run("ab", NAME, "--end").exit_code == 2
    assert run("ab", NAME, "--end", "--label", "prod").exit_code == 0
    assert run("ab", NAME).output == "No A/B release runs.\n"


@pytest.mark.usefixtures("filled")
def test_beside_a_running_server_the_key_is_the_second_person(database: str) -> None:
    protect(database)
    with running(database) as server:

        def told(*given: object) -> str:
            words = ["prompts", *map(str, given)]
            done = command(server.database, *words, server=server.url)
            assert done.stderr == ""
            return done.stdout

        [waiting] = json.loads(told("waiting", "--json", "--prompt", NAME))
        assert told("approve", waiting["id"]).startswith("approved by key:")
        assert "Sent in vain" not in told("preflight", NAME, "--label", "prod", "--to", 2)
        assert "waits" in told("move", NAME, "--label", "prod", "--to", 1)
