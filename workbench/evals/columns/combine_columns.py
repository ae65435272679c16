"""Combine columns: several columns as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from workbench.evals.cells import CellResult
from workbench.evals.columns.base import ColumnType, Config, each_once
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.values import need


class CombineColumnsConfig(Config):
    sources: tuple[str, ...] = field(
        "columns", "Columns", "Put together in this order.", min_length=1, max_length=100
    )


class CombineColumns(ColumnType[CombineColumnsConfig]):
    name = "COMBINE_COLUMNS"
    title = "Combine columns"
    help = "Several columns as one JSON object, with their names as its keys."
    group = "Transform"
    result = "an object"
    config = CombineColumnsConfig
    example: ClassVar[Mapping[str, Any]] = {"sources": ["question", "answer"]}

    def sources(self, config: CombineColumnsConfig) -> tuple[str, ...]:
        return each_once(*config.sources)

    async def cell(
        self, config: CombineColumnsConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        return CellResult({name: need(values, name) for name in config.sources})
