"""One prompt template as a YAML file: stable order, defaults left out, texts as texts.

What is written is read back the same, to the letter. What is read may be looser: a message's
content may be plain text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import yaml

from workbench.jsontext import FieldError, kind
from workbench.registry.blueprint import checked

MAX_BYTES = 8 * 2**20
_FIELDS = ("name", "folder", "tags", "message", "metadata", "provider_base_url", "prompt")
_MESSAGE_DEFAULTS: dict[str, Any] = {
    "input_variables": [],
    "raw_request_display_role": "",
    "dataset_examples": [],
    "name": None,
    "function_call": None,
    "tool_calls": None,
    "tool_call_id": None,
}
_CHAT_DEFAULTS: dict[str, Any] = {
    "functions": None,
    "tools": None,
    "function_call": None,
    "tool_choice": None,
    "input_variables": [],
    "dataset_examples": [],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTemplate:
    """What a file says of a template. `prompt` is in its full shape but for `input_variables`,
    which are computed where it is saved. folder: names from the root down."""

    name: str
    prompt: dict[str, Any]
    metadata: dict[str, Any] | None = None
    tags: tuple[str, ...] = ()
    folder: tuple[str, ...] = ()
    message: str | None = None
    provider_base_url: str | None = None

    @property
    def digest(self) -> str:
        """The same for templates that differ in nothing but message, tags and folder."""
        value = [without_variables(self.prompt), self.metadata, self.provider_base_url]
        return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def without_variables(prompt: Mapping[str, Any]) -> dict[str, Any]:
    """The prompt without what is computed from its texts."""
    bare = {**prompt, "input_variables": []}
    if "messages" in prompt:
        bare["messages"] = [{**each, "input_variables": []} for each in prompt["messages"]]
    return bare


def to_text(template: FileTemplate) -> str:
    """The file of a template."""
    value: dict[str, Any] = {"name": template.name}
    if template.folder:
        plain = not any("/" in each or "\0" in each for each in template.folder)
        value["folder"] = "/".join(template.folder) if plain else list(template.folder)
    if template.tags:
        value["tags"] = list(template.tags)
    if template.message:
        value["message"] = template.message
    if template.metadata is not None:
        value["metadata"] = template.metadata
    if template.provider_base_url:
        value["provider_base_url"] = template.provider_base_url
    value["prompt"] = _short(template.prompt)
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**9, indent=2
    )
    return text


def from_text(text: str) -> FileTemplate:
    """The template in a file; raises FieldError for a file that is none."""
    value = load(text)
    if not isinstance(value, dict):
        raise FieldError("", f"a template's file is an object, {kind(value)} came")
    unknown = [str(key) for key in value if key not in _FIELDS]
    if unknown:
        known = ", ".join(_FIELDS)
        raise FieldError(unknown[0][:60], f"this is no field of a template's file: {known} are")
    name, tags = value.get("name"), value.get("tags") or []
    if not isinstance(name, str) or not name:
        raise FieldError("name", "the name of the template is needed")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise FieldError("tags", "a list of texts is needed")
    for key in ("message", "provider_base_url"):
        if value.get(key) is not None and not isinstance(value[key], str):
            raise FieldError(key, f"a text is needed, {kind(value[key])} came")
    metadata = value.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise FieldError("metadata", f"an object is needed, {kind(metadata)} came")
    return FileTemplate(
        name=name,
        prompt=checked(value.get("prompt"), "prompt"),
        metadata=metadata,
        tags=tuple(tags),
        folder=_folder(value.get("folder")),
        message=value.get("message"),
        provider_base_url=value.get("provider_base_url"),
    )


def _folder(value: Any) -> tuple[str, ...]:
    """Names with slashes between them, "//" for a slash in a name; or a list of names, which says
    the same without a doubt where a name holds a slash."""
    if isinstance(value, list) and all(isinstance(each, str) and each for each in value):
        return tuple(value)
    if value is not None and not isinstance(value, str):
        raise FieldError("folder", f"a text or a list of names is needed, {kind(value)} came")
    marked = (value or "").replace("//", "\0")
    return tuple(each.replace("\0", "/") for each in marked.split("/") if each)


def _short(prompt: Mapping[str, Any]) -> dict[str, Any]:
    """The prompt without what is there anyway; a single text part is plain text."""
    if prompt["type"] == "completion":
        rest = {key: value for key, value in prompt.items() if key != "input_variables"}
        return {**_type_first(rest), "content": _content(prompt["content"])}
    short = {
        key: value
        for key, value in prompt.items()
        if key not in _CHAT_DEFAULTS or value != _CHAT_DEFAULTS[key]
    }
    short.pop("input_variables", None)
    short["messages"] = [_short_message(each) for each in prompt["messages"]]
    return _type_first(short)


def _type_first(value: dict[str, Any]) -> dict[str, Any]:
    return {"type": value["type"], **value}


def _short_message(message: Mapping[str, Any]) -> dict[str, Any]:
    short: dict[str, Any] = {"role": message["role"]}
    for key, value in message.items():
        if key in ("role", "content", "input_variables"):
            continue
        if key == "template_format":
            if value != "f-string":
                short[key] = value
        elif key not in _MESSAGE_DEFAULTS or value != _MESSAGE_DEFAULTS[key]:
            short[key] = value
    content = message["content"]
    is_empty = content == ([] if message["role"] != "placeholder" else None)
    if not is_empty:
        short["content"] = _content(content)
    return short


def _content(content: Any) -> Any:
    if isinstance(content, list) and len(content) == 1 and content[0].keys() == {"type", "text"}:
        return content[0]["text"]
    return content


# YAML

_ODD = re.compile(
    r"[^\n\x20-\x7e\xa1-\u1fff\u200c-\u200d\u2030-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Texts of several lines stand in the file as they are."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = ""
    if _ODD.search(text):
        # What YAML takes for a line end or cannot hold as it is: escapes say it exactly.
        style = '"'
    elif "\n" in text:
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """JSON's types alone: a date or a "yes" is a text. No anchors: a few lines of those can stand
    for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.YAMLError("anchors and aliases are not taken")
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith((":timestamp", ":bool"))]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool",
    re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"),
    list("tTfF"),
)


def load(text: str) -> Any:
    """The value of a YAML (or JSON) text; raises FieldError with line and column."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise FieldError("", f"a file has at most {MAX_BYTES} bytes")
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise FieldError("", f"the YAML cannot be read, {error.problem}{place}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FieldError("", f"the YAML cannot be read, {reason[:200]}") from None
