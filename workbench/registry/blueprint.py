"""A prompt template as it is kept and answered: checked, with every field that the service adds.

Field order and nulls are those of recorded answers; what is not known is kept. Names of input
variables are computed here, whatever the author listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from workbench.jsontext import FieldError, kind, path_text
from workbench.messages import ROLES
from workbench.templates import PromptAnalysis, analyse_prompt
from workbench.templates.snippets import Resolve

MAX_BYTES = 8 * 2**20
FORMATS = ("f-string", "jinja2")
_CHAT_FIELDS = {
    "messages",
    "functions",
    "tools",
    "function_call",
    "tool_choice",
    "type",
    "input_variables",
    "dataset_examples",
}
_COMPLETION_FIELDS = {"content", "input_variables", "template_format", "type"}
# Sent inside the template by some, though it belongs beside it.
_ELSEWHERE = {"provider_base_url_name"}


def checked(prompt: Any, field: str = "prompt_template") -> dict[str, Any]:
    """The template in its full shape; raises FieldError that names the place of what is wrong."""
    place = _Place(field)
    if not isinstance(prompt, Mapping):
        raise place.error("an object is needed", prompt)
    form = prompt.get("type", "chat" if "messages" in prompt else "completion")
    if form not in ("chat", "completion"):
        raise place.at("type").error('"chat" or "completion" is needed', form)
    made = _chat(prompt, place) if form == "chat" else _completion(prompt, place)
    size = len(orjson.dumps(made))
    if size > MAX_BYTES:
        raise FieldError(field, f"{MAX_BYTES} bytes of JSON are the limit, {size} came")
    return made


def with_variables(
    prompt: dict[str, Any], resolve: Resolve | None = None
) -> tuple[dict[str, Any], PromptAnalysis]:
    """The template with its `input_variables`, sorted, and the analysis that found them."""
    analysis = analyse_prompt(prompt, resolve)
    whole = {**prompt, "input_variables": sorted(analysis.input_variables)}
    if prompt["type"] == "chat":
        by_message: dict[int, set[str]] = {}
        for variable in analysis.variables:
            if variable.suspicious or variable.kind == "tools":
                continue
            for one in variable.occurrences:
                if one.message is not None:
                    by_message.setdefault(one.message, set()).add(variable.name)
        whole["messages"] = [
            {**message, "input_variables": sorted(by_message.get(index, ()))}
            for index, message in enumerate(prompt["messages"])
        ]
    return whole, analysis


class _Place:
    """Where in the template something stands, for the sentence about it."""

    def __init__(self, *path: str | int) -> None:
        self.path = path

    def at(self, *more: str | int) -> _Place:
        return _Place(*self.path, *more)

    def error(self, needed: str, came: Any) -> FieldError:
        shown = f'"{came[:40]}"' if isinstance(came, str) else kind(came)
        return FieldError(path_text(self.path), f"{needed}, {shown} came")


def _chat(prompt: Mapping[str, Any], place: _Place) -> dict[str, Any]:
    messages = prompt.get("messages")
    if not isinstance(messages, list):
        raise place.at("messages").error("a list is needed", messages)
    made: dict[str, Any] = {
        "messages": [
            _message(message, place.at("messages", index)) for index, message in enumerate(messages)
        ],
        "functions": _objects(prompt.get("functions"), place.at("functions")),
        "tools": _objects(prompt.get("tools"), place.at("tools")),
        "function_call": prompt.get("function_call"),
        "tool_choice": prompt.get("tool_choice"),
        "type": "chat",
        "input_variables": [],
        "dataset_examples": _list(prompt.get("dataset_examples"), place.at("dataset_examples")),
    }
    return made | _rest(prompt, _CHAT_FIELDS)


def _completion(prompt: Mapping[str, Any], place: _Place) -> dict[str, Any]:
    made = {
        "content": _content(prompt.get("content"), place.at("content")) or [],
        "input_variables": [],
        "template_format": _format(prompt, place),
        "type": "completion",
    }
    return made | _rest(prompt, _COMPLETION_FIELDS)


def _rest(value: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    return {key: each for key, each in value.items() if key not in known and key not in _ELSEWHERE}


def _message(message: Any, place: _Place) -> dict[str, Any]:
    if not isinstance(message, Mapping):
        raise place.error("an object is needed", message)
    role = message.get("role")
    if role not in ROLES:
        raise place.at("role").error(f"one of {', '.join(ROLES)} is needed", role)
    content = _content(message.get("content"), place.at("content"))
    name = message.get("name")
    if name is not None and not isinstance(name, str):
        raise place.at("name").error("a string is needed", name)
    if role == "placeholder" and not name:
        raise place.at("name").error("a placeholder needs the name of its variable", name)
    made: dict[str, Any] = {
        "input_variables": [],
        "template_format": _format(message, place),
        "content": content if content is not None or role == "placeholder" else [],
        "raw_request_display_role": message.get("raw_request_display_role") or "",
        "dataset_examples": _list(message.get("dataset_examples"), place.at("dataset_examples")),
        "role": role,
        "name": name,
    }
    if role == "assistant":
        made["function_call"] = message.get("function_call")
        made["tool_calls"] = _tool_calls(message.get("tool_calls"), place.at("tool_calls"))
    if role == "tool":
        made["tool_call_id"] = message.get("tool_call_id")
    return made | _rest(message, set(made))


def _format(owner: Mapping[str, Any], place: _Place) -> str:
    chosen = owner.get("template_format") or "f-string"
    if chosen not in FORMATS:
        raise place.at("template_format").error('"f-string" or "jinja2" is needed', chosen)
    return str(chosen)


def _content(content: Any, place: _Place) -> list[dict[str, Any]] | None:
    """Parts of a message; a plain text is one text part."""
    if content is None:
        return None
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list):
        raise place.error("a list of content parts is needed", content)
    return [_part(part, place.at(index)) for index, part in enumerate(content)]


def _part(part: Any, place: _Place) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if not isinstance(part, Mapping):
        raise place.error("an object is needed", part)
    form = part.get("type")
    if not isinstance(form, str):
        raise place.at("type").error("a string is needed", form)
    if form == "text" and not isinstance(part.get("text"), str):
        raise place.at("text").error("a string is needed", part.get("text"))
    if form == "media_variable" and not (isinstance(part.get("name"), str) and part["name"]):
        raise place.at("name").error("the name of the variable is needed", part.get("name"))
    if form == "image_url":
        image = part.get("image_url")
        if not isinstance(image, Mapping) or not isinstance(image.get("url"), str):
            raise place.at("image_url").error('an object with "url" is needed', image)
    return dict(part)


def _tool_calls(calls: Any, place: _Place) -> list[dict[str, Any]] | None:
    found = _objects(calls, place)
    for index, call in enumerate(found or ()):
        function = call.get("function")
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise place.at(index, "function").error('an object with "name" is needed', function)
        if not isinstance(function.get("arguments"), str):
            written = orjson.dumps(function.get("arguments") or {}).decode()
            call["function"] = {**function, "arguments": written}
    return found


def _objects(value: Any, place: _Place) -> list[dict[str, Any]] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise place.error("a list is needed", value)
    for index, each in enumerate(value):
        if not isinstance(each, Mapping):
            raise place.at(index).error("an object is needed", each)
    return [dict(each) for each in value]


def _list(value: Any, place: _Place) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise place.error("a list is needed", value)
    return list(value)
