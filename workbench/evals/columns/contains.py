"""Contains: whether a text holds another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import model_validator

from workbench.evals.cells import CellResult, verdict
from workbench.evals.columns.base import ColumnType, Config, each_once, one_of_two
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.values import as_text, need


class ContainsConfig(Config):
    source: str = field("column", "Text", "The column that is searched.", min_length=1)
    value: str | None = field(
        "text",
        "Looked for",
        "The same text in every row.",
        None,
        instead_of="value_source",
        min_length=1,
    )
    value_source: str | None = field(
        "column",
        "Looked for, from a column",
        "Each row brings its own text.",
        None,
        instead_of="value",
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        one_of_two(self.value, self.value_source, "value and value_source")
        return self


class Contains(ColumnType[ContainsConfig]):
    name = "CONTAINS"
    title = "Contains"
    help = "Whether a text holds another one. Capitals and small letters count as the same."
    group = "Check"
    result = "true or false"
    config = ContainsConfig
    example: ClassVar[Mapping[str, Any]] = {"source": "answer", "value": "refund"}

    def sources(self, config: ContainsConfig) -> tuple[str, ...]:
        return each_once(config.source, config.value_source)

    async def cell(
        self, config: ContainsConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        text = as_text(need(values, config.source))
        if config.value_source is None:
            wanted = config.value or ""
        else:
            wanted = as_text(need(values, config.value_source))
        if not wanted:
            return verdict(False, "What is looked for is empty in this row.")
        return verdict(wanted.casefold() in text.casefold())
