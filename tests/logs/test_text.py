"""Previews, searchable text and the kind of an answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.logs import text
from workbench.logs.call import Conversation
from workbench.logs.normalise import from_log_request


def conversation(asked: Any, said: Any) -> Conversation:
    return from_log_request({"provider": "openai", "model": "m", "input": asked, "output": said})


def says(*parts: dict[str, Any], **rest: Any) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": list(parts), **rest}]


def words(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


def test_a_preview_is_one_line() -> None:
    assert text.preview("  a\n\n b\tc ") == "a b c"
    assert text.preview("abcdef", limit=4) == "abc…"
    assert text.preview("日本語のとても長い文章", limit=5) == "日本語の…"
    assert text.preview(" " * 100_000 + "late") == "late"


@given(st.text(), st.integers(2, 50))
def test_a_preview_keeps_to_its_limit(value: str, limit: int) -> None:
    line = text.preview(value, limit)
    assert len(line) <= limit
    assert "\n" not in line
    if len(" ".join(value.split())) <= limit:
        assert line == " ".join(value.split())


@given(
    st.text(st.sampled_from("ab \n\t\u00a0\u3000\x1cé"), max_size=60),
    st.integers(min_value=2, max_value=12),
)
def test_a_preview_is_the_text_with_its_white_space_collapsed(value: str, limit: int) -> None:
    line = " ".join(value.split())
    wanted = line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
    assert text.preview(value, limit) == wanted


def test_the_input_preview_is_the_last_user_message() -> None:
    messages = [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "First"},
        {"role": "assistant", "content": "Yes"},
        {
            "role": "user",
            "content": [words("Second"), {"type": "image_url", "image_url": {"url": "u"}}],
        },
        {"role": "tool", "content": "42", "tool_call_id": "c"},
    ]
    assert text.input_preview(conversation({"messages": messages}, None)) == "Second [image]"
    only_system = {"messages": messages[:1]}
    assert text.input_preview(conversation(only_system, None)) == "Be brief"


def test_the_output_preview_prefers_words_to_thoughts_and_calls() -> None:
    thought = {"type": "thinking", "thinking": "Let me see"}
    call = {"id": "c", "function": {"name": "find", "arguments": '{"q": "x"}'}}
    assert text.output_preview(conversation("q", says(thought, words("Done")))) == "Done"
    called = conversation("q", says(tool_calls=[call]))
    assert text.output_preview(called) == 'find({"q": "x"})'
    assert text.output_preview(conversation("q", says(thought))) == "Let me see"


@pytest.mark.parametrize(
    ("said", "is_json", "is_tool_call", "is_plain_text"),
    [
        (says(words('{"a": 1}')), True, False, False),
        (says(words(" [1, 2]\n")), True, False, False),
        (says(words("42")), False, False, True),
        (says(words("{broken")), False, False, True),
        (says(words("Plain.")), False, False, True),
        (
            says(tool_calls=[{"id": "c", "function": {"name": "f", "arguments": "{}"}}]),
            False,
            True,
            False,
        ),
        (
            says(words("Looking"), function_call={"name": "f", "arguments": "{}"}),
            False,
            True,
            False,
        ),
        (says(), False, False, False),
        ([], False, False, False),
    ],
)
def test_the_kind_of_an_answer(
    said: Any, is_json: bool, is_tool_call: bool, is_plain_text: bool
) -> None:
    kind = text.output_kind(conversation("q", said))
    assert kind == text.OutputKind(is_json, is_tool_call, is_plain_text)


def test_tool_names_stand_once_each_in_order() -> None:
    calls = [{"id": str(i), "function": {"name": n, "arguments": ""}} for i, n in enumerate("bab")]
    mcp = {"type": "mcp_call", "name": "echo", "arguments": "{}"}
    assert text.tool_names(conversation("q", says(mcp, tool_calls=calls))) == ["b", "a", "echo"]


def test_search_finds_words_of_every_script_and_no_encoded_data() -> None:
    picture = "iVBOR" * 400
    unknown = {
        "type": "unknown",
        "raw": {"note": "привет", "blob": picture, "url": "data:x;base64,aa"},
    }
    tool = {"role": "tool", "content": [unknown, words("नमस्ते")], "tool_call_id": "c"}
    found = text.input_text(conversation({"messages": [tool]}, None))
    assert "привет" in found
    assert "नमस्ते" in found
    assert picture not in found
    assert "base64" not in found


def test_images_are_counted_on_both_sides() -> None:
    asked = [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "u"}},
                {"type": "media", "media": {"title": "t", "type": "image/webp", "url": "u"}},
                {"type": "media", "media": {"title": "t", "type": "audio/wav", "url": "u"}},
            ],
        }
    ]
    said = says(
        {"type": "output_media", "url": "u", "mime_type": "image/png", "media_type": "image"}
    )
    assert text.image_count(conversation(asked, said)) == 3
