"""The tables of docs/filters.md, made from the fields themselves."""

from __future__ import annotations

from workbench.filters.fields import FIELDS, OPERATORS, Kind

_KINDS: dict[Kind, str] = {
    "id": "Id",
    "string": "String",
    "text": "Text",
    "number": "Number",
    "date": "Time",
    "boolean": "Yes or no",
    "array": "List",
    "nested": "Nested",
    "score": "Score",
}
_TAKES = {"nothing": "", "one": "one", "list": "a list", "range": "two", "duration": "a length"}


def field_table() -> str:
    """Markdown: every field with its kind and its names in the text syntax."""
    lines = ["| field | kind | in the text syntax | also in the reference |", "|---|---|---|---|"]
    for field in FIELDS.values():
        names = ", ".join(f"`{name}`" for name in (*field.short, field.name))
        there = "" if field.ours else "yes"
        lines.append(f"| `{field.name}` | {_KINDS[field.kind]} | {names} | {there} |")
    return "\n".join(lines)


def operator_table() -> str:
    """Markdown: the operators of each kind with the values that they take."""
    lines = ["| kind | operator | values | also in the reference |", "|---|---|---|---|"]
    for kind, operators in OPERATORS.items():
        for operator in operators:
            there = "" if operator.ours or kind == "score" else "yes"
            takes = _TAKES[operator.takes]
            lines.append(f"| {_KINDS[kind]} | `{operator.name}` | {takes} | {there} |")
    return "\n".join(lines)
