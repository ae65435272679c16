"""Prompt template: what a model answers to a prompt."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import model_validator

from workbench.evals.cells import CellError, CellResult, Detail
from workbench.evals.columns.base import ColumnType, Config, each_once
from workbench.evals.columns.prompting import (
    Engine,
    InlineTemplate,
    TemplateRef,
    cut_note,
    engine_field,
    fetch,
    fetch_or_error,
    inline_field,
    mapped,
    mappings_field,
    need_one_prompt,
    run_prompt,
    template_field,
)
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.prompts import Resolved, Used, answer_value, fill

MAX_REPEATS = 50


class PromptConfig(Config):
    template: TemplateRef | None = template_field()
    inline_template: InlineTemplate | None = inline_field()
    prompt_template_variable_mappings: dict[str, str] = mappings_field()
    engine: Engine | None = engine_field()
    repeats: int = field(
        "number",
        "Repeats",
        "How often each row is asked. With more than one, the value is the list of the answers.",
        1,
        low=1,
        high=MAX_REPEATS,
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        need_one_prompt(self.template, self.inline_template)
        return self


class PromptTemplate(ColumnType[PromptConfig]):
    name = "PROMPT_TEMPLATE"
    title = "Prompt template"
    help = "What a model answers to a prompt, filled in from columns to the left."
    group = "Run"
    result = (
        'the text of the answer; with tool calls {"content", "tool_calls": [{"name", '
        '"arguments"}]}; with repeats the list of these'
    )
    config = PromptConfig
    example: ClassVar[Mapping[str, Any]] = {
        "template": {"name": "support/answer", "label": "prod"},
        "prompt_template_variable_mappings": {"question": "question"},
    }
    calls_models = True
    asks_at_once = True

    def sources(self, config: PromptConfig) -> tuple[str, ...]:
        return each_once(*config.prompt_template_variable_mappings.values())

    async def resolve(
        self, config: PromptConfig, context: Context, used: Used | None = None
    ) -> Resolved | CellError:
        return await fetch_or_error(config.template, config.inline_template, context, used)

    async def cell(
        self, config: PromptConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        variables = mapped(config.prompt_template_variable_mappings, values)
        found = context.resolved or await fetch(config.template, config.inline_template, context)
        filled = await fill(found, variables)
        answers = await asyncio.gather(
            *(
                run_prompt(found, variables, config.engine, context, f"repeat {n}", filled=filled)
                for n in range(1, config.repeats + 1)
            )
        )
        kept = [answer_value(answer) for answer in answers]
        notes = (*filled.notes, *cut_note(answers))
        detail = Detail(used=found.used.to_json(), notes=notes)
        return CellResult(kept if config.repeats > 1 else kept[0], detail=detail)
