"""Home, empty and in use."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.seed import row
from tests.ui.conftest import Open, text_of
from workbench.logs.sample_store import ORIGIN
from workbench.store import keys
from workbench.store.store import Store


def test_an_empty_store_greets_with_three_ways_in(open_page: Open) -> None:
    app = open_page()
    shown = text_of(app)
    assert "Nothing has been logged yet" in shown
    for way in ("Look around with a sample", "Connect an application", "Bring records you have"):
        assert way in shown
    assert "Load the sample" in [button.label for button in app.button]


def test_a_key_made_on_home_is_shown_in_lines_that_work(open_page: Open, store: Store) -> None:
    app = open_page()
    next(button for button in app.button if button.label == "Make an API key").click().run()
    (line,) = [
        line
        for code in app.code
        for line in code.value.splitlines()
        if line.startswith("export PROMPTLAYER_API_KEY=")
    ]
    key = line.split("=", 1)[1]
    assert store.actor_of(key, now=0.0) == "key:made on Home"
    assert any("export PROMPTLAYER_BASE_URL=http://localhost:" in c.value for c in app.code)


def test_the_lines_stay_on_home_while_the_sample_is_all_there_is(
    open_page: Open, store: Store
) -> None:
    store.add(row(0, datetime.now(UTC), origin=ORIGIN)).result()
    assert "/log-request" in text_of(open_page())
    store.add(row(1, datetime.now(UTC))).result()
    assert "/log-request" not in text_of(open_page())


def test_the_light_waits_for_a_first_record(open_page: Open) -> None:
    assert "Waiting for a record" in text_of(open_page())


def test_a_store_in_use_shows_the_last_day_and_week(open_page: Open, seeded: list[int]) -> None:
    app = open_page()
    assert [each.value for each in app.subheader][:2] == ["Last 24 hours", "Last 7 days"]
    requests = [each.value for each in app.metric if each.label == "Requests"]
    assert requests == ["24", "60"]
    (newest,) = app.dataframe
    assert len(newest.value) == 8


def test_no_key_is_made_by_looking(open_page: Open, store: Store) -> None:
    open_page()
    assert keys.listed(store.connection) == []
