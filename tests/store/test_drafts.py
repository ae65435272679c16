"""Drafts: each person's own, the last one kept, gone when forgotten."""

from __future__ import annotations

from functools import partial

import pytest

from tests.store.conftest import Opener
from workbench.store import drafts
from workbench.store.errors import Refused
from workbench.store.store import Store


def test_the_last_draft_is_there_after_a_restart(opener: Opener) -> None:
    store = opener()
    for text in ("first", "second {a} é \U0001f600"):
        change = partial(drafts.keep, actor="user:a", subject="template/1", value=[text])
        store.change(change).result()
    found = drafts.kept(opener().connection, "user:a", "template/1")
    assert found is not None
    assert found.value == ["second {a} é \U0001f600"]


def test_a_draft_is_its_authors_own(store: Store) -> None:
    store.change(lambda cursor: drafts.keep(cursor, "user:a", "template/1", {})).result()
    assert drafts.kept(store.connection, "user:b", "template/1") is None
    assert drafts.kept(store.connection, "user:a", "template/2") is None
    assert list(drafts.subjects(store.connection, "user:a")) == ["template/1"]


def test_a_forgotten_draft_is_gone_and_forgetting_twice_is_no_error(store: Store) -> None:
    store.change(lambda cursor: drafts.keep(cursor, "user:a", "template/1", 1)).result()
    for _ in range(2):
        store.change(lambda cursor: drafts.forget(cursor, "user:a", "template/1")).result()
    assert drafts.kept(store.connection, "user:a", "template/1") is None


def test_a_draft_beyond_the_limit_is_refused_and_the_one_before_stays(store: Store) -> None:
    store.change(lambda cursor: drafts.keep(cursor, "user:a", "t", "small")).result()
    large = "x" * (drafts.MAX_BYTES + 1)
    with pytest.raises(Refused, match="8 MB"):
        store.change(lambda cursor: drafts.keep(cursor, "user:a", "t", large)).result()
    found = drafts.kept(store.connection, "user:a", "t")
    assert found is not None
    assert found.value == "small"
