"""Errors: what vendors say, and the kind that it is."""

# ruff: noqa: E501 - the bodies are as they came

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.providers.errors import TITLES, of_status, retry_after

#: Real error bodies of the vendors, and what they mean.
SAID: list[tuple[int, Any, str]] = [
    (
        401,
        {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}},
        "authentication",
    ),
    (
        429,
        {"error": {"message": "Rate limit reached for gpt-4o", "code": "rate_limit_exceeded"}},
        "rate_limit",
    ),
    (
        429,
        {
            "error": {
                "message": "You exceeded your current quota, please check your plan and billing details.",
                "code": "insufficient_quota",
            }
        },
        "quota",
    ),
    (
        400,
        {
            "error": {
                "message": "This model's maximum context length is 128000 tokens.",
                "code": "context_length_exceeded",
            }
        },
        "context_length",
    ),
    (
        400,
        {
            "error": {
                "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
                "code": "content_filter",
            }
        },
        "content_filter",
    ),
    (
        404,
        {"error": {"message": "The model `gpt-9` does not exist", "code": "model_not_found"}},
        "bad_request",
    ),
    (
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "Your credit balance is too low to access the Anthropic API.",
            },
        },
        "quota",
    ),
    (
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "prompt is too long: 208310 tokens > 200000 maximum",
            },
        },
        "context_length",
    ),
    (
        529,
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        "unavailable",
    ),
    (
        403,
        {"type": "error", "error": {"type": "permission_error", "message": "Not allowed"}},
        "authentication",
    ),
    (
        400,
        {
            "error": {
                "code": 400,
                "message": "API key not valid. Please pass a valid API key.",
                "status": "INVALID_ARGUMENT",
            }
        },
        "authentication",
    ),
    (
        400,
        {
            "error": {
                "code": 400,
                "message": "API key expired. Please renew the API key.",
                "status": "INVALID_ARGUMENT",
            }
        },
        "authentication",
    ),
    (
        429,
        {
            "error": {
                "code": 429,
                "message": "You exceeded your current quota.",
                "status": "RESOURCE_EXHAUSTED",
                "details": [
                    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
                ],
            }
        },
        "rate_limit",
    ),
    (
        429,
        {
            "error": {
                "code": 429,
                "message": "You exceeded your current quota.",
                "status": "RESOURCE_EXHAUSTED",
            }
        },
        "quota",
    ),
    (
        503,
        {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}},
        "unavailable",
    ),
    (
        400,
        {
            "error": {
                "code": 400,
                "message": "The input token count (1200000) exceeds the maximum number of tokens allowed",
                "status": "INVALID_ARGUMENT",
            }
        },
        "context_length",
    ),
    (429, {"error": {"Code": "ThrottlingException", "Message": "Too many requests"}}, "rate_limit"),
    (
        403,
        {
            "error": {
                "Code": "ExpiredTokenException",
                "Message": "The security token included in the request is expired",
            }
        },
        "authentication",
    ),
    (
        400,
        {
            "error": {
                "Code": "ValidationException",
                "Message": "Input is too long for requested model.",
            }
        },
        "context_length",
    ),
    (402, {"message": "Payment required"}, "quota"),
    (401, {"message": "invalid api token"}, "authentication"),
    (422, {"detail": [{"loc": ["body", "messages"], "msg": "field required"}]}, "bad_request"),
    (
        400,
        {
            "object": "error",
            "message": "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
        },
        "context_length",
    ),
    (
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size",
                "type": "exceed_context_size_error",
            }
        },
        "context_length",
    ),
    (408, {}, "timeout"),
    (502, "<html>Bad Gateway</html>", "unavailable"),
]


@pytest.mark.parametrize(("status", "body", "kind"), SAID)
def test_what_vendors_say(status: int, body: Any, kind: str) -> None:
    error = of_status(status, body)
    assert error.kind == kind, error
    assert error.message
    assert str(error).startswith(TITLES[error.kind])


def test_how_long_to_wait_stands_in_a_header_or_in_googles_details() -> None:
    assert retry_after({"Retry-After": "12"}) == 12
    assert retry_after({"retry-after-ms": "250", "retry-after": "9"}) == 0.25
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}, SAID[12][1]) == 34.5


@given(
    st.integers(400, 599),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["error", "message", "code", "details", "type"]), inner
            )
        ),
        max_leaves=8,
    ),
)
@example(400, {"message": [-(2**63) - 1]})
def test_any_json_is_an_error_with_a_text(status: int, body: Any) -> None:
    error = of_status(status, body)
    assert error.kind in TITLES
    assert error.message
