"""The neutral schema that `POST /log-request` carries: what comes in is a blueprint already.

Shapes: `ChatPrompt` and `CompletionPrompt` of PromptLayer's OpenAPI document. Lenient: anything
that can be read as messages or text is, and the rest is kept whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from workbench.logs.call import Conversation
from workbench.logs.normalise.openai_parts import content_part, function_call, tool_call
from workbench.logs.normalise.providers import provider_name
from workbench.logs.normalise.shape import count, items, mapping, text, text_or_none
from workbench.messages import Message, Part, Prompt, text_part, unknown_part
from workbench.usage import Usage

NAME = "blueprint/2"

#: Content kinds of the blueprint (PromptLayer's OpenAPI document) and our own two.
CONTENT_TYPES = frozenset(
    {
        "text",
        "thinking",
        "refusal",
        "code",
        "image_url",
        "media",
        "media_variable",
        "output_media",
        "server_tool_use",
        "web_search_tool_result",
        "code_execution_result",
        "mcp_list_tools",
        "mcp_call",
        "mcp_approval_request",
        "mcp_approval_response",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
        "shell_call",
        "shell_call_output",
        "apply_patch_call",
        "apply_patch_call_output",
        "unknown",
    }
)

#: The value that each of the simple kinds cannot do without, and its type.
_NEEDED: dict[str, tuple[str, type]] = {
    "text": ("text", str),
    "thinking": ("thinking", str),
    "refusal": ("refusal", str),
    "code": ("code", str),
    "image_url": ("image_url", dict),
    "media": ("media", dict),
    "output_media": ("url", str),
}

_PARTS = ("cached_tokens", "cache_write_tokens", "reasoning_tokens")
_PROMPT_KEYS = ("functions", "function_call", "tools", "tool_choice")


def from_log_request(body: Mapping[str, Any]) -> Conversation:
    """The conversation of a `POST /log-request` body; never raises for JSON."""
    asked = prompt(body.get("input"))
    model = text_or_none(body.get("model"))
    return Conversation(
        prompt=asked,
        output=answer(body.get("output")),
        normaliser=NAME,
        model=model,
        requested_model=model,
        provider=provider_name(text(body.get("provider")), text(body.get("function_name"))),
        parameters=mapping(body.get("parameters")),
        usage=usage(body),
        finish_reason=text_or_none(body.get("finish_reason")),
    )


def usage(body: Mapping[str, Any]) -> Usage | None:
    """The caller's token counts; the package sends 0 and 0 when it was told nothing.

    The parts (`cached_tokens` …) are no fields of PromptLayer's; ours are read where they stand.
    """
    sent, received = count(body.get("input_tokens")), count(body.get("output_tokens"))
    if not sent and not received:
        return None
    cached, written, reasoning = [count(body[name]) if name in body else None for name in _PARTS]
    return Usage(sent, received, cached, written, reasoning)


def prompt(raw: Any) -> Prompt:
    """A blueprint, a list of messages, one message, or text."""
    source = mapping(raw)
    if isinstance(source.get("prompt_template"), dict):
        source = source["prompt_template"]
    if isinstance(source.get("messages"), list):
        return _chat(source)
    if isinstance(raw, list):
        return {"type": "chat", "messages": [message(one) for one in raw]}
    if isinstance(source.get("role"), str):
        return {"type": "chat", "messages": [message(source)]}
    if "content" in source:
        result: Prompt = {"type": "completion", "content": parts(source["content"])}
        _keep_variables(result, source)
        return result
    if raw is None or raw == {}:
        return {"type": "chat", "messages": []}
    return {"type": "completion", "content": parts(raw)}


def _chat(source: dict[str, Any]) -> Prompt:
    result: Prompt = {"type": "chat", "messages": [message(one) for one in source["messages"]]}
    for key in _PROMPT_KEYS:
        if source.get(key) is not None:
            result[key] = source[key]  # type: ignore[literal-required]
    _keep_variables(result, source)
    return result


def _keep_variables(result: Prompt, source: dict[str, Any]) -> None:
    variables = [name for name in items(source.get("input_variables")) if isinstance(name, str)]
    if variables:
        result["input_variables"] = variables
    if isinstance(source.get("template_format"), str):
        result["template_format"] = source["template_format"]


def answer(raw: Any) -> list[Message]:
    """The messages of an output blueprint; a completion is one assistant message."""
    said = prompt(raw) if raw is not None else {"type": "chat", "messages": []}
    if said["type"] == "chat":
        return said.get("messages", [])
    content = said.get("content", [])
    return [{"role": "assistant", "content": content}] if content else []


def message(raw: Any) -> Message:
    """A blueprint's message with all its keys; content that is text becomes a text part."""
    if not isinstance(raw, dict):
        return {"role": "user", "content": parts(raw)}
    result = dict(raw)
    result["role"] = text(raw.get("role")) or "user"
    result["content"] = parts(raw.get("content"))
    for key in ("name", "tool_call_id"):
        if key in raw and not isinstance(raw[key], str | None):
            del result[key]
    if "function_call" in raw:
        result["function_call"] = function_call(raw["function_call"])
    if "tool_calls" in raw:
        _keep_calls(result, raw["tool_calls"])
    return cast(Message, result)


def _keep_calls(result: dict[str, Any], raw_calls: Any) -> None:
    calls = []
    for raw in items(raw_calls):
        call = tool_call(raw)
        if call is None:
            result["content"].append(unknown_part(raw))
        else:
            calls.append({**raw, **call})
    result["tool_calls"] = calls or None


def parts(content: Any) -> list[Part]:
    if isinstance(content, str):
        return [text_part(content)]
    if isinstance(content, list):
        return [part(one) for one in content]
    if isinstance(content, dict):
        return [part(content)]
    return [] if content is None else [unknown_part(content)]


def part(raw: Any) -> Part:
    """A content part of the blueprint, whole; of another dialect, translated; else unknown."""
    if not isinstance(raw, dict):
        return content_part(raw)
    kind = raw.get("type")
    if isinstance(kind, str) and kind in CONTENT_TYPES:
        needed = _NEEDED.get(kind)
        if needed is None or isinstance(raw.get(needed[0]), needed[1]):
            return cast(Part, raw)
    return content_part(raw)
