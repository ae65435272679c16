"""The editor's value: cards keep their identity, and a draft comes back whole."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from workbench.registry import editing as editings
from workbench.registry.editing import Editing
from workbench.templates import analyse_prompt

TEXTS = st.text(alphabet='ab{} \n"é\U0001f600', max_size=12)
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["add", "duplicate", "remove", "move", "role", "text", "format", "part"]),
        st.integers(0, 5),
        TEXTS,
    ),
    max_size=25,
)


def apply(editing: Editing, what: str, at: int, text: str) -> None:
    """One change at a message that is there."""
    if what == "add":
        editing.add(("system", "user", "placeholder")[at % 3])
        return
    if not editing.messages:
        return
    at %= len(editing.messages)
    if what == "duplicate":
        editing.duplicate(at)
    elif what == "remove":
        editing.remove(at)
    elif what == "move":
        editing.move(at, 1 if text else -1)
    elif what == "role":
        editing.set_role(at, ("assistant", "placeholder", "user")[len(text) % 3])
    elif what == "format":
        editing.set_format("jinja2" if text else "f-string")
    elif what == "part":
        editing.add_part(at, {"type": "media_variable", "name": "picture"})
    elif editing.messages[at]["content"]:
        editing.set_text(at, 0, text)


@given(CHANGES)
def test_every_card_has_a_key_of_its_own_and_the_draft_comes_back_whole(
    changes: list[tuple[str, int, str]],
) -> None:
    editing = editings.blank("a/b", "chat")
    for change in changes:
        apply(editing, *change)
    assert len(set(editing.keys)) == len(editing.keys) == len(editing.messages)
    kept = editings.from_json(orjson.loads(orjson.dumps(editing.to_json())))
    assert kept == editing
    assert editing.draft(None).prompt == editing.prompt
    analyse_prompt(editing.prompt)


def test_a_card_keeps_its_key_when_others_move() -> None:
    editing = editings.blank("a", "chat")
    first, second = editing.keys
    editing.duplicate(0)
    editing.move(2, -1)
    assert (editing.keys[0], editing.keys[1]) == (first, second)
    editing.remove(0)
    assert editing.keys[0] == second


def test_typing_changes_no_revision_so_that_what_is_typed_meanwhile_stays() -> None:
    editing = editings.blank("a", "chat")
    before = editing.revision
    editing.set_text(1, 0, "Hello {name}")
    assert (editing.revision, editing.is_changed) == (before, True)
    editing.set_format("jinja2")
    assert editing.revision == before + 1


def test_the_toggle_sets_every_message_and_no_text() -> None:
    editing = editings.blank("a", "chat")
    editing.set_text(0, 0, "{a} {{ b }}")
    editing.set_format("jinja2")
    assert [message["template_format"] for message in editing.messages] == ["jinja2", "jinja2"]
    assert editing.messages[0]["content"][0]["text"] == "{a} {{ b }}"


def test_what_another_version_of_the_workbench_kept_is_no_draft() -> None:
    good: dict[str, Any] = editings.blank("a", "chat").to_json()
    assert editings.from_json({**good, "colour": "red"}) is None
    assert editings.from_json({**good, "keys": []}) is None
    assert editings.from_json("text") is None
    assert editings.from_json(good) is not None


def test_what_was_written_goes_along_to_the_other_kind_and_back() -> None:
    editing = editings.blank("a", "chat")
    editing.set_format("jinja2")
    editing.set_text(0, 0, "Be kind")
    editing.set_text(1, 0, "Hello {{ name }}")
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    editing.add_part(1, dict(picture))
    editing.set_value("name", "Ada")
    other = editings.as_kind(editing, "completion")
    texts = [{"type": "text", "text": "Be kind"}, {"type": "text", "text": "Hello {{ name }}"}]
    assert (other.name, other.format, other.is_chat) == ("a", "jinja2", False)
    assert other.prompt["content"] == [*texts, picture]
    assert other.values == {"name": "Ada"}
    back = editings.as_kind(other, "chat")
    assert [one["role"] for one in back.messages] == ["system", "user"]
    assert back.messages[1]["content"] == [*texts, picture]
    assert back.messages[1]["content"][0] is not editing.messages[0]["content"][0]
