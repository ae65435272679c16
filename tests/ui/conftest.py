"""Pages are run by AppTest over a store of the test's own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest, app_test
from streamlit.util import calc_hash

from tests.seed import seed
from workbench.providers.host import close_host
from workbench.settings import ROOT, settings
from workbench.store.store import Store, close_store, open_store

Open = Callable[..., AppTest]

# No reader sees it, and its words are no words of a page.
STYLE_SHEET = re.compile(r"<style>.*?</style>", re.DOTALL)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, database: str) -> Iterator[Store]:
    """The store of the process, empty."""
    monkeypatch.setenv("WORKBENCH_DATABASE", database)
    settings.cache_clear()
    yield open_store()
    close_host()
    close_store()
    settings.cache_clear()


@pytest.fixture
def seeded(store: Store) -> list[int]:
    """Ids of 60 requests, the newest first."""
    return seed(store, datetime.now(UTC))


@pytest.fixture(autouse=True)
def _pages_run_inside_the_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the server (workbench/ui/serving.py): a page's file is never run by itself."""
    ours = type("PagesManager", (PagesManager,), {})
    monkeypatch.setattr(app_test, "PagesManager", ours)
    monkeypatch.setattr(PagesManager, "uses_pages_directory", False)


@pytest.fixture
def open_page(store: Store) -> Open:
    """Run a page with the query parameters of a link."""

    def run(page: str = "home", **link: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=30)
        app.query_params.update(link)
        app._page_hash = calc_hash("" if page == "home" else page)
        app.run()
        assert not app.exception, app.exception
        return app

    return run


def send(app: AppTest, key: str, event: str, value: Any) -> AppTest:
    """Let a component of ours say something: AppTest knows only Streamlit's own widgets."""
    component = next(each for each in app.get("bidi_component") if each.key == key)
    states = app._tree.get_widget_states()
    trigger = states.widgets.add()
    trigger.id = _make_trigger_id(component.proto.id, "events")
    trigger.json_trigger_value = json.dumps([{"event": event, "value": value}])
    return app._run(states)


def search(app: AppTest, line: str) -> AppTest:
    """Type a line into the search box and press Enter."""
    return send(app, "search-box", "search", {"text": line, "id": 1})


def press(app: AppTest, *labels: str) -> AppTest:
    """Click a button, then those inside of what it opens: AppTest runs the whole page, and a dialog
    is drawn only in the run of the click that opened it, so each run repeats the clicks before."""
    for number in range(1, len(labels) + 1):
        for label in labels[:number]:
            next(button for button in app.button if label in button.label).click()
        app.run()
        assert not app.exception, app.exception
    return app


def text_of(app: AppTest) -> str:
    """All text that a page drew, in order."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "text", "code", "error")
    drawn: list[Any] = [
        each for kind in (*kinds, "warning", "info", "success") for each in app.get(kind)
    ]
    pieces = [str(each.value) for each in drawn]
    return "\n".join([*pieces, *html_of(app)])


def html_of(app: AppTest) -> list[str]:
    """The HTML that a page drew, without the project's own scripts and style sheet."""
    drawn = [each.proto.body for each in app.get("html") if not each.proto.unsafe_allow_javascript]
    return [STYLE_SHEET.sub("", body) for body in drawn]
