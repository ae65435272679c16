"""Looking requests up: one by its id, many by a filter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workbench.api import wire
from workbench.api.answers import RequestDetail, SearchResults, detail, results
from workbench.api.errors import ApiError
from workbench.api.operation import Answer, Operation, Sent, in_thread
from workbench.filters import Filter, FilterError, from_api
from workbench.ids import MAX_ID
from workbench.jsontext import FieldError
from workbench.store import requests, search

DEFAULT_PER_PAGE = 10


@dataclass(frozen=True, slots=True)
class _Search:
    filter: Filter
    body: wire.Search


def _read_id(sent: Sent) -> int:
    text = sent.path["request_id"]
    if not (text.isascii() and text.isdecimal()) or int(text[:20]) == 0:
        raise FieldError("request_id", "a whole number from 1 up is needed")
    if len(text) > 16 or int(text) > MAX_ID:
        raise ApiError(404, f"There is no request {text[:40]}.")
    return int(text)


async def _get(sent: Sent, request_id: int) -> Answer:
    def read() -> dict[str, Any] | None:
        found = requests.get(sent.store.connection, request_id)
        return None if found is None else detail(found)

    value = await in_thread(read)
    if value is None:
        raise ApiError(404, f"There is no request {request_id}.")
    return Answer(value)


def _read_search(sent: Sent) -> _Search:
    body = wire.read(wire.Search, sent.body)
    if (body.sort_by is None) != (body.sort_order is None):
        missing = "sort_by" if body.sort_by is None else "sort_order"
        raise FieldError(missing, "sort_by and sort_order are given together or not at all")
    try:
        return _Search(from_api(sent.body), body)
    except FilterError as error:
        raise ApiError(400, str(error), error.path) from None


async def _search(sent: Sent, asked: _Search) -> Answer:
    body = asked.body
    page, per_page = body.page or 1, body.per_page or DEFAULT_PER_PAGE

    def read() -> dict[str, Any]:
        connection, now = sent.store.connection, datetime.now(UTC)
        found = search.count(connection, asked.filter, now=now)
        rows = search.numbered_page(
            connection,
            asked.filter,
            now=now,
            number=page,
            size=per_page,
            sort_by=body.sort_by or "request_start_time",
            descending=body.sort_order != "asc",
        )
        return results(
            rows,
            search.metadata_and_scores(connection, [row.id for row in rows]),
            page=page,
            per_page=per_page,
            found=found,
            with_prompt_name=bool(body.include_prompt_name),
        )

    return Answer(await in_thread(read))


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "GET",
        "/api/public/v2/requests/{request_id}",
        "One request with all that is known of it",
        _read_id,
        _get,
        response=RequestDetail,
        problems=(404, 422),
        parameters=(
            {
                "name": "request_id",
                "in": "path",
                "required": True,
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_ID},
            },
        ),
    ),
    Operation(
        "POST",
        "/api/public/v2/requests/search",
        "Requests that a filter finds, in pages",
        _read_search,
        _search,
        request=wire.Search,
        response=SearchResults,
        wrong_field=400,
        body_needed=False,
    ),
)
