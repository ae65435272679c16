"""A prompt template while it is being edited: one value that a page changes and a store keeps.

Messages carry a key of their own here, so that a card stays the same card when others move.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from workbench.messages import TemplateFormat
from workbench.registry.publishing import Draft
from workbench.store.registry_rows import Template, Version
from workbench.templates import PromptAnalysis, with_format
from workbench.templates.prompt import template_format

NEW = "template/new"


@dataclass(slots=True)
class Editing:
    """What stands in the editor. `base`: the number of the version that it was made from, None for
    a template that is not there yet. `seen`: the newest version when it was begun, where that is
    another than `base`. `values`: the input variables to try it with, as texts; they are no part
    of a version. `json_values`: names of those whose text is JSON for a list, an object, a number.
    `source`: where all of them came from, as a variable set names it, None once one was typed.
    `revision` grows when something else than typing changed a text. `place`: what it is kept under
    where it is not the one draft of its template, as in the playground."""

    name: str
    prompt: dict[str, Any]
    template_id: int | None = None
    base: int | None = None
    base_id: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    provider_base_url: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    keys: list[int] = field(default_factory=list)
    next_key: int = 0
    revision: int = 0
    is_changed: bool = False
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    place: str | None = None
    seen: int | None = None
    json_values: list[str] = field(default_factory=list)
    source: str | None = None

    @property
    def mark(self) -> str:
        """Differs whenever something else than typing changed a text: a fix, another version."""
        return f"{self.token}-{self.revision}"

    @property
    def subject(self) -> str:
        """What the draft of it is kept under."""
        if self.place is not None:
            return self.place
        return NEW if self.template_id is None else f"template/{self.template_id}"

    @property
    def after(self) -> int:
        """The number of the newest version that its author knows of; 0 where there is none."""
        return max(self.seen or 0, self.base or 0)

    @property
    def identifier(self) -> str | int:
        """What it is found by: its id, or its name where it is not saved yet."""
        return self.name if self.template_id is None else self.template_id

    @property
    def is_chat(self) -> bool:
        return self.prompt.get("type") == "chat"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages; a completion template counts as one."""
        return self.prompt["messages"] if self.is_chat else [self.prompt]

    @property
    def format(self) -> TemplateFormat:
        """The parser of the first text, which the toggle shows."""
        return template_format(self.messages[0]) if self.messages else "f-string"

    @property
    def model(self) -> dict[str, Any]:
        """Provider, name and parameters, to be changed in place."""
        model = self.metadata.setdefault("model", {})
        assert isinstance(model, dict)
        return model

    @property
    def parameters(self) -> dict[str, Any]:
        """A copy of the model's parameters; {} where there are none."""
        found = self.model.get("parameters")
        return dict(found) if isinstance(found, dict) else {}

    def set_parameter(self, name: str, value: Any) -> None:
        """None takes a parameter away."""
        self.set_parameters({**self.parameters, name: value})

    def set_parameters(self, parameters: Mapping[str, Any]) -> None:
        known = {name: value for name, value in parameters.items() if value is not None}
        if known or "parameters" in self.model:
            self.model["parameters"] = known
        self.is_changed = True

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def draft(self, message: str | None, labels: tuple[str, ...] = ()) -> Draft:
        """What is published; refused where another version was saved since it was begun."""
        return Draft(
            name=self.name,
            prompt=deepcopy(self.prompt),
            metadata=self._metadata(),
            message=message or None,
            labels=labels,
            parent_id=self.base_id,
            provider_base_url=self.provider_base_url,
            after=self.after,
            template_id=self.template_id,
        )

    def _metadata(self) -> dict[str, Any] | None:
        """Without a model that says nothing: drawing the settings makes one."""
        copied = deepcopy(self.metadata)
        if not copied.get("model"):
            copied.pop("model", None)
        return copied or None

    # Values

    def fill(self, values: Mapping[str, Any], source: str | None = None) -> None:
        """Other values in the place of these; what is no text stays what it is."""
        self.values = {
            name: value if isinstance(value, str) else orjson.dumps(value).decode()
            for name, value in values.items()
        }
        self.json_values = [name for name, value in values.items() if not isinstance(value, str)]
        self.source = source
        self.revision += 1

    def set_value(self, name: str, text: str) -> None:
        # The same text is no change: fields are also read where nobody typed in them.
        if text != self.values.get(name, ""):
            self.values[name] = text
            self.source = None

    # Changes

    def set_text(self, message: int, part: int, text: str) -> None:
        self.messages[message]["content"][part]["text"] = text
        self.is_changed = True

    def set_field(self, message: int, name: str, value: Any) -> None:
        self.messages[message][name] = value
        self._moved()

    def set_role(self, message: int, role: str) -> None:
        changed = self.messages[message]
        changed["role"] = role
        if role == "placeholder":
            changed.setdefault("name", "messages")
            changed["content"] = []
        elif not changed.get("content"):
            changed["content"] = [{"type": "text", "text": ""}]
        self._moved()

    def add(self, role: str) -> None:
        """A message at the end, read by the same parser as the others."""
        message = {"role": role, "content": [{"type": "text", "text": ""}]}
        message["template_format"] = self.format
        self.messages.append(message)
        self.keys.append(self._key())
        if role == "placeholder":
            self.set_role(len(self.messages) - 1, role)
        self._moved()

    def duplicate(self, message: int) -> None:
        self.messages.insert(message + 1, deepcopy(self.messages[message]))
        self.keys.insert(message + 1, self._key())
        self._moved()

    def remove(self, message: int) -> None:
        del self.messages[message]
        del self.keys[message]
        self._moved()

    def move(self, message: int, step: int) -> None:
        """One place up (-1) or down (1); nothing happens at either end."""
        other = message + step
        if 0 <= other < len(self.messages):
            moved, keys = self.messages, self.keys
            moved[message], moved[other] = moved[other], moved[message]
            keys[message], keys[other] = keys[other], keys[message]
            self._moved()

    def add_part(self, message: int, part: dict[str, Any]) -> None:
        self.messages[message].setdefault("content", []).append(part)
        self._moved()

    def remove_part(self, message: int, part: int) -> None:
        del self.messages[message]["content"][part]
        self._moved()

    def set_format(self, chosen: TemplateFormat) -> None:
        """What the toggle sets: every message names this parser, no text is rewritten."""
        self.put(with_format(self.prompt, chosen))

    def put(self, prompt: Mapping[str, Any]) -> None:
        """Another prompt in the place of this one, such as a fixed one."""
        self.prompt = loose(prompt)
        while len(self.keys) < len(self.messages):
            self.keys.append(self._key())
        del self.keys[len(self.messages) :]
        self._moved()

    def _moved(self) -> None:
        self.revision += 1
        self.is_changed = True

    def _key(self) -> int:
        self.next_key += 1
        return self.next_key


def typed_values(
    values: Mapping[str, str], analysis: PromptAnalysis, json_values: Sequence[str] = ()
) -> dict[str, Any]:
    """What was typed as values: text, but JSON where the template asks for more than a text.

    json_values: names whose text is JSON whatever the template asks for. Empty fields count as no
    value, and what is no JSON is text.
    """
    deep = {
        one.name
        for one in analysis.variables
        if one.kind != "text" or one.attributes or {"iterated", "indexed"} & set(one.hints)
    }
    deep |= set(json_values)
    found: dict[str, Any] = {}
    for name, text in values.items():
        if text == "":
            continue
        found[name] = text
        if name in deep:
            with contextlib.suppress(orjson.JSONDecodeError):
                found[name] = orjson.loads(text)
    return found


def loose(prompt: Mapping[str, Any]) -> dict[str, Any]:
    """A copy whose every message has a list of parts; input variables are found anew at a save."""
    copied: dict[str, Any] = deepcopy(dict(prompt))
    copied.pop("input_variables", None)
    owners = copied.setdefault("messages", []) if copied.get("type") == "chat" else [copied]
    for owner in owners:
        owner.pop("input_variables", None)
        content = owner.get("content")
        if isinstance(content, str):
            owner["content"] = [{"type": "text", "text": content}]
        elif content is None:
            owner["content"] = []
    return copied


def from_version(template: Template, version: Version, newest: int | None = None) -> Editing:
    """The editor on a saved version, unchanged so far. newest: the newest version's number."""
    editing = Editing(
        name=template.name,
        prompt={},
        template_id=template.id,
        base=version.number,
        base_id=version.id,
        metadata=deepcopy(version.metadata or {}),
        provider_base_url=version.provider_base_url,
        seen=newest if newest != version.number else None,
    )
    editing.put(version.prompt)
    editing.is_changed = False
    return editing


#: What tells how it is drawn, not what stands in it.
_DRAWN = frozenset({"keys", "next_key", "revision", "is_changed", "token"})


def content_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """Of what `to_json` gave, what stands in it: equal for two in which the same stands."""
    found = {name: each for name, each in value.items() if name not in _DRAWN}
    # Drawing the settings makes a model that says nothing.
    found["metadata"] = {
        name: each for name, each in value["metadata"].items() if each or name != "model"
    }
    return found


def blank(name: str, kind: str) -> Editing:
    """The editor on a template that is not there yet. kind: "chat" or "completion"."""
    text = {"type": "text", "text": ""}
    editing = Editing(name=name, prompt={})
    if kind == "completion":
        editing.put({"type": "completion", "template_format": "f-string", "content": [text]})
    else:
        roles = ("system", "user")
        messages = [{"role": role, "content": [dict(text)]} for role in roles]
        editing.put({"type": "chat", "messages": messages})
        editing.set_format("f-string")
    editing.is_changed = False
    return editing


def as_kind(editing: Editing, kind: str) -> Editing:
    """A template that is not there yet, as the other kind: what was written in it goes along, in
    the order of its messages, with name, values and settings. kind: as of `blank`."""
    made = blank(editing.name, kind)
    said = [
        deepcopy(part)
        for message in editing.messages
        for part in message.get("content") or ()
        if part.get("type") != "text" or part.get("text")
    ]
    if said:
        made.messages[-1]["content"] = said
    made.set_format(editing.format)
    made.metadata, made.values = deepcopy(editing.metadata), dict(editing.values)
    made.json_values, made.source = list(editing.json_values), editing.source
    made.provider_base_url = editing.provider_base_url
    made.is_changed = editing.is_changed
    return made


def from_json(value: Any) -> Editing | None:
    """What `to_json` gave; None where an older or newer version wrote something else."""
    if not isinstance(value, dict):
        return None
    try:
        editing = Editing(**value)
        fits = len(editing.keys) == len(editing.messages)
    except (TypeError, KeyError):
        return None
    return editing if fits and isinstance(editing.prompt, dict) else None
