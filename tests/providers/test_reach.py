"""Keys, readiness and connected endpoints: what is missing is named, and no key is ever shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.providers.vendors import KEY, ORIGIN, environment, user
from workbench.providers import keys
from workbench.providers.call import Call, Timeouts
from workbench.providers.errors import ProviderError
from workbench.providers.host import Host, store_sink
from workbench.providers.reach import is_own_machine, missing_variables, readiness, target
from workbench.providers.table import OTHER_NAMES, PROVIDERS, find, is_installed
from workbench.settings import Settings
from workbench.store import audit, connections, requests
from workbench.store.connections import Connected
from workbench.store.errors import NotFound, Refused
from workbench.store.store import Store

TIMES = Timeouts()


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No variable of any provider is set, and the secrets file is the test's own."""
    named = {name for one in PROVIDERS.values() for name in (*one.variables, one.base_url)}
    others = {name for names in OTHER_NAMES.values() for name in names}
    for name in named | others | set(environment("")):
        if name:
            monkeypatch.delenv(name, raising=False)
    path = tmp_path / "secrets.toml"
    monkeypatch.setattr(keys, "SECRETS", (path,))
    return path


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    opened = Store(Settings(database=database))
    yield opened
    opened.close()


def states(*connected: Connected) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {one.name: (one.state, one.missing) for one in readiness(connected)}


def test_without_a_key_only_the_local_providers_are_ready() -> None:
    found = states()
    assert {name for name, (state, _) in found.items() if state == "ready"} <= {"echo", "local"}
    assert found["echo"] == ("ready", ())
    assert found["openai"] == ("missing key", ("OPENAI_API_KEY",))
    assert found["azure"] == ("missing key", ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"))
    assert found["bedrock"][1] == ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")


def test_a_key_in_the_environment_wins_over_the_file(
    monkeypatch: pytest.MonkeyPatch, no_keys: Path
) -> None:
    no_keys.write_text(
        'OPENAI_API_KEY = "from-the-file"\nMISTRAL_API_KEY = "also"\n[auth]\nx = "y"\n'
    )
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    assert keys.value_of("OPENAI_API_KEY") == "from-the-environment"
    assert keys.place_of("OPENAI_API_KEY") == "environment"
    assert (keys.value_of("MISTRAL_API_KEY"), keys.place_of("MISTRAL_API_KEY")) == (
        "also",
        "secrets.toml",
    )
    assert states()["mistral"] == ("ready", ())


def test_a_changed_file_is_read_again(no_keys: Path) -> None:
    no_keys.write_text('COHERE_API_KEY = "one"')
    assert keys.value_of("COHERE_API_KEY") == "one"
    no_keys.write_text('COHERE_API_KEY = "two and more"')
    import os

    os.utime(no_keys, ns=(1, 1))
    assert keys.value_of("COHERE_API_KEY") == "two and more"
    no_keys.write_text("no toml = = =")
    os.utime(no_keys, ns=(2, 2))
    assert keys.value_of("COHERE_API_KEY") is None


@pytest.mark.parametrize(
    ("other", "provider"), [("GOOGLE_API_KEY", "google"), ("CO_API_KEY", "cohere")]
)
def test_other_names_of_a_key_are_taken(
    monkeypatch: pytest.MonkeyPatch, other: str, provider: str
) -> None:
    monkeypatch.setenv(other, KEY)
    assert missing_variables(PROVIDERS[provider]) == ()
    assert target(provider, list, TIMES).access.key == KEY


def test_bedrock_takes_what_boto3_finds_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert missing_variables(PROVIDERS["bedrock"]) == ()


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("gemini", "google"),
        ("openai.azure", "azure"),
        ("amazon.bedrock", "bedrock"),
        ("mistralai", "mistral"),
    ],
)
def test_names_that_callers_use_are_understood(name: str, provider: str) -> None:
    found = find(name)
    assert found is not None
    assert found.name == provider


def test_every_provider_of_the_table_is_installed_but_the_optional_one() -> None:
    assert {one.name for one in PROVIDERS.values() if not is_installed(one)} <= {"local"}


def test_no_key_shows_in_what_might_be_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    for name in PROVIDERS:
        if name != "local":
            assert KEY not in repr(target(name, list, TIMES))
    assert KEY not in repr(readiness([]))


def test_a_missing_key_is_said_before_anything_is_sent() -> None:
    with pytest.raises(ProviderError) as caught:
        target("anthropic", list, TIMES)
    assert caught.value.kind == "authentication"
    assert "ANTHROPIC_API_KEY" in caught.value.message


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://localhost:8000/v1", True),
        ("http://127.0.0.1:8000/v1", True),
        ("http://[::1]:8000", True),
        ("http://10.1.2.3/v1", True),
        ("http://vllm:8000/v1", True),
        ("http://box.local/v1", True),
        ("https://openrouter.ai/api/v1", False),
        ("https://8.8.8.8/v1", False),
    ],
)
def test_whose_machine_an_address_is(url: str, own: bool) -> None:
    assert is_own_machine(url) is own


def one(**changes: object) -> Connected:
    fields = {
        "name": "box",
        "kind": "openai",
        "base_url": "http://127.0.0.1:9/v1/",
        "key_variable": "BOX_API_KEY",
        "models": (" llama ", "", "llama", "qwen"),
        "headers": {"X-Team": "search"},
    }
    return Connected(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_connected_endpoint_is_kept_listed_changed_and_removed(store: Store) -> None:
    store.change(lambda c: store.connections.put(c, "user:ada", one())).result()
    (kept,) = connections.listed(store.connection)
    assert (kept.base_url, kept.models) == ("http://127.0.0.1:9/v1", ("llama", "qwen"))
    assert (kept.headers, kept.created_by) == ({"X-Team": "search"}, "user:ada")
    assert states(kept)["box"] == ("missing key", ("BOX_API_KEY",))
    changed = one(kind="anthropic", key_variable="")
    store.change(lambda c: store.connections.put(c, "user:bob", changed)).result()
    (kept,) = connections.listed(store.connection)
    assert states(kept)["box"] == ("ready", ())
    assert target("box", lambda: [kept], TIMES).adapter.function_name == "anthropic.messages.create"
    store.change(lambda c: store.connections.remove(c, "user:bob", "box")).result()
    assert connections.listed(store.connection) == []
    actions = [(entry.actor, entry.action) for entry in audit.newest(store.connection)]
    assert actions == [
        ("user:bob", "connection.remove"),
        ("user:bob", "connection.put"),
        ("user:ada", "connection.put"),
    ]
    with pytest.raises(NotFound):
        store.change(lambda c: store.connections.remove(c, "user:bob", "box")).result()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"name": "Big Box"}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "openai"}, "provider already"),
        ({"kind": "cohere"}, "none of"),
        ({"base_url": "ftp://host"}, "http"),
        ({"base_url": "http://user:secret@host/v1"}, "key"),
        ({"base_url": "http://host:port"}, "address"),
        ({"key_variable": "sk-1234567890abcdef"}, "variable"),
        ({"key_variable": "PATH"}, "variable"),
        ({"key_variable": "WORKBENCH_API_KEY"}, "variable"),
        ({"key_variable": "AWS_SECRET_ACCESS_KEY"}, "variable"),
        ({"headers": {"Authorization": "Bearer x"}}, "secret"),
        ({"headers": {"X-Api-Key": "x"}}, "secret"),
        ({"headers": {"X-Team": "a\r\nHost: b"}}, "header"),
        ({"models": ("x" * 300,)}, "models"),
    ],
)
def test_what_cannot_be_connected_is_refused_with_the_reason(
    store: Store, changes: dict[str, object], word: str
) -> None:
    with pytest.raises(Refused, match=word):
        store.change(
            lambda c: store.connections.put(c, "user:ada", one(**changes), tuple(PROVIDERS))
        ).result()
    assert connections.listed(store.connection) == []


def test_a_connected_model_is_logged_under_its_connections_name(store: Store) -> None:
    store.change(lambda c: store.connections.put(c, "user:ada", one(key_variable=""))).result()
    host = Host(
        Settings(database=store.settings.database, model_retries=0),
        store_sink(store),
        lambda: connections.listed(store.connection),
    )
    answer = host.start(Call(provider="box", model="llama", messages=[user("Hi")]), ORIGIN).result(
        10
    )
    host.close()
    assert answer.error is not None
    assert answer.error.kind == "unavailable"
    assert answer.request_id is not None
    detail = requests.get(store.connection, answer.request_id)
    assert detail is not None
    assert (detail.summary.provider, detail.summary.model) == ("box", "llama")
    assert detail.input_text == "Hi"
