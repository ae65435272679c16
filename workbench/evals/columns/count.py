"""Count: how long a text is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from workbench.evals.cells import CellResult
from workbench.evals.columns.base import ColumnType, Config
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.values import as_text, need

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|\Z)|[。！？]+")
_PARAGRAPHS = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")


class CountConfig(Config):
    source: str = field("column", "Text", "The column that is counted.", min_length=1)
    type: Literal["chars", "words", "sentences", "paragraphs"] = field(
        "choice",
        "What is counted",
        "Words are separated by white space, paragraphs by empty lines; a sentence ends at . ! ? "
        "or … before white space, or at 。！？.",
        choices={
            "chars": "Characters",
            "words": "Words",
            "sentences": "Sentences",
            "paragraphs": "Paragraphs",
        },
    )


class Count(ColumnType[CountConfig]):
    name = "COUNT"
    title = "Count"
    help = "How many characters, words, sentences or paragraphs a text has."
    group = "Measure"
    result = "a whole number"
    config = CountConfig
    example: ClassVar[Mapping[str, Any]] = {"source": "answer", "type": "words"}

    def sources(self, config: CountConfig) -> tuple[str, ...]:
        return (config.source,)

    async def cell(
        self, config: CountConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        return CellResult(count(as_text(need(values, config.source)), config.type))


def count(text: str, type_: str) -> int:
    if type_ == "chars":
        return len(text)
    if type_ == "words":
        return len(text.split())
    if type_ == "paragraphs":
        return sum(1 for piece in _PARAGRAPHS.split(text) if piece.strip())
    return sum(1 for piece in _SENTENCE_END.split(text) if piece.strip())
