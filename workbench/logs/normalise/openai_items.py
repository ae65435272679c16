"""Items of the OpenAI Responses API as messages in the blueprint's shape.

A turn of the model is a row of items (reasoning, text, calls, built-in tools); the blueprint has
one assistant message for it. Shapes: `openai.types.responses`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from workbench.logs.normalise.openai_parts import content_part, content_parts
from workbench.logs.normalise.shape import data_url, items, json_text, mapping, text, text_or_none
from workbench.messages import Message, Part, ToolCall, image_part, text_part, unknown_part

#: Items that are blueprint content under the same name and keys.
_SAME = frozenset(
    {
        "mcp_list_tools",
        "mcp_call",
        "mcp_approval_request",
        "shell_call",
        "shell_call_output",
        "apply_patch_call",
        "apply_patch_call_output",
    }
)

#: What an application hands back, and how it comes to be a `tool` message.
_RESULTS = frozenset(
    {
        "function_call_output",
        "custom_tool_call_output",
        "computer_call_output",
        "local_shell_call_output",
    }
)

#: Results that the blueprint has as content: of the tool when asked, of the model when answered.
_OWN_RESULTS = frozenset({"shell_call_output", "apply_patch_call_output"})


@dataclass(slots=True)
class _Turns:
    """Messages in the making; `open` is the assistant's that still takes items."""

    answered: bool
    messages: list[Message] = field(default_factory=list)
    open: Message | None = None

    def assistant(self) -> Message:
        if self.open is None:
            self.open = {"role": "assistant", "content": []}
            self.messages.append(self.open)
        return self.open

    def add(self, message: Message) -> None:
        self.messages.append(message)
        self.open = None


def messages(raw_items: Any, *, answered: bool) -> list[Message]:
    """Messages from items; `answered` items are all one turn of the model."""
    turns = _Turns(answered)
    for raw in items(raw_items):
        _add(turns, raw)
    return turns.messages


def _add(turns: _Turns, raw: Any) -> None:
    if not isinstance(raw, dict):
        parts = content_parts(raw)
        if turns.answered:
            turns.assistant()["content"] += parts
        else:
            turns.add({"role": "user", "content": parts})
        return
    kind = text(raw.get("type"))
    call = _tool_call(kind, raw)
    if kind == "message" or (not kind and "role" in raw):
        _add_message(turns, raw)
    elif call is not None:
        turns.assistant().setdefault("tool_calls", [])
        cast(list[ToolCall], turns.assistant()["tool_calls"]).append(call)
    elif kind in _RESULTS or (kind in _OWN_RESULTS and not turns.answered):
        turns.add(_result(kind, raw))
    elif kind == "mcp_approval_response":
        turns.add({"role": "user", "content": [cast(Part, raw)]})
    elif kind in ("input_text", "input_image", "input_file", "input_audio"):
        turns.add({"role": "user", "content": [content_part(raw)]})
    else:
        turns.assistant()["content"] += _parts(kind, raw)


def _add_message(turns: _Turns, raw: dict[str, Any]) -> None:
    role = text(raw.get("role")) or ("assistant" if turns.answered else "user")
    parts = content_parts(raw.get("content"))
    item_id = text_or_none(raw.get("id"))
    if item_id:
        parts = [{**part, "id": item_id} if part["type"] == "text" else part for part in parts]
    if role != "assistant":
        turns.add({"role": role, "content": parts})
        return
    if not turns.answered and turns.open is not None:
        spoken = any(part["type"] == "text" for part in turns.open["content"])
        if spoken or turns.open.get("tool_calls"):
            turns.open = None
    turns.assistant()["content"] += parts


def _tool_call(kind: str, raw: dict[str, Any]) -> ToolCall | None:
    """A call that the application carries out."""
    match kind:
        case "function_call":
            called, arguments, name = "function", raw.get("arguments"), text(raw.get("name"))
        case "custom_tool_call":
            called, arguments, name = "custom", raw.get("input"), text(raw.get("name"))
        case "computer_call":
            wanted = raw.get("actions") or raw.get("action")
            called, arguments, name = "computer_call", wanted, "computer"
        case _:
            return None
    call: ToolCall = {
        "id": text(raw.get("call_id")),
        "type": called,
        "function": {"name": name, "arguments": json_text(arguments)},
    }
    item_id = text_or_none(raw.get("id"))
    if item_id:
        call["tool_id"] = item_id
    return call


def _result(kind: str, raw: dict[str, Any]) -> Message:
    output = raw.get("output")
    if kind in _OWN_RESULTS:
        content = [cast(Part, raw)]
    elif kind == "computer_call_output":
        address = mapping(output).get("image_url")
        content = [image_part(address)] if isinstance(address, str) else [unknown_part(output)]
    else:
        content = content_parts(output)
    call_id = text(raw.get("call_id")) or text(raw.get("id"))
    return {"role": "tool", "content": content, "tool_call_id": call_id}


def _parts(kind: str, raw: dict[str, Any]) -> list[Part]:
    """Content of an item that the model or the vendor's own tools made."""
    if kind in _SAME:
        return [cast(Part, raw)]
    match kind:
        case "reasoning":
            return _reasoning(raw)
        case "code_interpreter_call":
            return _code(raw)
        case "web_search_call":
            return [_server_tool(raw, "web_search", mapping(raw.get("action")))]
        case "file_search_call":
            part = _server_tool(raw, "file_search", {"queries": items(raw.get("queries"))})
            if items(raw.get("results")):
                return [cast(Part, {**part, "results": raw["results"]})]
            return [part]
        case "image_generation_call" if text_or_none(raw.get("result")):
            return [_image(raw)]
        case "local_shell_call":
            return [cast(Part, {**raw, "type": "shell_call"})]
    return [unknown_part(raw)]


def _server_tool(raw: dict[str, Any], name: str, given: dict[str, Any]) -> Part:
    part = {"type": "server_tool_use", "id": text(raw.get("id")), "name": name, "input": given}
    return cast(Part, part)


def _reasoning(raw: dict[str, Any]) -> list[Part]:
    """Its summary, or its text where a model shows it; else what is encrypted of it."""
    item_id = text_or_none(raw.get("id"))
    shown = [*items(raw.get("content")), *items(raw.get("summary"))]
    thoughts = [thought for one in shown if (thought := text(mapping(one).get("text")))]
    parts: list[Part] = [
        {"type": "thinking", "thinking": thought, "signature": None, "id": item_id}
        for thought in thoughts
    ]
    if not parts and text_or_none(raw.get("encrypted_content")):
        hidden = raw["encrypted_content"]
        parts.append({"type": "thinking", "thinking": "", "data": hidden, "id": item_id})
    return parts


def _code(raw: dict[str, Any]) -> list[Part]:
    """The code and, where they were asked for, what it printed and drew."""
    code = {
        "type": "code",
        "code": text(raw.get("code")),
        "id": text_or_none(raw.get("id")),
        "container_id": text_or_none(raw.get("container_id")),
    }
    parts = [cast(Part, code)]
    for output in items(raw.get("outputs")):
        made = mapping(output)
        if isinstance(made.get("logs"), str):
            outcome = "OUTCOME_FAILED" if raw.get("status") == "failed" else "OUTCOME_OK"
            ran = {"type": "code_execution_result", "output": made["logs"], "outcome": outcome}
            parts.append(cast(Part, ran))
        elif isinstance(made.get("url"), str):
            parts.append(image_part(made["url"]))
        else:
            parts.append(unknown_part(output))
    return parts


def _image(raw: dict[str, Any]) -> Part:
    kept = ("revised_prompt", "background", "size", "quality", "output_format")
    mime = f"image/{text(raw.get('output_format')) or 'png'}"
    image = {
        "type": "output_media",
        "id": text_or_none(raw.get("id")),
        "url": data_url(raw["result"], mime),
        "mime_type": mime,
        "media_type": "image",
        "provider_metadata": {k: raw[k] for k in kept if raw.get(k) is not None} or None,
    }
    return cast(Part, image)


def instructions(value: Any) -> list[Message]:
    """`instructions`, text or items, in front of the conversation."""
    if isinstance(value, str) and value:
        return [{"role": "system", "content": [text_part(value)]}]
    return messages(value, answered=False)
