"""Parse value: a value turned into a text, a number, a truth value or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from workbench.evals.cells import CellFailed, CellResult
from workbench.evals.columns.base import ColumnType, Config
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.values import as_json, as_number, as_text, need, number_or_none, shown

_TRUE = {"true", "yes", "y", "1", "on"}
_FALSE = {"false", "no", "n", "0", "off"}


class ParseValueConfig(Config):
    source: str = field("column", "Value", "The column that is read.", min_length=1)
    type: Literal["string", "number", "boolean", "object"] = field(
        "choice",
        "Turned into",
        "What cannot be turned fails, and the cell says why.",
        choices={
            "string": "Text",
            "number": "Number",
            "boolean": "True or false",
            "object": "JSON",
        },
    )


class ParseValue(ColumnType[ParseValueConfig]):
    name = "PARSE_VALUE"
    title = "Parse value"
    help = "Turns a value into a text, a number, true or false, or JSON."
    group = "Transform"
    result = "a value of the chosen kind"
    config = ParseValueConfig
    example: ClassVar[Mapping[str, Any]] = {"source": "answer", "type": "number"}

    def sources(self, config: ParseValueConfig) -> tuple[str, ...]:
        return (config.source,)

    async def cell(
        self, config: ParseValueConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        value = need(values, config.source)
        if config.type == "string":
            return CellResult(as_text(value))
        if config.type == "number":
            return CellResult(as_number(value, config.source))
        if config.type == "object":
            return CellResult(as_json(value, config.source))
        return CellResult(truth(value, config.source))


def truth(value: Any, column: str) -> bool:
    """True or false, from itself, a number that is 1 or 0, or a word."""
    if isinstance(value, bool):
        return value
    word = as_text(value).strip().casefold()
    if word in _TRUE or number_or_none(value) == 1:
        return True
    if word in _FALSE or number_or_none(value) == 0:
        return False
    raise CellFailed("bad_value", f'"{column}" holds {shown(value)}: neither true nor false.')
