"""A conversation drawn as one: roles, tool calls with their results, images, thinking, errors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from workbench.logs.sessions import prompt_messages
from workbench.messages import part_text, tool_calls
from workbench.ui.attachments import draw_attachment, media_of
from workbench.ui.highlight import hits, marked
from workbench.ui.hostile import draw_text
from workbench.ui.images import draw_image, is_drawn

# A long system prompt shows its first line and folds the rest.
FOLD_LENGTH = 300
FOLDED_ROLES = {"system", "developer"}
MESSAGES_SHOWN = 40

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """How texts are drawn: as Markdown or as text, with some words marked."""

    markdown: bool = False
    terms: tuple[str, ...] = ()


def draw_conversation(
    prompt: Message | None, output: Sequence[Message], key: str, look: Look
) -> None:
    """Draw what went in and what came back. `key` tells this conversation from others on a page."""
    draw_messages([*prompt_messages(prompt), *output], key, look)


def draw_messages(messages: Sequence[Message], key: str, look: Look) -> None:
    """Draw messages in order, tool results under their calls, the first of very many folded."""
    results = _results_by_call(messages)
    drawn = [each for each in messages if not _is_drawn_elsewhere(each, results)]
    hidden = len(drawn) - MESSAGES_SHOWN
    if hidden > 0 and not st.session_state.get(f"{key}-earlier"):
        found = hits_in(drawn[:hidden], look.terms)
        told = f" ({found:,} {'hit' if found == 1 else 'hits'})" if found else ""
        label = f"Show {hidden:,} earlier messages{told}"
        st.button(label, key=f"{key}-earlier", type="tertiary")
    else:
        hidden = 0
    for index, message in enumerate(drawn):
        if index >= hidden:
            _draw_message(message, results, f"{key}-{index}", look)


def hits_in(messages: Sequence[Message], terms: Sequence[str]) -> int:
    """How many hits are marked where these messages are drawn."""
    if not terms:
        return 0
    texts: list[str] = []
    for message in messages:
        parts = [part for part in message.get("content") or () if isinstance(part, Mapping)]
        texts += [_marked_text(_part_words(part), terms) for part in parts]
        for call in tool_calls(message):
            texts.append(str(call.get("name") or ""))
            texts.append(_marked_text(str(call.get("arguments") or ""), terms))
    return hits(texts, terms)


def _results_by_call(messages: Sequence[Message]) -> dict[str, Message]:
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


def _is_drawn_elsewhere(message: Message, results: Mapping[str, Message]) -> bool:
    return message.get("role") == "tool" and results.get(message.get("tool_call_id", "")) is message


def _draw_message(message: Message, results: Mapping[str, Message], key: str, look: Look) -> None:
    role = str(message.get("role") or "unknown")
    name = message.get("name")
    with st.container(border=True, gap="xsmall"):
        _draw_label(f"{role} · {name}" if name else role)
        parts = [part for part in message.get("content") or () if isinstance(part, Mapping)]
        length = sum(len(part_text(part)) for part in parts)
        if role in FOLDED_ROLES and length > FOLD_LENGTH:
            first = next((text for part in parts if (text := part_text(part))), "")
            line = first.strip().splitlines()[0][:160] if first.strip() else "text"
            draw_text(line, f"{key}-fold")
            found = hits([part_text(part) for part in parts], look.terms)
            with st.expander(f"All {length:,} characters", expanded=bool(found)):
                _draw_parts(parts, key, look)
        else:
            _draw_parts(parts, key, look)
        for index, call in enumerate(message.get("tool_calls") or ()):
            _draw_call(call, results.get(call.get("id") or ""), f"{key}-call{index}", look)
        if message.get("function_call"):
            _draw_function("function call", message["function_call"], look)


def _draw_label(text: str, terms: Sequence[str] = ()) -> None:
    st.html(f'<p class="wb-role">{marked(text, terms)}</p>')


def _draw_parts(parts: Sequence[Message], key: str, look: Look) -> None:
    for index, part in enumerate(parts):
        _draw_part(part, f"{key}-p{index}", look)


def _draw_part(part: Message, key: str, look: Look) -> None:
    kind, terms = part.get("type"), look.terms
    if kind == "text":
        _draw_plain(str(part.get("text") or ""), key, look)
    elif kind == "thinking":
        text = str(part.get("thinking") or "The vendor sent this encrypted.")
        opened = bool(hits([text], terms))
        with st.expander("Thinking", icon=":material/psychology:", expanded=opened):
            draw_text(text, key, terms=terms)
    elif kind == "refusal":
        st.warning("The model refused.", icon=":material/block:")
        draw_text(str(part.get("refusal") or ""), key, terms=terms)
    elif kind == "image_url":
        image = part.get("image_url")
        url = image.get("url") if isinstance(image, Mapping) else image
        draw_image(str(url or ""), key)
    elif kind == "code":
        _draw_code(str(part.get("code") or ""), terms)
    elif kind in {"media", "output_media"}:
        _draw_media(part, key)
    else:
        _draw_label(str(kind or "unknown").replace("_", " "))
        value = shown_json(part.get("raw") if kind == "unknown" else dict(part))
        draw_json(value, terms, expanded=1)


def _part_words(part: Message) -> str:
    """The text that is marked where a part is drawn."""
    kind = part.get("type")
    if kind in {"text", "thinking", "refusal", "code"}:
        return part_text(part)
    if kind in {"image_url", "media", "output_media"}:
        return ""
    return json_text(shown_json(part.get("raw") if kind == "unknown" else dict(part)))


def _draw_plain(text: str, key: str, look: Look) -> None:
    """A text; one that is a JSON object or list is drawn as a tree."""
    value, terms = _json_value(text), look.terms
    if value is None:
        draw_text(text, key, markdown=look.markdown, terms=terms)
    elif hits([text], terms):
        draw_marked(_marked_text(text, terms), terms)
    else:
        st.json(value, expanded=2)


def draw_json(value: Any, terms: Sequence[str], *, expanded: int) -> None:
    """A JSON value as a tree; as text with marks where a word that was looked for stands in it."""
    text = json_text(value) if terms else ""
    if hits([text], terms):
        draw_marked(text, terms)
    else:
        st.json(value, expanded=expanded)


def draw_marked(text: str, terms: Sequence[str]) -> None:
    """Code or JSON as text, with marks."""
    st.html(f'<div class="wb-text wb-mono" dir="auto">{marked(text, terms)}</div>')


def _draw_code(text: str, terms: Sequence[str]) -> None:
    if hits([text], terms):
        draw_marked(text, terms)
    else:
        st.code(text, language=None, wrap_lines=True)


def json_text(value: Any) -> str:
    """A JSON value as indented text; "" where it is nested too deep to be written."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=2)
    except RecursionError:
        return ""


def _marked_text(text: str, terms: Sequence[str]) -> str:
    """The text in which hits are marked: JSON is laid out anew, unless hits would be lost."""
    value = _json_value(text)
    if value is None:
        return text
    laid_out = json_text(value)
    return laid_out if hits([laid_out], terms) >= hits([text], terms) else text


def _draw_media(part: Message, key: str) -> None:
    title, kind, url = media_of(part)
    if kind.startswith("image/") and is_drawn(url):
        draw_image(url, key)
    else:
        draw_attachment(title, kind, url, key)


def _draw_call(call: Message, result: Message | None, key: str, look: Look) -> None:
    function = call.get("function") or {}
    _draw_function("tool call", function, look)
    if result is not None:
        failed = bool(result.get("is_error"))
        with st.container(border=True, gap="xsmall"):
            _draw_label("tool result · failed" if failed else "tool result")
            parts = [part for part in result.get("content") or () if isinstance(part, Mapping)]
            _draw_parts(parts, f"{key}-result", look)


def draw_call(name: str, arguments: Any) -> None:
    """A call of a tool by itself. arguments: JSON, or a text that is none."""
    text = arguments if isinstance(arguments, str) else json_text(arguments)
    _draw_function("tool call", {"name": name, "arguments": text}, Look())


def _draw_function(label: str, function: Message, look: Look) -> None:
    # Calls are drawn alike in both looks, so hits in them are marked in both.
    _draw_label(f"{label} · {function.get('name') or 'without a name'}", look.terms)
    arguments = str(function.get("arguments") or "")
    value = _json_value(arguments)
    if arguments.strip() in ("", "{}"):
        st.caption("No arguments")
    elif hits([arguments], look.terms):
        draw_marked(_marked_text(arguments, look.terms)[:12_000], look.terms)
    elif value is not None:
        st.json(value, expanded=2)
    else:
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
