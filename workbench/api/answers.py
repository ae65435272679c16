"""What the API answers: the objects, and the models that document them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import orjson
from pydantic import BaseModel, Field

from workbench.logs.call import Conversation
from workbench.logs.intake import Taken, blueprint
from workbench.logs.normalise import prompt_blueprint
from workbench.messages import Prompt
from workbench.store.rows import Detail, Score, Summary
from workbench.store.text_search import Reach


class Problem(BaseModel):
    """Any answer that is not 2xx. `field` names the field at fault, where there is one."""

    success: Literal[False]
    message: str
    error: str
    field: str | None = Field(None, json_schema_extra={"examples": ["metadata"]})


class Done(BaseModel):
    success: Literal[True]
    message: str


class Tracked(Done):
    """`request_id` is on disk. `prompt_blueprint` is null unless it was asked for."""

    request_id: int
    prompt_blueprint: dict[str, Any] | None


class GroupMade(BaseModel):
    success: Literal[True]
    id: int


class Health(BaseModel):
    """`message` says what to do about a store that has failed."""

    status: Literal["ok", "failed"]
    message: str = ""


class LoggedRow(BaseModel):
    """The whole row. `id` and `request_id` are the same."""

    id: int
    request_id: int
    type: Literal["request"]
    prompt_id: int | None
    prompt_version_number: int | None
    prompt_input_variables: dict[str, Any]
    provider_type: str
    engine: str
    function_name: str
    function_args: list[Any]
    function_kwargs: dict[str, Any]
    request_response: Any
    request_start_time: str
    request_end_time: str
    price: float | None
    score: float | None
    tokens: int | None
    input_tokens: int | None
    output_tokens: int | None
    workspace_id: int
    span_id: str | None
    created_at: str
    metadata: list[dict[str, Any]]
    scores: list[dict[str, Any]]
    tags_array: list[str]
    prompt_string: str
    response_string: str
    is_starred: bool
    is_sharable: bool
    share_hash: str | None
    share_view_count: int
    status: Literal["SUCCESS", "WARNING", "ERROR"]
    error_type: str | None
    error_message: str | None
    prompt_version: dict[str, Any]


class RequestDetail(BaseModel):
    success: Literal[True]
    request_id: int
    prompt_blueprint: dict[str, Any]
    provider: str | None
    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    tokens: int | None
    price: float | None
    request_start_time: str
    request_end_time: str
    latency_ms: float | None
    trace_id: str | None
    status: Literal["SUCCESS", "WARNING", "ERROR"]
    error_type: str | None
    error_message: str | None
    finish_reason: str | None
    tags_array: list[str]
    is_starred: bool
    metadata: dict[str, Any]
    scores: list[dict[str, Any]]
    prompt_name: str | None
    prompt_version_number: int | None
    group_id: int | None
    raw_request: Any


class Found(BaseModel):
    id: int
    engine: str | None
    provider_type: str | None
    input_tokens: int | None
    output_tokens: int | None
    price: float | None
    request_start_time: str
    request_end_time: str
    latency: float | None
    status: Literal["SUCCESS", "WARNING", "ERROR"]
    tags_array: list[str]
    is_starred: bool
    metadata: list[dict[str, Any]]
    scores: list[dict[str, Any]]
    prompt_name: str | None = None


class Paged(BaseModel):
    """Where a page of a list stands among the others."""

    page: int
    pages: int
    per_page: int
    total: int
    has_next: bool
    has_prev: bool
    next_num: int | None
    prev_num: int | None


class Searched(BaseModel):
    """What a search has looked at. It is also told in headers, whatever fields an answer has.

    scanned, of: requests whose texts were searched, of those that the other conditions leave;
    both null where no texts had to be searched. back_to: everything that started at this time or
    later was searched; null once all of it was. complete: otherwise `total` and `items` are of what
    was searched so far, and `go_on` says how to search on.
    """

    scanned: int | None
    of: int | None
    found: int
    back_to: str | None
    complete: bool
    go_on: str | None


class SearchResults(Paged):
    """`search` is there with WORKBENCH_ANSWER_FIELDS=all."""

    success: Literal[True]
    items: list[Found]
    search: Searched | None = None


class Suggested(BaseModel):
    """`counts` tells of each value how many requests carry it, in the same order.

    `sampled`: the newest requests that were looked at, where it was not all of them.
    """

    success: Literal[True]
    values: list[str]
    counts: list[int]
    sampled: int | None


def when(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def total(sent: int | None, received: int | None) -> int | None:
    return None if sent is None and received is None else (sent or 0) + (received or 0)


def pairs(metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Metadata as the reference lists it: one object a key."""
    return [{key: value} for key, value in metadata.items()]


def logged_row(id_: int, taken: Taken, body: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a `/log-request`, as the service answers it. It has one workspace, number 1."""
    row = taken.row
    return {
        "id": id_,
        "request_id": id_,
        "type": "request",
        "prompt_id": row.prompt_id,
        "prompt_version_number": row.prompt_version,
        "prompt_input_variables": row.input_variables or {},
        "provider_type": body["provider"],
        "engine": body["model"],
        "function_name": row.function_name or "",
        "function_args": [],
        "function_kwargs": row.parameters,
        "request_response": body["output"],
        "request_start_time": when(row.started_at),
        "request_end_time": when(row.ended_at),
        "price": number(row.cost),
        "score": row.scores[0][1] if row.scores else None,
        "tokens": total(row.input_tokens, row.output_tokens),
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "workspace_id": 1,
        "span_id": row.span_id,
        "created_at": when(datetime.now(UTC)),
        "metadata": pairs(row.metadata),
        "scores": [{"name": name, "score": value} for name, value in row.scores],
        "tags_array": list(row.tags),
        "prompt_string": row.input_text,
        "response_string": row.output_text,
        "is_starred": False,
        "is_sharable": False,
        "share_hash": None,
        "share_view_count": 0,
        "status": row.status,
        "error_type": row.error_type,
        "error_message": row.error_message,
        "prompt_version": blueprint(taken, body),
    }


def detail(found: Detail) -> dict[str, Any]:
    summary = found.summary
    nothing: Prompt = {"type": "chat", "messages": []}
    conversation = Conversation(
        prompt=found.prompt or nothing,
        output=found.output or [],
        normaliser=found.normaliser,
        model=summary.model,
        provider=summary.provider,
        parameters=found.parameters,
    )
    return {
        "success": True,
        "request_id": summary.id,
        "prompt_blueprint": prompt_blueprint(conversation),
        "provider": summary.provider,
        "model": summary.model,
        "input_tokens": summary.input_tokens,
        "output_tokens": summary.output_tokens,
        "tokens": total(summary.input_tokens, summary.output_tokens),
        "price": number(summary.cost),
        "request_start_time": when(summary.started_at),
        "request_end_time": when(summary.ended_at),
        "latency_ms": summary.latency_ms,
        "trace_id": found.trace_id,
        "status": summary.status,
        "error_type": summary.error_type,
        "error_message": found.error_message,
        "finish_reason": found.finish_reason,
        "tags_array": summary.tags,
        "is_starred": summary.starred,
        "metadata": found.metadata,
        "scores": [_score(score) for score in found.scores],
        "prompt_name": summary.prompt_name,
        "prompt_version_number": summary.prompt_version,
        "group_id": found.group_id,
        "raw_request": _value(found.raw),
    }


def _value(raw: str) -> Any:
    """The call as a JSON value; records that came in another way may have other text."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw


def _score(score: Score) -> dict[str, Any]:
    return {
        "name": score.name,
        "score": score.value,
        "scored_by": score.actor,
        "scored_at": when(score.scored_at),
    }


def results(
    rows: Sequence[Summary],
    more: Mapping[int, tuple[dict[str, Any], list[tuple[str, float]]]],
    *,
    page: int,
    per_page: int,
    found: int,
    with_prompt_name: bool,
) -> dict[str, Any]:
    """A page of a search in the reference's envelope. `latency` is in seconds there."""
    return {
        "success": True,
        "items": [_item(row, more.get(row.id, ({}, [])), with_prompt_name) for row in rows],
        **paging(page, per_page, found),
    }


GO_ON = "Send the same search again: it goes on where it stopped."


def searched(found: int, reach: Reach | None) -> dict[str, Any]:
    """The fields of `Searched`; `reach` is None where no texts were searched."""
    if reach is None:
        return {
            "scanned": None,
            "of": None,
            "found": found,
            "back_to": None,
            "complete": True,
            "go_on": None,
        }
    return {
        "scanned": reach.looked_at,
        "of": reach.of,
        "found": found,
        "back_to": None if reach.back_to is None else when(reach.back_to),
        "complete": reach.is_complete,
        "go_on": None if reach.is_complete else GO_ON,
    }


def search_headers(searched: Mapping[str, Any]) -> dict[str, str]:
    """`X-Search-Scanned` and so on; what is null has no header."""
    return {
        f"X-Search-{name.replace('_', '-').title()}": str(value).lower()
        if isinstance(value, bool)
        else str(value)
        for name, value in searched.items()
        if value is not None
    }


def paging(page: int, per_page: int, total: int) -> dict[str, Any]:
    """The fields of `Paged`."""
    pages = -(-total // per_page)
    return {
        "page": page,
        "pages": pages,
        "per_page": per_page,
        "total": total,
        "has_next": page < pages,
        "has_prev": page > 1,
        "next_num": page + 1 if page < pages else None,
        "prev_num": page - 1 if page > 1 else None,
    }


def _item(
    row: Summary, more: tuple[dict[str, Any], list[tuple[str, float]]], with_prompt_name: bool
) -> dict[str, Any]:
    metadata, scores = more
    item = {
        "id": row.id,
        "engine": row.model,
        "provider_type": row.provider,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "price": number(row.cost),
        "request_start_time": when(row.started_at),
        "request_end_time": when(row.ended_at),
        "latency": None if row.latency_ms is None else row.latency_ms / 1000,
        "status": row.status,
        "tags_array": row.tags,
        "is_starred": row.starred,
        "metadata": pairs(metadata),
        "scores": [{"name": name, "score": value} for name, value in scores],
    }
    if with_prompt_name:
        item["prompt_name"] = row.prompt_name
    return item
