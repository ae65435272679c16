"""Fetching a prompt: the version that a caller asks for, its snippets in place, filled in, and as
the keyword arguments of the vendor's client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.registry import ab, finding, llm_kwargs
from workbench.registry.ab import Served
from workbench.registry.snippets import SnippetFinder, SnippetVersion
from workbench.store.errors import NotFound
from workbench.store.registry_reading import Heads
from workbench.store.registry_rows import BaseUrl, Template, Version
from workbench.store.store import Store
from workbench.templates import OnMissing, RenderPool, render_prompt, text_parts
from workbench.templates.snippets import Expanded, expand


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a caller asks for.

    version, label: the label wins where both are given; the newest version where neither is.
    input_variables: None as {}. render: fill them in; without it texts stay as they are, with their
    snippets in place. metadata: decides in an A/B release of the label. provider, model: instead of
    the template's. overrides: parameters that win over the template's.
    kwargs: whether `llm_kwargs` are wanted.
    """

    version: int | None = None
    label: str | None = None
    input_variables: Mapping[str, Any] | None = None
    render: bool = True
    resolve_snippets: bool = True
    metadata: Mapping[str, Any] | None = None
    provider: str | None = None
    model: str | None = None
    overrides: Mapping[str, Any] | None = None
    on_missing: OnMissing = "empty"
    kwargs: bool = True


@dataclass(frozen=True, slots=True)
class Fetched:
    """A version as it is to be used. Everything in it is the caller's own to change.

    prompt: filled in, as far as its values allow. metadata: with provider and model as asked for.
    llm_kwargs: None where no provider is known. warning: what was not filled in, missing or left
    out; None when all is well. served: which version an A/B release chose.
    """

    template: Template
    version: Version
    prompt: dict[str, Any]
    metadata: dict[str, Any] | None
    llm_kwargs: dict[str, Any] | None
    base_url: BaseUrl | None
    snippets: tuple[SnippetVersion, ...] = ()
    warning: str | None = None
    served: Served | None = None
    missing: tuple[str, ...] = field(default=())


def fetch(
    store: Store,
    identifier: str | int,
    ask: Ask | None = None,
    *,
    pool: RenderPool | None = None,
) -> Fetched:
    """A prompt by the name or id of its template.

    Raises NotFound for a template, version or label that is not there. A text that cannot be
    filled in stays as it is, and `warning` says why.
    """
    ask = ask or Ask()
    reader = store.registry_reader
    heads = finding.heads(reader, identifier)
    number, served = _number(heads, ask)
    version = reader.version(heads.template.id, number)
    if version is None:
        raise NotFound(f"The prompt template {heads.template.name!r} has no version {number}.")
    finder = SnippetFinder(reader)
    prompt, warnings, missing = _filled(version.prompt, ask, finder, pool)
    name = version.provider_base_url
    base_url = reader.base_url(name) if name else None
    metadata, kwargs, notes = _for_vendor(version, prompt, ask)
    return Fetched(
        heads.template,
        version,
        prompt,
        metadata,
        kwargs,
        base_url,
        tuple(dict.fromkeys(finder.used)),
        " ".join([*warnings, *notes]) or None,
        served,
        missing,
    )


def _number(heads: Heads, ask: Ask) -> tuple[int, Served | None]:
    if ask.label is None:
        return ask.version or heads.newest, None
    label = heads.labels.get(ask.label)
    if label is None:
        raise NotFound(finding.no_label(heads.template, ask.label))
    row = heads.splits.get(label.name)
    if row is None:
        return label.number, None
    served = ab.choose(ab.from_row(row), ask.metadata)
    return served.number, served


def _filled(
    prompt: dict[str, Any], ask: Ask, finder: SnippetFinder, pool: RenderPool | None
) -> tuple[dict[str, Any], list[str], tuple[str, ...]]:
    resolve = finder if ask.resolve_snippets else None
    if not ask.render:
        whole, warnings = _with_snippets(prompt, resolve)
        return whole, warnings, ()
    done = render_prompt(
        prompt, ask.input_variables or {}, ask.on_missing, resolve=resolve, pool=pool
    )
    return done.prompt, [done.warning] if done.warning else [], done.missing


def _with_snippets(
    prompt: dict[str, Any], resolve: SnippetFinder | None
) -> tuple[dict[str, Any], list[str]]:
    """The prompt with its snippets in place and nothing filled in."""
    found: dict[tuple[int | None, int], Expanded] = {}
    warnings: list[str] = []
    for part in text_parts(prompt):
        expanded = expand(part.text, resolve)
        warnings += [f"Text left as it is. {problem}." for problem in expanded.problems]
        found[part.message, part.part] = expanded

    def placed(message: int | None, owner: dict[str, Any]) -> dict[str, Any]:
        content = owner.get("content")
        if not content:
            return dict(owner)
        changed = [
            {**part, "text": found[message, index].text} if (message, index) in found else part
            for index, part in enumerate(content)
        ]
        return {**owner, "content": changed}

    if prompt["type"] != "chat":
        return placed(None, prompt), warnings
    messages = [placed(index, each) for index, each in enumerate(prompt["messages"])]
    return {**prompt, "messages": messages}, warnings


def _for_vendor(
    version: Version, prompt: dict[str, Any], ask: Ask
) -> tuple[dict[str, Any] | None, dict[str, Any] | None, list[str]]:
    """metadata and llm_kwargs for the provider and model asked for, and what they leave out."""
    metadata = version.metadata
    model = version.model
    provider = ask.provider or model.get("provider")
    name = ask.model or model.get("name")
    parameters = dict(model.get("parameters") or {})
    notes: list[str] = []
    if model and (ask.provider or ask.model):
        parameters, notes = llm_kwargs.for_provider(
            parameters, model.get("provider") or "", provider or ""
        )
        if name != model.get("name"):
            # It would win over the one asked for.
            parameters.pop("model", None)
        chosen = {**model, "provider": provider, "name": name, "parameters": parameters}
        if provider != model.get("provider"):
            chosen["api_type"] = None if "api_type" not in model else _api_type(provider)
        metadata = {**(metadata or {}), "model": chosen}
        model = chosen
    if ask.overrides:
        parameters = _overridden(parameters, ask.overrides)
    if provider is None or not ask.kwargs:
        return metadata, None, notes
    # Without settings of its own a template says nothing of the model, as in recorded answers:
    # callers pass `model` beside it.
    kwargs, left_out = llm_kwargs.build(
        prompt, provider, (name or "") if model else "", parameters, model.get("api_type")
    )
    return metadata, kwargs, [*notes, *left_out]


def _api_type(provider: str | None) -> str | None:
    return "chat-completions" if provider in ("openai", "openai.azure") else None


def _overridden(parameters: dict[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with the overrides in place; a setting under any name replaces its other names."""
    replaced = llm_kwargs.same_settings(overrides)
    kept = {key: value for key, value in parameters.items() if key not in replaced}
    return kept | dict(overrides)
