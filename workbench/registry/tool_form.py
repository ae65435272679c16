"""Tools as a form shows them: a new one of each kind, parameters as rows and back to a JSON Schema.

Rows show the properties at the top of a schema. What they do not show (items of a list, formats,
nested objects) stays as it is when a row is changed.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from workbench.jsontext import FieldError

TYPES = ("string", "number", "integer", "boolean", "array", "object")
# What vendors run themselves; the reference names these.
BUILT_IN = (
    "web_search",
    "file_search",
    "code_interpreter",
    "image_generation",
    "google_maps",
    "url_context",
    "bash",
    "shell",
    "apply_patch",
    "text_editor",
)
MCP, FUNCTION, VARIABLE = "mcp", "function", "variable"
NAME, TYPE, REQUIRED, ABOUT, VALUES, WAS = (
    "Name",
    "Type",
    "Required",
    "Description",
    "One of",
    "was",
)
CHOICES = ("auto", "none", "required")


def kind_of(tool: Mapping[str, Any]) -> str:
    return str(tool.get("type") or FUNCTION)


def name_of(tool: Mapping[str, Any]) -> str:
    """What a person calls a tool: the function's name, else its own, else its kind."""
    function = tool.get("function")
    owner = function if isinstance(function, Mapping) else tool
    return str(owner.get("name") or kind_of(tool))


def functions_of(tools: Sequence[Any]) -> list[str]:
    """Names that a tool choice can name."""
    return [
        name_of(tool)
        for tool in tools
        if isinstance(tool, Mapping) and kind_of(tool) == FUNCTION and tool.get("function")
    ]


def new(kind: str, taken: Sequence[str], provider: str | None = None) -> dict[str, Any]:
    """A tool of a kind, with a name that is not taken. provider: whose built-in tool it is."""
    if kind == FUNCTION:
        schema: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
        function = {"name": free_name("new_tool", taken), "description": "", "parameters": schema}
        return {"type": FUNCTION, "function": function}
    if kind == VARIABLE:
        return {"type": VARIABLE, "name": free_name("tools", taken)}
    config: dict[str, Any] = {"type": kind}
    if kind == MCP:
        config |= {"server_label": "server", "server_url": "https://", "require_approval": "never"}
    name = free_name(kind, taken)
    return {
        "id": name,
        "type": kind,
        "name": name,
        "description": "",
        "provider": provider or "openai",
        "config": config,
    }


def copy_of(tool: Mapping[str, Any], taken: Sequence[str]) -> dict[str, Any]:
    """The same tool under a name that is not taken."""
    copied = deepcopy(dict(tool))
    owner = copied["function"] if isinstance(copied.get("function"), dict) else copied
    name = free_name(name_of(tool), taken)
    owner["name"] = name
    if "id" in copied:
        copied["id"] = name
    return copied


def free_name(name: str, taken: Sequence[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


# Parameters


def rows_of(schema: Any) -> list[dict[str, Any]] | None:
    """The properties of an object's schema, one row each; None where it is no such schema."""
    if schema is None:
        return []
    if not isinstance(schema, Mapping) or schema.get("type", "object") != "object":
        return None
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    if not isinstance(properties, Mapping) or not isinstance(required, list):
        return None
    if not all(isinstance(each, Mapping) for each in properties.values()):
        return None
    return [_row(name, each, name in required) for name, each in properties.items()]


def _row(name: str, schema: Mapping[str, Any], required: bool) -> dict[str, Any]:
    about, values = schema.get("description"), schema.get("enum")
    return {
        NAME: name,
        TYPE: type_text(schema.get("type")),
        REQUIRED: required,
        ABOUT: about if isinstance(about, str) else "",
        VALUES: _written(values),
        WAS: name,
    }


def type_text(value: Any) -> str:
    """ "string", or "string | null" for several."""
    if isinstance(value, list):
        return " | ".join(str(each) for each in value)
    return value if isinstance(value, str) else ""


def schema_of(rows: Sequence[Mapping[str, Any]], before: Any) -> dict[str, Any]:
    """The schema that the rows say, with what they do not show taken from the one before.

    Raises FieldError for a row without a name, and for a name that stands there twice.
    """
    whole = deepcopy(dict(before)) if isinstance(before, Mapping) else {}
    old = whole.get("properties") or {}
    properties: dict[str, Any] = {}
    required: list[str] = []
    for number, row in enumerate(rows, 1):
        name = str(row.get(NAME) or "").strip()
        if not name:
            raise FieldError(f"parameter {number}", "a name is needed")
        if name in properties:
            raise FieldError(f"parameter {number}", f"{name} stands there twice")
        properties[name] = _property(row, old.get(row.get(WAS)) or {})
        if row.get(REQUIRED):
            required.append(name)
    kept = [name for name in whole.get("required") or () if name in required]
    whole.setdefault("type", "object")
    whole["properties"] = properties
    if required or "required" in whole:
        whole["required"] = [*kept, *(name for name in required if name not in kept)]
    return whole


def _property(row: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    made = deepcopy(dict(before))
    chosen = str(row.get(TYPE) or "")
    if chosen != type_text(before.get("type")):
        made.pop("type", None)
        if chosen:
            made["type"] = chosen.split(" | ") if " | " in chosen else chosen
    about = str(row.get(ABOUT) or "")
    if about != (before.get("description") if isinstance(before.get("description"), str) else ""):
        made.pop("description", None)
        if about:
            made["description"] = about
    values, given = before.get("enum"), str(row.get(VALUES) or "")
    if given != _written(values):
        made.pop("enum", None)
        read = next(csv.reader([given], skipinitialspace=True), [])
        if read:
            made["enum"] = list(dict.fromkeys(each.strip() for each in read if each.strip()))
    return made


def _written(values: Any) -> str:
    """Texts with commas between them, one with a comma or a quote in quotes; else ""."""
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        return ""

    def one(value: str) -> str:
        doubled = value.replace('"', '""')
        return f'"{doubled}"' if set(value) & set(',"') else value

    return ", ".join(one(value) for value in values)


# Tool choice


def choices(tools: Sequence[Any]) -> dict[str, Any]:
    """What a tool choice can be, by the words for it; None says nothing, and vendors then decide
    as with "auto"."""
    found: dict[str, Any] = {"not said": None, **{each: each for each in CHOICES}}
    for name in functions_of(tools):
        found[f"only {name}"] = {"type": "function", "function": {"name": name}}
    return found
