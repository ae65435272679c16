"""A context whose model, registry and clock are the test's."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from workbench.evals.cells import Cell, CellError, CellFailed, CellResult
from workbench.evals.columns import column_type
from workbench.evals.context import Context
from workbench.evals.prompts import Resolved, TemplateVersion
from workbench.messages import message_text, text_part
from workbench.providers.call import Call, Origin
from workbench.providers.errors import ProviderError
from workbench.providers.run import Answer
from workbench.usage import Cost, Usage

JUDGE = {"provider": "echo", "model": "judge", "parameters": {}}
COST = Decimal("0.01")

#: A text, an error, or an answer made from the call and its key within the cell.
Said = str | ProviderError | Callable[[Call, str], "str | ProviderError"]


@dataclass
class Model:
    """Answers from a script in order, the last one again and again; keeps what it was asked."""

    script: Sequence[Said] = ("An answer.",)
    calls: list[tuple[Call, Origin]] = field(default_factory=list)
    ids: Any = field(default_factory=lambda: itertools.count(101))
    cost: Cost | None = field(default_factory=lambda: Cost(COST, "genai-prices"))
    tool_calls: Sequence[Mapping[str, Any]] = ()

    async def __call__(self, call: Call, origin: Origin) -> Answer:
        said = self.script[min(len(self.calls), len(self.script) - 1)]
        self.calls.append((call, origin))
        await asyncio.sleep(0)
        if callable(said):
            said = said(call, origin.metadata["call"])
        failed = said if isinstance(said, ProviderError) else None
        text = "" if failed else str(said)
        message: Any = {"role": "assistant", "content": [text_part(text)] if text else []}
        if self.tool_calls:
            message["tool_calls"] = list(self.tool_calls)
        return Answer(
            status="failed" if failed else "done",
            messages=[message],
            usage=Usage(10, 5),
            cost=self.cost,
            model=call.model,
            finish_reason="stop",
            finish="stop",
            error=failed,
            raw="{}",
            request_id=next(self.ids),
            log_problem=None,
        )

    @property
    def keys(self) -> list[str]:
        return [origin.metadata["call"] for _, origin in self.calls]

    def sent(self, at: int = 0) -> list[str]:
        """The texts of the messages of a call."""
        return [message_text(one) for one in self.calls[at][0].messages]


@dataclass
class Registry:
    """Templates by name: the texts of their versions, from 1, and labels."""

    versions: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[str, dict[str, int]] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    fetched: int = 0

    async def __call__(self, name: str, version: int | None, label: str | None) -> TemplateVersion:
        self.fetched += 1
        texts = self.versions.get(name)
        if texts is None:
            raise CellFailed("template", f"There is no prompt template {name!r}.")
        number = self.labels.get(name, {}).get(label or "") if label else version or len(texts)
        if number is None:
            raise CellFailed("template", f"There is no label {label!r}.")
        return TemplateVersion(
            template_id=7,
            name=name,
            number=number,
            newest=len(texts),
            prompt=chat(texts[number - 1]),
            metadata={
                "model": {"provider": "echo", "name": "echo", "parameters": dict(self.parameters)}
            },
        )


def chat(text: str) -> dict[str, Any]:
    """A chat template of one user message in f-string format."""
    message = {"role": "user", "content": [text_part(text)], "template_format": "f-string"}
    return {"type": "chat", "messages": [message]}


def context(model: Model | None = None, registry: Registry | None = None, **more: Any) -> Context:
    ticks = itertools.count()
    made = Context(
        ask=model or Model(),
        fetch_template=registry or Registry({"greet": ["Hello {name}"]}),
        origin=Origin(place="evaluation", actor="tester", metadata={"row": "1"}),
        judge=JUDGE,
        clock=lambda: float(next(ticks)),
    )
    return replace(made, **more)


def run(
    name: str,
    spec: Mapping[str, Any],
    values: Mapping[str, Any] | None = None,
    given: Context | None = None,
) -> Cell:
    """The cell of a column of this type."""
    kind = column_type(name)
    return asyncio.run(kind.run(kind.read(spec), values or {}, given or context()))


def value(
    name: str,
    spec: Mapping[str, Any],
    values: Mapping[str, Any] | None = None,
    given: Context | None = None,
) -> Any:
    cell = run(name, spec, values, given)
    assert isinstance(cell, CellResult), cell
    return cell.value


def error(
    name: str,
    spec: Mapping[str, Any],
    values: Mapping[str, Any] | None = None,
    given: Context | None = None,
) -> CellError:
    cell = run(name, spec, values, given)
    assert isinstance(cell, CellError), cell
    return cell


def resolve(name: str, spec: Mapping[str, Any], given: Context, used: Any = None) -> Resolved:
    kind = column_type(name)
    found = asyncio.run(kind.resolve(kind.read(spec), given, used))
    assert isinstance(found, Resolved), found
    return found
