"""Arrow columns made into the text of JSON and of spreadsheets, a whole column at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from workbench.store.export_columns import Column
from workbench.store.export_parts import has_byte

# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"), wide forms
# included. Apostrophes before it count too: so that one is added whenever one would be taken away.
_FORMULA = r"\A'*[=+\-@\t\r\n＝＋－＠]"
# … by their first bytes, of which the wide forms have one in common.
_FIRST = np.zeros(256, dtype=bool)
_FIRST[list(b"'=+-@\t\r\n\xef")] = True
_NUMBER = r"\A[+-]?[0-9]+(\.[0-9]+)?\z"
_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
_CONTROL = r"[\x00-\x1f]"


def json_values(column: Column, values: Any) -> Any:
    """The column as JSON text: numbers as they are, text in quotes, JSON itself on one line."""
    match column.kind:
        case "text":
            return _quoted(values)
        case "time":
            return _in_quotes(iso(values))
        case "json" | "list":
            return _on_one_line(values)
        case "number":
            return pc.if_else(pc.is_finite(values), values, None).cast(pa.string())
    return values.cast(pa.string())


def iso(values: Any) -> Any:
    """Times as 2026-01-01T12:00:00.000000Z."""
    written = values.cast(pa.timestamp("us")).cast(pa.string())
    # Behind the end of all of them: quicker than joining.
    return pc.binary_replace_slice(pc.binary_replace_slice(written, 10, 11, "T"), 64, 64, "Z")


def harmless(values: Any) -> Any:
    """Texts that no spreadsheet runs: an apostrophe before what would be a formula.

    Plain numbers ("-5", "+49301234") are none and stay.
    """
    if not _may_begin_formulas(values):
        return values
    risky = pc.fill_null(pc.match_substring_regex(values, _FORMULA), False)
    if not pc.any(risky).as_py():
        return values
    risky = pc.and_not(risky, pc.fill_null(pc.match_substring_regex(values, _NUMBER), False))
    return pc.if_else(risky, pc.binary_join_element_wise("'", values, ""), values)


def _may_begin_formulas(values: Any) -> bool:
    """Whether the first byte of any text may be that of a formula: nearly no column has one."""
    for chunk in values.chunks if isinstance(values, pa.ChunkedArray) else [values]:
        _, offsets, data = chunk.buffers()
        if data is None or not len(chunk):
            continue
        ends = np.frombuffer(offsets, dtype=np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        starts = ends[:-1][ends[1:] > ends[:-1]]
        if bool(_FIRST.take(np.frombuffer(data, dtype=np.uint8).take(starts)).any()):
            return True
    return False


def _quoted(values: Any) -> Any:
    escaped = values
    for sign, written in _ESCAPES:
        if has_byte(values, ord(sign)):
            escaped = pc.replace_substring(escaped, sign, written)
    if has_byte(escaped, 0, 0x1F):
        rest = pc.fill_null(pc.match_substring_regex(escaped, _CONTROL), False)
        texts, marks = values.to_pylist(), rest.to_pylist()
        whole = [
            orjson.dumps(text).decode()[1:-1] if mark else None
            for text, mark in zip(texts, marks, strict=True)
        ]
        escaped = pc.coalesce(pa.array(whole, pa.string()), escaped)
    return _in_quotes(escaped)


def _in_quotes(values: Any) -> Any:
    return pc.binary_join_element_wise('"', values, '"', "")


def _on_one_line(values: Any) -> Any:
    """Line breaks in JSON text stand between its tokens: within strings they are escaped."""
    for sign in ("\n", "\r"):
        if has_byte(values, ord(sign)):
            values = pc.replace_substring(values, sign, " ")
    return values
