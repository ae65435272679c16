"""Regular expressions: whether one matches, and what it matches."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from workbench.evals.cells import CellFailed, CellResult, verdict
from workbench.evals.columns.base import ColumnType, Config, Problem
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.patterns import (
    MAX_MATCHES,
    MAX_PATTERN,
    MAX_SECONDS,
    MAX_STEPS,
    PatternError,
    compiled,
    found,
    matches,
    steps,
)
from workbench.evals.values import as_text, need

# Steps that are done before anything else would have been: a millisecond or so.
_AT_ONCE = 1_000_000


class RegexConfig(Config):
    source: str = field("column", "Text", "The column that is searched.", min_length=1)
    regex_pattern: str = field(
        "text",
        "Pattern",
        "A regular expression in RE2's syntax: no looking around, no references back. (?i) in "
        "front lets capitals and small letters count as the same.",
        min_length=1,
        max_length=MAX_PATTERN,
    )


class _OnPattern(ColumnType[RegexConfig]):
    config = RegexConfig

    def sources(self, config: RegexConfig) -> tuple[str, ...]:
        return (config.source,)

    def problems(self, config: RegexConfig) -> Sequence[Problem]:
        try:
            compiled(config.regex_pattern)
        except PatternError as error:
            return [Problem("regex_pattern", f"This pattern cannot be used: {error}.")]
        return []

    async def cell(
        self, config: RegexConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        text = as_text(need(values, config.source))
        work = steps(config.regex_pattern, text)
        if work > MAX_STEPS:
            raise CellFailed("limit", "The text is too long for a pattern of this size.")
        if work < _AT_ONCE:
            return self.on_text(config.regex_pattern, text)
        try:
            return await asyncio.to_thread(self.on_text, config.regex_pattern, text)
        except TimeoutError:
            raise CellFailed("limit", f"It took longer than {MAX_SECONDS:g} seconds.") from None

    def on_text(self, pattern: str, text: str) -> CellResult:
        raise NotImplementedError


class Regex(_OnPattern):
    name = "REGEX"
    title = "Regex"
    help = "Whether a regular expression matches anywhere in a text."
    group = "Check"
    result = "true or false"
    example: ClassVar[Mapping[str, Any]] = {
        "source": "answer",
        "regex_pattern": r"\b\d{4}-\d{2}-\d{2}\b",
    }

    def on_text(self, pattern: str, text: str) -> CellResult:
        return verdict(found(pattern, text))


class RegexExtraction(_OnPattern):
    name = "REGEX_EXTRACTION"
    title = "Regex extraction"
    help = (
        "Every match of a regular expression: the whole of it, or its group, or the list of its "
        "groups."
    )
    group = "Extract"
    result = f"a list of texts or of lists, at most {MAX_MATCHES:,}; empty without a match"
    example: ClassVar[Mapping[str, Any]] = {"source": "answer", "regex_pattern": r"order (\d+)"}

    def on_text(self, pattern: str, text: str) -> CellResult:
        return CellResult(matches(pattern, text))
