"""Cosine similarity: how alike two texts are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from workbench.evals import lexical
from workbench.evals.cells import CellFailed, CellResult, Detail
from workbench.evals.columns.base import ColumnType, Config, each_once
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.values import as_text, need


class CosineConfig(Config):
    sources: tuple[str, str] = field("columns", "Texts", "The two columns.")
    method: Literal["auto", "embeddings", "lexical"] = field(
        "choice",
        "Compared by",
        "Embeddings see meaning and cost a model call. Words and letters cost nothing and see "
        "shared words and spellings.",
        "auto",
        choices={
            "auto": "Embeddings where a provider has them, else words and letters",
            "embeddings": "Embeddings",
            "lexical": "Words and letters",
        },
    )


class CosineSimilarity(ColumnType[CosineConfig]):
    name = "COSINE_SIMILARITY"
    title = "Cosine similarity"
    help = "How alike two texts are. The cell says by what they were compared."
    group = "Measure"
    result = "a number from -1 to 1; by words and letters from 0 to 1"
    config = CosineConfig
    example: ClassVar[Mapping[str, Any]] = {"sources": ["answer", "expected"], "method": "lexical"}
    calls_models = True

    def sources(self, config: CosineConfig) -> tuple[str, ...]:
        return each_once(*config.sources)

    async def cell(
        self, config: CosineConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        left, right = (as_text(need(values, one)) for one in config.sources)
        embed = None if config.method == "lexical" else context.embed
        if embed is None:
            if config.method == "embeddings":
                raise CellFailed("configuration", "No provider of embeddings is set up.")
            alike = await asyncio.to_thread(lexical.likeness, left, right)
            return _result(alike, lexical.METHOD)
        if not left.strip() or not right.strip():
            raise CellFailed("bad_value", "A text is empty: there is nothing to embed.")
        made = await embed([left, right])
        context.bill.add(made.request_id, made.cost)
        try:
            first, second = made.vectors
            return _result(lexical.cosine(first, second), made.model)
        except ValueError:
            raise CellFailed("bad_answer", "The embeddings do not fit together.") from None


def _result(alike: float, method: str) -> CellResult:
    return CellResult(alike, detail=Detail(notes=(f"Compared by {method}.",), data={"by": method}))
