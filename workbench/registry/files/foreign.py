"""Templates of other tools: LangChain's, promptfoo's, and plain text files.

Sources: LangChain's `dumps` of prompt templates and its older YAML and JSON files, promptfoo's
documentation of `prompts` in promptfooconfig.yaml. promptfoo's templates are Nunjucks, which reads
plain variables, conditions and loops as jinja2 does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from workbench.jsontext import FieldError
from workbench.messages import TemplateFormat
from workbench.registry.blueprint import checked
from workbench.registry.files.folder import read_text
from workbench.registry.files.form import FileTemplate, from_text, load

_JINJA_ENDINGS = (".j2", ".jinja", ".jinja2")
_LANGCHAIN_ROLES = {
    "SystemMessagePromptTemplate": "system",
    "HumanMessagePromptTemplate": "user",
    "AIMessagePromptTemplate": "assistant",
    "SystemMessage": "system",
    "HumanMessage": "user",
    "AIMessage": "assistant",
}
MAX_PROMPTS = 1000
ReadOther = Callable[[str], str]


def read(path: Path, plain_format: TemplateFormat = "f-string") -> list[FileTemplate]:
    """Every template in a file of ours or of another tool; raises FieldError.

    plain_format: how plain text files are read that do not end in .j2, .jinja or .jinja2.
    """
    text = read_text(path)
    name = path.name.partition(".")[0] or path.name
    if path.suffix.lower() not in (".yaml", ".yml", ".json"):
        form = "jinja2" if path.suffix.lower() in _JINJA_ENDINGS else plain_format
        return [_completion(name, text, form)]
    value = load(text)
    if isinstance(value, Mapping):
        if "lc" in value or "_type" in value:
            return [from_langchain(name, value)]
        if "prompts" in value:
            return from_promptfoo(name, value["prompts"], lambda other: _beside(path, other))
    if isinstance(value, list) and all(_is_message(each) for each in value):
        return [_chat(name, value, plain_format)]
    return [from_text(text)]


def _beside(path: Path, other: str) -> str:
    """A file that a file names; only one of the same folder or below."""
    root = path.parent.resolve()
    target = (root / other).resolve()
    if not target.is_relative_to(root):
        raise FieldError("prompts", f"{other[:200]} is not beside {path.name}")
    return read_text(target)


# LangChain


def from_langchain(name: str, value: Mapping[str, Any]) -> FileTemplate:
    """A prompt template that LangChain wrote; raises FieldError for what has no equal here."""
    kind, inner = _constructed(value)
    if kind in ("prompt", "PromptTemplate"):
        return _completion(name, _template(inner), _format(inner))
    if kind in ("chat", "chat_prompt", "ChatPromptTemplate"):
        messages = [_langchain_message(each) for each in inner.get("messages") or ()]
        return FileTemplate(name=name, prompt=checked({"type": "chat", "messages": messages}))
    raise FieldError("", f"LangChain's {kind} has no equal here")


def _constructed(value: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The class of a serialised object, and its arguments."""
    if "lc" not in value:
        return str(value.get("_type") or value.get("type") or ""), value
    id_, inner = value.get("id"), value.get("kwargs")
    if not isinstance(id_, list) or not id_ or not isinstance(inner, Mapping):
        raise FieldError("id", "this is no object that LangChain wrote")
    return str(id_[-1]), inner


def _langchain_message(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise FieldError("messages", "a message is an object")
    kind, inner = _constructed(value)
    if kind == "MessagesPlaceholder":
        return {"role": "placeholder", "name": inner.get("variable_name")}
    role = _LANGCHAIN_ROLES.get(kind)
    if role is None and kind == "ChatMessagePromptTemplate":
        role = str(inner.get("role"))
    if role is None:
        raise FieldError("messages", f"LangChain's {kind or 'message'} has no equal here")
    if "prompt" not in inner:
        # A finished message: its braces are text.
        text = inner.get("content")
        if not isinstance(text, str):
            raise FieldError("messages", "only texts can be read from finished messages")
        return {"role": role, "content": text.replace("{", "{{").replace("}", "}}")}
    prompts = inner["prompt"] if isinstance(inner["prompt"], list) else [inner["prompt"]]
    parts, forms = [], set()
    for each in prompts:
        if not isinstance(each, Mapping):
            raise FieldError("messages", "a message's prompt is an object")
        part_kind, part = _constructed(each)
        if part_kind not in ("PromptTemplate", "prompt", ""):
            raise FieldError("messages", f"LangChain's {part_kind} has no equal here")
        parts.append({"type": "text", "text": _template(part)})
        forms.add(_format(part))
    if len(forms) != 1:
        raise FieldError("messages", "one message uses several template formats")
    return {"role": role, "content": parts, "template_format": forms.pop()}


def _template(inner: Mapping[str, Any]) -> str:
    text = inner.get("template")
    if not isinstance(text, str):
        raise FieldError("template", "the text of the template is needed")
    return text


def _format(inner: Mapping[str, Any]) -> str:
    form = inner.get("template_format") or "f-string"
    if form not in ("f-string", "jinja2"):
        raise FieldError("template_format", f"{str(form)[:40]!r} is neither f-string nor jinja2")
    return str(form)


# promptfoo


def from_promptfoo(name: str, prompts: Any, beside: ReadOther) -> list[FileTemplate]:
    """The templates of a promptfooconfig.yaml: texts, chats as JSON, `file://` beside it."""
    listed = prompts if isinstance(prompts, list) else [prompts]
    if len(listed) > MAX_PROMPTS:
        raise FieldError("prompts", f"{MAX_PROMPTS} are the limit, {len(listed)} came")
    found: list[FileTemplate] = []
    for number, each in enumerate(listed, 1):
        label, raw = f"{name}-{number}" if len(listed) > 1 else name, each
        if isinstance(each, Mapping):
            label = str(each.get("label") or label)
            raw = each.get("raw") or each.get("id")
        if not isinstance(raw, str):
            raise FieldError(f"prompts[{number - 1}]", "a text or an object with raw is needed")
        if raw.startswith("file://"):
            other = raw.removeprefix("file://")
            if "*" in other or other.endswith((".py", ".js", ".ts", ".csv")):
                reason = f"{other[:200]}: only text and JSON files can be read"
                raise FieldError(f"prompts[{number - 1}]", reason)
            raw = beside(other)
            if not isinstance(each, Mapping) or not each.get("label"):
                label = Path(other).name.partition(".")[0]
        # Several prompts of one file stand between lines of three dashes.
        pieces = raw.split("\n---\n")
        for part, text in enumerate(pieces, 1):
            own = label if len(pieces) == 1 else f"{label}-{part}"
            found.append(_promptfoo(own, text))
    return found


def _promptfoo(name: str, text: str) -> FileTemplate:
    if text.lstrip().startswith(("[", "- role:")):
        try:
            value = orjson.loads(text) if text.lstrip().startswith("[") else load(text)
        except (orjson.JSONDecodeError, FieldError):
            value = None
        if isinstance(value, list) and all(_is_message(each) for each in value):
            return _chat(name, value, "jinja2")
    return _chat(name, [{"role": "user", "content": text}], "jinja2")


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and "role" in value


def _chat(name: str, messages: list[Any], form: TemplateFormat) -> FileTemplate:
    made = [{"template_format": form, **each} for each in messages]
    return FileTemplate(name=name, prompt=checked({"type": "chat", "messages": made}))


def _completion(name: str, text: str, form: str) -> FileTemplate:
    prompt = {"type": "completion", "content": text, "template_format": form}
    return FileTemplate(name=name, prompt=checked(prompt))
