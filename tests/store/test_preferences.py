"""Choices of the workspace: any JSON value under a name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.store.conftest import Opener
from workbench.store import audit, preferences
from workbench.store.store import Store


def put(store: Store, name: str, value: Any) -> None:
    store.change(lambda cursor: store.preferences.put(cursor, "page", name, value)).result()


@pytest.mark.parametrize("value", ["Europe/Berlin", 7, 1.5, None, [1, {"a": "ß"}], {"x": None}])
def test_a_value_comes_back_equal_also_after_a_restart(opener: Opener, value: Any) -> None:
    put(opener(), "zone", value)
    assert preferences.get(opener().connection, "zone", "other") == value


def test_the_last_value_stands_and_each_is_in_the_audit(store: Store) -> None:
    put(store, "zone", "UTC")
    put(store, "zone", "Asia/Tokyo")
    assert preferences.get(store.connection, "zone") == "Asia/Tokyo"
    entries = audit.newest(store.connection, subject="preference/zone")
    assert [each.detail for each in entries] == [{"value": "Asia/Tokyo"}, {"value": "UTC"}]


def test_what_was_never_chosen_is_the_default(store: Store) -> None:
    assert preferences.get(store.connection, "zone") is None
    assert preferences.get(store.connection, "zone", "UTC") == "UTC"
