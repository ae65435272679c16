"""Comparing versions: what changed, as structure."""

from __future__ import annotations

from typing import Any

import pytest

from tests.registry.conftest import Publish, chat, completion, model
from workbench.diff import path_text
from workbench.registry.compare import compare, compare_messages
from workbench.store.errors import NotFound
from workbench.store.store import Store


def tool(name: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


def kinds(before: Any, after: Any) -> list[tuple[str, int | None, int | None]]:
    return [
        (one.kind, one.before.index if one.before else None, one.after.index if one.after else None)
        for one in compare_messages(before, after)
    ]


def test_a_version_is_the_same_as_itself(store: Store, publish_: Publish) -> None:
    publish_(prompt=chat(("user", "a"), tools=[tool("f")]), metadata=model(top_p=1))
    publish_(prompt=chat(("user", "a"), tools=[tool("f")]), metadata=model(top_p=1))
    assert compare(store.connection, "greeting", 1, 2).is_same


def test_words_variables_tools_and_settings_are_told_apart(store: Store, publish_: Publish) -> None:
    publish_(
        prompt=chat(("system", "Be nice"), ("user", "Hi {a}"), tools=[tool("f"), tool("g")]),
        metadata=model(temperature=1),
    )
    publish_(
        prompt=chat(
            ("system", "Be nice"),
            ("user", "Hi {b}"),
            tools=[tool("f", x={"type": "string"}), tool("h")],
            tool_choice="auto",
        ),
        metadata=model("anthropic", "claude", temperature=0),
    )
    found = compare(store.connection, "greeting", 1, 2)
    assert [one.kind for one in found.messages] == ["same", "changed"]
    changed = found.messages[1]
    assert changed.before is not None
    assert changed.after is not None
    assert (changed.before.text, changed.after.text) == ("Hi {a}", "Hi {b}")
    assert (found.variables.added, found.variables.removed) == (("b",), ("a",))
    assert [(one.name, one.kind) for one in found.tools] == [
        ("f", "changed"),
        ("g", "removed"),
        ("h", "added"),
    ]
    paths = {path_text(one.path) for one in found.settings}
    assert paths == {"model.provider", "model.name", "model.parameters.temperature", "tool_choice"}
    assert not found.is_same


def test_messages_that_came_and_went_do_not_shift_the_others() -> None:
    before = chat(("system", "S"), ("user", "one"), ("assistant", "two"), ("user", "three"))
    after = chat(("system", "S"), ("user", "new"), ("user", "one"), ("user", "three!"))
    assert kinds(before, after) == [
        ("same", 0, 0),
        ("added", None, 1),
        ("same", 1, 2),
        ("removed", 2, None),
        ("changed", 3, 3),
    ]


def test_a_change_of_parser_or_of_an_image_is_a_change() -> None:
    before, after = chat(("user", "{{ a }}")), chat(("user", "{{ a }}"), template_format="jinja2")
    [change] = compare_messages(before, after)
    assert change.kind == "changed"
    assert [path_text(one.path) for one in change.other] == ["template_format"]
    image = {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}}
    with_image = chat(("user", "a"))
    with_image["messages"][0]["content"].append(image)
    [change] = compare_messages(chat(("user", "a")), with_image)
    assert (change.kind, change.other[0].kind) == ("changed", "added")


def test_a_completion_is_one_message() -> None:
    assert kinds(completion("a"), completion("b")) == [("changed", 0, 0)]
    assert kinds(completion("a"), chat(("user", "a"))) == [("added", None, 0), ("removed", 0, None)]


def test_a_version_that_is_not_there_is_not_compared(store: Store, publish_: Publish) -> None:
    publish_()
    with pytest.raises(NotFound, match="has no version 2"):
        compare(store.connection, "greeting", 1, 2)
