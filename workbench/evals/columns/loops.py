"""Loops: a prompt run once for each item of a list, a number of times, or until a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import model_validator

from workbench.evals.cells import CellError, CellFailed, CellResult, Detail
from workbench.evals.columns.base import ColumnType, Config, Problem, each_once, one_of_two
from workbench.evals.columns.compare import path_problems
from workbench.evals.columns.prompting import (
    Engine,
    InlineTemplate,
    TemplateRef,
    cut_note,
    engine_field,
    fetch,
    fetch_or_error,
    inline_field,
    mappings_field,
    need_one_prompt,
    run_prompt,
    template_field,
)
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.paths import find
from workbench.evals.prompts import Resolved, Used, answer_value
from workbench.evals.values import as_json, need, parse_json

MAX_ITERATIONS = 100
#: What a variable may be filled with beside columns.
INDEX, PREVIOUS, ITEM = "loop_index", "previous_outputs", "_iterator_item"


class LoopPrompt(Config):
    """The prompt that a loop runs."""

    template: TemplateRef | None = template_field()
    inline_template: InlineTemplate | None = inline_field()
    prompt_template_variable_mappings: dict[str, str] = mappings_field()
    engine: Engine | None = engine_field()

    @model_validator(mode="after")
    def _one(self) -> Self:
        need_one_prompt(self.template, self.inline_template)
        return self


def _mappings() -> Any:
    return field(
        "mapping",
        "Variables of the loop",
        f"Input variables filled from columns, or from {INDEX} (from 0), {PREVIOUS} (the list of "
        f"answers so far) and {ITEM} (the item of this round).",
        default_factory=dict,
    )


def _all() -> Any:
    return field("switch", "Keep all answers", "Without it, only the last one.", True)


class _LoopConfig(Config):
    loop_type: Literal["prompt"] = field(
        "choice", "What is run", "Loops run prompts.", "prompt", choices={"prompt": "A prompt"}
    )
    prompt_config: LoopPrompt


class ForLoopConfig(_LoopConfig):
    iterator_source: str | None = field(
        "column",
        "List",
        f"One round for each of its items, at most {MAX_ITERATIONS}.",
        None,
        instead_of="max_iterations",
    )
    max_iterations: int | None = field(
        "number",
        "Rounds",
        "How often it is run.",
        None,
        low=1,
        high=MAX_ITERATIONS,
        instead_of="iterator_source",
    )
    return_all_outputs: bool = _all()
    variable_mappings: dict[str, str] = _mappings()

    @model_validator(mode="after")
    def _rounds(self) -> Self:
        one_of_two(self.iterator_source, self.max_iterations, "iterator_source and max_iterations")
        return self


class WhileLoopConfig(_LoopConfig):
    end_condition_json_path: str = field(
        "text",
        "Ends when",
        "A path of the answer's JSON, as in $.done: the loop ends when something true stands "
        "there (not null, false, 0 or empty).",
        min_length=1,
    )
    max_iterations: int = field(
        "number", "At most", "Rounds after which it ends anyway.", 10, low=1, high=MAX_ITERATIONS
    )
    return_all_outputs: bool = _all()
    variable_mappings: dict[str, str] = _mappings()


LC = TypeVar("LC", ForLoopConfig, WhileLoopConfig)


class _Loop(ColumnType[LC]):
    group = "Run"
    calls_models = True

    def sources(self, config: LC) -> tuple[str, ...]:
        mappings = _variables(config)
        columns = [one for one in mappings.values() if one not in {INDEX, PREVIOUS, ITEM}]
        return each_once(getattr(config, "iterator_source", None), *columns)

    async def resolve(
        self, config: LC, context: Context, used: Used | None = None
    ) -> Resolved | CellError:
        prompt = config.prompt_config
        return await fetch_or_error(prompt.template, prompt.inline_template, context, used)

    def items(self, config: LC, values: Mapping[str, Any]) -> Sequence[Any]:
        raise NotImplementedError

    def has_ended(self, config: LC, output: Any) -> bool:
        return False

    async def cell(self, config: LC, values: Mapping[str, Any], context: Context) -> CellResult:
        prompt = config.prompt_config
        items = self.items(config, values)
        found = context.resolved or await fetch(prompt.template, prompt.inline_template, context)
        outputs: list[Any] = []
        notes: tuple[str, ...] = ()
        ended = False
        for index, item in enumerate(items):
            offered = {INDEX: index, PREVIOUS: list(outputs), ITEM: item}
            variables = {
                name: offered[column] if column in offered else need(values, column)
                for name, column in _variables(config).items()
            }
            answer = await run_prompt(found, variables, prompt.engine, context, f"round {index}")
            notes = notes or cut_note([answer])
            outputs.append(answer_value(answer))
            ended = self.has_ended(config, outputs[-1])
            if ended:
                break
        if isinstance(config, WhileLoopConfig) and not ended:
            notes = (*notes, f"It ended after {len(outputs)} rounds without its condition.")
        value = outputs if config.return_all_outputs else outputs[-1] if outputs else None
        detail = Detail(used=found.used.to_json(), notes=notes, data={"rounds": len(outputs)})
        return CellResult(value, detail=detail)


def _variables(config: ForLoopConfig | WhileLoopConfig) -> dict[str, str]:
    return {**config.prompt_config.prompt_template_variable_mappings, **config.variable_mappings}


class ForLoop(_Loop[ForLoopConfig]):
    name = "FOR_LOOP"
    title = "For loop"
    help = "Runs a prompt for each item of a list, or a number of times."
    result = "the list of the answers, or the last one"
    config = ForLoopConfig
    example: ClassVar[Mapping[str, Any]] = {
        "loop_type": "prompt",
        "prompt_config": {"template": {"name": "support/answer"}},
        "iterator_source": "questions",
        "return_all_outputs": True,
        "variable_mappings": {"question": "_iterator_item"},
    }

    def items(self, config: ForLoopConfig, values: Mapping[str, Any]) -> Sequence[Any]:
        if config.iterator_source is None:
            return [None] * (config.max_iterations or 0)
        found = as_json(need(values, config.iterator_source), config.iterator_source)
        if not isinstance(found, list):
            raise CellFailed("bad_value", f'"{config.iterator_source}" does not hold a list.')
        if len(found) > MAX_ITERATIONS:
            raise CellFailed(
                "limit",
                f'"{config.iterator_source}" has {len(found):,} items: at most {MAX_ITERATIONS} '
                "are run.",
            )
        return found


class WhileLoop(_Loop[WhileLoopConfig]):
    name = "WHILE_LOOP"
    title = "While loop"
    help = "Runs a prompt until its answer says that it is done."
    result = "the list of the answers, or the last one"
    config = WhileLoopConfig
    example: ClassVar[Mapping[str, Any]] = {
        "loop_type": "prompt",
        "prompt_config": {
            "template": {"name": "support/answer"},
            "prompt_template_variable_mappings": {"question": "question"},
        },
        "end_condition_json_path": "$.done",
        "max_iterations": 5,
        "return_all_outputs": False,
        "variable_mappings": {"history": "previous_outputs"},
    }

    def problems(self, config: WhileLoopConfig) -> Sequence[Problem]:
        return path_problems(config.end_condition_json_path, "end_condition_json_path")

    def items(self, config: WhileLoopConfig, values: Mapping[str, Any]) -> Sequence[Any]:
        return [None] * config.max_iterations

    def has_ended(self, config: WhileLoopConfig, output: Any) -> bool:
        if isinstance(output, str):
            try:
                output = parse_json(output)
            except ValueError:
                return False
        return any(find(config.end_condition_json_path, output))
