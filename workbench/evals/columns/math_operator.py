"""Math operator: a number compared with another one."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from workbench.evals.cells import CellResult, verdict
from workbench.evals.columns.base import ColumnType, Config, each_once
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.values import as_number, need

_RUN = {"lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge}


class MathOperatorConfig(Config):
    sources: tuple[str, ...] = field(
        "columns",
        "Numbers",
        "One column, compared with the value below, or two, the first compared with the second.",
        min_length=1,
        max_length=2,
    )
    operator: Literal["lt", "le", "gt", "ge"] = field(
        "choice",
        "Comparison",
        "How the first number has to stand to the second.",
        choices={
            "lt": "is less than",
            "le": "is at most",
            "gt": "is greater than",
            "ge": "is at least",
        },
    )
    value: float | None = field(
        "number", "Value", "Needed when one column is chosen, and only then.", None
    )

    @model_validator(mode="after")
    def _two_numbers(self) -> Self:
        if (len(self.sources) == 1) == (self.value is None):
            raise ValueError("a second column or a value is needed, and only one of them")
        return self


class MathOperator(ColumnType[MathOperatorConfig]):
    name = "MATH_OPERATOR"
    title = "Math operator"
    help = "Compares a number with a fixed one or with that of another column."
    group = "Check"
    result = "true or false"
    config = MathOperatorConfig
    example: ClassVar[Mapping[str, Any]] = {"sources": ["score"], "operator": "ge", "value": 0.8}

    def sources(self, config: MathOperatorConfig) -> tuple[str, ...]:
        return each_once(*config.sources)

    async def cell(
        self, config: MathOperatorConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        first, *rest = (as_number(need(values, one), one) for one in config.sources)
        second = rest[0] if rest else config.value or 0.0
        return verdict(bool(_RUN[config.operator](first, second)))
