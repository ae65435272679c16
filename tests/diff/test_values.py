"""The difference of two JSON values: applied to one side it gives the other."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.diff import Change, json_diff, path_text, same_json

SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, "", "a", "b", "é"])
)
KEYS = st.sampled_from(["a", "b", "c d", "0", ""])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def parent_of(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path[:-1]:
        value = value[step]
    return value


def applied(left: Any, changes: list[Change]) -> Any:
    """The left value with the changes made: the right one."""
    box = {"": copy.deepcopy(left)}
    for change in changes:
        if change.kind == "changed":
            path = ("", *(change.left_path or ()))
            parent_of(box, path)[path[-1]] = change.right
    for change in reversed(changes):
        if change.kind == "removed":
            path = ("", *(change.left_path or ()))
            del parent_of(box, path)[path[-1]]
    for change in changes:
        if change.kind == "added":
            path = ("", *(change.right_path or ()))
            parent = parent_of(box, path)
            if isinstance(parent, list):
                parent.insert(int(path[-1]), change.right)
            else:
                parent[path[-1]] = change.right
    return box[""]


def turned(changes: list[Change]) -> list[Change]:
    return [Change(c.right_path, c.left_path, c.right, c.left) for c in changes]


@given(VALUES, VALUES)
def test_the_changes_make_the_right_value_of_the_left_and_back(left: Any, right: Any) -> None:
    changes = json_diff(left, right)
    assert same_json(applied(left, changes), right)
    assert same_json(applied(right, turned(changes)), left)


@given(VALUES, VALUES)
def test_there_are_changes_exactly_where_values_differ(left: Any, right: Any) -> None:
    assert (json_diff(left, right) == []) == same_json(left, right)


@given(VALUES, VALUES)
def test_each_change_says_what_stood_where(left: Any, right: Any) -> None:
    for change in json_diff(left, right):
        if change.left_path is not None:
            found = left
            for step in change.left_path:
                found = found[step]
            assert same_json(found, change.left)
        if change.right_path is not None:
            found = right
            for step in change.right_path:
                found = found[step]
            assert same_json(found, change.right)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ({"a": 1}, {"a": 2}, [("changed", "a")]),
        ({"a": 1, "b": 2}, {"b": 2, "c": 3}, [("removed", "a"), ("added", "c")]),
        ({"b": 2, "a": 1}, {"a": 1, "b": 2}, []),
        ([1, 2, 4], [1, 2, 3, 4], [("added", "[2]")]),
        ({"to": [{"n": 1}, {"n": 2}]}, {"to": [{"n": 1}, {"n": 5}]}, [("changed", "to[1].n")]),
        (1, 1.0, []),
        (1, True, [("changed", "")]),
        ({"a b": None}, {}, [("removed", '["a b"]')]),
        ([], {}, [("changed", "")]),
    ],
)
def test_changes_have_the_path_that_a_reader_would_name(
    left: Any, right: Any, expected: list[tuple[str, str]]
) -> None:
    assert [(c.kind, path_text(c.path)) for c in json_diff(left, right)] == expected


def test_values_nested_a_thousand_deep_are_compared() -> None:
    left = json.loads("[" * 900 + "1" + "]" * 900)
    right = json.loads("[" * 900 + "2" + "]" * 900)
    assert json_diff(left, left) == []
    assert len(json_diff(left, right)) == 1


def test_long_lists_without_anything_in_common_are_compared() -> None:
    changes = json_diff(list(range(20_000)), list(range(20_000, 40_000)))
    assert len(changes) == 20_000
