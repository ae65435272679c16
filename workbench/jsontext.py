"""Strict reading of a JSON body: every refusal names the field, the place and the reason.

Stricter than the parser where a silent change would lose something (integers beyond 64 bits become
floats) or break what runs afterwards (nesting).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import orjson

# Far above any real call, and below what every later step can walk by recursion or write again.
MAX_DEPTH = 200
# Objects and lists in one body: some thirty megabytes of "[[],[],…" would fill a gigabyte.
MAX_CONTAINERS = 1_000_000
LOWEST, HIGHEST = -(2**63), 2**63 - 1

_STRING = r'"(?:[^"\\]++|\\.)*+"'
_TOKEN = re.compile(_STRING[:-1] + r'"?|[{}\[\],:]|[^\s"{}\[\],:]++', re.DOTALL)
_STRING_BYTES = re.compile(_STRING.encode(), re.DOTALL)
_LONG_WHOLE = re.compile(
    r"(?P<string>" + _STRING + r")|(?<![0-9.eE+-])-?[0-9]{19,}+(?![.eE])", re.DOTALL
)
_DIGITS = bytes(0x30 if 0x30 <= code <= 0x39 else 0x78 for code in range(256))
_LONG_RUN = b"0" * 19
_STEPS = {0x7B: 1, 0x5B: 1, 0x7D: -1, 0x5D: -1}
_NOT_BRACKETS = bytes(code for code in range(256) if code not in _STEPS)
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_SHOWN_KEY = 60
_SHOWN_KEYS = 12
# Looking for the field of an error goes no further: some hundred milliseconds.
_MAX_TOKENS = 500_000


class FieldError(ValueError):
    """A value that cannot be taken.

    field: its JSON path, "" for the whole. reason: a clause without a full stop.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}." if field else f"{reason[:1].upper()}{reason[1:]}.")
        self.field = field
        self.reason = reason


class JsonError(FieldError):
    """A text that is not the JSON it has to be. `line` and `column` count from 1, in characters."""

    def __init__(self, field: str, reason: str, line: int, column: int) -> None:
        super().__init__(field, f"{reason} (line {line}, column {column})")
        self.line = line
        self.column = column


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body holds; raises JsonError for anything else.

    U+0000 inside a string is JSON and is kept.
    """
    containers = body.count(b"{") + body.count(b"[")
    if containers > MAX_DEPTH:
        _check_structure(body, containers)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _explain(body, error) from None
    if type(value) is not dict:
        raise JsonError("", f"the body must be a JSON object, {kind(value)} came", 1, 1)
    # orjson reads a longer integer as a float without a word.
    if _LONG_RUN in body.translate(_DIGITS):
        _check_integers(body.decode())
    return value


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list | tuple) else "an object"


def path_text(keys: Sequence[str | int]) -> str:
    """A JSON path as people write it; the rest of a very long one is "…".

    >>> path_text(["request_response", "choices", 0, "a key"])
    'request_response.choices[0]["a key"]'
    """
    text = ""
    for key in keys[:_SHOWN_KEYS]:
        if isinstance(key, int):
            text += f"[{key}]"
        elif _PLAIN_KEY.match(key) and len(key) <= _SHOWN_KEY:
            text += f".{key}" if text else key
        else:
            shown = key if len(key) <= _SHOWN_KEY else key[:_SHOWN_KEY] + "…"
            text += f"[{_quoted(shown)}]"
    return text if len(keys) <= _SHOWN_KEYS else text + "…"


def mended(value: Any) -> Any:
    """The value as any JSON reader takes it: halves of surrogate pairs, which JSON's escapes can
    hold and UTF-8 cannot, become U+FFFD, and whole numbers beyond 64 bits become texts."""
    if isinstance(value, str):
        return mended_text(value)
    if isinstance(value, dict):
        return {mended_text(str(name)): mended(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [mended(each) for each in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value


def mended_text(text: str) -> str:
    """The text with U+FFFD for what UTF-8 cannot hold; two halves beside each other become one."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _quoted(text: str) -> str:
    return orjson.dumps(text.encode("utf-8", "replace").decode()).decode()


def _check_structure(body: bytes, containers: int) -> None:
    """Raise where there are too many brackets, or too many inside one another."""
    brackets = _STRING_BYTES.sub(b"", body).translate(None, _NOT_BRACKETS)
    if containers > MAX_CONTAINERS:
        real = brackets.count(b"{") + brackets.count(b"[")
        if real > MAX_CONTAINERS:
            raise JsonError(
                "", f"the body has {real} objects and lists; {MAX_CONTAINERS} are the limit", 1, 1
            )
    if max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) <= MAX_DEPTH:
        return
    text = body.decode("utf-8", "replace")
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth > MAX_DEPTH:
            reason = f"objects and lists are nested deeper than {MAX_DEPTH} levels"
            raise _at(text, token.start(), reason)


def _check_integers(text: str) -> None:
    for match in _LONG_WHOLE.finditer(text):
        if match["string"] is not None:
            continue
        digits = match[0].lstrip("-").lstrip("0")
        # The count of digits first: turning thousands of digits into an integer is refused.
        if len(digits) > 19 or not LOWEST <= int(match[0]) <= HIGHEST:
            raise _at(
                text,
                match.start(),
                "the integer does not fit 64 bits and would be changed: send it as a string",
            )


def _explain(body: bytes, error: orjson.JSONDecodeError) -> JsonError:
    try:
        text = body.decode()
    except UnicodeDecodeError as wrong:
        text = body.decode("utf-8", "replace")
        at = len(body[: wrong.start].decode())
        return _at(text, at, "this is not UTF-8 text")
    if not text.strip():
        return JsonError("", "the body is empty, a JSON object is needed", 1, 1)
    if text.startswith("\ufeff"):
        return JsonError("", "the body begins with a byte order mark, which JSON forbids", 1, 1)
    at = min(error.pos, len(text))
    return _at(text, at, _reason(error.msg, text[at : at + 9]))


def _reason(message: str, there: str) -> str:
    if "surrogate" in message:
        return "a surrogate escape without its other half is not Unicode text"
    if there.startswith(("NaN", "Infinity", "-Infinity")):
        return "NaN and Infinity are not JSON: send null"
    if "infinity" in message:
        return "the number is too large"
    return f"the JSON is malformed, {message}"


def _at(text: str, position: int, reason: str) -> JsonError:
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    return JsonError(path_text(_path_at(text, position)), reason, line, column)


def _path_at(text: str, position: int) -> list[str | int]:
    """The keys that lead to the value at `position`, of text that may be broken behind it.

    Empty where that is too far into the text.
    """
    stack: list[str | int | None] = []
    for number, token in enumerate(_TOKEN.finditer(text)):
        if number > _MAX_TOKENS:
            return []
        if token.start() >= position:
            break
        mark = token[0][0]
        if mark == "{":
            stack.append(None)
        elif mark == "[":
            stack.append(0)
        elif mark in "}]":
            if stack:
                stack.pop()
        elif stack and mark == ",":
            top = stack[-1]
            stack[-1] = top + 1 if isinstance(top, int) else None
        elif stack and mark == '"' and stack[-1] is None:
            stack[-1] = _key(token[0])
        if token.end() > position:
            break
    return [key for key in stack if key is not None]


def _key(token: str) -> str:
    try:
        return str(orjson.loads(token))
    except orjson.JSONDecodeError:
        return token.strip('"')
