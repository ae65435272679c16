"""Versions of a dataset against a model of plain dicts, by random sequences of changes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.conftest import Opener
from workbench.store import dataset_diff, dataset_reading, datasets
from workbench.store.connection import Cursor
from workbench.store.datasets import NewRow
from workbench.store.errors import Refused
from workbench.store.store import Store

T = TypeVar("T")
A = "user:a"
#: A row's state: values, split, tags.
State = tuple[dict[str, Any], str | None, tuple[str, ...]]
PICTURE = "QUJD" * 400


@dataclass
class Model:
    """published: rows by number, for each version. draft: None where none is open."""

    next_row: int = 1
    published: list[dict[int, State]] = field(default_factory=list)
    draft: dict[int, State] | None = None

    @property
    def versions(self) -> list[dict[int, State]]:
        return [*self.published, *([] if self.draft is None else [self.draft])]


row_values = st.dictionaries(
    st.sampled_from(["q", "a/b", "ö"]),
    st.sampled_from([None, 0, 1, "", "text", PICTURE, {"deep": [1]}, True]),
    max_size=3,
)
ids = st.lists(st.integers(1, 12), max_size=4, unique=True)
steps = st.one_of(
    st.tuples(st.just("add"), st.lists(row_values, min_size=1, max_size=4)),
    st.tuples(st.just("edit"), st.tuples(st.integers(1, 12), row_values)),
    st.tuples(st.just("delete"), ids),
    st.tuples(st.just("split"), st.tuples(ids, st.sampled_from([None, "train", "test"]))),
    st.tuples(st.just("tags"), st.tuples(ids, st.sampled_from([["x"], ["y"], ["x", "y"]]))),
    st.tuples(st.just("untag"), st.tuples(ids, st.sampled_from([["x"], ["y"]]))),
    st.tuples(st.just("open"), st.none()),
    st.tuples(st.just("publish"), st.none()),
    st.tuples(st.just("publish"), st.none()),
    st.tuples(st.just("discard"), st.none()),
    st.tuples(st.just("restore"), st.integers(1, 3)),
)


def run(store: Store, change: Callable[[Cursor], T]) -> T:
    return store.change(change).result()


def apply(model: Model, name: str, value: Any) -> bool:
    """Do it to the model; whether it can be done."""
    if name == "open":
        if model.draft is None:
            model.draft = copy.deepcopy(model.published[-1]) if model.published else {}
        return True
    if name == "restore":
        if value > len(model.published):
            return False
        model.draft = copy.deepcopy(model.published[value - 1])
        return True
    draft = model.draft
    if draft is None:
        return False
    if name == "publish":
        model.published.append(draft)
        model.draft = None
    elif name == "discard":
        model.draft = None
    elif name == "add":
        for each in value:
            draft[model.next_row] = (each, None, ())
            model.next_row += 1
    elif name == "edit":
        if value[0] not in draft:
            return False
        draft[value[0]] = (value[1], *draft[value[0]][1:])
    elif name == "delete":
        for id_ in value:
            draft.pop(id_, None)
    else:
        for id_ in draft.keys() & set(value[0]):
            values, split, tags = draft[id_]
            if name == "split":
                draft[id_] = (values, value[1], tags)
            elif name == "tags":
                new = tuple(one for one in value[1] if one not in tags)
                draft[id_] = (values, split, tags + new)
            else:
                draft[id_] = (values, split, tuple(one for one in tags if one not in value[1]))
    return True


def perform(store: Store, id_: int, name: str, value: Any) -> None:
    changes = store.datasets
    does: dict[str, Callable[[Cursor], Any]] = {
        "open": lambda c: changes.open_draft(c, A, id_),
        "publish": lambda c: changes.publish(c, A, id_, "note"),
        "discard": lambda c: changes.discard(c, A, id_),
        "restore": lambda c: changes.restore_version(c, A, id_, value),
        "add": lambda c: changes.add_rows(c, A, id_, [NewRow(each) for each in value]),
        "edit": lambda c: changes.edit_row(c, A, id_, value[0], value[1]),
        "delete": lambda c: changes.delete_rows(c, A, id_, value),
        "split": lambda c: changes.set_split(c, A, id_, value[0], value[1]),
        "tags": lambda c: changes.add_tags(c, A, id_, value[0], value[1]),
        "untag": lambda c: changes.remove_tags(c, A, id_, value[0], value[1]),
    }
    run(store, does[name])


def kept(store: Store, id_: int, number: int) -> dict[int, State]:
    rows = dataset_reading.rows(store.connection, id_, number)
    return {row.id: (row.values, row.split, row.tags) for row in rows}


def expected_changes(old: dict[int, State], new: dict[int, State]) -> dict[int, str]:
    found = {}
    for id_ in sorted(old.keys() | new.keys()):
        if id_ not in old:
            found[id_] = "added"
        elif id_ not in new:
            found[id_] = "removed"
        elif same(old[id_]) != same(new[id_]):
            found[id_] = "changed"
    return found


def same(state: State) -> str:
    """What tells states apart; True and 1 are equal in Python, and not in JSON."""
    return repr((sorted(state[0].items(), key=lambda item: item[0]), state[1], state[2]))


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(steps, min_size=5, max_size=22))
def test_versions_and_their_differences_are_those_of_plain_dicts(
    opener: Opener, plan: list[tuple[str, Any]]
) -> None:
    store = _open(opener)
    model = Model()
    id_ = run(
        store,
        lambda c: store.datasets.create(c, A, f"set {datasets.counted(store.connection)}"),
    )
    for name, value in [("open", None), ("add", [{"q": 1}, {"q": 2}, {"q": PICTURE}]), *plan]:
        before = copy.deepcopy(model)
        if apply(model, name, value):
            perform(store, id_, name, value)
        else:
            model = before
            try:
                perform(store, id_, name, value)
            except Refused:
                pass
            else:
                raise AssertionError(f"{name} was done, and the model says that it cannot be")
    for number, rows in enumerate(model.versions, 1):
        assert kept(store, id_, number) == rows
        version = datasets.version(store.connection, id_, number)
        assert version is not None
        assert (version.rows, version.is_draft) == (len(rows), number > len(model.published))
    for old, before_rows in enumerate(model.versions, 1):
        for new, after_rows in enumerate(model.versions, 1):
            _check_difference(store, id_, (old, before_rows), (new, after_rows))


def _check_difference(
    store: Store, id_: int, old: tuple[int, dict[int, State]], new: tuple[int, dict[int, State]]
) -> None:
    wanted = expected_changes(old[1], new[1])
    found = dataset_diff.changes(store.connection, id_, old[0], new[0], limit=1000)
    assert {one.id: one.kind for one in found} == wanted
    for one in found:
        for row, rows in ((one.before, old[1]), (one.after, new[1])):
            state = None if row is None else (row.values, row.split, row.tags)
            assert state == rows.get(one.id)
    counted = dataset_diff.difference(store.connection, id_, old[0], new[0])
    kinds = list(wanted.values())
    assert (counted.added, counted.removed, counted.changed) == tuple(
        kinds.count(kind) for kind in ("added", "removed", "changed")
    )


_OPENED: dict[int, Store] = {}


def _open(opener: Opener) -> Store:
    """One store for all examples: opening it costs more than an example."""
    key = id(opener)
    if key not in _OPENED:
        _OPENED.clear()
        _OPENED[key] = opener()
    return _OPENED[key]
