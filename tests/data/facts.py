"""What the tests ask of a request of the sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.logs.sample import SampleRequest


def provider(request: SampleRequest) -> str:
    return str(request.body.get("provider_type") or request.body["provider"])


def model(request: SampleRequest) -> str:
    answer = request.body.get("request_response")
    if answer:
        return str(answer["model"])
    return str(request.body.get("model") or request.body["kwargs"]["model"])


def template(request: SampleRequest) -> tuple[str | None, int | None]:
    body = request.body
    version = body.get("prompt_version") or body.get("prompt_version_number")
    return body.get("prompt_name"), version


def seconds(request: SampleRequest) -> float:
    start: float = request.body["request_start_time"]
    end: float = request.body["request_end_time"]
    return end - start


def failed(request: SampleRequest) -> bool:
    return bool(request.body.get("status") == "ERROR")


def messages(request: SampleRequest) -> list[dict[str, Any]]:
    body = request.body
    sent = body["kwargs"].get("messages", []) if "kwargs" in body else body["input"]["messages"]
    return list(sent)


def strings(value: Any) -> Iterator[str]:
    """Every string within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def parts(request: SampleRequest, kind: str) -> list[dict[str, Any]]:
    """The content parts of one type in what was sent."""
    return [
        part
        for message in messages(request)
        for part in (message["content"] if isinstance(message["content"], list) else [])
        if part["type"] == kind
    ]


def tokens(request: SampleRequest) -> tuple[int, int, int]:
    """Tokens in (cached ones included), out, and read from a cache."""
    answer = request.body.get("request_response")
    if not answer:
        return request.body.get("input_tokens", 0), request.body.get("output_tokens", 0), 0
    usage = answer["usage"]
    if "prompt_tokens" in usage:
        details = usage["prompt_tokens_details"] or {}
        return usage["prompt_tokens"], usage["completion_tokens"], details.get("cached_tokens", 0)
    read, written = usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
    return usage["input_tokens"] + read + written, usage["output_tokens"], read
