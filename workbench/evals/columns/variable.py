"""Variable: the same value in every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from workbench.evals.cells import CellFailed, CellResult
from workbench.evals.columns.base import ColumnType, Config, Problem
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.values import as_text, parse_json


class StaticValue(Config):
    type: Literal["string", "json"] = field(
        "choice",
        "Kind",
        "Text as it is written, or JSON.",
        choices={"string": "Text", "json": "JSON"},
    )
    value: Any = field("value", "Value", "The same in every row.")


class VariableConfig(Config):
    value: StaticValue


class Variable(ColumnType[VariableConfig]):
    name = "VARIABLE"
    title = "Variable"
    help = "The same value in every row, for columns to the right to read."
    group = "Transform"
    result = "the value"
    config = VariableConfig
    example: ClassVar[Mapping[str, Any]] = {"value": {"type": "string", "value": "en"}}

    def problems(self, config: VariableConfig) -> Sequence[Problem]:
        try:
            self._value(config)
        except CellFailed as failed:
            return [Problem("value.value", failed.error.message)]
        return []

    async def cell(
        self, config: VariableConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        return CellResult(self._value(config))

    def _value(self, config: VariableConfig) -> Any:
        if config.value.type == "string":
            return as_text(config.value.value)
        if not isinstance(config.value.value, str):
            return config.value.value
        try:
            return parse_json(config.value.value)
        except ValueError as error:
            raise CellFailed("configuration", f"The value is not JSON: {error}.") from None
