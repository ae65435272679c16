"""The OpenAPI 3.1 document, made from the table of operations and their models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from workbench import __version__
from workbench.api.answers import Health, Problem

if TYPE_CHECKING:
    from workbench.api.operation import Operation

_Mode = Literal["validation", "serialization"]
_REFERENCE = "#/components/schemas/{model}"
_MEANINGS = {
    400: "The body is not a JSON object, or the search is not one",
    401: "No valid API key",
    403: "A run, or a column of the dataset, cannot be changed",
    404: "There is nothing of that id or name",
    409: "A protected release label waits for a second person, or a name or id is taken",
    413: "The body is too large",
    415: "The Content-Encoding is not understood",
    422: "A field is wrong: `field` names it",
    429: "Too much is waiting to be written; Retry-After says when to come again",
    503: "The store is closing or cannot be opened",
}
# Of every operation that takes a body.
_WITH_BODY = (400, 401, 413, 415, 422, 429, 503)
_WITHOUT_BODY = (401, 503)
_TEMPLATE: dict[str, Any] = {
    "title": "Template",
    "description": "A prompt template (blueprint). Content parts that are not known are kept.",
    "oneOf": [
        {
            "type": "object",
            "required": ["type", "messages"],
            "properties": {
                "type": {"const": "chat"},
                "messages": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["role"],
                        "properties": {
                            "role": {"type": "string"},
                            "content": {"description": "A list of content parts, or text."},
                        },
                    },
                },
            },
        },
        {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"const": "completion"}, "content": {}},
        },
    ],
}
_FILTER_GROUP: dict[str, Any] = {
    "title": "FilterGroup",
    "description": "Conditions joined by one logic; groups may stand in groups.",
    "type": "object",
    "required": ["filters"],
    "properties": {
        "logic": {"enum": ["AND", "OR"], "default": "AND"},
        "filters": {
            "type": "array",
            "items": {
                "anyOf": [
                    {"$ref": "#/components/schemas/FilterGroup"},
                    {"$ref": "#/components/schemas/FilterCondition"},
                ]
            },
        },
    },
}
_FILTER_CONDITION: dict[str, Any] = {
    "title": "FilterCondition",
    "type": "object",
    "required": ["field", "operator"],
    "properties": {
        "field": {"type": "string"},
        "operator": {"type": "string"},
        "value": {},
        "nested_key": {"type": ["string", "null"]},
    },
}


def document(operations: Iterable[Operation[Any]]) -> dict[str, Any]:
    """The document of these operations. `FilterCondition` lists no fields: docs/filters.md does."""
    operations = list(operations)
    requests: set[type[BaseModel]] = {each.request for each in operations if each.request}
    responses: set[type[BaseModel]] = {each.response for each in operations}
    responses |= {Problem, Health}
    models: list[tuple[type[BaseModel], _Mode]] = [
        *((model, "validation") for model in _by_name(requests)),
        *((model, "serialization") for model in _by_name(responses)),
    ]
    references, definitions = models_json_schema(models, ref_template=_REFERENCE)
    paths: dict[str, Any] = {}
    for each in operations:
        entry = paths.setdefault(each.path, {})
        entry[each.method.lower()] = _operation(each, references)
    paths["/healthz"] = {"get": _health(references)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Workbench", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": {
                **definitions.get("$defs", {}),
                "Template": _TEMPLATE,
                "FilterGroup": _FILTER_GROUP,
                "FilterCondition": _FILTER_CONDITION,
            },
            "securitySchemes": {
                "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-KEY"},
            },
        },
        "security": [{"ApiKey": []}],
    }


def _by_name(models: Iterable[type[BaseModel]]) -> list[type[BaseModel]]:
    return sorted(models, key=lambda model: model.__name__)


def _operation(each: Operation[Any], references: Any) -> dict[str, Any]:
    usual = _WITHOUT_BODY if each.request is None else _WITH_BODY
    described: dict[str, Any] = {
        "summary": each.summary,
        "operationId": _name(each),
        "responses": {
            str(each.status): (
                {"description": "Done"}
                if each.status == 204
                else _content(references[each.response, "serialization"], "Done")
            ),
            **{
                str(status): _content(references[Problem, "serialization"], _MEANINGS[status])
                for status in sorted({*usual, *each.problems})
            },
        },
    }
    if each.parameters:
        described["parameters"] = [dict(one) for one in each.parameters]
    if each.request is not None:
        schema = references[each.request, "validation"]
        described["requestBody"] = {
            "required": each.body_needed,
            "content": {
                "application/json": {
                    "schema": schema if each.body_needed else {"anyOf": [schema, {"type": "null"}]}
                }
            },
        }
    return described


def _health(references: Any) -> dict[str, Any]:
    return {
        "summary": "Whether the server answers and its store works",
        "operationId": "get_healthz",
        "security": [],
        "responses": {
            "200": _content(references[Health, "serialization"], "It does"),
            "503": _content(references[Health, "serialization"], "The store has failed"),
        },
    }


def _name(each: Operation[Any]) -> str:
    words = each.path.strip("/").replace("{", "").replace("}", "")
    return f"{each.method.lower()}_{words.replace('/', '_').replace('-', '_')}"


def _content(schema: Any, description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
