"""Settings, Providers: what is ready, a key tested, endpoints connected and removed."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.providers.vendors import environment
from tests.ui.conftest import Open, text_of
from workbench.providers import keys
from workbench.providers.host import close_host
from workbench.store import audit, connections
from workbench.store.store import Store

SECRET = "sk-shown-nowhere-0123456789"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in environment(""):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(keys, "SECRETS", (tmp_path / "secrets.toml",))


def connect(app: AppTest, **fields: str) -> AppTest:
    labels = {"name": "Name", "url": "Base URL", "variable": "Key variable"}
    for field, value in fields.items():
        if field in labels:
            next(one for one in app.text_input if one.label == labels[field]).set_value(value)
        else:
            next(one for one in app.text_area if one.label == field.title()).set_value(value)
    return next(one for one in app.button if one.label == "Connect").click().run()


def test_each_provider_says_what_it_lacks_and_no_key_is_shown(
    open_page: Open, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    app = open_page("settings")
    shown = text_of(app)
    assert "Set ANTHROPIC_API_KEY" in shown
    assert "Key from the environment" in shown
    assert SECRET not in shown
    assert {one.key for one in app.button if one.key and one.key.startswith("test-")} >= {
        "test-echo",
        "test-openai",
    }
    assert "test-anthropic" not in {one.key for one in app.button}


def test_a_provider_is_tested_with_one_click(open_page: Open, store: Store) -> None:
    app = open_page("settings")
    try:
        app = app.button(key="test-echo").click().run()
        assert "It answers and lists 2 models." in text_of(app)
    finally:
        close_host()


def test_an_endpoint_is_connected_and_removed_by_who_asked(open_page: Open, store: Store) -> None:
    app = connect(
        open_page("settings"),
        name="box",
        url="http://localhost:8000/v1",
        variable="BOX_API_KEY",
        models="llama\nqwen",
        headers="X-Team: search",
    )
    (kept,) = connections.listed(store.connection)
    assert (kept.name, kept.models, kept.headers) == (
        "box",
        ("llama", "qwen"),
        {"X-Team": "search"},
    )
    assert "Set BOX_API_KEY" in text_of(app)
    app.button(key="remove-box").click().run()
    assert connections.listed(store.connection) == []
    assert [(one.action, one.actor) for one in audit.newest(store.connection)] == [
        ("connection.remove", "page"),
        ("connection.put", "page"),
    ]


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("variable", SECRET, "The key itself belongs into the environment"),
        ("name", "Big box", "lower-case"),
        ("url", "localhost:8000", "http://"),
        ("headers", "no colon", "Name: value"),
    ],
)
def test_what_cannot_be_connected_is_said_and_the_form_keeps_it(
    open_page: Open, store: Store, field: str, value: str, word: str
) -> None:
    good = {"name": "box", "url": "http://localhost:8000/v1"}
    app = connect(open_page("settings"), **{**good, field: value})
    assert word in app.warning[0].value
    assert SECRET not in app.warning[0].value
    assert connections.listed(store.connection) == []


def test_a_hostile_name_of_a_model_is_text(open_page: Open, store: Store) -> None:
    url = "http://localhost:8000/v1"
    app = connect(open_page("settings"), name="box", url=url, models="<img src=x onerror=alert(1)>")
    assert "<img" not in text_of(app)
    assert "&lt;img" in text_of(app)
