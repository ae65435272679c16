"""One line that finds rows: words, and conditions on columns.

    refund "late parcel" price>10 lang:de -tag:draft split=test

A word alone is looked for in all values. `column:text` contains, `=` is, `<` `<=` `>` `>=` compare,
as numbers where a number is given; a minus before a term turns it round; `column:` alone finds
rows without a value there. `split`, `tag`, `row` and `source` (a request) are no columns: quoted,
as in "split":x, they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from workbench.store.dataset_pages import MAX_CONDITIONS, Condition, Field, Operator, Sort
from workbench.store.errors import Refused

_OPERATORS: Final[dict[str, Operator]] = {
    ":": "contains",
    "=": "is",
    "<=": "le",
    ">=": "ge",
    "<": "lt",
    ">": "gt",
}
_FIELDS: Final[dict[str, Field]] = {
    "split": "split",
    "tag": "tag",
    "row": "row",
    "source": "source",
}
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_TERM = re.compile(
    rf'\s*(?P<minus>-?)(?:(?P<column>{_QUOTED}|[^\s":=<>]+?)(?P<sign>!=|<=|>=|[:=<>]))?'
    rf'(?P<text>{_QUOTED}|[^\s"]*)'
)


def read_query(text: str, columns: Sequence[str]) -> list[Condition]:
    """The conditions of a line. columns: those that there are; another name before a sign makes
    the whole a text to look for. Raises Refused with what is wrong.
    """
    by_name = {name.lower(): name for name in reversed(columns)}
    found: list[Condition] = []
    at = 0
    while text[at:].strip():
        match = _TERM.match(text, at)
        if match is None or match.end() == at or not match[0].strip():
            raise Refused(f"A quote is not closed: {text[at:].strip()[:60]}")
        at = match.end()
        if at < len(text) and not text[at].isspace():
            raise Refused(f"A quote stands in the middle of a word: {text[match.start() :][:60]}")
        found.append(_condition(match, by_name))
    if len(found) > MAX_CONDITIONS:
        raise Refused(f"At most {MAX_CONDITIONS} conditions can be asked for.")
    return found


def _condition(match: re.Match[str], by_name: dict[str, str]) -> Condition:
    negated, text = bool(match["minus"]), _plain(match["text"])
    if match["column"] is None:
        if not text:
            return Condition("any", "contains", "-")
        return Condition("any", "contains", text, negated=negated)
    name, sign = _plain(match["column"]), match["sign"]
    is_quoted = match["column"].startswith('"')
    field: Field = "value" if is_quoted else _FIELDS.get(name.lower(), "value")
    column = by_name.get(name.lower(), "")
    if field == "value" and not column:
        if is_quoted or sign == "!=":
            raise Refused(f'There is no column "{name[:60]}".')
        return Condition("any", "contains", f"{name}{sign}{text}", negated=negated)
    if sign == "!=":
        sign, negated = "=", not negated
    operator = _OPERATORS[sign]
    if not match["text"]:
        operator = "empty"
    if field == "row" and operator == "contains":
        operator = "is"
    return Condition(field, operator, text, column if field == "value" else "", negated)


def _plain(text: str) -> str:
    if not text.startswith('"'):
        return text
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def quoted(text: str) -> str:
    """A text as it stands in a line."""
    if text and re.fullmatch(r'[^\s":=<>-][^\s":=<>]*', text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read_sort(text: str, columns: Sequence[str]) -> Sort:
    """The order that a link asks for: "COLUMN", "-COLUMN", "@row", "@split"; by row otherwise."""
    descending = text.startswith("-")
    name = text.removeprefix("-")
    if name == "@split":
        return Sort("split", descending=descending)
    if name in columns:
        return Sort("value", name, descending)
    # A column whose name begins with a minus is named whole.
    if text in columns:
        return Sort("value", text)
    return Sort("row", descending=descending and name == "@row")


def write_sort(sort: Sort) -> str:
    """What `read_sort` reads; "" for the usual order."""
    if sort == Sort():
        return ""
    name = sort.column if sort.field == "value" else f"@{sort.field}"
    return f"-{name}" if sort.descending else name
