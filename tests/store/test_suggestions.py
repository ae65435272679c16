"""Suggested values with their counts, on both engines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.store.samples import NOON, some_request
from workbench.filters import Filter, parse_text
from workbench.store import suggestions as module
from workbench.store.errors import Refused
from workbench.store.store import Store
from workbench.store.suggestions import FIELDS, KEYED, Suggestions, suggestions


def ask(store: Store, field: str, text: str = "", **more: Any) -> Suggestions:
    return suggestions(store.connection, field, parse_text(text), now=NOON, **more)


def pairs(found: Suggestions) -> list[tuple[str, int]]:
    return [(each.value, each.requests) for each in found.values]


def answer(text: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": [{"type": "text", "text": text}]}]


@pytest.fixture
def filled(store: Store) -> Store:
    call = {
        "id": "1",
        "type": "function",
        "function": {"name": "find", "arguments": '{"city":"X"}'},
    }
    rows: list[dict[str, Any]] = [
        {
            "model": "gpt-4o",
            "tags": ("prod", "vip"),
            "metadata": {"user_id": "42", "plan": {"tier": "gold"}},
            "prompt_name": "support/answer",
            "input_variables": {"question": "Why?", "lang": "fr"},
            "output": answer('{"status": "ok", "n": 1}'),
            "input_text": "bonjour",
            "scores": (("tone", 3.0), ("default", 4.0)),
        },
        {
            "model": "gpt-4o-mini",
            "tags": ("prod",),
            "metadata": {"user_id": "42"},
            "input_variables": {"question": "How?"},
            "output": answer('{"status": "late"}'),
            "status": "ERROR",
            "tool_names": ("find", "find"),
            "scores": (("tone", 1.0),),
        },
        {
            "model": "gpt-4o-mini",
            "metadata": {"user_id": "7"},
            "output": [{"role": "assistant", "tool_calls": [call]}],
            "group_id": 9,
        },
    ]
    for row in rows:
        store.add(some_request(**row)).result()
    gone = store.add(some_request(model="gone", tags=("gone",))).result().id
    store.change(lambda cursor: store.annotations.delete(cursor, "x", gone)).result()
    return store


@pytest.mark.parametrize(
    ("field", "key", "expected"),
    [
        ("engine", None, [("gpt-4o-mini", 2), ("gpt-4o", 1)]),
        ("tags", None, [("prod", 2), ("vip", 1)]),
        ("status", None, [("SUCCESS", 2), ("ERROR", 1)]),
        ("tool_names", None, [("find", 1)]),
        ("prompt", None, [("support/answer", 1)]),
        ("group_id", None, [("9", 1)]),
        ("metadata_keys", None, [("user_id", 3), ("plan", 1), ("plan.tier", 1)]),
        ("metadata_values", "user_id", [("42", 2), ("7", 1)]),
        ("metadata_values", "plan.tier", [("gold", 1)]),
        ("metadata_values", "nothing", []),
        ("input_variable_keys", None, [("question", 2), ("lang", 1)]),
        ("input_variable_values", "question", [("How?", 1), ("Why?", 1)]),
        (
            "output_keys",
            None,
            [
                ("status", 2),
                ("n", 1),
                ("tool_calls", 1),
                ("tool_calls.function.arguments", 1),
                ("tool_calls.function.name", 1),
            ],
        ),
        ("output_values", "status", [("late", 1), ("ok", 1)]),
        ("output_values", "tool_calls.function.name", [("find", 1)]),
        ("score_names", None, [("tone", 2), ("default", 1)]),
    ],
)
def test_values_come_with_the_number_of_requests_that_carry_them(
    filled: Store, field: str, key: str | None, expected: list[tuple[str, int]]
) -> None:
    assert pairs(ask(filled, field, key=key)) == expected


def test_only_what_the_filter_finds_is_counted(filled: Store) -> None:
    assert pairs(ask(filled, "engine", "tag:prod")) == [("gpt-4o", 1), ("gpt-4o-mini", 1)]
    assert pairs(ask(filled, "engine", "bonjour")) == [("gpt-4o", 1)]
    assert pairs(ask(filled, "output_values", "status:error", key="status")) == [("late", 1)]


def test_a_prefix_is_found_whatever_its_capitals(filled: Store) -> None:
    assert pairs(ask(filled, "engine", prefix="GPT-4o-")) == [("gpt-4o-mini", 2)]
    assert pairs(ask(filled, "engine", prefix="mini")) == []
    assert pairs(ask(filled, "metadata_keys", prefix="plan.")) == [("plan.tier", 1)]


def test_anywhere_puts_what_begins_so_before_what_has_it_inside(filled: Store) -> None:
    filled.add(some_request(model="mini")).result()
    found = ask(filled, "engine", prefix="MINI", anywhere=True)
    assert pairs(found) == [("mini", 1), ("gpt-4o-mini", 2)]


def test_a_prefix_is_taken_literally(filled: Store) -> None:
    filled.add(some_request(model="100%_x")).result()
    assert pairs(ask(filled, "engine", prefix="100%_")) == [("100%_x", 1)]
    assert pairs(ask(filled, "engine", prefix="%")) == []
    assert pairs(ask(filled, "engine", prefix="' OR 1=1 --")) == []


def test_the_nearest_come_first_however_rare_they_are(filled: Store) -> None:
    for model in ("o1", "o1", "o1", "claude"):
        filled.add(some_request(model=model)).result()
    nearest = [name for name, _ in pairs(ask(filled, "engine", near="GPT4o"))]
    assert nearest == ["gpt-4o", "gpt-4o-mini", "o1", "claude"]
    assert pairs(ask(filled, "engine", near="MINI", limit=1)) == [("gpt-4o-mini", 2)]
    assert pairs(ask(filled, "engine", near="o", prefix="cl", anywhere=True)) == [("claude", 1)]
    assert len(pairs(ask(filled, "engine", near="' OR \x00" + "x" * 5000))) == 4


def test_no_more_than_asked_for(filled: Store) -> None:
    assert pairs(ask(filled, "engine", limit=1)) == [("gpt-4o-mini", 2)]


def test_values_that_help_nobody_are_left_out(store: Store) -> None:
    store.add(some_request(model="x" * 1000, tags=("", "y"))).result()
    assert pairs(ask(store, "engine")) == []
    assert pairs(ask(store, "tags")) == [("y", 1)]


def test_bodies_are_read_of_the_last_requests_alone_and_that_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FEW", 3)
    for number in range(5):
        store.add(some_request(input_variables={f"k{number}": 1}, model="m")).result()
    found = ask(store, "input_variable_keys")
    assert (pairs(found), found.sampled) == ([("k2", 1), ("k3", 1), ("k4", 1)], 3)
    assert ask(store, "engine").sampled is None
    assert ask(store, "engine", "model:nothing word").values == []


def test_metadata_is_looked_at_in_the_last_requests_and_that_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MANY", 4)
    for number in range(6):
        store.add(some_request(metadata={"k": f"v{number // 5}"}, tags=("a", "a", "b"))).result()
    found = ask(store, "metadata_values", key="k")
    assert (pairs(found), found.sampled) == ([("v0", 3), ("v1", 1)], 4)
    assert pairs(ask(store, "tags")) == [("a", 6), ("b", 6)]


def test_every_field_can_be_asked_for_in_an_empty_store(store: Store) -> None:
    for field in FIELDS:
        assert ask(store, field, key="k" if field in KEYED else None) == Suggestions([])


def test_what_cannot_be_asked_for_is_refused(store: Store) -> None:
    with pytest.raises(Refused, match="There are engine"):
        ask(store, "mood")
    with pytest.raises(Refused, match="needs the name of a key"):
        ask(store, "metadata_values")
    assert Filter().is_empty
