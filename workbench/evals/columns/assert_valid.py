"""Assert valid: whether a text is JSON, a number or SQL."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from workbench.evals.cells import CellResult, verdict
from workbench.evals.columns.base import ColumnType, Config
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.values import as_text, need, number_or_none, parse_json, shown

MAX_SQL = 100_000
# Nested further, the parser's work doubles with each bracket.
MAX_BRACKETS = 25


class AssertValidConfig(Config):
    source: str = field("column", "Value", "The column that is checked.", min_length=1)
    type: Literal["object", "number", "sql"] = field(
        "choice",
        "What it has to be",
        "JSON is an object or a list. SQL is read without a dialect, and not run.",
        choices={"object": "JSON", "number": "A number", "sql": "SQL"},
    )


class AssertValid(ColumnType[AssertValidConfig]):
    name = "ASSERT_VALID"
    title = "Assert valid"
    help = "Whether a value is JSON, a number or SQL."
    group = "Check"
    result = "true or false; the reason stands beside a false"
    config = AssertValidConfig
    example: ClassVar[Mapping[str, Any]] = {"source": "answer", "type": "object"}

    def sources(self, config: AssertValidConfig) -> tuple[str, ...]:
        return (config.source,)

    async def cell(
        self, config: AssertValidConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        value = need(values, config.source)
        if config.type == "number":
            reason = None if number_or_none(value) is not None else f"{shown(value)} is no number."
        elif config.type == "object":
            reason = _not_json(value)
        else:
            reason = await asyncio.to_thread(not_sql, as_text(value))
        return verdict(reason is None, *([reason] if reason else []))


def _not_json(value: Any) -> str | None:
    if isinstance(value, str):
        try:
            value = parse_json(value)
        except ValueError as error:
            return f"It is not JSON: {error}."
    if isinstance(value, dict | list):
        return None
    return f"{shown(value)} is neither an object nor a list."


def not_sql(text: str) -> str | None:
    """Why a text is not one or more SQL statements, as sqlglot reads them; None where it is."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import ErrorLevel, SqlglotError

    if len(text) > MAX_SQL:
        return f"It is longer than {MAX_SQL:,} characters."
    if _depth(text) > MAX_BRACKETS:
        return f"Its brackets are nested deeper than {MAX_BRACKETS}."
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        parsed = sqlglot.parse(text, error_level=ErrorLevel.IMMEDIATE)
    except SqlglotError as error:
        found = getattr(error, "errors", None) or [{}]
        reason = str(found[0].get("description") or error).split("\n")[0].rstrip(".")
        line = found[0].get("line")
        return f"It is not SQL: {reason}{f' (line {line})' if line else ''}."
    except RecursionError:
        return "It is nested too deeply."
    statements = [one for one in parsed if one is not None]
    if not statements:
        return "It holds no statement."
    # "hello world" reads as a column with another name: an expression is not a statement.
    if any(isinstance(one, exp.Condition | exp.Alias | exp.Identifier) for one in statements):
        return "It is an expression, not a statement."
    return None


def _depth(text: str) -> int:
    depth = deepest = 0
    for sign in text:
        if sign in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in ")]}":
            depth -= 1
    return deepest
