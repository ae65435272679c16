"""Prompts in columns: which version is used, what it is filled with, what the model answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from workbench.evals.cells import CellFailed
from workbench.evals.values import as_text
from workbench.messages import Message
from workbench.providers.call import Call, Origin
from workbench.providers.errors import ProviderError
from workbench.providers.run import Answer
from workbench.providers.templates import call_of
from workbench.store.connections import Connected
from workbench.templates import analyse_prompt, prompt_fills_at_once, render_prompt

How = Literal["frozen", "label", "latest", "inline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """Which version of a prompt a run uses.

    how: what chose it: a number in the configuration, a release label, being the newest when the
    run started, or the configuration itself. newest: the newest number at that time.
    """

    how: How
    name: str | None = None
    template_id: int | None = None
    number: int | None = None
    label: str | None = None
    newest: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Used:
        return cls(**value)

    @property
    def sentence(self) -> str:
        """What the head of a column says."""
        if self.how == "inline":
            return "A prompt of this column's own."
        version = f"Version {self.number} of {self.name}"
        if self.how == "frozen":
            return f"{version}: this column is frozen at {self.number}."
        if self.how == "label":
            return f"{version}: the label {self.label} stood there when the run started."
        return f"{version}: the newest when the run started."

    def since(self, newest: int, labelled: int | None = None) -> str | None:
        """Why to run again, when the registry has gone on; None when it has not. newest: the
        newest number now. labelled: where the label stands now."""
        if self.how == "label" and labelled is not None and labelled != self.number:
            return f"The label {self.label} now stands at version {labelled}: run again."
        if self.how == "latest" and self.number is not None and newest > self.number:
            return f"A newer version, {newest}, exists: run again."
        if self.how == "frozen" and self.number is not None and newest > self.number:
            return f"Version {newest} exists, and this column is frozen at {self.number}."
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateVersion:
    """A version as the registry holds it, its snippets in place and nothing filled in.

    newest: the template's newest number. base_url: the address that the version names.
    """

    template_id: int
    name: str
    number: int
    newest: int
    prompt: Mapping[str, Any]
    metadata: Mapping[str, Any] | None = None
    base_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A prompt fetched for a run. variables: the input variables that it has to be given.
    fills_at_once: as `prompt_fills_at_once` has it."""

    used: Used
    prompt: Mapping[str, Any]
    metadata: Mapping[str, Any] | None = None
    base_url: str | None = None
    variables: tuple[str, ...] = ()
    fills_at_once: bool = False

    def unmapped(self, given: Mapping[str, Any]) -> tuple[str, ...]:
        """Variables that a mapping gives nothing for: they are filled with nothing."""
        return tuple(name for name in self.variables if name not in given)


def resolved(
    used: Used,
    prompt: Mapping[str, Any],
    metadata: Mapping[str, Any] | None,
    base_url: str | None = None,
) -> Resolved:
    """A prompt with its input variables, in the order in which they appear."""
    found = analyse_prompt(prompt).variables
    names = tuple(one.name for one in found if one.required)
    return Resolved(
        used=used,
        prompt=prompt,
        metadata=metadata,
        base_url=base_url,
        variables=names,
        fills_at_once=prompt_fills_at_once(prompt),
    )


@dataclass(frozen=True, slots=True)
class Filled:
    """A prompt with its variables filled in. notes: what had no value."""

    prompt: dict[str, Any]
    notes: tuple[str, ...] = ()


async def fill(found: Resolved, variables: Mapping[str, Any]) -> Filled:
    """Raises CellFailed where a text cannot be rendered: an unrendered prompt is never sent."""
    if found.fills_at_once:
        done = render_prompt(found.prompt, variables)
    else:
        done = await asyncio.to_thread(render_prompt, found.prompt, variables)
    if not done.ok:
        raise CellFailed("template", done.warning or "The prompt cannot be filled in.")
    return Filled(done.prompt, (done.warning,) if done.warning else ())


def call_for(
    found: Resolved,
    prompt: Mapping[str, Any],
    engine: Mapping[str, Any] | None,
    connections: Sequence[Connected],
    more: Sequence[Message] = (),
) -> Call:
    """The call of a filled prompt.

    engine: {provider, model, parameters} in place of the version's; its parameters win over the
    version's, the others stay (structured output is one of them). more: messages to follow.
    """
    metadata = dict(found.metadata or {})
    model: tuple[str, str] | None = None
    if engine is not None:
        before = metadata.get("model") or {}
        parameters = {**(before.get("parameters") or {}), **(engine.get("parameters") or {})}
        model = (engine["provider"], engine["model"])
        metadata["model"] = {**before, "parameters": parameters}
    base_url = None if model else found.base_url
    try:
        call = call_of(
            prompt,  # type: ignore[arg-type]  # checked when the version was kept
            metadata,
            base_url,
            connections,
            model=model,
            # Nobody looks at the pieces, and putting them together took a tenth of a call's time.
            stream=False,
        )
    except ProviderError as error:
        raise CellFailed(error.kind, str(error)) from None
    return replace(call, messages=[*call.messages, *more]) if more else call


def origin_for(origin: Origin, found: Resolved, variables: Mapping[str, Any]) -> Origin:
    """The run's origin with the prompt that is sent."""
    used = found.used
    return replace(
        origin,
        prompt_name=used.name,
        prompt_id=used.template_id,
        prompt_version=used.number,
        prompt_label=used.label,
        input_variables=dict(variables),
    )


def answer_text(answer: Answer) -> str:
    """The text of an answer, without thinking and tool calls."""
    pieces = [
        str(part.get("text") or "")
        for message in answer.messages
        for part in message["content"]
        if part["type"] == "text"
    ]
    return "\n".join(piece for piece in pieces if piece)


def answer_value(answer: Answer) -> Any:
    """What a cell keeps of an answer: its text, or with tool calls {"content", "tool_calls":
    [{"name", "arguments"}]}, the arguments as JSON where they are JSON."""
    calls = [call for message in answer.messages for call in message.get("tool_calls") or ()]
    if not calls:
        return answer_text(answer)
    return {"content": answer_text(answer), "tool_calls": [_call(one) for one in calls]}


def _call(call: Any) -> dict[str, Any]:
    arguments = call["function"]["arguments"]
    try:
        arguments = json.loads(arguments)
    except (ValueError, TypeError, RecursionError):
        arguments = as_text(arguments)
    return {"name": call["function"]["name"], "arguments": arguments}
