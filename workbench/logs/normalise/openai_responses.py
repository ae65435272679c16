"""OpenAI Responses API, whole or streamed.

Shapes: https://platform.openai.com/docs/api-reference/responses and `openai.types.responses`.
"""

from __future__ import annotations

from typing import Any

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise.openai_events import merge_events
from workbench.logs.normalise.openai_items import instructions, messages
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
    without,
)
from workbench.messages import Message, Prompt, text_part, unknown_part
from workbench.usage import Usage

NAME = "openai.responses/1"

_PROMPT_KEYS = frozenset({"input", "instructions", "model", "tools", "tool_choice"})

_BUILT_IN = {
    "web_search": "web_search",
    "web_search_preview": "web_search",
    "file_search": "file_search",
    "code_interpreter": "code_interpreter",
    "image_generation": "image_generation",
    "mcp": "mcp",
    "shell": "shell",
    "local_shell": "shell",
    "apply_patch": "apply_patch",
}


def normalise(call: Call) -> Conversation:
    kwargs = call.kwargs
    answer = whole_answer(call.response)
    requested = text_or_none(kwargs.get("model"))
    reason = mapping(answer.get("incomplete_details")).get("reason")
    return Conversation(
        prompt=prompt(kwargs),
        output=output(call.response, answer),
        normaliser=NAME,
        model=text_or_none(answer.get("model")) or requested,
        requested_model=requested,
        parameters=without(kwargs, _PROMPT_KEYS),
        usage=usage_of(answer),
        finish_reason=text_or_none(reason) or text_or_none(answer.get("status")),
        error=_error(answer),
    )


def prompt(kwargs: dict[str, Any]) -> Prompt:
    asked = instructions(kwargs.get("instructions"))
    given = kwargs.get("input")
    if isinstance(given, str):
        asked.append({"role": "user", "content": [text_part(given)]})
    else:
        asked += messages([given] if isinstance(given, dict) else given, answered=False)
    result: Prompt = {"type": "chat", "messages": asked}
    if isinstance(kwargs.get("tools"), list):
        result["tools"] = [tool(raw) for raw in kwargs["tools"]]
    choice = kwargs.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") == "function":
        choice = named_choice(choice.get("name"))
    if choice:
        result["tool_choice"] = choice
    return result


def tool(raw: Any) -> Any:
    """A tool in the blueprint's shape; one that is not understood is kept as it is."""
    kind = text(mapping(raw).get("type"))
    if kind == "function" and "function" not in raw:
        rest = {key: raw[key] for key in ("strict",) if key in raw}
        made = function_tool(raw.get("name"), raw.get("description"), raw.get("parameters"))
        made["function"] |= rest
        return made
    # Dated variants such as "web_search_2025_08_26" are the same tool.
    known = next((name for name in (kind, kind.partition("_20")[0]) if name in _BUILT_IN), None)
    if known:
        name = text(raw.get("server_label")) or _BUILT_IN[known]
        return built_in_tool(_BUILT_IN[known], name, "openai", raw)
    return raw


def whole_answer(response: Any) -> dict[str, Any]:
    if isinstance(response, list):
        return merge_events(response)
    answer = mapping(response)
    is_event = text(answer.get("type")).startswith("response.")
    return merge_events([answer]) if is_event else answer


def output(response: Any, answer: dict[str, Any]) -> list[Message]:
    if isinstance(answer.get("output"), list):
        said = messages(answer["output"], answered=True)
        return said or ([] if answer.get("error") else [{"role": "assistant", "content": []}])
    if isinstance(response, str) and response:
        return [{"role": "assistant", "content": [text_part(response)]}]
    if not response or answer.get("error"):
        return []
    return [{"role": "assistant", "content": [unknown_part(response)]}]


def usage_of(answer: dict[str, Any]) -> Usage | None:
    """Input includes cached tokens; searches by the vendor's own tools are billed each."""
    counts = mapping(answer.get("usage"))
    sent = first_count(counts, "input_tokens", "prompt_tokens")
    received = first_count(counts, "output_tokens", "completion_tokens")
    if sent is None and received is None:
        return None
    details = mapping(counts.get("input_tokens_details"))
    return Usage(
        input_tokens=sent,
        output_tokens=received,
        cached_tokens=first_count(details, "cached_tokens"),
        cache_write_tokens=first_count(details, "cache_write_tokens"),
        reasoning_tokens=first_count(
            mapping(counts.get("output_tokens_details")), "reasoning_tokens"
        ),
        billing=billing(
            web_searches=sum(map(_is_search, items(answer.get("output")))),
            storage_searches=sum(
                mapping(item).get("type") == "file_search_call"
                for item in items(answer.get("output"))
            ),
            service_tier=text_or_none(answer.get("service_tier")),
        ),
    )


def _is_search(item: Any) -> bool:
    """Opening a page and finding text in one are part of the search before them."""
    if mapping(item).get("type") != "web_search_call":
        return False
    return text(mapping(item.get("action")).get("type") or "search") == "search"


def _error(answer: dict[str, Any]) -> tuple[str, str] | None:
    error = mapping(answer.get("error"))
    if error and not error.get("type") and text_or_none(error.get("code")):
        return error["code"], text(error.get("message"))
    return error_of(answer)


def answers(response: Any) -> bool:
    """Whether a response is one of this API, or its stream."""
    if isinstance(response, list):
        return any(
            text(mapping(event).get("type")).startswith("response.") for event in response[:3]
        )
    answer = mapping(response)
    if text(answer.get("type")).startswith("response."):
        return True
    return answer.get("object") == "response" and isinstance(answer.get("output"), list)
