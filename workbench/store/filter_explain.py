"""A filter's SQL as people read it: values written out, long expressions in short."""

from __future__ import annotations

import itertools
import json
from datetime import datetime
from typing import Any

from workbench.filters import Condition
from workbench.store.filter_parts import Part, joined, marks

_COLUMNS = {"input_text": "b.input_text", "output_text": "b.output_text"}
KEY_LISTS = {
    "metadata_keys": "json_keys(r.metadata)",
    "output_keys": "json_keys(b.output)",
    "input_variable_keys": "json_keys(b.input_variables)",
}
_SIGNS = {"key_equals": "= ?", "key_not_equals": "IS DISTINCT FROM ?"}
_AROUND = {"starts_with": ("", "%"), "ends_with": ("%", "")}


def explained(part: Part) -> str:
    """The expression with each value in the place of its question mark."""
    pieces = part.sql.split("?")
    shown = [pieces[0]]
    for value, piece in zip(part.params, pieces[1:], strict=True):
        shown += [literal(value), piece]
    return "".join(shown)


def explained_text(condition: Condition) -> Part:
    before, after = _AROUND.get(condition.operator, ("%", "%"))
    fields = _COLUMNS if condition.field == "text" else (condition.field,)
    found = [_like(_COLUMNS[field], condition.value, before, after) for field in fields]
    if condition.operator == "not_contains":
        part = joined(found, "OR")
        return Part(f"{part.sql} IS NOT TRUE", part.params)
    return joined(found, "OR")


def explained_nested(condition: Condition) -> Part:
    key = condition.key or ""
    if condition.field == "metadata":
        column, path = "r.metadata->>?", key
    else:
        column = f"json_extract_string(b.{condition.field}, ?)"
        path = "$." + ".".join(json.dumps(step, ensure_ascii=False) for step in key.split("."))
    operator, value = condition.operator, condition.value
    match operator:
        case "is_empty" | "is_not_empty":
            return Part(f"{column} IS {'NULL' if operator == 'is_empty' else 'NOT NULL'}", (path,))
        case "in":
            return Part(f"{column} IN ({marks(value)})", (path, *value))
        case "not_in":
            return Part(f"{column} IN ({marks(value)}) IS NOT TRUE", (path, *value))
        case "key_contains" | "key_not_contains":
            part = _like(column, value, "%", "%")
            sql = part.sql if operator == "key_contains" else f"{part.sql} IS NOT TRUE"
            return Part(sql, (path, *part.params))
    return Part(f"{column} {_SIGNS[operator]}", (path, value))


def _like(column: str, text: str, before: str, after: str) -> Part:
    """ILIKE with its wildcards in the text taken literally."""
    literal = "".join(f"\\{letter}" if letter in "\\%_" else letter for letter in text)
    escape = "" if literal == text else " ESCAPE '\\'"
    return Part(f"{column} ILIKE ?{escape}", (f"{before}{literal}{after}",))


def literal(value: Any) -> str:
    """A value as SQL on one line."""
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(' ')}'"
    if isinstance(value, str):
        text = value.replace("'", "''")
        if all(letter.isprintable() for letter in text):
            return f"'{text}'"
        pieces: list[str] = []
        for is_shown, run in itertools.groupby(text, str.isprintable):
            signs = list(run)
            pieces += [f"'{''.join(signs)}'"] if is_shown else [f"chr({ord(s)})" for s in signs]
        return f"({' || '.join(pieces)})"
    return str(value)
