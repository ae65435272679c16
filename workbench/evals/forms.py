"""What a column's form consists of, said once: on the fields of its configuration.

A page draws a form from `FormField`s and knows no type; the documentation's table comes from them
too.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

#: column: the name of one column to the left; columns: several. text, long_text, number, switch,
#: choice (of `choices`), code, json (any JSON value), value (a text where `type` beside it is
#: "string", else any JSON value), texts (a list of texts). prompt: a template
#: of the registry as {name, version_number?, label?}; inline_prompt: a prompt of its own; engine:
#: {provider, model, parameters}; mapping: {name: column}; headers: {name: text}.
Kind = Literal[
    "column",
    "columns",
    "text",
    "long_text",
    "number",
    "switch",
    "choice",
    "code",
    "json",
    "value",
    "texts",
    "prompt",
    "inline_prompt",
    "engine",
    "mapping",
    "headers",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field. name: its path in the configuration ("ui_element.min").

    choices: (value, label) pairs. default: None where there is none. instead_of: the field that is
    left empty when this one is filled in, and the other way round.
    """

    name: str
    label: str
    kind: Kind
    help: str
    required: bool = False
    default: Any = None
    choices: tuple[tuple[str, str], ...] = ()
    low: float | None = None
    high: float | None = None
    instead_of: str | None = None


def field(
    kind: Kind,
    label: str,
    help: str,
    default: Any = ...,
    *,
    choices: dict[str, str] | None = None,
    low: float | None = None,
    high: float | None = None,
    instead_of: str | None = None,
    **rules: Any,
) -> Any:
    """A field of a configuration with its place in the form. rules: pydantic's (`min_length` …);
    low and high are also rules."""
    form = FormField(
        name="",
        label=label,
        kind=kind,
        help=help,
        required=default is ... and "default_factory" not in rules,
        default=None if default is ... else default,
        choices=tuple((choices or {}).items()),
        low=low,
        high=high,
        instead_of=instead_of,
    )
    if low is not None:
        rules["ge"] = low
    if high is not None:
        rules["le"] = high
    if default is not ... or "default_factory" not in rules:
        rules["default"] = default
    return Field(json_schema_extra={"form": form}, **rules)  # type: ignore[dict-item]


def form_fields(config: type[BaseModel], prefix: str = "") -> tuple[FormField, ...]:
    """The form of a configuration. A field without a place in the form has fields of its own."""
    found: list[FormField] = []
    for name, info in config.model_fields.items():
        extra = info.json_schema_extra
        form: Any = extra.get("form") if isinstance(extra, dict) else None
        if isinstance(form, FormField):
            other = f"{prefix}{form.instead_of}" if form.instead_of else None
            found.append(replace(form, name=f"{prefix}{name}", instead_of=other))
        else:
            found += form_fields(_inner(info), f"{prefix}{name}.")
    return tuple(found)


def _inner(info: FieldInfo) -> type[BaseModel]:
    options = (info.annotation, *typing.get_args(info.annotation))
    return next(one for one in options if isinstance(one, type) and issubclass(one, BaseModel))
