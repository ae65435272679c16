"""Apply diff: a text changed by a unified diff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from workbench.evals.cells import CellFailed, CellResult
from workbench.evals.columns.base import ColumnType, Config, each_once
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.patch import PatchError, apply
from workbench.evals.values import as_text, need


class ApplyDiffConfig(Config):
    content_source: str = field("column", "Text", "The column that is changed.", min_length=1)
    diff_source: str = field(
        "column", "Diff", "The column that holds the unified diff.", min_length=1
    )


class ApplyDiff(ColumnType[ApplyDiffConfig]):
    name = "APPLY_DIFF"
    title = "Apply diff"
    help = "Changes a text by a unified diff, as a model writes one."
    group = "Transform"
    result = "the changed text"
    config = ApplyDiffConfig
    example: ClassVar[Mapping[str, Any]] = {"content_source": "document", "diff_source": "answer"}

    def sources(self, config: ApplyDiffConfig) -> tuple[str, ...]:
        return each_once(config.content_source, config.diff_source)

    async def cell(
        self, config: ApplyDiffConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        text = as_text(need(values, config.content_source))
        try:
            return CellResult(apply(text, unfenced(as_text(need(values, config.diff_source)))))
        except PatchError as error:
            raise CellFailed("bad_value", str(error)) from None


def unfenced(text: str) -> str:
    """A diff without the ``` around it that models like to write."""
    lines = text.strip().split("\n")
    if len(lines) > 1 and lines[0].startswith("```") and lines[-1].strip() == "```":
        return "\n".join(lines[1:-1]) + "\n"
    return text
