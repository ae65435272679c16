"""Two requests beside each other, and how one gets there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.seed import row
from tests.ui.conftest import Open, text_of
from workbench.messages import text_part
from workbench.store.store import Store
from workbench.ui.request_actions import id_in


def said(role: str, text: str) -> Any:
    return {"role": role, "content": [text_part(text)]}


def two(store: Store, left: dict[str, Any], right: dict[str, Any]) -> dict[str, str]:
    now = datetime.now(UTC)
    ids = [store.add(row(1, now, **changes)).result().id for changes in (left, right)]
    return {"left": str(ids[0]), "right": str(ids[1])}


def test_without_two_requests_the_page_asks_for_them(open_page: Open, store: Store) -> None:
    app = open_page("compare")
    assert "Compare two requests" in text_of(app)
    assert [each.label for each in app.text_input] == ["Left", "Right"]
    app = open_page("compare", left="12", right="x")
    assert "There is no request 12" in text_of(app)


def test_words_that_differ_are_marked_and_figures_subtracted(open_page: Open, store: Store) -> None:
    left = {
        "prompt": {"type": "chat", "messages": [said("system", "Be brief."), said("user", "Hi")]},
        "output": [said("assistant", "Good day to you")],
        "input_tokens": 100,
        "parameters": {"temperature": 0.2},
        "tags": ("dev",),
    }
    right = {
        **left,
        "prompt": {"type": "chat", "messages": [said("system", "Be kind."), said("user", "Hi")]},
        "output": [said("assistant", "Good morning to you")],
        "input_tokens": 150,
        "parameters": {"temperature": 0.9},
        "tags": ("prod",),
    }
    shown = text_of(open_page("compare", **two(store, left, right)))
    assert "Be <del>brief</del>." in shown
    assert "Be <ins>kind</ins>." in shown
    assert "Good <del>day</del> to you" in shown
    assert "the same on both sides: Hi" in shown
    assert "+50 (+50 %)" in shown
    assert "settings.temperature" in shown
    assert "tags.dev" in shown
    together = text_of(open_page("compare", layout="Together", **two(store, left, right)))
    assert "Be <del>brief</del><ins>kind</ins>." in together


def test_json_answers_are_compared_by_path(open_page: Open, store: Store) -> None:
    left = {"output": [said("assistant", '{"tone": {"kind": true}, "words": [1, 2]}')]}
    right = {"output": [said("assistant", '{"words": [1, 3], "tone": {"kind": true}}')]}
    shown = text_of(open_page("compare", **two(store, left, right)))
    assert "JSON: 1 difference" in shown
    assert "words[1]" in shown
    assert "tone" not in shown.split("Output")[-1].split("JSON:")[-1]


def test_a_request_beside_itself_does_not_differ(open_page: Open, seeded: list[int]) -> None:
    id_ = str(seeded[3])
    shown = text_of(open_page("compare", left=id_, right=id_))
    assert "The same on both sides." in shown
    assert "<del>" not in shown


def test_swapping_changes_the_sides(open_page: Open, seeded: list[int]) -> None:
    app = open_page("compare", left=str(seeded[1]), right=str(seeded[2]))
    app = next(b for b in app.button if b.label == "Swap").click().run()
    assert app.query_params["left"] == str(seeded[2])
    assert app.query_params["right"] == str(seeded[1])


def test_hostile_texts_are_drawn_as_text(open_page: Open, store: Store) -> None:
    evil = "<img src=x onerror=alert(1)>"
    left = {"output": [said("assistant", evil)], "model": evil, "metadata": {evil: evil}}
    right = {"output": [said("assistant", evil + "!")], "model": "m", "metadata": {evil: 1}}
    app = open_page("compare", **two(store, left, right))
    for each in app.get("html"):
        assert "<img" not in each.proto.body


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12),
        (" #12 ", 12),
        ("http://localhost:8501/logs?f=x&request=489081388089364", 489081388089364),
        ("http://localhost:8501/request?request=12", 12),
        ("489,081,388", 489081388),
        ("abc", None),
        ("1" * 30, None),
        ("²", None),
        ("", None),
    ],
)
def test_a_request_is_named_by_number_or_link(text: str, expected: int | None) -> None:
    assert id_in(text) == expected


def test_two_picked_requests_can_be_compared(open_page: Open, seeded: list[int]) -> None:
    app = open_page("logs")
    app.session_state["picked"] = [seeded[3], seeded[5]]
    app.run()
    links = {each.proto.label: each.proto.query_string for each in app.get("page_link")}
    ids = sorted([seeded[3], seeded[5]])
    assert links["Compare"] == f"left={ids[0]}&right={ids[1]}"
