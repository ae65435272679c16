"""Saved views, on both engines."""

from __future__ import annotations

from concurrent.futures import Future

import pytest
from hypothesis import HealthCheck, given, settings

from tests.filters.strategies import filters
from tests.store.conftest import Opener
from workbench.filters import Filter, parse_text
from workbench.store import audit, saved_views
from workbench.store.errors import NotFound, Refused
from workbench.store.saved_views import Shown
from workbench.store.store import Store

FAILED = Shown(parse_text("status:error last:7d"), "-cost", "time,model")
SLOW = Shown(parse_text("latency>2s"))


def save(store: Store, name: str, shown: Shown = FAILED, actor: str = "user:ada") -> int:
    return store.change(lambda c: store.saved_views.add(c, actor, name, shown)).result()


def names(store: Store) -> list[str]:
    return [view.name for view in saved_views.listed(store.connection)]


def test_a_view_is_kept_with_its_author_and_is_there_after_a_restart(opener: Opener) -> None:
    id_ = save(opener(), "  Failing  calls ")
    view = saved_views.get(opener().connection, id_)
    assert view is not None
    assert (view.name, view.shown, view.author) == ("Failing calls", FAILED, "user:ada")
    assert view.created_at == view.changed_at


def test_views_are_listed_by_name_and_numbered_from_one(store: Store) -> None:
    assert [save(store, name) for name in ("slow", "Broken", "ärger")] == [1, 2, 3]
    assert names(store) == ["Broken", "slow", "ärger"]


@pytest.mark.parametrize("taken", ["Slow", "sLOW ", "Straße"])
def test_a_name_stands_for_one_view_whatever_its_capitals(store: Store, taken: str) -> None:
    save(store, "Slow")
    save(store, "STRASSE")
    with pytest.raises(Refused, match="already"):
        save(store, taken)
    assert len(names(store)) == 2


@pytest.mark.parametrize("name", ["", "   ", "a\x00b", "x" * 101, "\u202eevil"])
def test_what_cannot_be_a_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(Refused, match="printable"):
        save(store, name)


def test_overwriting_keeps_name_and_author_and_leaves_a_trace(store: Store) -> None:
    id_ = save(store, "Mine")
    store.change(lambda c: store.saved_views.overwrite(c, "user:bob", id_, SLOW)).result()
    view = saved_views.get(store.connection, id_)
    assert view is not None
    assert (view.name, view.shown, view.author, view.changed_by) == (
        "Mine",
        SLOW,
        "user:ada",
        "user:bob",
    )
    entry = audit.newest(store.connection, subject=f"view/{id_}")[0]
    assert (entry.actor, entry.action) == ("user:bob", "view.overwrite")
    assert "ERROR" in entry.detail["before"]
    assert "latency" in entry.detail["after"]


def test_a_view_is_renamed_unless_the_name_is_taken(store: Store) -> None:
    first, second = save(store, "One"), save(store, "Two")
    store.change(lambda c: store.saved_views.rename(c, "x", first, "ONE")).result()
    assert names(store) == ["ONE", "Two"]
    with pytest.raises(Refused):
        store.change(lambda c: store.saved_views.rename(c, "x", second, "one")).result()
    assert names(store) == ["ONE", "Two"]


def test_removing_can_be_undone_and_a_number_is_never_given_again(store: Store) -> None:
    first = save(store, "One")
    store.change(lambda c: store.saved_views.remove(c, "x", first)).result()
    assert names(store) == []
    assert saved_views.get(store.connection, first) is None
    assert save(store, "Two") == first + 1
    store.change(lambda c: store.saved_views.restore(c, "x", first)).result()
    assert names(store) == ["One", "Two"]


def test_restoring_is_refused_where_the_name_has_gone_to_another(store: Store) -> None:
    first = save(store, "One")
    store.change(lambda c: store.saved_views.remove(c, "x", first)).result()
    save(store, "one")
    with pytest.raises(Refused, match="already"):
        store.change(lambda c: store.saved_views.restore(c, "x", first)).result()


def test_the_default_is_one_view_and_none_once_it_is_removed(store: Store) -> None:
    assert saved_views.default(store.connection) is None
    first, second = save(store, "One"), save(store, "Two")
    for chosen in (first, second):
        store.change(lambda c, i=chosen: store.saved_views.set_default(c, "x", i)).result()  # type: ignore[misc]
        found = saved_views.default(store.connection)
        assert found is not None
        assert found.id == chosen
    store.change(lambda c: store.saved_views.remove(c, "x", second)).result()
    assert saved_views.default(store.connection) is None
    store.change(lambda c: store.saved_views.set_default(c, "x", None)).result()
    assert saved_views.default(store.connection) is None


def test_what_is_not_there_is_said(store: Store) -> None:
    views = store.saved_views
    for change in (
        lambda c: views.overwrite(c, "x", 7, SLOW),
        lambda c: views.rename(c, "x", 7, "n"),
        lambda c: views.remove(c, "x", 7),
        lambda c: views.restore(c, "x", 7),
        lambda c: views.set_default(c, "x", 7),
    ):
        with pytest.raises(NotFound):
            store.change(change).result()


def test_a_filter_of_a_newer_version_leaves_the_view_listed_and_unread(store: Store) -> None:
    id_ = save(store, "Later")
    store.change(
        lambda c: c.execute(
            "UPDATE saved_views SET filter = '{\"version\":99}' WHERE id = ?", [id_]
        )
    ).result()
    view = saved_views.get(store.connection, id_)
    assert view is not None
    assert (view.name, view.shown) == ("Later", None)


def test_saves_at_once_have_a_number_each(store: Store) -> None:
    waiting: list[Future[int]] = [
        store.change(lambda c, n=n: store.saved_views.add(c, "x", f"view {n}", SLOW))  # type: ignore[misc]
        for n in range(12)
    ]
    assert sorted(each.result() for each in waiting) == list(range(1, 13))


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filter_=filters)
def test_every_filter_comes_back_from_a_view(store: Store, filter_: Filter) -> None:
    id_ = save(store, f"view {len(names(store))}", Shown(filter_))
    view = saved_views.get(store.connection, id_)
    assert view is not None
    assert view.shown == Shown(filter_)
