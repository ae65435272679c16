"""A conversation drawn as one: roles, tool calls with their results, images, thinking, errors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from workbench.messages import part_text
from workbench.ui.hostile import draw_text, escaped
from workbench.ui.images import draw_image

# A long system prompt shows its first line and folds the rest.
FOLD_LENGTH = 300
FOLDED_ROLES = {"system", "developer"}
MESSAGES_SHOWN = 40


def draw_conversation(
    prompt: Mapping[str, Any] | None,
    output: Sequence[Mapping[str, Any]],
    key: str,
    *,
    markdown: bool = False,
) -> None:
    """Draw what went in and what came back. `key` tells this conversation from others on a page."""
    messages = [*_prompt_messages(prompt or {}), *output]
    results = _results_by_call(messages)
    drawn = [each for each in messages if not _is_drawn_elsewhere(each, results)]
    hidden = len(drawn) - MESSAGES_SHOWN
    if hidden > 0 and not st.session_state.get(f"{key}-earlier"):
        st.button(f"Show {hidden:,} earlier messages", key=f"{key}-earlier", type="tertiary")
    else:
        hidden = 0
    for index, message in enumerate(drawn):
        if index >= hidden:
            _draw_message(message, results, f"{key}-{index}", markdown)


def _prompt_messages(prompt: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if prompt.get("type") == "completion":
        return [{"role": "prompt", "content": prompt.get("content") or []}]
    return [each for each in prompt.get("messages") or [] if isinstance(each, Mapping)]


def _results_by_call(messages: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Tool results by the id of the call that they answer, where that call is there."""
    asked = {
        call.get("id")
        for each in messages
        for call in each.get("tool_calls") or ()
        if call.get("id")
    }
    return {
        each["tool_call_id"]: each
        for each in messages
        if each.get("role") == "tool" and each.get("tool_call_id") in asked
    }


def _is_drawn_elsewhere(
    message: Mapping[str, Any], results: Mapping[str, Mapping[str, Any]]
) -> bool:
    return message.get("role") == "tool" and results.get(message.get("tool_call_id", "")) is message


def _draw_message(
    message: Mapping[str, Any],
    results: Mapping[str, Mapping[str, Any]],
    key: str,
    markdown: bool,
) -> None:
    role = str(message.get("role") or "unknown")
    name = message.get("name")
    with st.container(border=True, gap="xsmall"):
        _draw_label(f"{role} · {name}" if name else role)
        parts = [part for part in message.get("content") or () if isinstance(part, Mapping)]
        if role in FOLDED_ROLES and sum(len(part_text(part)) for part in parts) > FOLD_LENGTH:
            first = next((text for part in parts if (text := part_text(part))), "")
            line = first.strip().splitlines()[0][:160] if first.strip() else "text"
            draw_text(line, f"{key}-fold")
            with st.expander(f"All {sum(len(part_text(p)) for p in parts):,} characters"):
                _draw_parts(parts, key, markdown)
        else:
            _draw_parts(parts, key, markdown)
        for index, call in enumerate(message.get("tool_calls") or ()):
            _draw_call(call, results.get(call.get("id") or ""), f"{key}-call{index}", markdown)
        if message.get("function_call"):
            _draw_function("function call", message["function_call"])


def _draw_label(text: str) -> None:
    st.html(f'<p class="wb-role">{escaped(text)}</p>')


def _draw_parts(parts: Sequence[Mapping[str, Any]], key: str, markdown: bool) -> None:
    for index, part in enumerate(parts):
        _draw_part(part, f"{key}-p{index}", markdown)


def _draw_part(part: Mapping[str, Any], key: str, markdown: bool) -> None:
    kind = part.get("type")
    if kind == "text":
        _draw_plain(str(part.get("text") or ""), key, markdown)
    elif kind == "thinking":
        with st.expander("Thinking", icon=":material/psychology:"):
            draw_text(str(part.get("thinking") or "The vendor sent this encrypted."), key)
    elif kind == "refusal":
        st.warning("The model refused.", icon=":material/block:")
        draw_text(str(part.get("refusal") or ""), key)
    elif kind == "image_url":
        image = part.get("image_url")
        url = image.get("url") if isinstance(image, Mapping) else image
        draw_image(str(url or ""), key)
    elif kind == "code":
        st.code(str(part.get("code") or ""), language=None, wrap_lines=True)
    elif kind in {"media", "output_media"}:
        _draw_media(part, key)
    else:
        _draw_label(str(kind or "unknown").replace("_", " "))
        st.json(shown_json(part.get("raw") if kind == "unknown" else dict(part)), expanded=1)


def _draw_plain(text: str, key: str, markdown: bool) -> None:
    """A text; one that is a JSON object or list is drawn as a tree."""
    value = _json_value(text)
    if value is None:
        draw_text(text, key, markdown=markdown)
    else:
        st.json(value, expanded=2)


def _draw_media(part: Mapping[str, Any], key: str) -> None:
    media = part.get("media") if isinstance(part.get("media"), Mapping) else part
    assert isinstance(media, Mapping)
    kind = str(media.get("type") or media.get("mime_type") or "file")
    url = str(media.get("url") or "")
    if kind.startswith("image/"):
        draw_image(url, key)
        return
    title = str(media.get("title") or "attachment")
    st.html(f'<p class="wb-note">{escaped(title)} · {escaped(kind)} · {len(url):,} characters</p>')


def _draw_call(
    call: Mapping[str, Any], result: Mapping[str, Any] | None, key: str, markdown: bool
) -> None:
    function = call.get("function") or {}
    _draw_function("tool call", function)
    if result is not None:
        failed = bool(result.get("is_error"))
        with st.container(border=True, gap="xsmall"):
            _draw_label("tool result · failed" if failed else "tool result")
            parts = [part for part in result.get("content") or () if isinstance(part, Mapping)]
            _draw_parts(parts, f"{key}-result", markdown)


def _draw_function(label: str, function: Mapping[str, Any]) -> None:
    _draw_label(f"{label} · {function.get('name') or 'without a name'}")
    arguments = str(function.get("arguments") or "")
    value = _json_value(arguments)
    if value is not None:
        st.json(value, expanded=2)
    elif arguments:
        st.code(arguments[:12_000], language=None, wrap_lines=True)
        st.caption("These arguments are not valid JSON.")


def _json_value(text: str) -> Any:
    """The JSON object or list that the text is; None for anything else."""
    stripped = text.strip()
    if len(stripped) > 100_000 or not stripped.startswith(("{", "[")):
        return None
    try:
        value = json.loads(stripped)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) and value else None


def shown_json(value: Any) -> Any:
    """A JSON value with long texts cut, so that base64 does not fill the screen."""
    if isinstance(value, str):
        return value if len(value) <= 4000 else f"{value[:4000]}… ({len(value):,} characters)"
    if isinstance(value, Mapping):
        return {str(name): shown_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shown_json(each) for each in value]
    return value
