"""A click on a value asks for it, leaves it out, or takes that back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.filters import parse_text, to_text
from workbench.filters.facet_values import Chosen, chosen, toggled

FIELDS = [("engine", None), ("tags", None), ("metadata", "user"), ("status", None)]


@pytest.mark.parametrize(
    ("before", "field", "value", "leave_out", "after"),
    [
        ("", "engine", "a", False, "model:a"),
        ("model:a", "engine", "a", False, ""),
        ("model:a", "engine", "b", False, "model:a,b"),
        ("model:a,b", "engine", "a", False, "model:b"),
        ("model:a,b,c", "engine", "b", False, "model:a,c"),
        ("", "engine", "a", True, "-model:a"),
        ("-model:a", "engine", "b", True, "-model:a,b"),
        ("model:a", "engine", "a", True, "-model:a"),
        ("-model:a", "engine", "a", False, "model:a"),
        ("model:a", "engine", "b", True, "model:a -model:b"),
        ("", "engine", None, False, "-has:model"),
        ("-has:model", "engine", "a", False, "model:a"),
        ("model:a", "engine", None, False, "-has:model"),
        ("-has:model", "engine", None, False, ""),
        ("", "engine", None, True, "has:model"),
        ("has:model", "engine", "a", True, "has:model -model:a"),
        ("tag:a", "tags", "b", False, "tag:a,b"),
        ("tag:a tag:b", "tags", "c", False, "tag:a tag:b tag:c"),
        ("tag:a tag:b", "tags", "a", False, "tag:b"),
        ("", "tags", None, False, "-has:tag"),
        ("last:7d model:a words", "engine", "b", False, "last:7d model:a,b words"),
        ("model:a (model:b OR tag:c)", "engine", "a", False, "model:b OR tag:c"),
    ],
)
def test_a_click_changes_the_conditions_of_its_field(
    before: str, field: str, value: str | None, leave_out: bool, after: str
) -> None:
    found = toggled(parse_text(before), field, value, leave_out=leave_out)
    assert to_text(found) == to_text(parse_text(after))


def test_metadata_is_told_apart_by_its_key() -> None:
    filter_ = parse_text("metadata.user:1 metadata.place:2")
    assert chosen(filter_, "metadata", "user") == Chosen(("1",), ())
    found = toggled(filter_, "metadata", "3", "user", leave_out=False)
    assert to_text(found) == to_text(parse_text("metadata.user:1,3 metadata.place:2"))


@given(
    st.sampled_from(FIELDS),
    st.lists(
        st.tuples(st.sampled_from(["SUCCESS", "ERROR", "WARNING"]), st.booleans()), max_size=6
    ),
    st.sampled_from(["", "last:7d", "tag:x words", "latency>2s"]),
)
def test_clicks_say_what_was_clicked_and_the_rest_stays(
    field: tuple[str, str | None], clicks: list[tuple[str, bool]], rest: str
) -> None:
    name, key = field
    filter_ = parse_text(rest)
    asked: dict[str, bool] = {}
    for value, leave_out in clicks:
        filter_ = toggled(filter_, name, value, key, leave_out=leave_out)
        if asked.get(value) == leave_out:
            del asked[value]
        else:
            asked[value] = leave_out
        found = chosen(filter_, name, key)
        others = set() if name != "tags" or "tag:x" not in rest else {"x"}
        assert set(found.asked) == {v for v, out in asked.items() if not out} | others
        assert set(found.left_out) == {v for v, out in asked.items() if out}
    for value, leave_out in list(asked.items()):
        filter_ = toggled(filter_, name, value, key, leave_out=leave_out)
    assert to_text(filter_) == to_text(parse_text(rest))
