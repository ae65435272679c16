"""A stand-in for OpenAI's chat completions and Anthropic's messages, plain and streamed.

What it answers depends on the request alone: a call of the first tool or function where one is
offered, a word about the picture where one came, else an echo. Anything wrong is a 400 in the
vendor's own shape.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests import mock_more_vendors

CREATED = 1_767_000_000
ARGUMENTS = {"city": "Zürich"}


def _said(content: Any) -> str:
    """The text of a message's content, and whether a picture came with it."""
    if isinstance(content, str):
        return content
    words = [part["text"] for part in content if part.get("type") == "text"]
    pictures = [part for part in content if part.get("type") in ("image_url", "image")]
    return " ".join([*words, *("[picture]" for _ in pictures)])


def _error(status: int, sentence: str, anthropic: bool) -> Response:
    error = {"type": "invalid_request_error", "message": sentence}
    body = {"type": "error", "error": error} if anthropic else {"error": {**error, "code": None}}
    return JSONResponse(body, status)


async def _openai(request: Request) -> Response:
    body = await request.json()
    if not body.get("messages"):
        return _error(400, "messages is empty", anthropic=False)
    if body["model"] == "overloaded":
        return _error(429, "Rate limit reached", anthropic=False)
    message, reason = _openai_message(body)
    usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
    base = {"id": "chatcmpl-mock", "created": CREATED, "model": f"{body['model']}-2024-08-06"}
    if not body.get("stream"):
        choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
        return JSONResponse(
            {**base, "object": "chat.completion", "choices": [choice], "usage": usage}
        )

    async def chunks() -> AsyncIterator[str]:
        for delta, finish in [*_openai_deltas(message), ({}, reason)]:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            chunk = {**base, "object": "chat.completion.chunk", "choices": [choice]}
            yield f"data: {json.dumps(chunk)}\n\n"
        yield "data: [DONE]\n\n"

    return StreamingResponse(chunks(), media_type="text/event-stream")


def _openai_message(body: dict[str, Any]) -> tuple[dict[str, Any], str]:
    arguments = json.dumps(ARGUMENTS, ensure_ascii=False)
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    answered = body["messages"][-1]["role"] in ("tool", "function")
    if body.get("tools") and not answered:
        name = body["tools"][0]["function"]["name"]
        calls = [
            {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": a}}
            for n, a in enumerate([arguments, '{"city": "Genève"}'])
        ]
        return {**message, "tool_calls": calls}, "tool_calls"
    if body.get("functions") and not answered:
        call = {"name": body["functions"][0]["name"], "arguments": arguments}
        return {**message, "function_call": call}, "function_call"
    return {**message, "content": f"You said: {_said(body['messages'][-1]['content'])}"}, "stop"


def _openai_deltas(message: dict[str, Any]) -> Iterator[tuple[dict[str, Any], None]]:
    yield {"role": "assistant", "content": ""}, None
    for number, call in enumerate(message.get("tool_calls") or ()):
        yield {"tool_calls": [{"index": number, **call}]}, None
    for word in (message["content"] or "").split(" "):
        yield {"content": word + " "}, None


async def _anthropic(request: Request) -> Response:
    body = await request.json()
    if not body.get("max_tokens"):
        return _error(400, "max_tokens: field required", anthropic=True)
    last = body["messages"][-1]["content"]
    answered = isinstance(last, list) and any(part["type"] == "tool_result" for part in last)
    content: list[dict[str, Any]]
    if body.get("tools") and not answered:
        name = body["tools"][0]["name"]
        content = [
            {"type": "text", "text": "Let me look."},
            {"type": "tool_use", "id": "toolu_1", "name": name, "input": ARGUMENTS},
        ]
    else:
        content = [{"type": "text", "text": f"You said: {_said(last)}"}]
    message = {
        "id": "msg_mock",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": content,
        "stop_reason": "tool_use" if len(content) > 1 else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 12, "output_tokens": 6},
    }
    if not body.get("stream"):
        return JSONResponse(message)

    async def events() -> AsyncIterator[str]:
        for event in _anthropic_events(message):
            yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


def _anthropic_events(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    start = {**message, "content": [], "stop_reason": None}
    yield {"type": "message_start", "message": start}
    for index, block in enumerate(message["content"]):
        opened: dict[str, Any] = {**block, "text": ""}
        key, text = "text", block.get("text")
        if text is None:
            opened = {**block, "input": {}}
            key, text = "partial_json", json.dumps(block["input"])
        yield {"type": "content_block_start", "index": index, "content_block": opened}
        kind = "text_delta" if key == "text" else "input_json_delta"
        for piece in (text[: len(text) // 2], text[len(text) // 2 :]):
            delta = {"type": kind, key: piece}
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    stop = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 6}}
    yield {"type": "message_stop"}


def application() -> Starlette:
    return Starlette(
        routes=[
            Route("/v1/chat/completions", _openai, methods=["POST"]),
            Route("/v1/messages", _anthropic, methods=["POST"]),
            *mock_more_vendors.ROUTES,
        ]
    )


@contextmanager
def running() -> Iterator[str]:
    """The vendor on a free port; its address without `/v1`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(application(), log_level="warning", access_log=False, ws="none")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
