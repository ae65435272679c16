"""Min/max: the smallest or the largest number of a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from workbench.evals.cells import CellFailed, CellResult, Detail
from workbench.evals.columns.base import ColumnType, Config, Problem
from workbench.evals.columns.compare import path_problems
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.paths import find
from workbench.evals.values import as_json, need, number_or_none


class MinMaxConfig(Config):
    source: str = field("column", "List", "The column that holds the numbers.", min_length=1)
    type: Literal["min", "max"] = field(
        "choice",
        "Which",
        "The smallest or the largest.",
        choices={"min": "The smallest", "max": "The largest"},
    )
    json_path: str | None = field(
        "text", "JSON path", "Where the numbers stand, as in $.items[*].price.", None
    )


class MinMax(ColumnType[MinMaxConfig]):
    name = "MIN_MAX"
    title = "Min/max"
    help = "The smallest or the largest number of a list, or of what a JSON path finds."
    group = "Measure"
    result = "a number"
    config = MinMaxConfig
    example: ClassVar[Mapping[str, Any]] = {
        "source": "answer",
        "type": "max",
        "json_path": "$.items[*].price",
    }

    def sources(self, config: MinMaxConfig) -> tuple[str, ...]:
        return (config.source,)

    def problems(self, config: MinMaxConfig) -> Sequence[Problem]:
        return path_problems(config.json_path, "json_path") if config.json_path else []

    async def cell(
        self, config: MinMaxConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        value = as_json(need(values, config.source), config.source)
        found = find(config.json_path, value) if config.json_path else [value]
        everything = list(_flat(found))
        numbers = [number for one in everything if (number := number_or_none(one)) is not None]
        if not numbers:
            raise CellFailed("bad_value", f'There is no number in "{config.source}".')
        left_out = len(everything) - len(numbers)
        notes = (f"{left_out} values are not numbers and do not count.",) if left_out else ()
        chosen = min(numbers) if config.type == "min" else max(numbers)
        return CellResult(chosen, detail=Detail(notes=notes))


def _flat(values: Sequence[Any]) -> Iterator[Any]:
    """The values, and those of lists among them."""
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value
