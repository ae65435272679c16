"""Absolute numeric distance: how far two numbers lie apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from workbench.evals.cells import CellFailed, CellResult
from workbench.evals.columns.base import ColumnType, Config, each_once
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.values import as_number, need, number_or_none


class DistanceConfig(Config):
    sources: tuple[str, str] = field("columns", "Numbers", "The two columns.")


class AbsoluteNumericDistance(ColumnType[DistanceConfig]):
    name = "ABSOLUTE_NUMERIC_DISTANCE"
    title = "Absolute numeric distance"
    help = "How far two numbers lie apart."
    group = "Measure"
    result = "a number from 0"
    config = DistanceConfig
    example: ClassVar[Mapping[str, Any]] = {"sources": ["predicted", "expected"]}

    def sources(self, config: DistanceConfig) -> tuple[str, ...]:
        return each_once(*config.sources)

    async def cell(
        self, config: DistanceConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        first, second = (as_number(need(values, one), one) for one in config.sources)
        try:
            distance = number_or_none(abs(first - second))
        except OverflowError:
            distance = None
        if distance is None:
            raise CellFailed("bad_value", "The distance is larger than a number can be.")
        return CellResult(distance)
