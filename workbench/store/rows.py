"""A request as it is handed to the store and as it comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

SUCCESS, WARNING, ERROR = "SUCCESS", "WARNING", "ERROR"
STATUSES = (SUCCESS, WARNING, ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """One request to be kept. Times are aware; JSON values are given as values, not as text.

    raw: the call as it came, as JSON text without its API key.
    client_record: an id that the caller made; the same one never makes a second record.
    body_hash: a digest of caller and body; the same one within the hour is the same record.
    """

    started_at: datetime
    ended_at: datetime
    actor: str
    source: str
    raw: str
    origin: str = "api"
    time_assumed: bool = False
    provider: str | None = None
    model: str | None = None
    function_name: str | None = None
    api_type: str | None = None
    status: str = SUCCESS
    error_type: str | None = None
    error_message: str | None = None
    finish_reason: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: Decimal | None = None
    cost_source: str | None = None
    cost_formula: dict[str, Any] | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    prompt_name: str | None = None
    prompt_id: int | None = None
    prompt_version: int | None = None
    prompt_label: str | None = None
    group_id: int | None = None
    span_id: str | None = None
    trace_id: str | None = None
    is_json: bool = False
    is_tool_call: bool = False
    is_plain_text: bool = False
    tool_names: tuple[str, ...] = ()
    image_count: int = 0
    input_preview: str = ""
    output_preview: str = ""
    input_text: str = ""
    output_text: str = ""
    prompt: Any = None
    output: Any = None
    parameters: dict[str, Any] = field(default_factory=dict)
    input_variables: dict[str, Any] | None = None
    normaliser: str = "raw/1"
    client_record: str | None = None
    body_hash: str | None = None
    scores: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a new request: its id, and whether it was there already."""

    id: int
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Score:
    name: str
    value: float
    actor: str
    scored_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A request as lists show it: times aware (UTC), latency in milliseconds, cost in dollars."""

    id: int
    started_at: datetime
    ended_at: datetime
    status: str
    provider: str | None
    model: str | None
    prompt_name: str | None
    prompt_version: int | None
    input_preview: str
    output_preview: str
    latency_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    cost: Decimal | None
    tags: list[str]
    error_type: str | None
    starred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A request with everything that is known of it.

    prompt, output, parameters, input_variables, cost_formula are JSON values. `raw` is the call as
    it came (JSON text).
    """

    summary: Summary
    received_at: datetime
    time_assumed: bool
    source: str
    origin: str
    actor: str
    function_name: str | None
    api_type: str | None
    error_message: str | None
    finish_reason: str | None
    cached_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    cost_source: str | None
    cost_formula: dict[str, Any] | None
    metadata: dict[str, Any]
    prompt_id: int | None
    prompt_label: str | None
    group_id: int | None
    span_id: str | None
    trace_id: str | None
    is_json: bool
    is_tool_call: bool
    is_plain_text: bool
    tool_names: list[str]
    image_count: int
    normaliser: str
    input_text: str
    output_text: str
    prompt: Any
    output: Any
    parameters: dict[str, Any]
    input_variables: dict[str, Any] | None
    raw: str
    scores: list[Score]
