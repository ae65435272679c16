"""Compare: whether two columns hold the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from workbench.evals.cells import CellResult, verdict
from workbench.evals.columns.base import ColumnType, Config, Problem, each_once
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.paths import PathError, compiled, find
from workbench.evals.values import as_json, as_text, need, same_json, shown


class ComparisonType(Config):
    type: Literal["STRING", "JSON"] = field(
        "choice",
        "Compared as",
        "As text every character counts. As JSON, spaces and the order of keys do not, and 1 is "
        "1.0.",
        "STRING",
        choices={"STRING": "Text", "JSON": "JSON"},
    )
    json_path: str | None = field(
        "text", "JSON path", "Compares only what the path finds in both.", None
    )

    @model_validator(mode="after")
    def _path_of_json(self) -> Self:
        if self.json_path and self.type != "JSON":
            raise ValueError("a JSON path is for comparing as JSON")
        return self


class CompareConfig(Config):
    sources: tuple[str, str] = field("columns", "Columns", "The two that are compared.")
    comparison_type: ComparisonType = ComparisonType()


class Compare(ColumnType[CompareConfig]):
    name = "COMPARE"
    title = "Compare"
    help = "Whether two columns hold the same, as text, as JSON or at a path of the JSON."
    group = "Check"
    result = "true or false"
    config = CompareConfig
    example: ClassVar[Mapping[str, Any]] = {
        "sources": ["answer", "expected"],
        "comparison_type": {"type": "STRING"},
    }

    def sources(self, config: CompareConfig) -> tuple[str, ...]:
        return each_once(*config.sources)

    def problems(self, config: CompareConfig) -> Sequence[Problem]:
        path = config.comparison_type.json_path
        return path_problems(path, "comparison_type.json_path") if path else []

    async def cell(
        self, config: CompareConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        first, second = config.sources
        left, right = need(values, first), need(values, second)
        if config.comparison_type.type == "STRING":
            return verdict(as_text(left) == as_text(right))
        left, right = as_json(left, first), as_json(right, second)
        path = config.comparison_type.json_path
        if not path:
            return verdict(same_json(left, right))
        at_left, at_right = find(path, left), find(path, right)
        notes = [
            f'The path finds nothing in "{name}".'
            for name, found in ((first, at_left), (second, at_right))
            if not found
        ]
        same = bool(at_left) and same_json(at_left, at_right)
        if not same and not notes:
            notes = [f"{shown(at_left)} and {shown(at_right)} differ."]
        return verdict(same, *notes)


def path_problems(path: str, field_name: str) -> Sequence[Problem]:
    """Why a JSON path cannot be followed."""
    try:
        compiled(path)
    except PathError as error:
        return [Problem(field_name, f"This path cannot be followed: {error}.")]
    return []
