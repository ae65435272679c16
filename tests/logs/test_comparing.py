"""Two requests beside each other: every message has its place, what differs is named."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workbench.diff import path_text
from workbench.logs.comparing import (
    Pair,
    fact_changes,
    figures,
    message_value,
    message_words,
    pairs,
)
from workbench.messages import Message, text_part
from workbench.store.rows import Detail, Summary

ROLES = st.sampled_from(["system", "user", "assistant"])


def said(role: str, text: str) -> Message:
    return {"role": role, "content": [text_part(text)]}


MESSAGES = st.lists(st.builds(said, ROLES, st.sampled_from("abc")), max_size=7)


@given(MESSAGES, MESSAGES)
def test_every_message_stands_once_and_in_order(left: list[Any], right: list[Any]) -> None:
    found = pairs(left, right)
    assert [pair.left for pair in found if pair.left is not None] == left
    assert [pair.right for pair in found if pair.right is not None] == right
    for pair in found:
        if pair.left is not None and pair.right is not None:
            assert pair.left["role"] == pair.right["role"]


@given(MESSAGES)
def test_a_conversation_beside_itself_is_the_same(messages: list[Any]) -> None:
    assert all(pair.is_same for pair in pairs(messages, messages))


def test_a_changed_message_stands_beside_what_it_was() -> None:
    left = [said("system", "Be brief"), said("user", "hi")]
    right = [said("system", "Be kind"), said("user", "hi"), said("assistant", "yes")]
    assert pairs(left, right) == [
        Pair(left[0], right[0]),
        Pair(left[1], right[1]),
        Pair(None, right[2]),
    ]


def test_json_answers_and_tool_calls_are_values() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
    calling = {"role": "assistant", "content": [], "tool_calls": [call]}
    assert message_value(said("assistant", ' {"a": [1]}')) == {"a": [1]}
    assert message_value(said("assistant", "[not json")) is None
    assert message_value(said("assistant", "12")) is None
    assert message_value(calling) == [{"name": "f", "arguments": {"x": 1}}]
    assert message_words(calling) == 'f({\n  "x": 1\n})'


def detail(**changes: Any) -> Detail:
    blank: dict[str, Any] = dict.fromkeys(Detail.__dataclass_fields__)
    summary: dict[str, Any] = dict.fromkeys(Summary.__dataclass_fields__)
    for name, value in changes.items():
        (summary if name in summary else blank)[name] = value
    summary["tags"] = changes.get("tags") or []
    blank |= {"summary": Summary(**summary), "scores": []}
    return Detail(**blank)


def test_what_differs_in_the_call_is_named_by_its_path() -> None:
    def tool(name: str, about: str) -> dict[str, Any]:
        return {"type": "function", "function": {"name": name, "description": about}}

    left = detail(
        model="gpt-4o",
        parameters={"temperature": 0.2},
        tags=["b", "a"],
        metadata={"user": 1},
        prompt={"tools": [tool("f", "old"), tool("g", "same")]},
    )
    right = detail(
        model="gpt-4o-mini",
        parameters={"temperature": 0.2, "top_p": 1},
        tags=["a", "c"],
        prompt={"tools": [tool("g", "same"), tool("f", "new")]},
    )
    assert [(each.kind, path_text(each.path)) for each in fact_changes(left, right)] == [
        ("changed", "model"),
        ("added", "settings.top_p"),
        ("changed", "tools.f.function.description"),
        ("removed", "tags.b"),
        ("added", "tags.c"),
        ("removed", "metadata"),
    ]


def test_a_figure_that_is_not_known_has_no_difference() -> None:
    found = {each.name: each for each in figures(detail(latency_ms=5.0), detail(latency_ms=8.0))}
    assert found["Latency"].difference == 3
    assert found["Cost"].difference is None
