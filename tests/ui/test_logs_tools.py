"""Logs: order, columns, picked requests and what is done with them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from tests.seed import row
from tests.ui.conftest import Open, text_of
from tests.ui.test_logs import numbers
from workbench import browser_id
from workbench.filters import Filter
from workbench.jobs.running import jobs_of
from workbench.logs.bulk import Selection
from workbench.store import preferences, requests
from workbench.store.store import Store
from workbench.ui import columns, selection, state


def click(app: AppTest, label: str) -> AppTest:
    app = next(each for each in app.button if each.label == label).click().run()
    assert not app.exception, app.exception
    return app


def picked(open_page: Open, ids: list[int], **link: str) -> AppTest:
    """The page with some requests picked, as their boxes would."""
    app = open_page("logs", **link)
    app.session_state[state.PICKED] = ids
    return app.run()


def shown_columns(app: AppTest) -> list[str]:
    return list(app.dataframe[0].value.columns)


@pytest.mark.parametrize(
    ("sort", "first", "then"),
    [
        ("cost", [0, 1, 2], 25),
        ("-latency", [59, 58, 57], 34),
        ("tags", [58, 56, 54], 8),
        ("metadata.user_id", [56, 49, 42], None),
        ("-input_tokens", [59, 58, 57], 34),
    ],
)
def test_a_link_names_the_order_and_pages_follow_it(
    open_page: Open, seeded: list[int], sort: str, first: list[int], then: int | None
) -> None:
    app = open_page("logs", sort=sort)
    if sort in ("tags", "metadata.user_id"):
        # Equal values are in the order of their arrival.
        assert set(numbers(app)[:3]) <= {0, 2, 4, 7, 14, 21, 28, 35, 42, 49, 56}
    else:
        assert numbers(app)[:3] == first
    before = numbers(app)
    app = click(app, "Next")
    after = numbers(app)
    assert not set(before) & set(after)
    if then is not None and sort != "tags":
        assert after[0] == then
    again = open_page("logs", sort=sort, **{"from": app.query_params["from"]})
    assert numbers(again) == after
    assert numbers(click(app, "Previous")) == before


@pytest.mark.parametrize("sort", ["nothing", "-", "cost;DROP TABLE requests", "metadata.", "%00"])
def test_an_order_that_is_none_is_the_usual_one(
    open_page: Open, seeded: list[int], sort: str
) -> None:
    assert numbers(open_page("logs", sort=sort)) == list(range(25))


def test_the_next_request_is_that_of_the_order(open_page: Open, seeded: list[int]) -> None:
    app = open_page("logs", sort="-cost", request=str(seeded[40]))
    app = app.button(key="go-j").click().run()
    assert app.query_params["request"] == str(seeded[39])


def test_the_heading_of_the_order_has_an_arrow(open_page: Open, seeded: list[int]) -> None:
    config = json.loads(open_page("logs", sort="-cost").dataframe[0].proto.columns)
    assert config["Cost"]["label"] == "Cost ↓"
    assert config["Time"]["label"] == "Time"


def test_clicks_on_headings_ask_for_an_order_the_other_one_and_none() -> None:
    app = AppTest.from_function(_headings)
    app.run()
    assert not app.exception, app.exception
    assert app.session_state["orders"] == [
        *("-cost", "cost", "-time"),
        *("model", "-model", "-time"),
        *("time", "-time"),
        *("-score.q", "score.q", "-time"),
    ]


def _headings() -> None:
    import streamlit as st

    from workbench.ui.columns import column_named
    from workbench.ui.sorting import ask_for, sort_now

    orders = []
    for name, clicks in (("cost", 3), ("model", 3), ("time", 2), ("score.q", 3)):
        for _ in range(clicks):
            column = column_named(name)
            assert column is not None
            ask_for(column)
            orders.append(str(sort_now()))
    st.session_state["orders"] = orders


def test_a_link_names_the_columns(open_page: Open, seeded: list[int]) -> None:
    app = open_page("logs", columns="input,metadata.user_id,score.tone,source,nonsense,metadata.")
    assert shown_columns(app) == ["Input", "metadata.user_id", "score tone", "Source"]
    table = app.dataframe[0].value
    assert list(table["metadata.user_id"][:3]) == ["0", "1", "2"]
    assert set(table["Source"]) == {"track-request"}


def test_chosen_columns_are_remembered_for_the_next_visit(
    open_page: Open, store: Store, seeded: list[int]
) -> None:
    name = "columns:page"
    store.change(
        lambda cursor: store.preferences.put(cursor, "page", name, "id,input,metadata.session_id")
    ).result()
    app = open_page("logs")
    assert shown_columns(app) == ["Request", "Input", "metadata.session_id"]
    assert shown_columns(open_page("logs", columns="cost,input")) == ["Cost", "Input"]
    store.change(lambda cursor: store.preferences.put(cursor, "page", name, ["broken"])).result()
    assert len(shown_columns(open_page("logs"))) == len(columns.USUAL)


def test_each_browser_has_columns_of_its_own(
    open_page: Open, seeded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    cookies: dict[str, str] = {}
    monkeypatch.setattr(ContextProxy, "cookies", cookies)
    browsers = [browser_id.make() for _ in range(2)]
    for browser, names in zip(browsers, (("id", "input"), ("cost",)), strict=True):
        cookies[browser_id.COOKIE] = browser
        AppTest.from_function(_choose_columns, kwargs={"names": names}).run()
    found = []
    for browser in (*browsers, "made up"):
        cookies[browser_id.COOKIE] = browser
        found.append(shown_columns(open_page("logs")))
    assert found[:2] == [["Request", "Input"], ["Cost"]]
    assert len(found[2]) == len(columns.USUAL)


def _choose_columns(names: tuple[str, ...]) -> None:
    from workbench.ui import columns

    columns.choose(names)


def test_columns_of_a_link_come_back_from_their_text() -> None:
    names = ("time", "metadata.a,b", "metadata.ключ 1", "score.q/x", "metadata.100%")
    assert columns.parse(columns.as_text(names)) == names


def test_a_star_is_put_on_found_and_taken_away(
    open_page: Open, store: Store, seeded: list[int]
) -> None:
    app = open_page("logs", request=str(seeded[3]))
    app = app.button(key="star").click().run()
    found = requests.get(store.connection, seeded[3])
    assert found is not None
    assert found.summary.starred
    starred = open_page("logs", f="is:starred")
    assert numbers(starred) == [3]
    assert list(starred.dataframe[0].value["★"]) == ["★"]
    app.button(key="star").click().run()
    assert "Nothing matches" in text_of(open_page("logs", f="is:starred"))


def test_picked_requests_are_deleted_and_brought_back(open_page: Open, seeded: list[int]) -> None:
    app = picked(open_page, [seeded[0], seeded[2], seeded[30]])
    assert "**3 requests** picked" in text_of(app)
    app = click(app, "Delete")
    assert numbers(app)[:3] == [1, 3, 4]
    assert "Deleted 3 requests." in text_of(app)
    assert "picked" not in text_of(app)
    app = click(app, "Undo")
    assert numbers(app)[:3] == [0, 1, 2]
    assert "Put back 3 requests." in text_of(app)


def test_all_that_match_can_be_picked_but_one(
    open_page: Open, store: Store, seeded: list[int]
) -> None:
    app = picked(open_page, [seeded[1]], f="tag:prod")
    app = click(app, "Pick all 30 that match")
    assert "**30 requests** picked" in text_of(app)
    app.session_state[state.PICKED_NOT] = [seeded[1]]
    app = app.run()
    assert "**29 requests** picked" in text_of(app)
    app = click(app, "Delete")
    assert numbers(app) == [1]


def test_a_pick_of_all_ends_with_its_filter(open_page: Open, seeded: list[int]) -> None:
    app = click(picked(open_page, [seeded[1]], f="tag:prod"), "Pick all 30 that match")
    app.query_params["f"] = "tag:dev"
    app = app.run()
    assert "picked" not in text_of(app)


def test_what_arrives_later_is_not_among_all_that_matched(
    open_page: Open, store: Store, seeded: list[int]
) -> None:
    app = click(picked(open_page, [seeded[1]]), "Pick all 60 that match")
    now = datetime.now(UTC)
    later = store.add(row(100, now, started_at=now, ended_at=now)).result().id
    click(app, "Delete")
    assert requests.get(store.connection, later) is not None
    assert requests.get(store.connection, seeded[0]) is None


def test_nothing_is_offered_while_nothing_is_picked(open_page: Open, seeded: list[int]) -> None:
    assert "Delete" not in [each.label for each in open_page("logs").button]


def test_deleted_requests_are_purged_after_a_question(
    open_page: Open, store: Store, seeded: list[int]
) -> None:
    click(picked(open_page, [seeded[0]]), "Delete")
    app = open_page("settings", tab="Store")
    app.session_state["tab"] = "Store"
    app = app.run()
    assert "1 request is hidden" in text_of(app)
    app = app.button(key="purge").click().run()
    assert "will be removed for good" in text_of(app)
    app = app.button(key="purge-confirmed").click().run()
    job = jobs_of(store).live(app.session_state[state.BULK_JOB])
    assert job is not None
    assert job.wait(60)
    assert job.error is None
    with store.connection.cursor() as cursor:
        left = cursor.execute("SELECT count(*) FROM requests WHERE id = ?", [seeded[0]])
        assert left.fetchone() == (0,)


def test_boxes_of_a_page_leave_other_pages_alone() -> None:
    app = AppTest.from_function(_boxes)
    app.run()
    assert not app.exception, app.exception
    assert app.session_state[state.PICKED] == [1, 5, 6]
    assert app.session_state["rows"] == [1]


def _boxes() -> None:
    import streamlit as st

    from workbench.logs.bulk import Selection
    from workbench.ui import selection, state

    st.session_state[state.PICKED] = [1, 4]
    chosen = Selection(frozenset([1, 4]))
    selection.pick_rows(chosen, [4, 5, 6], [1, 2])
    st.session_state["rows"] = selection.rows_of(chosen, [9, 4, 8])


def test_counts_of_what_is_picked() -> None:
    assert selection.count(Selection(frozenset([1, 2])), None) == 2
    every = Selection(filter=Filter(), without=frozenset([1]))
    assert selection.count(every, 10) == 9
    assert selection.count(every, None) is None


def test_what_a_person_chose_is_kept_under_their_name(
    open_page: Open, store: Store, seeded: list[int]
) -> None:
    app = open_page("logs")
    app = app.button(key="facets-switch").click().run()
    assert preferences.get(store.connection, "facets:page") == {"shown": False}
    assert not app.exception
