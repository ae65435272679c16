"""Stand-ins for OpenAI's Responses, Gemini and Bedrock's Converse, plain and streamed.

Each echoes the last text of the user's, as `mock_vendor` does for the others.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

CREATED = 1_767_000_000


def _said(parts: list[dict[str, Any]]) -> str:
    return " ".join(part["text"] for part in parts if "text" in part)


# OpenAI's Responses


async def _responses(request: Request) -> Response:
    body = await request.json()
    text = f"You said: {_said(body['input'][-1]['content'])}"
    item: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }
    whole = {
        "id": "resp_mock",
        "object": "response",
        "created_at": CREATED,
        "status": "completed",
        "model": body["model"],
        "output": [item],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 11,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 16,
        },
    }
    if not body.get("stream"):
        return JSONResponse(whole)
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    part: dict[str, Any] = item["content"][0]
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {**whole, "status": "in_progress", "output": []}},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**item, "content": [], "status": "in_progress"},
        },
        {"type": "response.content_part.added", **place, "part": {**part, "text": ""}},
        {"type": "response.output_text.delta", **place, "delta": text, "logprobs": []},
        {"type": "response.output_text.done", **place, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]

    async def lines() -> AsyncIterator[str]:
        for number, event in enumerate(events):
            data = json.dumps({**event, "sequence_number": number})
            yield f"event: {event['type']}\ndata: {data}\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream")


# Gemini


def _gemini_answer(body: dict[str, Any]) -> dict[str, Any]:
    text = f"You said: {_said(body['contents'][-1]['parts'])}"
    return {
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"text": text}]},
                "finishReason": "STOP",
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 11,
            "candidatesTokenCount": 5,
            "totalTokenCount": 16,
        },
        "modelVersion": "gemini-mock",
    }


async def _gemini(request: Request) -> Response:
    body = await request.json()
    answer = _gemini_answer(body)
    if not request.url.path.endswith("streamGenerateContent"):
        return JSONResponse(answer)

    async def lines() -> AsyncIterator[str]:
        yield f"data: {json.dumps(answer)}\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream")


# Bedrock


async def _converse(request: Request) -> Response:
    body = await request.json()
    text = f"You said: {_said(body['messages'][-1]['content'])}"
    usage = {"inputTokens": 11, "outputTokens": 5, "totalTokens": 16}
    if not request.url.path.endswith("converse-stream"):
        return JSONResponse(
            {
                "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
                "stopReason": "end_turn",
                "usage": usage,
                "metrics": {"latencyMs": 5},
            }
        )
    events: list[tuple[str, dict[str, Any]]] = [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": usage, "metrics": {"latencyMs": 5}}),
    ]
    data = b"".join(_frame(name, value) for name, value in events)
    return Response(data, media_type="application/vnd.amazon.eventstream")


def _frame(name: str, value: dict[str, Any]) -> bytes:
    """One message of Amazon's event stream encoding."""
    headers = b"".join(
        bytes([len(key)]) + key.encode() + b"\x07" + struct.pack(">H", len(text)) + text.encode()
        for key, text in (
            (":event-type", name),
            (":content-type", "application/json"),
            (":message-type", "event"),
        )
    )
    payload = json.dumps(value).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    start = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return start + struct.pack(">I", zlib.crc32(start))


ROUTES = [
    Route("/v1/responses", _responses, methods=["POST"]),
    Route("/v1/models/{model}", _gemini, methods=["POST"]),
    Route("/v1beta/models/{model}", _gemini, methods=["POST"]),
    Route("/model/{model:path}", _converse, methods=["POST"]),
]
