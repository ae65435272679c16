"""Looking requests up: one by its id, many by a filter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workbench.api import wire
from workbench.api.answers import (
    RequestDetail,
    SearchResults,
    Suggested,
    detail,
    results,
    search_headers,
    searched,
)
from workbench.api.errors import ApiError
from workbench.api.operation import Answer, Operation, Sent, in_thread
from workbench.filters import Condition, Filter, FilterError, from_api
from workbench.ids import MAX_ID
from workbench.jsontext import FieldError, JsonError, read_object
from workbench.store import requests, search, text_search
from workbench.store.suggestions import FIELDS as SUGGESTION_FIELDS
from workbench.store.suggestions import KEYED, suggestions

DEFAULT_PER_PAGE = 10
DEFAULT_SUGGESTIONS = 50
# After so long an answer tells how far the search of texts came; asked again, it goes on there.
SEARCH_SECONDS = 20.0


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

    def read() -> Answer:
        connection, now = sent.store.connection, datetime.now(UTC)
        # Texts are gone through once, for the count and for the page.
        reach = text_search.advance(
            connection, asked.filter, now=now, up_to=None, enough=None, seconds=SEARCH_SECONDS
        )
        so_far = reach is not None
        found = search.count(connection, asked.filter, now=now, so_far=so_far)
        rows = search.numbered_page(
            connection,
            asked.filter,
            now=now,
            number=page,
            size=per_page,
            sort_by=body.sort_by or "request_start_time",
            descending=body.sort_order != "asc",
            so_far=so_far,
        )
        value = results(
            rows,
            search.metadata_and_scores(connection, [row.id for row in rows]),
            page=page,
            per_page=per_page,
            found=found,
            with_prompt_name=bool(body.include_prompt_name),
        )
        scanned = searched(found, reach)
        if sent.store.settings.answer_fields == "all":
            value["search"] = scanned
        return Answer(value, headers=search_headers(scanned))

    return await in_thread(read)


@dataclass(frozen=True, slots=True)
class _Suggest:
    filter: Filter
    body: wire.Suggest


def _read_suggest(sent: Sent) -> _Suggest:
    """From the query of a GET, whose `filter_group` is JSON, or from the body of a POST."""
    given: dict[str, Any] = dict(sent.body)
    for name in ("field", "prefix", "metadata_key", "prompt_id", "q", "limit"):
        if sent.path.get(name):
            given[name] = sent.path[name]
    if sent.path.get("filter_group"):
        try:
            given["filter_group"] = read_object(sent.path["filter_group"].encode())
        except JsonError as error:
            raise FieldError("filter_group", f"a JSON object is needed: {error}") from None
    body = wire.read(wire.Suggest, given)
    if body.field not in SUGGESTION_FIELDS:
        raise FieldError("field", f"one of {', '.join(SUGGESTION_FIELDS)} is needed")
    if body.field in KEYED and not body.metadata_key:
        raise FieldError("metadata_key", f"{body.field} needs the name of a key")
    try:
        filter_ = from_api(given)
        if body.field == "prompt" and body.prompt_id is not None:
            filter_ = filter_.with_condition(Condition("prompt_id", "is", body.prompt_id))
    except FilterError as error:
        raise ApiError(422, str(error), error.path) from None
    return _Suggest(filter_, body)


async def _suggest(sent: Sent, asked: _Suggest) -> Answer:
    body = asked.body

    def read() -> dict[str, Any]:
        found = suggestions(
            sent.store.connection,
            body.field,
            asked.filter,
            now=datetime.now(UTC),
            key=body.metadata_key,
            prefix=body.prefix or "",
            limit=body.limit or DEFAULT_SUGGESTIONS,
        )
        return {
            "success": True,
            "values": [each.value for each in found.values],
            "counts": [each.requests for each in found.values],
            "sampled": found.sampled,
        }

    return Answer(await in_thread(read))


def _query(name: str, schema: dict[str, Any], about: str, *, required: bool = False) -> Any:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "schema": schema,
        "description": about,
    }


_SUGGEST_PATH = "/api/public/v2/requests/suggestions"
_SUGGEST_QUERY = (
    _query(
        "field",
        {"type": "string", "enum": list(SUGGESTION_FIELDS)},
        "What to suggest values of.",
        required=True,
    ),
    _query("prefix", {"type": "string"}, "How they begin, capitals aside."),
    _query("metadata_key", {"type": "string"}, "Needed for the fields that end in _values."),
    _query("prompt_id", {"type": "integer", "minimum": 1}, "Only with the field prompt."),
    _query("filter_group", {"type": "string"}, "JSON: only requests that this filter finds."),
    _query("q", {"type": "string"}, "Only requests with this text."),
    _query("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "At most so many."),
)

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
    Operation(
        "GET",
        _SUGGEST_PATH,
        "Values of a field with their counts, for completion",
        _read_suggest,
        _suggest,
        response=Suggested,
        problems=(422,),
        parameters=_SUGGEST_QUERY,
    ),
    Operation(
        "POST",
        _SUGGEST_PATH,
        "The same, asked with a body",
        _read_suggest,
        _suggest,
        request=wire.Suggest,
        response=Suggested,
    ),
)
