"""Coalesce: the first of several columns that has a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from workbench.evals.cells import CellResult, Detail
from workbench.evals.columns.base import ColumnType, Config, each_once
from workbench.evals.context import Context
from workbench.evals.forms import field


class CoalesceConfig(Config):
    sources: tuple[str, ...] = field(
        "columns", "Columns", "Looked at in this order.", min_length=1, max_length=50
    )


class Coalesce(ColumnType[CoalesceConfig]):
    name = "COALESCE"
    title = "Coalesce"
    help = "The first column that has a value. Null, the empty text and failed cells are none."
    group = "Transform"
    result = "the value, or null where no column has one"
    config = CoalesceConfig
    example: ClassVar[Mapping[str, Any]] = {"sources": ["corrected", "answer"]}
    takes_missing = True

    def sources(self, config: CoalesceConfig) -> tuple[str, ...]:
        return each_once(*config.sources)

    async def cell(
        self, config: CoalesceConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        for name in config.sources:
            value = values.get(name)
            if value is not None and value != "":
                return CellResult(value, detail=Detail(data={"from": name}))
        return CellResult(None, detail=Detail(notes=("No column has a value in this row.",)))
