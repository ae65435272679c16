"""Settings: keys, tags, store, time zone."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, text_of
from workbench.settings import settings
from workbench.store import audit, keys, preferences, tags
from workbench.store.store import Store


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_a_key_is_shown_once_when_it_is_made(open_page: Open, store: Store) -> None:
    app = open_page("settings")
    next(each for each in app.text_input if "new key" in each.label).set_value("checkout")
    app = press(app, "Make a key")
    code = next(each.value for each in app.code if "export PROMPTLAYER_API_KEY" in each.value)
    key = code.split("PROMPTLAYER_API_KEY=")[1].split()[0]
    assert store.actor_of(key, 0.0) == "key:checkout"
    app.run()
    assert key not in text_of(app)


def test_a_revoked_key_is_refused_from_that_moment(open_page: Open, store: Store) -> None:
    key = store.make_key("tests", "old service")
    (listed,) = keys.listed(store.connection)
    app = open_page("settings")
    app.button(key=f"revoke-{listed.id}").click().run()
    assert store.actor_of(key, 0.0) is None
    (newest, *_) = audit.newest(store.connection)
    assert (newest.action, newest.actor) == ("key.revoke", "page")


def test_a_key_without_a_name_is_refused_with_a_sentence(open_page: Open, store: Store) -> None:
    app = press(open_page("settings"), "Make a key")
    assert "needs a name" in app.warning[0].value
    assert keys.listed(store.connection) == []


def test_tags_that_are_logged_without_being_listed_are_flagged(
    open_page: Open, store: Store, seeded: list[int]
) -> None:
    assert "not on the list" in text_of(open_page("settings"))


def test_a_tag_is_renamed_everywhere(open_page: Open, store: Store, seeded: list[int]) -> None:
    app = open_page("settings")
    app.text_input(key="rename-dev").set_value("development").run()
    app.button(key="do-rename-dev").click().run()
    found = {tag.name: tag.requests for tag in tags.listed(store.connection)}
    assert found == {"development": 30, "prod": 30}


def test_the_store_tab_counts_what_is_there(open_page: Open, seeded: list[int]) -> None:
    app = open_page("settings")
    assert next(each for each in app.metric if each.label == "Requests").value == "60"
    assert settings().database in text_of(app)


def test_the_time_zone_is_kept(open_page: Open, store: Store, seeded: list[int]) -> None:
    app = open_page("settings")
    zone = next(each for each in app.selectbox if each.label.startswith("Times"))
    zone.set_value("Asia/Tokyo").run()
    assert preferences.get(store.connection, "time_zone") == "Asia/Tokyo"
    logs = open_page("logs")
    assert str(logs.dataframe[0].value["Time"].dt.tz) == "Asia/Tokyo"


def test_a_password_stands_before_every_page(
    monkeypatch: pytest.MonkeyPatch, open_page: Open, store: Store, seeded: list[int]
) -> None:
    monkeypatch.setenv("WORKBENCH_PASSWORD", "correct horse")
    settings.cache_clear()
    app = open_page("logs", request=str(seeded[0]))
    assert "#0" not in text_of(app)
    assert not app.dataframe
    app.text_input[0].set_value("wrong").run()
    app = press(app, "Log in")
    assert "not the password" in app.error[0].value
    app.text_input[0].set_value("correct horse")
    app = press(app, "Log in")
    assert "#0" in text_of(app)
