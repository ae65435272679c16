"""Mistral: OpenAI's dialect with thinking parts, documents by URL and conversations of its own.

Shapes: https://docs.mistral.ai/api and the models of `mistralai`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise import openai_chat
from workbench.logs.normalise.openai_chat import usage_of
from workbench.logs.normalise.openai_parts import content_parts, message
from workbench.logs.normalise.shape import items, json_text, mapping, text, text_or_none, without
from workbench.messages import (
    FunctionCall,
    Message,
    Part,
    Prompt,
    ToolCall,
    text_part,
    unknown_part,
)

NAME = "mistral.chat/1"

_CONVERSATION_KEYS = frozenset({"inputs", "instructions", "model", "tools"})


def normalise(call: Call) -> Conversation:
    if isinstance(mapping(call.response).get("outputs"), list) or "inputs" in call.kwargs:
        return _conversation(call)
    found = openai_chat.read(call, NAME)
    asked = call.kwargs.get("prompt")
    if isinstance(asked, str) and not found.prompt.get("messages"):
        # Fill in the middle: code before and after the place to fill.
        around = [text_part(asked)]
        if text_or_none(call.kwargs.get("suffix")):
            around.append(text_part(call.kwargs["suffix"]))
        rest = without(found.parameters, frozenset({"prompt", "suffix"}))
        prompt: Prompt = {"type": "completion", "content": around}
        return replace(found, prompt=prompt, parameters=rest)
    return found


def _conversation(call: Call) -> Conversation:
    """The Conversations API: `inputs` are text or entries, `outputs` are entries."""
    kwargs, answer = call.kwargs, mapping(call.response)
    asked: list[Message] = []
    if text_or_none(kwargs.get("instructions")):
        asked.append({"role": "system", "content": [text_part(kwargs["instructions"])]})
    given = kwargs.get("inputs")
    if isinstance(given, str):
        asked.append({"role": "user", "content": [text_part(given)]})
    else:
        asked += _entries(given, "user")
    prompt: Prompt = {"type": "chat", "messages": asked}
    if isinstance(kwargs.get("tools"), list):
        prompt["tools"] = kwargs["tools"]
    outputs = items(answer.get("outputs"))
    models = [text_or_none(mapping(one).get("model")) for one in outputs]
    requested = text_or_none(kwargs.get("model"))
    return Conversation(
        prompt=prompt,
        output=_entries(outputs, "assistant"),
        normaliser=NAME,
        model=next(filter(None, models), requested),
        requested_model=requested,
        parameters=without(kwargs, _CONVERSATION_KEYS),
        usage=usage_of(mapping(answer.get("usage"))),
    )


def _entries(entries: Any, default_role: str) -> list[Message]:
    """Entries as messages; what one turn of the model does is one message."""
    result: list[Message] = []
    for raw in items(entries):
        entry = mapping(raw)
        kind = text(entry.get("type"))
        if kind == "function.result":
            call_id = text(entry.get("tool_call_id"))
            content = content_parts(entry.get("result"))
            result.append({"role": "tool", "content": content, "tool_call_id": call_id})
        elif kind in ("function.call", "tool.execution") or kind == "message.output":
            if not result or result[-1]["role"] != "assistant":
                result.append({"role": "assistant", "content": []})
            _add_entry(result[-1], kind, entry)
        elif "content" in entry:
            result.append(message(entry, default_role))
        else:
            result.append({"role": default_role, "content": [unknown_part(raw)]})
    return result


def _add_entry(target: Message, kind: str, entry: dict[str, Any]) -> None:
    if kind == "message.output":
        target["content"] += content_parts(entry.get("content"))
    elif kind == "tool.execution":
        used = {
            "type": "server_tool_use",
            "id": text(entry.get("id")),
            "name": text(entry.get("name")),
            "input": entry.get("arguments"),
        }
        target["content"].append(cast(Part, used))
    else:
        given = json_text(entry.get("arguments"))
        function: FunctionCall = {"name": text(entry.get("name")), "arguments": given}
        call: ToolCall = {
            "id": text(entry.get("tool_call_id")),
            "type": "function",
            "function": function,
        }
        cast(list[ToolCall], target.setdefault("tool_calls", [])).append(call)
