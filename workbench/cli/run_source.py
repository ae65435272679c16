"""Where `run` takes its prompt from: a message, a file, or a template of the registry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import click

from workbench.cli.target import ask
from workbench.messages import Prompt
from workbench.registry.fetching import Ask, fetch
from workbench.store.store import Store
from workbench.templates import analyse_prompt, render_prompt


@dataclass(frozen=True)
class Source:
    """A rendered prompt, the template's metadata and address, and how its records name it."""

    prompt: Prompt
    metadata: Mapping[str, Any] = field(default_factory=dict)
    base_url: str | None = None
    origin: Mapping[str, Any] = field(default_factory=dict)


def of_message(text: str, values: Mapping[str, str]) -> Source:
    """One user message. Braces are variables only where values are given."""
    content = [{"type": "text", "text": text}]
    message = {"role": "user", "content": content, "template_format": "f-string"}
    return _rendered({"type": "chat", "messages": [message]}, values)


def of_file(path: Path, values: Mapping[str, str]) -> Source:
    """A text as one user message; or a template as JSON, alone or as the API answers it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path} cannot be read: {error}") from error
    if path.suffix != ".json":
        return of_message(text, values)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"{path} is not JSON: {error}") from error
    holder = found if isinstance(found, dict) else {}
    prompt = holder.get("prompt_template", holder)
    if not isinstance(prompt, dict) or prompt.get("type") not in ("chat", "completion"):
        raise click.UsageError(f'{path} holds no prompt template: its "type" is missing.')
    source = _rendered(prompt, values)
    metadata = holder.get("metadata")
    return Source(
        source.prompt, metadata if isinstance(metadata, dict) else {}, None, source.origin
    )


def _rendered(prompt: dict[str, Any], values: Mapping[str, str]) -> Source:
    if not values and not analyse_prompt(prompt).input_variables:
        return Source(cast(Prompt, prompt))
    if not values and prompt["type"] == "chat" and len(prompt["messages"]) == 1:
        # A message typed on the command line may hold braces of its own.
        return Source(cast(Prompt, prompt))
    done = render_prompt(prompt, values)
    if not done.ok:
        raise click.UsageError(str(done.problems[0]))
    if done.missing:
        names = ", ".join(done.missing)
        raise click.UsageError(f"No value was given for {names}: use --var NAME=VALUE.")
    return Source(cast(Prompt, done.prompt), origin={"input_variables": dict(values)})


def of_template(
    place: Store | str, name: str, version: int | None, label: str | None, values: Mapping[str, str]
) -> Source:
    """A template filled in, from the store or from the server that has it open."""
    if isinstance(place, Store):
        wanted = Ask(version=version, label=label, input_variables=values, kwargs=False)
        found = fetch(place, name, wanted)
        prompt, metadata, warning = found.prompt, found.metadata, found.warning
        base_url = found.base_url.url if found.base_url else None
        template, number = found.template.id, found.version.number
        missing = found.missing
    else:
        body = {"version": version, "label": label, "input_variables": dict(values)}
        asked = {key: value for key, value in body.items() if value is not None}
        answer = ask(place, "POST", f"/prompt-templates/{quote(name, safe='')}", asked)
        prompt, metadata, warning = (
            answer["prompt_template"],
            answer.get("metadata"),
            answer.get("warning"),
        )
        base_url = (answer.get("provider_base_url") or {}).get("url")
        template, number, missing = answer["id"], answer["version"], ()
    if warning:
        click.echo(f"workbench: {warning}", err=True)
    if missing:
        raise click.UsageError(f"No value was given for {', '.join(missing)}: use --var.")
    origin = {
        "prompt_name": name,
        "prompt_id": template,
        "prompt_version": number,
        "prompt_label": label,
        "input_variables": dict(values),
    }
    return Source(cast(Prompt, prompt), metadata or {}, base_url, origin)
