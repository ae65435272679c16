"""Requests as the `promptlayer` package sends them, around answers in the vendors' schemas.

Left out, because the moment of loading decides them: request_start_time, request_end_time and the
`created` second of an OpenAI answer (0 here).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from data.sample_text.models import Failure, Model, latency, tokens

Json = dict[str, Any]
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass
class Record:
    """One line of the sample. at: start, in seconds relative to the moment of loading."""

    at: float
    seconds: float
    path: str
    body: Json
    scores: list[Json] = field(default_factory=list)
    group: str | None = None

    @property
    def end(self) -> float:
        return self.at + self.seconds

    @property
    def failed(self) -> bool:
        return self.body.get("status") == "ERROR"


@dataclass(frozen=True)
class Prompted:
    """The template a request was rendered from."""

    name: str
    version: int
    variables: Json


@dataclass(frozen=True)
class Sender:
    """Who and what a request is logged with."""

    tags: list[str] | None = None
    metadata: dict[str, str] | None = None
    group: str | None = None


NOBODY = Sender()


@dataclass(frozen=True)
class ToolCall:
    id: str
    name: str
    arguments: Json


def ident(rng: Random, prefix: str, length: int, alphabet: str = BASE62) -> str:
    return prefix + "".join(rng.choices(alphabet, k=length))


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def text_of(value: Any) -> Iterable[str]:
    """Every string a model would read in messages or tools; images count apart."""
    if isinstance(value, str):
        if not value.startswith("data:image"):
            yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in ("signature", "data", "cache_control"):
                yield from text_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from text_of(item)


def count(value: Any) -> int:
    return sum(tokens(text) for text in text_of(value))


def images_in(value: Any) -> int:
    if isinstance(value, Mapping):
        here = value.get("type") in ("image_url", "image")
        return int(here) + sum(images_in(item) for item in value.values())
    if isinstance(value, list):
        return sum(images_in(item) for item in value)
    return 0


def openai_answer(
    rng: Random,
    model: Model,
    kwargs: Json,
    *,
    content: str | None = None,
    calls: list[ToolCall] | None = None,
    function_call: ToolCall | None = None,
    refusal: str | None = None,
    finish: str | None = None,
    reasoning: int = 0,
    cached: int = 0,
) -> Json:
    """A `chat.completion` object. Streams are put together by the client, with less in them."""
    streamed = bool(kwargs.get("stream"))
    message: Json = {
        "content": content,
        "refusal": refusal,
        "role": "assistant",
        "annotations": None if streamed or model.name.startswith("gpt-3.5") else [],
        "audio": None,
        "function_call": None,
        "tool_calls": None,
    }
    out = tokens(content or refusal or "") if content or refusal else 0
    if calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "function": {"arguments": compact(call.arguments), "name": call.name},
                "type": "function",
            }
            for call in calls
        ]
        out += sum(tokens(compact(call.arguments)) + 14 for call in calls)
    if function_call:
        arguments = json.dumps(function_call.arguments, ensure_ascii=False)
        message["function_call"] = {"arguments": arguments, "name": function_call.name}
        out += tokens(arguments) + 9
    if finish == "length":
        out = int(kwargs["max_tokens"])
    finish = finish or ("tool_calls" if calls else "function_call" if function_call else "stop")
    sent = count(kwargs["messages"]) + 4 * len(kwargs["messages"]) + 255 * images_in(kwargs)
    sent += count(kwargs.get("tools") or kwargs.get("functions") or [])
    sent += count(kwargs.get("response_format") or {})
    cached = min(cached, sent // 128 * 128) if sent >= 1_024 else 0
    return {
        "id": ident(rng, "chatcmpl-C", 28),
        "choices": [{"finish_reason": finish, "index": 0, "logprobs": None, "message": message}],
        "created": 0,
        "model": model.name,
        "object": "chat.completion",
        "service_tier": None if streamed else "default",
        "system_fingerprint": model.fingerprint,
        "usage": {
            "completion_tokens": out + reasoning,
            "prompt_tokens": sent,
            "total_tokens": sent + out + reasoning,
            "completion_tokens_details": {
                "accepted_prediction_tokens": 0,
                "audio_tokens": 0,
                "reasoning_tokens": reasoning,
                "rejected_prediction_tokens": 0,
            },
            "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": cached},
        },
    }


def anthropic_answer(
    rng: Random,
    model: Model,
    kwargs: Json,
    *,
    content: list[Json],
    stop: str | None = None,
    cache: int = 0,
    cache_hit: bool = False,
) -> Json:
    """A `message` object; `cache` tokens were read from the cache or written to it."""
    sent = count(kwargs["messages"]) + count(kwargs.get("system") or "")
    sent += 5 * len(kwargs["messages"]) + 240 * images_in(kwargs)
    if kwargs.get("tools"):
        sent += count(kwargs["tools"]) + 330
    cache = min(cache, sent - 8) if cache >= 1_024 else 0
    out = count([{k: v for k, v in block.items() if k != "signature"} for block in content])
    calls = any(block["type"] == "tool_use" for block in content)
    out = kwargs["max_tokens"] if stop == "max_tokens" else out + (22 if calls else 4)
    return {
        "id": ident(rng, "msg_01", 22, BASE58),
        "content": content,
        "model": model.name,
        "role": "assistant",
        "stop_reason": stop or ("tool_use" if calls else "end_turn"),
        "stop_sequence": None,
        "type": "message",
        "usage": {
            "cache_creation": {
                "ephemeral_1h_input_tokens": 0,
                "ephemeral_5m_input_tokens": 0 if cache_hit else cache,
            },
            "cache_creation_input_tokens": 0 if cache_hit else cache,
            "cache_read_input_tokens": cache if cache_hit else 0,
            "input_tokens": sent - cache,
            "output_tokens": out,
            "server_tool_use": None,
            "service_tier": "standard",
        },
    }


def text_block(text: str) -> Json:
    return {"citations": None, "text": text, "type": "text"}


def tool_block(call: ToolCall) -> Json:
    return {"id": call.id, "input": call.arguments, "name": call.name, "type": "tool_use"}


def spent(answer: Json) -> tuple[int, int]:
    """Tokens in and out of a vendor's answer."""
    usage = answer["usage"]
    if "prompt_tokens" in usage:
        return usage["prompt_tokens"], usage["completion_tokens"]
    cached = usage["cache_creation_input_tokens"] + usage["cache_read_input_tokens"] // 4
    return usage["input_tokens"] + cached, usage["output_tokens"]


FUNCTIONS = {"openai": "openai.chat.completions.create", "anthropic": "anthropic.messages.create"}


def tracked(
    rng: Random,
    model: Model,
    at: float,
    kwargs: Json,
    answer: Json | Failure,
    prompted: Prompted | None = None,
    sender: Sender = NOBODY,
    function: str | None = None,
) -> Record:
    """A `/track-request` as `PromptLayer.run` sends it, or, with `function`, a wrapped client."""
    body: Json = {
        "function_name": function or FUNCTIONS[model.provider],
        "provider_type": model.provider,
        "args": [],
        "kwargs": kwargs,
        "tags": sender.tags,
        "metadata": sender.metadata,
    }
    if prompted:
        body |= {
            "prompt_name": prompted.name,
            "prompt_version": prompted.version,
            "prompt_input_variables": prompted.variables,
            "return_prompt_blueprint": True,
        }
    body["span_id"] = None
    if isinstance(answer, Failure):
        body["request_response"] = {}
        body |= failed(answer)
        return Record(at, answer.seconds, "/track-request", body, group=sender.group)
    body["request_response"] = answer
    seconds = latency(rng, model, at, *spent(answer))
    return Record(at, seconds, "/track-request", body, group=sender.group)


def failed(failure: Failure) -> Json:
    return {
        "status": "ERROR",
        "error_type": failure.kind,
        "error_message": failure.message[:1024],
    }


def warned(record: Record, kind: str, message: str) -> Record:
    record.body |= {"status": "WARNING", "error_type": kind, "error_message": message}
    return record


def blueprint(messages: list[Json], **more: Any) -> Json:
    """Messages as a prompt template: `(role, text)` content becomes parts."""
    return {"type": "chat", "messages": messages, **more}


def message(role: str, *parts: str | Json) -> Json:
    content = [{"type": "text", "text": part} if isinstance(part, str) else part for part in parts]
    return {"role": role, "content": content}


def logged(
    rng: Random,
    model: Model,
    at: float,
    messages: list[Json],
    answer: str | Failure,
    parameters: Json,
    prompted: Prompted | None = None,
    sender: Sender = NOBODY,
) -> Record:
    """A `/log-request`, for models the wrapped clients do not know."""
    sent = count(messages) + 4 * len(messages) + 258 * images_in(messages)
    out = tokens(answer) if isinstance(answer, str) else 0
    body: Json = {
        "provider": model.provider,
        "model": model.name,
        "input": blueprint(messages),
        "output": blueprint([message("assistant", answer)] if isinstance(answer, str) else []),
        "parameters": parameters,
        "tags": sender.tags or [],
        "metadata": sender.metadata or {},
        "prompt_name": prompted.name if prompted else None,
        "prompt_version_number": prompted.version if prompted else None,
        "prompt_input_variables": prompted.variables if prompted else {},
        "input_tokens": sent if isinstance(answer, str) else 0,
        "output_tokens": out,
        "price": 0.0,
        "function_name": "",
        "score": 0,
        "prompt_id": None,
        "score_name": None,
        "api_type": None,
        "status": "SUCCESS",
        "error_type": None,
        "error_message": None,
    }
    if isinstance(answer, Failure):
        body |= failed(answer)
        return Record(at, answer.seconds, "/log-request", body, group=sender.group)
    seconds = latency(rng, model, at, sent, out)
    return Record(at, seconds, "/log-request", body, group=sender.group)
