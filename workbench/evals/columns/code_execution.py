"""Code execution: what a piece of Python returns for a row."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from workbench.evals.cells import CellFailed, CellResult, Detail
from workbench.evals.columns.base import ALL_LEFT, AllLeft, ColumnType, Config, Problem
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.sandbox import SandboxError

MAX_CODE = 100_000
OFF = "Code columns are off: an administrator turns them on with WORKBENCH_CODE_COLUMNS=on."


class CodeConfig(Config):
    code: str = field(
        "code",
        "Code",
        "The body of a function: data is a dictionary of all columns to the left, return gives the "
        "value. The standard library is there; files, network and other processes are not.",
        min_length=1,
        max_length=MAX_CODE,
    )
    language: Literal["PYTHON", "JAVASCRIPT"] = field(
        "choice",
        "Language",
        "Python is run. JavaScript is kept as it came, and not run.",
        "PYTHON",
        choices={"PYTHON": "Python"},
    )


class CodeExecution(ColumnType[CodeConfig]):
    name = "CODE_EXECUTION"
    title = "Code"
    help = "What a piece of Python returns for a row. It runs shut off, with limits."
    group = "Run"
    result = "what the code returns, as JSON; what it prints stands beside it"
    config = CodeConfig
    example: ClassVar[Mapping[str, Any]] = {
        "code": "return len(data['answer'].split())",
        "language": "PYTHON",
    }

    def sources(self, config: CodeConfig) -> AllLeft:
        return ALL_LEFT

    def problems(self, config: CodeConfig) -> Sequence[Problem]:
        if config.language != "PYTHON":
            return [Problem("language", "JavaScript is not run here: write the code in Python.")]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(config.code)
        except SyntaxError as error:
            return [Problem("code", f"This is not Python: {error.msg} (line {error.lineno}).")]
        except (ValueError, MemoryError, RecursionError):
            return [Problem("code", "This is not Python that can be read.")]
        return []

    async def cell(
        self, config: CodeConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        if config.language != "PYTHON":
            raise CellFailed("configuration", "JavaScript is not run here.")
        if context.sandbox is None:
            raise CellFailed("refused", OFF)
        try:
            ran = await context.sandbox.run(config.code, dict(values))
        except SandboxError as error:
            data = {"stdout": error.stdout} if error.stdout else {}
            raise CellFailed(error.kind, str(error), detail=Detail(data=data)) from None
        return CellResult(
            ran.value, detail=Detail(data={"stdout": ran.stdout} if ran.stdout else {})
        )
