"""Why a text cannot be parsed or rendered, and where."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.templates.positions import Lines


@dataclass(frozen=True, slots=True)
class Problem:
    """An error in one text. `kind` is "syntax", "value", "missing", "limit" or "snippet".

    `reason` is a sentence without its place; `start`, `end`, `line` and `column` are where it is,
    in the text as it was handed in.
    """

    kind: str
    reason: str
    start: int
    end: int
    line: int
    column: int

    def __str__(self) -> str:
        return f"Line {self.line}, column {self.column}: {self.reason}"


class TemplateError(ValueError):
    """Raised inside the package where a text cannot be read; carries plain offsets."""

    def __init__(self, reason: str, start: int, end: int | None = None, kind: str = "syntax"):
        super().__init__(reason)
        self.reason = reason
        self.start = start
        self.end = start + 1 if end is None else end
        self.kind = kind

    def at(self, lines: Lines) -> Problem:
        """The same as a value with line and column."""
        start = min(self.start, lines.length)
        end = max(start, min(self.end, lines.length))
        line, column = lines.locate(start)
        return Problem(self.kind, self.reason, start, end, line, column)
