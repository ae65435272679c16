"""What differs between two versions: messages, variables, tools, settings.

Structured, so that a page draws it as it likes: `workbench.diff.text_diff` turns the two texts of a
changed message into words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

import orjson

from workbench.diff import Change, json_diff, path_text
from workbench.messages import message_text
from workbench.registry import finding
from workbench.store.connection import Connection
from workbench.store.registry_rows import Version, VersionInfo

Kind = Literal["same", "changed", "added", "removed"]
_BESIDE_TEXT = ("content", "input_variables", "role", "raw_request_display_role")


@dataclass(frozen=True, slots=True)
class MessageSide:
    """A message of one version. A completion template counts as one message with the role
    "completion". index: from 0. text: its text parts, a line break between them."""

    index: int
    role: str
    text: str
    template_format: str
    name: str | None


@dataclass(frozen=True, slots=True)
class MessageChange:
    """One message of both versions, or of one. `other`: what differs beside the text (images, tool
    calls, parser, name), each with its path in the message."""

    kind: Kind
    before: MessageSide | None
    after: MessageSide | None
    other: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """Names that only the later version has, that only the earlier one has, and that both have."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


@dataclass(frozen=True, slots=True)
class ToolChange:
    """A tool or function by its name; `changes` have their paths in the tool."""

    name: str
    kind: Kind
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs between two versions, `before` and `after`.

    settings: changes of metadata (model, parameters, structured output), of tool choice and of the
    provider base URL, with their paths.
    """

    before: VersionInfo
    after: VersionInfo
    messages: tuple[MessageChange, ...]
    variables: Names
    tools: tuple[ToolChange, ...]
    settings: tuple[Change, ...]

    @property
    def is_same(self) -> bool:
        kinds = {one.kind for one in self.messages} | {one.kind for one in self.tools}
        return kinds <= {"same"} and not (self.variables or self.settings)


def compare(connection: Connection, identifier: str | int, before: int, after: int) -> Comparison:
    """Two versions of one template, by number; raises NotFound."""
    with connection.cursor() as cursor:
        template = finding.template_in(cursor, identifier)
        return compare_versions(
            finding.version_in(cursor, template, before),
            finding.version_in(cursor, template, after),
        )


def compare_versions(before: Version, after: Version) -> Comparison:
    settings = json_diff(_settings(before), _settings(after))
    return Comparison(
        before.info,
        after.info,
        tuple(compare_messages(before.prompt, after.prompt)),
        compare_names(before.info.variables, after.info.variables),
        tuple(_tools(before.prompt, after.prompt)),
        tuple(settings),
    )


def both_changed(first: Comparison, second: Comparison) -> list[str]:
    """What both comparisons, made from the same version, changed: "message 2", "tool search"."""
    seconds = _changed(second)
    return [name for name in _changed(first) if name in seconds]


def _changed(found: Comparison) -> list[str]:
    """The parts of the earlier version that differ, and what is new by its name."""
    names = [
        f"message {one.before.index + 1}"
        for one in found.messages
        if one.kind != "same" and one.before is not None
    ]
    names += [f"tool {one.name}" for one in found.tools if one.kind != "same"]
    settings = [path_text(one.path) or "settings" for one in found.settings]
    return list(dict.fromkeys([*names, *settings]))


def compare_names(before: Sequence[str], after: Sequence[str]) -> Names:
    return Names(
        tuple(name for name in after if name not in before),
        tuple(name for name in before if name not in after),
        tuple(name for name in after if name in before),
    )


def compare_messages(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[MessageChange]:
    """Messages in reading order: equal ones are matched, what lies between is paired by role."""
    old, new = _messages(before), _messages(after)
    matcher = SequenceMatcher(None, _keys(old), _keys(new), autojunk=False)
    found: list[MessageChange] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            found += [_pair(old, i + step, new, k + step) for step in range(j - i)]
        else:
            found += _between(old, range(i, j), new, range(k, m))
    return found


def _keys(messages: list[dict[str, Any]]) -> list[bytes]:
    return [orjson.dumps(each, option=orjson.OPT_SORT_KEYS) for each in messages]


def _between(
    old: list[dict[str, Any]], left: range, new: list[dict[str, Any]], right: range
) -> list[MessageChange]:
    """Messages that differ: each later one is the change of the next earlier one of its role."""
    found: list[MessageChange] = []
    at = left.start
    for index in right:
        match = next(
            (i for i in range(at, left.stop) if old[i]["role"] == new[index]["role"]), None
        )
        if match is None:
            found.append(MessageChange("added", None, _side(new, index)))
            continue
        found += [MessageChange("removed", _side(old, i), None) for i in range(at, match)]
        found.append(_pair(old, match, new, index))
        at = match + 1
    found += [MessageChange("removed", _side(old, i), None) for i in range(at, left.stop)]
    return found


def _pair(old: list[dict[str, Any]], i: int, new: list[dict[str, Any]], k: int) -> MessageChange:
    before, after = _side(old, i), _side(new, k)
    other = tuple(json_diff(_beside(old[i]), _beside(new[k])))
    kind: Kind = "changed" if before.text != after.text or other else "same"
    return MessageChange(kind, before, after, other)


def _messages(prompt: Mapping[str, Any]) -> list[dict[str, Any]]:
    if prompt.get("type") == "completion":
        form = prompt.get("template_format")
        content = prompt.get("content") or []
        return [{"role": "completion", "content": content, "template_format": form}]
    return [dict(message) for message in prompt.get("messages") or ()]


def _side(messages: list[dict[str, Any]], index: int) -> MessageSide:
    message = messages[index]
    text = message_text({"content": message.get("content") or []})
    form = message.get("template_format") or "f-string"
    return MessageSide(index, message["role"], text, form, message.get("name"))


def _beside(message: dict[str, Any]) -> dict[str, Any]:
    """What of a message is not its text."""
    rest = {key: value for key, value in message.items() if key not in _BESIDE_TEXT}
    media = [part for part in message.get("content") or () if part.get("type") != "text"]
    return {**rest, "content": media}


def _tools(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ToolChange]:
    old, new = _by_name(before), _by_name(after)
    found: list[ToolChange] = []
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            found.append(ToolChange(name, "removed", old[name], None))
        elif name not in old:
            found.append(ToolChange(name, "added", None, new[name]))
        else:
            changes = tuple(json_diff(old[name], new[name]))
            kind: Kind = "changed" if changes else "same"
            found.append(ToolChange(name, kind, old[name], new[name], changes))
    return found


def _by_name(prompt: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for tool in [*(prompt.get("tools") or ()), *(prompt.get("functions") or ())]:
        inner = tool.get("function")
        owner = inner if isinstance(inner, Mapping) else tool
        name = str(owner.get("name") or tool.get("type") or "tool")
        key, number = name, 1
        while key in found:
            number += 1
            key = f"{name} ({number})"
        found[key] = dict(tool)
    return found


def _settings(version: Version) -> dict[str, Any]:
    prompt = version.prompt
    beside = {
        "type": prompt["type"],
        "tool_choice": prompt.get("tool_choice"),
        "function_call": prompt.get("function_call"),
        "provider_base_url": version.provider_base_url,
    }
    return {**(version.metadata or {}), **beside}
