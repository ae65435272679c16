"""What all columns that run a prompt share: naming the prompt, fetching it, running it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import model_validator

from workbench.evals.cells import CellError, CellFailed
from workbench.evals.columns.base import Config, one_of_two
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.prompts import (
    Filled,
    Resolved,
    Used,
    call_for,
    fill,
    origin_for,
    resolved,
)
from workbench.evals.values import need
from workbench.jsontext import FieldError
from workbench.messages import Message
from workbench.providers.run import Answer
from workbench.registry.blueprint import checked


class TemplateRef(Config):
    """A template of the registry; without a number and a label, the newest version."""

    name: str = field("text", "Template", "Its name.", min_length=1)
    version_number: int | None = field("number", "Version", "Frozen at this number.", None, low=1)
    label: str | None = field("text", "Label", "Where this label stands.", None, min_length=1)


class InlineTemplate(Config):
    """A prompt of the column's own: blueprint and metadata as a version has them. The source is
    where it was copied from."""

    inline: Literal[True] = True
    prompt_template: dict[str, Any]
    metadata: dict[str, Any] | None = None
    source_prompt_name: str | None = None
    source_prompt_version: int | None = None

    @model_validator(mode="after")
    def _is_a_prompt(self) -> Self:
        try:
            checked(self.prompt_template)
        except FieldError as error:
            raise ValueError(f"{error.field}: {error.reason}") from None
        return self


class Engine(Config):
    """A model, in place of the prompt's."""

    provider: str = field("text", "Provider", "As in openai.", min_length=1)
    model: str = field("text", "Model", "As the provider calls it.", min_length=1)
    parameters: dict[str, Any] = field("json", "Settings", "Temperature …", default_factory=dict)


def template_field() -> Any:
    return field(
        "prompt",
        "Prompt template",
        "A version, where a label stands, or the newest when the run starts.",
        None,
        instead_of="inline_template",
    )


def inline_field() -> Any:
    return field(
        "inline_prompt",
        "Prompt of this column",
        "Written here, not in the registry.",
        None,
        instead_of="template",
    )


def mappings_field() -> Any:
    return field(
        "mapping",
        "Input variables",
        "From which column each input variable of the prompt is filled.",
        default_factory=dict,
    )


def engine_field(help: str = "In place of the prompt's model; its settings win.") -> Any:
    return field("engine", "Model", help, None)


def need_one_prompt(template: TemplateRef | None, inline: InlineTemplate | None) -> None:
    one_of_two(template, inline, "template and inline_template")
    if template and template.version_number is not None and template.label is not None:
        raise ValueError("a version number and a label cannot both choose the version")


async def fetch(
    template: TemplateRef | None,
    inline: InlineTemplate | None,
    context: Context,
    used: Used | None = None,
) -> Resolved:
    """The prompt of a column for a run; raises CellFailed. used: takes this version again."""
    if inline is not None:
        origin = Used(
            how="inline", name=inline.source_prompt_name, number=inline.source_prompt_version
        )
        return resolved(origin, checked(inline.prompt_template), inline.metadata)
    if template is None:
        raise CellFailed("configuration", "No prompt is chosen.")
    again = used is not None and used.name == template.name and used.number is not None
    number = used.number if used and again else template.version_number
    label = None if again else template.label
    found = await context.fetch_template(template.name, number, label)
    if used and again:
        return resolved(used, found.prompt, found.metadata, found.base_url)
    chosen = Used(
        how="label" if template.label else "frozen" if template.version_number else "latest",
        name=found.name,
        template_id=found.template_id,
        number=found.number,
        label=template.label,
        newest=found.newest,
    )
    return resolved(chosen, found.prompt, found.metadata, found.base_url)


async def fetch_or_error(
    template: TemplateRef | None,
    inline: InlineTemplate | None,
    context: Context,
    used: Used | None,
) -> Resolved | CellError:
    try:
        return await fetch(template, inline, context, used)
    except CellFailed as failed:
        return failed.error


def mapped(mappings: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Input variables from their columns."""
    return {name: need(values, column) for name, column in mappings.items()}


async def run_prompt(
    found: Resolved,
    variables: Mapping[str, Any],
    engine: Engine | None,
    context: Context,
    key: str,
    more: Sequence[Message] = (),
    filled: Filled | None = None,
) -> Answer:
    """One call of a prompt. more: messages that follow it; filled: the prompt, when it is filled
    in already."""
    done = filled or await fill(found, variables)
    chosen = engine.model_dump() if engine else None
    call = call_for(found, done.prompt, chosen, context.connections(), more)
    return await context.asked(call, key, origin_for(context.origin, found, variables))


def cut_note(answers: Sequence[Answer]) -> tuple[str, ...]:
    if any(answer.finish == "length" for answer in answers):
        return ("The answer was cut off at the limit of its length.",)
    return ()
