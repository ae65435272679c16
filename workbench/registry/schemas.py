"""Tools and structured output: what has to be a JSON Schema is checked to be one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.jsontext import FieldError, path_text

# Vendors' own spellings of a schema, which are no JSON Schema: Gemini writes types in capitals.
_OPENAPI_TYPES = {"OBJECT", "ARRAY", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "NULL"}


def check_tools(prompt: Mapping[str, Any], field: str = "prompt_template") -> None:
    """Raises FieldError for a tool without a name, or whose parameters are no JSON Schema."""
    for index, tool in enumerate(prompt.get("tools") or ()):
        place = (field, "tools", index)
        if tool.get("type", "function") == "function":
            _check_function(tool.get("function"), (*place, "function"))
        elif tool.get("type") == "variable" and not tool.get("name"):
            raise FieldError(path_text((*place, "name")), "the name of the variable is needed")
    for index, function in enumerate(prompt.get("functions") or ()):
        _check_function(function, (field, "functions", index))


def check_response_format(metadata: Mapping[str, Any] | None, field: str = "metadata") -> None:
    """Raises FieldError for a structured output whose schema is no JSON Schema."""
    model = (metadata or {}).get("model")
    if not isinstance(model, Mapping):
        return
    parameters = model.get("parameters")
    if not isinstance(parameters, Mapping):
        return
    for path, schema in _schemas(parameters):
        check_schema(schema, (field, "model", "parameters", *path))


def _schemas(parameters: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The schemas in model parameters, under the names that the vendors give them."""
    found = parameters.get("response_format")
    if isinstance(found, Mapping):
        inner = found.get("json_schema")
        if isinstance(inner, Mapping) and "schema" in inner:
            yield ("response_format", "json_schema", "schema"), inner["schema"]
        elif "schema" in found:
            yield ("response_format", "schema"), found["schema"]
    text = parameters.get("text")
    form = text.get("format") if isinstance(text, Mapping) else None
    if isinstance(form, Mapping) and "schema" in form:
        yield ("text", "format", "schema"), form["schema"]
    for name in ("response_schema", "responseSchema", "response_json_schema"):
        if isinstance(parameters.get(name), Mapping):
            yield (name,), parameters[name]


def _check_function(function: Any, place: tuple[str | int, ...]) -> None:
    if not isinstance(function, Mapping):
        raise FieldError(path_text(place), "an object with the function's name is needed")
    name = function.get("name")
    if not isinstance(name, str) or not name:
        raise FieldError(path_text((*place, "name")), "the function's name is needed")
    if function.get("parameters") is not None:
        check_schema(function["parameters"], (*place, "parameters"))


def check_schema(schema: Any, place: tuple[str | int, ...]) -> None:
    """Raises FieldError where `schema` is no JSON Schema.

    The draft is the one that it names, else 2020-12. What a schema refers to is not fetched.
    """
    # Takes a tenth of a second to import, and few requests publish anything.
    from jsonschema import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for

    if not isinstance(schema, Mapping | bool):
        raise FieldError(path_text(place), "a JSON Schema is an object")
    if isinstance(schema, Mapping) and schema.get("type") in _OPENAPI_TYPES:
        return
    try:
        validator_for(schema, Draft202012Validator).check_schema(schema)
    except SchemaError as error:
        where = path_text((*place, *error.absolute_path))
        raise FieldError(where, f"this is no JSON Schema: {_short(error.message)}") from None
    except RecursionError:
        raise FieldError(path_text(place), "the JSON Schema is nested too deeply") from None


def _short(message: str) -> str:
    flat = " ".join(message.split()).rstrip(".")
    return flat if len(flat) <= 200 else f"{flat[:199]}…"
