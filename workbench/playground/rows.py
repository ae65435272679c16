"""Rows of variables that a session is run over: from a file, or from a template's variable sets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from workbench.store.errors import Refused

MAX_ROWS = 200
MAX_BYTES = 2 * 2**20
Row = dict[str, str]


def of_file(name: str, data: bytes) -> list[Row]:
    """The rows of a CSV file whose first line names the variables, or of a JSONL or JSON file of
    objects. Raises Refused, saying where, for anything else."""
    if len(data) > MAX_BYTES:
        raise Refused(f"A file may have {MAX_BYTES // 2**20} MB; this one has {len(data):,} bytes.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Refused(f"The file is not UTF-8 text: line {line}.") from None
    is_json = name.lower().endswith((".jsonl", ".ndjson", ".json"))
    found = _of_json(text) if is_json else _of_csv(text)
    if not found:
        raise Refused("The file has no row of values.")
    return bounded(found)


def bounded(found: list[Row]) -> list[Row]:
    """Raises Refused beyond MAX_ROWS."""
    if len(found) > MAX_ROWS:
        raise Refused(f"A session runs over at most {MAX_ROWS} rows; these are {len(found):,}.")
    return found


def of_values(values: Mapping[str, Any]) -> Row:
    """Values as the fields of variables hold them: texts, everything else as JSON."""
    return {
        str(name): each if isinstance(each, str) else orjson.dumps(each).decode()
        for name, each in values.items()
        if each is not None
    }


def names(rows: Iterable[Row]) -> list[str]:
    """The variables that any row has, in the order in which they come."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _of_csv(text: str) -> list[Row]:
    csv.field_size_limit(MAX_BYTES)
    head = text.split("\n", 1)[0]
    delimiter = max((",", ";", "\t"), key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = [each.strip() for each in next(reader, [])]
        if not all(columns) or len(set(columns)) != len(columns):
            raise Refused("The first line must name each variable, each one once.")
        found = []
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) != len(columns):
                raise Refused(
                    f"Line {reader.line_num} has {len(cells)} values, the first line names "
                    f"{len(columns)} variables."
                )
            found.append(dict(zip(columns, cells, strict=True)))
    except csv.Error as error:
        raise Refused(f"Line {reader.line_num} is no CSV: {error}.") from None
    return found


def _of_json(text: str) -> list[Row]:
    stripped = text.strip()
    if stripped.startswith("["):
        try:
            read = orjson.loads(stripped)
        except orjson.JSONDecodeError as error:
            raise Refused(f"The file is no JSON: {error}.") from None
        numbered = list(enumerate(read, 1))
        word = "Entry"
    else:
        numbered, word = [], "Line"
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                numbered.append((number, orjson.loads(line)))
            except orjson.JSONDecodeError as error:
                raise Refused(f"Line {number} is no JSON: {error}.") from None
    for number, value in numbered:
        if not isinstance(value, dict):
            raise Refused(f"{word} {number} is no object of variables and values.")
    return [of_values(value) for _, value in numbered]
