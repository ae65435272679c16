"""A version made of another by changing some of it: what `PATCH /rest/prompt-templates` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from workbench.jsontext import FieldError, kind
from workbench.registry import finding
from workbench.registry.publishing import Draft, Published, publish
from workbench.store.store import Store

UNSAID = object()
_LISTS = {"messages": "chat", "tools": "chat", "functions": "chat", "content": "completion"}
_PLAIN = ("function_call", "tool_choice")


@dataclass(frozen=True, slots=True)
class Patch:
    """What is to change. `fields` holds those that were said, null included:

    messages, tools, functions, content: a list replaces all, an object with indexes as keys
    replaces some; null removes (tools and functions). function_call, tool_choice: replaced, null
    removes. model_parameters: merged into those that are there. response_format: set, null removes.
    """

    fields: Mapping[str, Any]
    version: int | None = None
    label: str | None = None
    message: str | None = None
    labels: Sequence[str] = ()


def patch(store: Store, actor: str, identifier: str | int, wanted: Patch) -> Published:
    """Save the patched version; raises FieldError for what does not fit, NotFound."""
    if wanted.version is not None and wanted.label is not None:
        raise FieldError("label", "version and label cannot both be given")
    template, base = finding.version(store.connection, identifier, wanted.version, wanted.label)
    prompt, metadata = deepcopy(base.prompt), deepcopy(base.metadata)
    for field, form in _LISTS.items():
        value = wanted.fields.get(field, UNSAID)
        if value is not UNSAID:
            _check_form(prompt, field, form)
            prompt[field] = _changed(prompt.get(field), value, field)
    for field in _PLAIN:
        if field in wanted.fields:
            _check_form(prompt, field, "chat")
            prompt[field] = wanted.fields[field]
    metadata = _parameters(metadata, wanted.fields)
    return publish(
        store,
        actor,
        Draft(
            name=template.name,
            prompt=prompt,
            metadata=metadata,
            message=wanted.message,
            labels=wanted.labels,
            parent_id=base.id,
            provider_base_url=base.provider_base_url,
        ),
    )


def _check_form(prompt: Mapping[str, Any], field: str, form: str) -> None:
    if prompt["type"] != form:
        raise FieldError(field, f"this is for {form} templates, and this is a {prompt['type']} one")


def _changed(before: Any, value: Any, field: str) -> Any:
    """The list after a patch."""
    if value is None:
        if field in ("messages", "content"):
            raise FieldError(field, "a list or an object is needed, null came")
        return None
    if isinstance(value, list):
        return value
    if not isinstance(value, Mapping):
        raise FieldError(field, f"a list or an object is needed, {kind(value)} came")
    found = list(before or ())
    for key, each in value.items():
        if not (key.isascii() and key.isdecimal()) or len(key) > 9:
            raise FieldError(field, f"{key[:40]!r} is no index")
        if int(key) >= len(found):
            raise FieldError(field, f"there is no element {int(key)}: there are {len(found)}")
        found[int(key)] = each
    return found


def _parameters(
    metadata: dict[str, Any] | None, fields: Mapping[str, Any]
) -> dict[str, Any] | None:
    wanted = fields.get("model_parameters")
    if wanted is None and "response_format" not in fields:
        return metadata
    if wanted is not None and not isinstance(wanted, Mapping):
        raise FieldError("model_parameters", f"an object is needed, {kind(wanted)} came")
    if wanted and "response_format" in wanted and "response_format" in fields:
        raise FieldError("response_format", "it stands in model_parameters too")
    model = (metadata or {}).get("model")
    if not model:
        raise FieldError(
            "response_format" if wanted is None else "model_parameters",
            "the version has no model whose parameters could change",
        )
    parameters = {**(model.get("parameters") or {}), **(wanted or {})}
    if "response_format" in fields:
        parameters["response_format"] = fields["response_format"]
        if fields["response_format"] is None:
            del parameters["response_format"]
    return {**(metadata or {}), "model": {**model, "parameters": parameters}}
