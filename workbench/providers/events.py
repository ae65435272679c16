"""What a stream tells piece by piece. Pure values."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.usage import Usage


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call. Pieces with one `index` belong together; None begins a new call."""

    index: int | None
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class UsageSeen:
    """Tokens so far; the last one counts."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Finished:
    """The vendor's word for why the answer ended. A stream without it was cut."""

    reason: str


Event = TextDelta | ThinkingDelta | ToolCallDelta | UsageSeen | Finished

#: The vendors' words for the end of an answer, in lower case, and ours.
_REASONS = {
    "stop": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "complete": "stop",
    "completed": "stop",
    "pause_turn": "stop",
    "length": "length",
    "incomplete": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "tool_calls": "tool_calls",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
    "safety": "content_filter",
    "recitation": "content_filter",
    "blocklist": "content_filter",
    "prohibited_content": "content_filter",
    "spii": "content_filter",
    "image_safety": "content_filter",
    "model_armor": "content_filter",
    "refusal": "refusal",
}


def finish(reason: str | None) -> str | None:
    """ "stop", "length", "tool_calls", "content_filter", "refusal" or "other"; None if unknown."""
    if not reason:
        return None
    return _REASONS.get(reason.lower(), "other")
