"""JSON path: what stands at a path of a JSON value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from workbench.evals.cells import CellFailed, CellResult
from workbench.evals.columns.base import ColumnType, Config, Problem
from workbench.evals.columns.compare import path_problems
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.paths import MAX_FOUND, MAX_PATH, find
from workbench.evals.values import as_json, need


class JsonPathConfig(Config):
    source: str = field("column", "JSON", "The column that is read.", min_length=1)
    json_path: str = field(
        "text",
        "JSON path",
        "As in $.items[0].name; * stands for all, .. for any depth.",
        min_length=1,
        max_length=MAX_PATH,
    )
    return_first_match: bool = field(
        "switch", "Only the first", "Without it, the list of all that the path finds.", True
    )


class JsonPath(ColumnType[JsonPathConfig]):
    name = "JSON_PATH"
    title = "JSON path"
    help = "What stands at a path of a JSON value."
    group = "Extract"
    result = f"the value found, or the list of all (at most {MAX_FOUND:,})"
    config = JsonPathConfig
    example: ClassVar[Mapping[str, Any]] = {
        "source": "answer",
        "json_path": "$.status",
        "return_first_match": True,
    }

    def sources(self, config: JsonPathConfig) -> tuple[str, ...]:
        return (config.source,)

    def problems(self, config: JsonPathConfig) -> Sequence[Problem]:
        return path_problems(config.json_path, "json_path")

    async def cell(
        self, config: JsonPathConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        found = find(config.json_path, as_json(need(values, config.source), config.source))
        if not config.return_first_match:
            return CellResult(found)
        if not found:
            raise CellFailed("bad_value", f'{config.json_path} finds nothing in "{config.source}".')
        return CellResult(found[0])
