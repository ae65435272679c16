"""Google Gemini's generateContent, through either of Google's packages or over REST.

Shapes: https://ai.google.dev/api/generate-content. `google-genai` puts system instruction and
tools into `config`, `google-generativeai` into the model and `generation_config`; PromptLayer's
`run` logs `history`.
"""

from __future__ import annotations

from typing import Any

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise.gemini_parts import assembled, citations, either, messages
from workbench.logs.normalise.gemini_stream import merge_answers
from workbench.logs.normalise.shape import (
    billing,
    built_in_tool,
    error_of,
    first_count,
    function_tool,
    items,
    mapping,
    named_choice,
    text,
    text_or_none,
)
from workbench.messages import Message, Prompt, text_part, unknown_part
from workbench.usage import Usage

NAME = "google.generate_content/1"

_CONFIGS = ("config", "generation_config", "generationConfig")
_PROMPT_KEYS = frozenset(
    {
        "contents",
        "content",
        "history",
        "message",
        "model",
        "model_name",
        "system_instruction",
        "systemInstruction",
        "tools",
        "tool_config",
        "toolConfig",
    }
)
_BUILT_IN = {
    "google_search": "web_search",
    "google_search_retrieval": "web_search",
    "enterprise_web_search": "web_search",
    "code_execution": "code_interpreter",
    "url_context": "url_context",
    "google_maps": "google_maps",
    "file_search": "file_search",
}
_CHOICES = {"AUTO": "auto", "ANY": "required", "NONE": "none"}

#: Numbers of `FinishReason`, which `google-generativeai` writes in place of the names.
_FINISH_REASONS = (
    "FINISH_REASON_UNSPECIFIED",
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "OTHER",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MALFORMED_FUNCTION_CALL",
)


def normalise(call: Call) -> Conversation:
    kwargs = call.kwargs
    response = call.response
    answer = merge_answers(response) if isinstance(response, list) else mapping(response)
    first = mapping(next(iter(items(answer.get("candidates"))), None))
    requested = text_or_none(kwargs.get("model")) or text_or_none(kwargs.get("model_name"))
    return Conversation(
        prompt=prompt(call),
        output=output(response, answer),
        normaliser=NAME,
        model=_model(text_or_none(either(answer, "model_version")) or requested),
        requested_model=_model(requested),
        parameters=_parameters(kwargs),
        usage=usage_of(mapping(either(answer, "usage_metadata"))),
        finish_reason=_finish_reason(either(first, "finish_reason")),
        error=_error(answer),
    )


def _model(name: str | None) -> str | None:
    return name.rpartition("models/")[2] if name else None


def _setting(kwargs: dict[str, Any], name: str) -> Any:
    """A value that stands among the arguments or in one of the configurations."""
    for source in (kwargs, *(kwargs.get(key) for key in _CONFIGS)):
        found = either(source, name)
        if found is not None:
            return found
    return None


def prompt(call: Call) -> Prompt:
    kwargs = call.kwargs
    system = messages(_setting(kwargs, "system_instruction"))
    asked: list[Message] = [{**message, "role": "system"} for message in system]
    asked += messages(kwargs.get("history"))
    for key in ("contents", "content", "message"):
        asked += messages(kwargs.get(key))
    for argument in call.args:
        asked += messages(argument)
    result: Prompt = {"type": "chat", "messages": asked}
    tools = _setting(kwargs, "tools")
    if isinstance(tools, list):
        result["tools"] = [tool for raw in tools for tool in _tools(raw)]
    choice = _tool_choice(_setting(kwargs, "tool_config"))
    if choice:
        result["tool_choice"] = choice
    return result


def _tools(raw: Any) -> list[Any]:
    """The functions and built-in tools that one entry declares."""
    declared = either(raw, "function_declarations")
    found: list[Any] = [
        function_tool(
            one.get("name"),
            one.get("description"),
            one.get("parameters") or either(one, "parameters_json_schema") or {},
        )
        for one in items(declared)
        if isinstance(one, dict)
    ]
    for name, kind in _BUILT_IN.items():
        config = either(raw, name)
        if config is not None:
            found.append(built_in_tool(kind, name, "google", {name: config}))
    return found or [raw]


def _tool_choice(config: Any) -> Any:
    calling = mapping(either(config, "function_calling_config"))
    mode = text(calling.get("mode")).upper()
    allowed = items(either(calling, "allowed_function_names"))
    if mode == "ANY" and len(allowed) == 1:
        return named_choice(allowed[0])
    return _CHOICES.get(mode)


def _parameters(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Settings, lifted out of their configuration."""
    result: dict[str, Any] = {}
    for key, value in kwargs.items():
        if key in _CONFIGS and isinstance(value, dict):
            result |= {k: v for k, v in value.items() if k not in _PROMPT_KEYS and v is not None}
        elif key not in _PROMPT_KEYS:
            result[key] = value
    return result


def output(response: Any, answer: dict[str, Any]) -> list[Message]:
    candidates = items(answer.get("candidates"))
    result: list[Message] = []
    for candidate in map(mapping, candidates):
        said = assembled("assistant", items(mapping(candidate.get("content")).get("parts")))
        notes = citations(either(candidate, "grounding_metadata"))
        if notes:
            spoken = (part for message in said for part in message["content"])
            target = next((part for part in spoken if part["type"] == "text"), None)
            if target is not None:
                target["annotations"] = notes
        result += said
    if candidates or not response or _error(answer):
        return result
    if isinstance(response, str):
        return [{"role": "assistant", "content": [text_part(response)]}]
    known = either(answer, "usage_metadata") or either(answer, "prompt_feedback")
    return [] if known else [{"role": "assistant", "content": [unknown_part(response)]}]


def _finish_reason(value: Any) -> str | None:
    if isinstance(value, int) and 0 <= value < len(_FINISH_REASONS):
        return _FINISH_REASONS[value]
    return text_or_none(value)


def _error(answer: dict[str, Any]) -> tuple[str, str] | None:
    """An error answer, or a prompt that was blocked and so has no candidates."""
    feedback = mapping(either(answer, "prompt_feedback"))
    reason = text_or_none(either(feedback, "block_reason"))
    if reason and not items(answer.get("candidates")):
        return reason, text(either(feedback, "block_reason_message")) or "The prompt was blocked."
    error = mapping(answer.get("error"))
    if error and text_or_none(error.get("status")):
        return error["status"], text(error.get("message"))
    return error_of(answer)


def usage_of(counts: dict[str, Any]) -> Usage | None:
    """Cached tokens are part of the prompt; thoughts and tools' texts are counted beside."""

    def of(name: str) -> int | None:
        return first_count({"value": either(counts, name)}, "value")

    sent, received = of("prompt_token_count"), of("candidates_token_count")
    if sent is None and received is None:
        return None
    thought, tools = of("thoughts_token_count"), of("tool_use_prompt_token_count")
    if thought is not None:
        received = (received or 0) + thought
    elif received is None and of("total_token_count") == sent:
        received = 0
    return Usage(
        input_tokens=None if sent is None else sent + (tools or 0),
        output_tokens=received,
        cached_tokens=of("cached_content_token_count"),
        reasoning_tokens=thought,
        billing=billing(
            input_audio_tokens=_modality(either(counts, "prompt_tokens_details"), "AUDIO"),
            output_image_tokens=_modality(either(counts, "candidates_tokens_details"), "IMAGE"),
            output_audio_tokens=_modality(either(counts, "candidates_tokens_details"), "AUDIO"),
            service_tier=_tier(counts),
        ),
    )


def _modality(details: Any, name: str) -> int | None:
    for one in map(mapping, items(details)):
        if text(one.get("modality")).upper() == name:
            return first_count({"value": either(one, "token_count")}, "value")
    return None


def _tier(counts: dict[str, Any]) -> str | None:
    kind = text(either(counts, "traffic_type")).upper()
    return next((tier for tier in ("flex", "priority") if kind.endswith(tier.upper())), None)


def answers(response: Any) -> bool:
    first = mapping(response[0]) if isinstance(response, list) and response else mapping(response)
    if isinstance(first.get("candidates"), list):
        return True
    return isinstance(either(first, "usage_metadata") or either(first, "prompt_feedback"), dict)
