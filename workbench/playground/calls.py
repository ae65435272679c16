"""The call that a column would make, and what speaks against making it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.logs.normalise.shape import mapping
from workbench.messages import Message, text_part
from workbench.playground.session import Column, Session
from workbench.providers.call import Call, Tuning, prompt_parts, split_model
from workbench.providers.errors import ProviderError
from workbench.providers.parameters import tuning_of
from workbench.providers.table import adapter, find
from workbench.providers.templates import call_of
from workbench.registry import fetching
from workbench.registry.editing import typed_values
from workbench.registry.fetching import Ask
from workbench.registry.snippets import SnippetFinder
from workbench.store.connections import Connected
from workbench.store.errors import NotFound
from workbench.store.store import Store
from workbench.templates import analyse_prompt, render_prompt, shared_pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A column made ready.

    call: None where it cannot be called at all; `failure` then says why. doubts: reasons not to
    send it unless told to: missing variables, texts that cannot be filled in. links: the fields of
    `Origin` that say which template version it is, and its input variables.
    """

    column: Column
    call: Call | None = None
    failure: str | None = None
    doubts: tuple[str, ...] = ()
    links: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Filled:
    """A prompt with its variables filled in."""

    prompt: dict[str, Any]
    doubts: tuple[str, ...]
    values: dict[str, Any]


def prepare(
    store: Store,
    connections: Sequence[Connected],
    session: Session,
    column: Column,
    row: Mapping[str, str] | None = None,
) -> Prepared:
    """The call of a column's messages from their beginning.

    row: values that win over the session's, where it is run over the rows of a file.
    """
    values = {**session.shared.values, **column.values, **(row or {})}
    try:
        if column.template is not None:
            prepared = _of_template(store, connections, session, column, values)
        else:
            prepared = _of_messages(store, connections, session, column, values)
    except NotFound as error:
        return Prepared(column=column, failure=str(error))
    except ProviderError as error:
        return Prepared(column=column, failure=error.message)
    except ValueError as error:
        return Prepared(column=column, failure=str(error))
    if prepared.call is not None and not prepared.call.messages:
        return Prepared(column=column, failure="There is no message to send: write one first.")
    return prepared


def continued(prepared: Prepared, messages: Sequence[Message]) -> Prepared:
    """The same call with a conversation in the place of its messages, so nothing is doubtful."""
    if prepared.call is None:
        return prepared
    return replace(prepared, call=replace(prepared.call, messages=list(messages)), doubts=())


def _of_messages(
    store: Store,
    connections: Sequence[Connected],
    session: Session,
    column: Column,
    values: Mapping[str, str],
) -> Prepared:
    editing = session.shared if column.own is None else column.own
    is_plain = session.is_plain if column.own is None else column.own_is_plain
    if not column.model:
        raise ValueError("Choose a model for this column.")
    split_model(column.model)
    prompt = deepcopy(editing.prompt)
    filled = _Filled(prompt, (), {}) if is_plain else _filled(store, prompt, values)
    links: dict[str, Any] = {}
    if not is_plain and not editing.is_changed and editing.template_id is not None:
        links = {
            "prompt_id": editing.template_id,
            "prompt_name": editing.name,
            "prompt_version": editing.base,
        }
    if not is_plain:
        _drop_empty(filled.prompt)
    call = _tuned(_call(filled.prompt, column.model, connections), session, column, {})
    return Prepared(column=column, call=call, doubts=filled.doubts, links=_links(links, filled))


def _drop_empty(prompt: dict[str, Any]) -> None:
    """Take out messages that nothing was written into: vendors refuse empty ones."""
    messages = prompt.get("messages")
    if messages is not None:
        prompt["messages"] = [one for one in messages if _says_something(one)]


def _says_something(message: Mapping[str, Any]) -> bool:
    if message.get("tool_calls") or message.get("function_call") or message.get("role") == "tool":
        return True
    parts = message.get("content") or ()
    return any(part.get("type") != "text" or str(part.get("text") or "").strip() for part in parts)


def _of_template(
    store: Store,
    connections: Sequence[Connected],
    session: Session,
    column: Column,
    values: Mapping[str, str],
) -> Prepared:
    chosen = column.template
    assert chosen is not None
    ask = Ask(
        version=chosen.version,
        label=chosen.label,
        render=False,
        resolve_snippets=False,
        kwargs=False,
    )
    fetched = fetching.fetch(store, chosen.id, ask)
    filled = _filled(store, fetched.prompt, values)
    if column.model:
        call = _call(filled.prompt, column.model, connections)
    else:
        address = fetched.base_url.url if fetched.base_url else None
        call = call_of(filled.prompt, fetched.metadata, address, connections)  # type: ignore[arg-type]
    parameters = mapping(mapping(mapping(fetched.metadata).get("model")).get("parameters"))
    links = {
        "prompt_id": fetched.template.id,
        "prompt_name": fetched.template.name,
        "prompt_version": fetched.version.number,
    }
    if chosen.label is not None:
        links["prompt_label"] = chosen.label
    return Prepared(
        column=column,
        call=_tuned(call, session, column, parameters),
        doubts=filled.doubts,
        links=_links(links, filled),
    )


def _links(links: Mapping[str, Any], filled: _Filled) -> dict[str, Any]:
    return {**links, **({"input_variables": filled.values} if filled.values else {})}


def _filled(store: Store, prompt: dict[str, Any], values: Mapping[str, str]) -> _Filled:
    resolve = SnippetFinder(store.registry_reader)
    analysis = analyse_prompt(prompt, resolve)
    named = {one.name for one in analysis.variables}
    read = {
        name: value
        for name, value in typed_values(values, analysis).items()
        if name.partition(".")[0] in named or name in named
    }
    done = render_prompt(prompt, read, "empty", resolve=resolve, pool=shared_pool())
    doubts = [str(one) for one in done.problems]
    if done.missing:
        names = ", ".join(done.missing[:8]) + (" …" if len(done.missing) > 8 else "")
        word = "variable has" if len(done.missing) == 1 else "variables have"
        doubts.append(f"{len(done.missing)} {word} no value: {names}.")
    return _Filled(done.prompt, tuple(doubts), read)


def _call(prompt: dict[str, Any], model: str, connections: Sequence[Connected]) -> Call:
    provider, name = split_model(model)
    if all(one.name != provider for one in connections):
        known = find(provider)
        provider = known.name if known else provider
    parts = prompt_parts(prompt)  # type: ignore[arg-type]
    return Call(provider=provider, model=name, **parts)


def _tuned(call: Call, session: Session, column: Column, template: Mapping[str, Any]) -> Call:
    """Settings of the column over those of its template, over the session's structured output."""
    shared = mapping(session.shared.model.get("parameters"))
    form = {name: value for name, value in shared.items() if name == "response_format"}
    _, wanted, _ = tuning_of(form)
    under, under_form, under_parallel = tuning_of(template)
    over, over_form, over_parallel = tuning_of(column.parameters)
    return replace(
        call,
        tuning=_merged(under, over),
        response_format=over_form or under_form or (wanted if column.template is None else None),
        parallel_tool_calls=over_parallel if over_parallel is not None else under_parallel,
    )


def _merged(under: Tuning, over: Tuning) -> Tuning:
    names = (
        *("temperature", "top_p", "top_k", "max_tokens", "seed", "frequency_penalty"),
        *("presence_penalty", "thinking_budget", "effort"),
    )
    given = {name: value for name in names if (value := getattr(over, name)) is not None}
    stop = over.stop or under.stop
    return replace(under, **given, stop=stop, extra={**under.extra, **over.extra})


def probe(connections: Sequence[Connected], session: Session, column: Column) -> Call | None:
    """A call with the column's settings and any message, to ask what its model would ignore where
    nothing can be sent yet; None without a model."""
    prompt = {"type": "chat", "messages": [{"role": "user", "content": [text_part("x")]}]}
    try:
        call = _call(prompt, column.model, connections)
        return _tuned(call, session, column, {})
    except ValueError:
        return None


def ignored(call: Call, connections: Sequence[Connected]) -> tuple[str, ...]:
    """A sentence for each setting that the model does not take; () where that cannot be told.

    Nobody is asked, and no key is needed.
    """
    known = find(call.provider)
    connected = next((one for one in connections if one.name == call.provider), None)
    if connected is not None:
        module = "anthropic_messages" if connected.kind == "anthropic" else "compatible"
    elif known is not None:
        module = known.module
    else:
        return ()
    try:
        return adapter(module).to_wire(call).ignored
    except (ProviderError, ImportError):
        return ()
