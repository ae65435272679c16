"""The documentation's page of column types, made from the types themselves."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import orjson

from workbench.evals.columns import ColumnType, column_types
from workbench.evals.forms import FormField

_HEAD = """# Column types

Every type of column that an [evaluation](evaluations.md) can have, with its configuration as the
API takes it and as it is stored. A field that is not listed is refused. "Column" is the name of a
column to the left.

{overview}
"""
_KINDS = {
    "column": "column",
    "columns": "columns",
    "text": "text",
    "long_text": "text",
    "number": "number",
    "switch": "true or false",
    "code": "text",
    "json": "JSON",
    "value": "JSON",
    "texts": "list of texts",
    "prompt": "`{name, version_number?, label?}`",
    "inline_prompt": "`{inline: true, prompt_template, metadata?}`",
    "engine": "`{provider, model, parameters?}`",
    "mapping": "`{variable: column}`",
    "headers": "`{name: text}`",
}


def columns_page() -> str:
    """docs/evaluation-columns.md."""
    kinds = list(column_types())
    rows = ["| type | what it does | value |", "|---|---|---|"]
    rows += [
        f"| [{each.title}](#{_anchor(each)}) `{each.name}` | {_cell(each.help)} | "
        f"{_cell(each.result)} |"
        for each in kinds
    ]
    pieces = [_HEAD.format(overview="\n".join(rows))]
    for group, members in groupby(kinds, key=lambda each: each.group):
        pieces.append(f"## {group}\n")
        pieces += [_section(each) for each in members]
    return "\n".join(pieces)


def _section(kind: ColumnType[Any]) -> str:
    rows = ["| field | value | what it is |", "|---|---|---|"]
    rows += [
        f"| `{each.name}` | {_cell(_value(each))} | {_cell(_words(each))} |"
        for each in kind.fields()
    ]
    example = orjson.dumps(dict(kind.example), option=orjson.OPT_INDENT_2).decode()
    return "\n".join(
        [
            f"### {kind.title}\n",
            f"`{kind.name}`. {kind.help} The value: {kind.result}.\n",
            *rows,
            f"\n```json\n{example}\n```\n",
        ]
    )


def _value(form: FormField) -> str:
    if form.choices:
        found = ", ".join(f"`{value}`" for value, _ in form.choices)
    else:
        found = _KINDS[form.kind]
    if form.kind == "number" and form.low is not None:
        found += f" from {form.low:g}" + (f" to {form.high:g}" if form.high is not None else "")
    if form.required:
        return f"{found}; needed"
    if form.default not in (None, (), {}):
        return f"{found}; `{orjson.dumps(form.default).decode()}` where it is left out"
    return found


def _words(form: FormField) -> str:
    return f"{form.help} Instead of `{form.instead_of}`." if form.instead_of else form.help


def _anchor(kind: ColumnType[Any]) -> str:
    return "".join(
        "-" if sign == " " else sign for sign in kind.title.lower() if sign.isalnum() or sign == " "
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
