"""One short answer in each vendor's stream, as bytes; and errors in each vendor's shape.

Shapes: the vendors' API references, and the streams in tests/logs/corpus. The answer thinks "Hm.",
says "One two three" and has used tokens of a cache.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from typing import Any

WORDS = ("One", " two", " three")
EVENT_STREAM = "application/vnd.amazon.eventstream"


def sse(value: Any, event: str = "") -> bytes:
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {json.dumps(value)}\n\n".encode()


def frame(kind: str, value: Any, message: str = "event") -> bytes:
    """One message of AWS' event stream encoding."""
    named = ":exception-type" if message == "exception" else ":event-type"
    headers = {named: kind, ":content-type": "application/json", ":message-type": message}
    packed = b"".join(
        struct.pack("!B", len(name))
        + name.encode()
        + struct.pack("!BH", 7, len(text))
        + text.encode()
        for name, text in headers.items()
    )
    payload = json.dumps(value).encode()
    prelude = struct.pack("!II", 16 + len(packed) + len(payload), len(packed))
    start = prelude + struct.pack("!I", zlib.crc32(prelude)) + packed + payload
    return start + struct.pack("!I", zlib.crc32(start))


def _openai() -> list[bytes]:
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "answered-1"}

    def chunk(delta: dict[str, Any], reason: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return sse({**head, "choices": [choice], **more})

    usage = {
        "prompt_tokens": 20,
        "completion_tokens": 5,
        "total_tokens": 25,
        "prompt_tokens_details": {"cached_tokens": 8},
    }
    return [
        chunk({"role": "assistant", "content": "", "reasoning_content": "Hm."}),
        *(chunk({"content": word}) for word in WORDS),
        chunk({"content": ""}, "stop"),
        sse({**head, "choices": [], "usage": usage}),
        b"data: [DONE]\n\n",
    ]


def _mistral() -> list[bytes]:
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "answered-1"}
    thought = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]

    def chunk(delta: dict[str, Any], reason: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return sse({**head, "choices": [choice], **more})

    usage = {
        "prompt_tokens": 20,
        "completion_tokens": 5,
        "total_tokens": 25,
        "prompt_tokens_details": {"cached_tokens": 8},
    }
    return [
        chunk({"role": "assistant", "content": thought}),
        *(chunk({"content": word}) for word in WORDS),
        chunk({"content": ""}, "stop", usage=usage),
        b"data: [DONE]\n\n",
    ]


def _responses() -> list[bytes]:
    head: dict[str, Any] = {
        "id": "r1",
        "object": "response",
        "created_at": 1,
        "model": "answered-1",
        "output": [],
        "status": "in_progress",
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    text = "".join(WORDS)
    reasoning = {
        "type": "reasoning",
        "id": "rs1",
        "summary": [{"type": "summary_text", "text": "Hm."}],
    }
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {"type": "message", "id": "m1", "role": "assistant", "status": "completed"}
    whole = {**message, "content": [part]}
    usage = {
        "input_tokens": 20,
        "input_tokens_details": {"cached_tokens": 8},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 25,
    }
    done = {**head, "status": "completed", "output": [reasoning, whole], "usage": usage}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": head},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**reasoning, "summary": []},
        },
        {
            "type": "response.reasoning_summary_text.delta",
            "item_id": "rs1",
            "output_index": 0,
            "summary_index": 0,
            "delta": "Hm.",
        },
        {"type": "response.output_item.done", "output_index": 0, "item": reasoning},
        {
            "type": "response.output_item.added",
            "output_index": 1,
            "item": {**message, "content": []},
        },
        *(
            {
                "type": "response.output_text.delta",
                "item_id": "m1",
                "output_index": 1,
                "content_index": 0,
                "delta": word,
                "logprobs": [],
            }
            for word in WORDS
        ),
        {"type": "response.output_item.done", "output_index": 1, "item": whole},
        {"type": "response.completed", "response": done},
    ]
    return [sse({**one, "sequence_number": n}, one["type"]) for n, one in enumerate(events)]


def _anthropic() -> list[bytes]:
    usage = {"input_tokens": 12, "cache_read_input_tokens": 8, "output_tokens": 1}
    start: dict[str, Any] = {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "answered-1",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": thinking},
        *(
            {"type": "content_block_delta", "index": 0, "delta": delta}
            for delta in (
                {"type": "thinking_delta", "thinking": "Hm."},
                {"type": "signature_delta", "signature": "c2lnbmVk"},
            )
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": w}}
            for w in WORDS
        ),
        {"type": "content_block_stop", "index": 1},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 5},
        },
        {"type": "message_stop"},
    ]
    return [sse(one, one["type"]) for one in events]


def _google() -> list[bytes]:
    def chunk(parts: list[dict[str, Any]], **more: Any) -> bytes:
        content = {"role": "model", "parts": parts}
        candidate = {"index": 0, "content": content, **more.pop("candidate", {})}
        return sse({"candidates": [candidate], "modelVersion": "answered-1", **more})

    usage = {
        "promptTokenCount": 20,
        "cachedContentTokenCount": 8,
        "candidatesTokenCount": 4,
        "thoughtsTokenCount": 1,
        "totalTokenCount": 25,
    }
    return [
        chunk([{"text": "Hm.", "thought": True}]),
        *(chunk([{"text": word}]) for word in WORDS),
        chunk([{"text": ""}], candidate={"finishReason": "STOP"}, usageMetadata=usage),
    ]


def _cohere() -> list[bytes]:
    def content(kind: str, index: int, value: dict[str, Any]) -> dict[str, Any]:
        return {"type": kind, "index": index, "delta": {"message": {"content": value}}}

    usage = {
        "billed_units": {"input_tokens": 20, "output_tokens": 5},
        "tokens": {"input_tokens": 20, "output_tokens": 5},
        "cached_tokens": 8,
    }
    start: dict[str, Any] = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}
    events: list[dict[str, Any]] = [
        {"type": "message-start", "id": "m1", "delta": {"message": start}},
        content("content-start", 0, {"type": "thinking", "thinking": ""}),
        content("content-delta", 0, {"thinking": "Hm."}),
        {"type": "content-end", "index": 0},
        content("content-start", 1, {"type": "text", "text": ""}),
        *(content("content-delta", 1, {"text": word}) for word in WORDS),
        {"type": "content-end", "index": 1},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": usage}},
    ]
    return [sse(one, one["type"]) for one in events]


def bedrock_events() -> list[tuple[str, dict[str, Any]]]:
    def delta(index: int, value: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return "contentBlockDelta", {"contentBlockIndex": index, "delta": value}

    usage = {"inputTokens": 12, "cacheReadInputTokens": 8, "outputTokens": 5, "totalTokens": 25}
    return [
        ("messageStart", {"role": "assistant"}),
        delta(0, {"reasoningContent": {"text": "Hm."}}),
        delta(0, {"reasoningContent": {"signature": "c2lnbmVk"}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        *(delta(1, {"text": word}) for word in WORDS),
        ("contentBlockStop", {"contentBlockIndex": 1}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": usage, "metrics": {"latencyMs": 400}}),
    ]


STREAMS = {
    "openai": _openai,
    "openai-responses": _responses,
    "azure": _openai,
    "gateway": _openai,
    "anthropic": _anthropic,
    "claude-gateway": _anthropic,
    "google": _google,
    "bedrock": lambda: [frame(kind, value) for kind, value in bedrock_events()],
    "mistral": _mistral,
    "cohere": _cohere,
}
#: What stands for the end of a thought's sentence: no provider of these hides it.
THINKS = frozenset(STREAMS)


def pieces(provider: str) -> list[bytes]:
    """The whole stream, piece by piece."""
    return STREAMS[provider]()


def until_the_second_word(provider: str) -> Sequence[bytes]:
    """The stream up to " two"."""
    found = pieces(provider)
    last = next(n for n, piece in enumerate(found) if b'" two"' in piece)
    return found[: last + 1]


def content_type(provider: str) -> str:
    return EVENT_STREAM if provider == "bedrock" else "text/event-stream"


_TYPES = {
    401: ("authentication_error", "UNAUTHENTICATED", "ExpiredTokenException"),
    429: ("rate_limit_error", "RESOURCE_EXHAUSTED", "ThrottlingException"),
    500: ("api_error", "INTERNAL", "InternalServerException"),
    400: ("invalid_request_error", "INVALID_ARGUMENT", "ValidationException"),
}


def error(provider: str, status: int, message: str) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """The body of an error and the headers beside it, in the vendor's shape."""
    kind, google, aws = _TYPES[status]
    headers: tuple[tuple[str, str], ...] = ()
    body: dict[str, Any] = {"error": {"message": message, "type": kind, "code": None}}
    match provider:
        case "anthropic" | "claude-gateway":
            body = {"type": "error", "error": {"type": kind, "message": message}}
        case "google":
            body = {"error": {"code": status, "message": message, "status": google}}
        case "bedrock":
            body, headers = {"message": message}, (("x-amzn-ErrorType", aws),)
        case "cohere":
            body = {"id": "e1", "message": message}
        case "mistral":
            body = {"object": "error", "message": message, "type": kind, "code": "1300"}
    return json.dumps(body).encode(), headers
