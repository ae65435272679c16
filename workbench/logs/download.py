"""Some picked requests as a small file, made in memory; what is larger is for an export."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import orjson

from workbench.logs.bulk import Selection
from workbench.store.connection import Connection
from workbench.store.whole_rows import NAMES, whole_rows

# A browser gets it through the page, which holds it in memory.
MAX_BYTES = 5_000_000
MAX_ROWS = 5_000
# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA = re.compile(r"\A'*[=+\-@\t\r\n＝＋－＠]")


def as_jsonl(connection: Connection, chosen: Selection) -> bytes | None:
    """A JSON object a line, in the neutral schema; None where it is too large."""
    rows = _rows(connection, chosen)
    if rows is None:
        return None
    return _limited(b"".join(orjson.dumps(row) + b"\n" for row in rows))


def as_csv(connection: Connection, chosen: Selection) -> bytes | None:
    """A table with a heading, for spreadsheets: lists and objects are JSON, and a text that would
    be taken for a formula begins with an apostrophe. None where it is too large."""
    rows = _rows(connection, chosen)
    if rows is None:
        return None
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(NAMES)
    table.writerows([_cell(row[name]) for name in NAMES] for row in rows)
    # The mark says that it is UTF-8, which spreadsheets do not guess.
    return _limited(text.getvalue().encode("utf-8-sig"))


def _rows(connection: Connection, chosen: Selection) -> list[dict[str, Any]] | None:
    ids = chosen.resolved(connection, MAX_ROWS + 1)
    return None if len(ids) > MAX_ROWS else whole_rows(connection, ids, MAX_BYTES)


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return f"'{text}" if _FORMULA.match(text) else text


def _limited(data: bytes) -> bytes | None:
    return data if len(data) <= MAX_BYTES else None
