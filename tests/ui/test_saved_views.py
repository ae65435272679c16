"""Saved views on the Logs page."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, search, text_of
from tests.ui.test_filter_bar import button
from tests.ui.test_logs import numbers
from workbench.filters import Filter, parse_text
from workbench.store import saved_views
from workbench.store.saved_views import SavedView, Shown
from workbench.store.store import Store
from workbench.ui.columns import USUAL, as_text

pytestmark = pytest.mark.usefixtures("seeded")


def save(store: Store, name: str, line: str, **more: str) -> int:
    shown = Shown(parse_text(line), **more)
    return store.change(lambda c: store.saved_views.add(c, "user:ada", name, shown)).result()


def make_default(store: Store, id_: int) -> None:
    store.change(lambda c: store.saved_views.set_default(c, "user:ada", id_)).result()


def open_menu(app: AppTest) -> AppTest:
    app.session_state["saved-views"] = True
    return app.run()


def views(store: Store) -> list[SavedView]:
    return saved_views.listed(store.connection)


def label(app: AppTest) -> str:
    """What the menu of views is called."""
    popovers = [str(each.proto.popover.label) for each in app.get("popover")]
    return next(each for each in popovers if each not in ("Filter", "")).replace("\\", "")


def test_what_is_shown_is_saved_under_a_name(open_page: Open, store: Store) -> None:
    app = open_menu(open_page("logs", f="status:error last:30d"))
    assert "No view is saved yet" in text_of(app)
    app.text_input(key="saved-view-name").set_value("Failing calls")
    app = button(app, "Save view").click().run()
    (view,) = views(store)
    assert (view.name, view.author) == ("Failing calls", "page")
    assert view.shown == Shown(parse_text("status:error last:30d"), "", as_text(USUAL))
    assert app.query_params["saved"] == str(view.id)
    assert label(app) == "Failing calls"


def test_a_short_link_opens_the_view(open_page: Open, store: Store) -> None:
    id_ = save(store, "Failing", "status:error", sort="-cost", columns="time,input,cost")
    app = open_page("logs", saved=str(id_))
    assert set(numbers(app)) == {9, 19, 29, 39, 49, 59}
    assert app.query_params["f"] == "status:error"
    assert (app.query_params["sort"], app.query_params["columns"]) == ("-cost", "time,input,cost")
    assert label(app) == "Failing"


def test_the_menu_lists_the_views_with_their_authors_and_opens_them(
    open_page: Open, store: Store
) -> None:
    save(store, "Failing", "status:error")
    save(store, "Prod", "tag:prod")
    app = open_menu(open_page("logs", f="tag:dev parcel"))
    assert "ada · just now" in text_of(app)
    app = button(app, "Prod").click().run()
    assert app.query_params["f"] == "tag:prod"
    assert label(app) == "Prod"


def test_a_changed_view_says_so_and_can_be_overwritten(open_page: Open, store: Store) -> None:
    id_ = save(store, "Failing", "status:error")
    app = search(open_page("logs", saved=str(id_)), "status:error tag:prod")
    assert label(app) == "Failing (changed)"
    app = button(open_menu(app), "Overwrite").click().run()
    (view,) = views(store)
    assert view.shown == Shown(parse_text("status:error tag:prod"), "", as_text(USUAL))
    assert (view.author, view.changed_by) == ("user:ada", "page")
    assert label(app) == "Failing"


def test_a_view_keeps_sort_and_columns_for_everybody(open_page: Open, store: Store) -> None:
    app = open_menu(open_page("logs", f="tag:prod", sort="-cost", columns="cost,time"))
    app.text_input(key="saved-view-name").set_value("Dear")
    app = button(app, "Save view").click().run()
    (view,) = views(store)
    assert view.shown == Shown(parse_text("tag:prod"), "-cost", "cost,time")
    app = open_page("logs", saved=str(view.id))
    assert list(app.dataframe[0].value.columns)[-2:] == ["Cost", "Time"]
    assert app.dataframe[0].value["Cost"].is_monotonic_decreasing
    app.query_params["sort"] = "cost"
    assert label(app.run()) == "Dear (changed)"


def test_clearing_the_filter_of_a_view_shows_everything(open_page: Open, store: Store) -> None:
    id_ = save(store, "Failing", "status:error")
    app = search(open_page("logs", saved=str(id_)), "")
    assert numbers(app) == list(range(25))
    assert app.query_params["f"] == ""
    again = open_page("logs", saved=str(id_), f="")
    assert numbers(again) == list(range(25))


def test_a_view_is_renamed_and_a_taken_name_is_refused(open_page: Open, store: Store) -> None:
    id_ = save(store, "Failing", "status:error")
    save(store, "Prod", "tag:prod")
    app = open_menu(open_page("logs", saved=str(id_)))
    next(each for each in app.text_input if each.label == "Name").set_value("prod")
    app = button(app, "Rename").click().run()
    assert 'There is a view "prod" already' in app.warning[0].value
    next(each for each in app.text_input if each.label == "Name").set_value("Broken")
    app = button(app, "Rename").click().run()
    assert [view.name for view in views(store)] == ["Broken", "Prod"]
    assert label(app) == "Broken"


def test_removing_a_view_can_be_undone(open_page: Open, store: Store) -> None:
    id_ = save(store, "Failing", "status:error")
    app = open_menu(open_page("logs", saved=str(id_)))
    app = app.button(key="remove-view").click().run()
    assert views(store) == []
    assert "Removed Failing" in text_of(app)
    assert app.query_params["f"] == "status:error"
    app = app.button(key="restore-view").click().run()
    assert [view.id for view in views(store)] == [id_]
    assert label(app) == "Failing"
    assert "Removed" not in text_of(app)


def test_the_page_opens_with_the_default_view_where_a_link_names_nothing(
    open_page: Open, store: Store
) -> None:
    id_ = save(store, "Failing", "status:error")
    assert numbers(open_page("logs")) == list(range(25))
    app = open_menu(open_page("logs", saved=str(id_)))
    app = button(app, "Open the page with it").click().run()
    app = open_page("logs")
    assert numbers(app) == [9, 19, 29, 39, 49, 59]
    assert app.query_params["saved"] == str(id_)
    assert numbers(open_page("logs", f="tag:dev")) == [*range(0, 50, 2)]
    app = button(open_page("logs", f="tag:dev"), "tag has dev").click().run()
    assert numbers(app) == list(range(25))
    app = button(open_menu(open_page("logs")), "Stop opening with it").click().run()
    assert numbers(open_page("logs")) == list(range(25))


def test_saving_can_make_the_view_the_default(open_page: Open, store: Store) -> None:
    app = open_menu(open_page("logs", f="tag:dev"))
    app.text_input(key="saved-view-name").set_value("Mine")
    app.checkbox[0].check()
    button(app, "Save view").click().run()
    found = saved_views.default(store.connection)
    assert found is not None
    assert found.name == "Mine"


def test_a_name_that_is_taken_is_said_and_nothing_is_saved(open_page: Open, store: Store) -> None:
    save(store, "Mine", "tag:dev")
    app = open_menu(open_page("logs"))
    app.text_input(key="saved-view-name").set_value("MINE")
    app = button(app, "Save view").click().run()
    assert "already" in app.warning[0].value
    assert len(views(store)) == 1


@pytest.mark.parametrize("number", ["7", "0", "x", "-1", "9" * 30, "1 OR 1=1", "²"])
def test_a_link_to_no_view_says_so_and_shows_everything(open_page: Open, number: str) -> None:
    app = open_page("logs", saved=number)
    assert "There is no saved view" in app.warning[0].value
    assert numbers(app) == list(range(25))


def test_a_view_of_a_newer_version_says_so(open_page: Open, store: Store) -> None:
    id_ = save(store, "Later", "tag:dev")
    store.change(lambda c: c.execute("UPDATE saved_views SET filter = '{}'")).result()
    app = open_page("logs", saved=str(id_))
    assert "a newer version saved it" in app.warning[0].value
    assert numbers(app) == list(range(25))


def test_a_hostile_name_is_drawn_as_text(open_page: Open, store: Store) -> None:
    evil = "**b** ![x](http://evil.example/a.png) :red[c] <img src=x>"
    id_ = save(store, evil, "tag:dev")
    app = open_menu(open_page("logs", saved=str(id_)))
    assert label(app) == evil
    labels = [each.label for each in app.button if "evil" in each.label]
    assert labels
    assert all("\\!\\[x\\]\\(http" in each for each in labels)
    assert Filter() != parse_text("tag:dev")
