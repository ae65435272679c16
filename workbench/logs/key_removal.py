"""Taking API keys out of a call's text before it is kept; everything else stays byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson

REMOVED = "[API key removed]"
# Shorter values are no keys of anybody's, and cutting them out would maim the text.
SHORTEST = 8

_MEMBER = re.compile(r'"api_key"\s*+:\s*+"([^"\\]*+)"')
_NEXT = re.compile(r"\s*+,\s*+")
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],]', re.DOTALL)
# A key of these characters has one spelling in JSON, unless ASCII itself is escaped.
_ONE_SPELLING = re.compile(r"[A-Za-z0-9_.~=-]+\Z")
_ESCAPED_ASCII = re.compile(r"\\u00[2-7]")


def without_keys(
    text: str, body: dict[str, Any], given: Iterable[str]
) -> tuple[str, dict[str, Any]]:
    """A body and its text without keys; `body` is what `text` says, and may be changed.

    Removed are the member `api_key` at the top, and, wherever they stand, the values of it, of
    `kwargs.api_key` and of `given` (what came in the header).
    """
    secrets = _secrets(body, given)
    if "api_key" not in body and not any(secrets):
        return text, body
    cut = _cut_plain(text, body, secrets)
    if cut is not None:
        body.pop("api_key", None)
        return cut, body
    rewritten = _rewrite(text, sorted(secrets, key=len, reverse=True))
    return rewritten, orjson.loads(rewritten)


def _secrets(body: dict[str, Any], given: Iterable[str]) -> set[str]:
    found = [body.get("api_key"), *given]
    kwargs = body.get("kwargs")
    if type(kwargs) is dict:
        found.append(kwargs.get("api_key"))
    return {value for value in found if isinstance(value, str) and len(value) >= SHORTEST}


def _cut_plain(text: str, body: dict[str, Any], secrets: set[str]) -> str | None:
    """The text for the way that clients write it: one member, one spelling. None otherwise."""
    if "\\u00" in text and _ESCAPED_ASCII.search(text):
        return None
    member = body.get("api_key")
    for secret in secrets:
        if _ONE_SPELLING.match(secret) is None:
            return None
        if text.count(secret) != (1 if secret == member else 0):
            return None
    if "api_key" not in body:
        return text
    if text.count('"api_key"') != 1:
        return None
    found = _MEMBER.match(text, text.index('"api_key"'))
    if found is None or found[1] != member:
        return None
    before = text[: found.start()].rstrip()
    if before.endswith(","):
        return before[:-1] + text[found.end() :]
    following = _NEXT.match(text, found.end())
    return text[: found.start()] + text[following.end() if following else found.end() :]


def _rewrite(text: str, secrets: list[str]) -> str:
    """The text with each member `api_key` of the top cut, and strings that hold a key changed."""
    pieces: list[str] = []
    copied = depth = 0
    comma = 0
    kept = cutting = False
    at_key = False

    def copy(until: int) -> None:
        pieces.append(text[copied:until])

    for token in _TOKEN.finditer(text):
        mark = token[0][0]
        if mark in "{[":
            depth += 1
            at_key = depth == 1
        elif mark in "}]":
            depth -= 1
            if cutting and depth == 0:
                # The member was the last: its value ends here.
                copied = token.start()
                cutting = False
        elif mark == "," and depth == 1:
            if cutting:
                # A comma stays in front of what follows if something stands before it.
                copied = token.start() if kept else _after_space(text, token.end())
                cutting = False
            comma = token.start()
            at_key = True
        elif mark == '"' and not cutting:
            value = orjson.loads(token[0]) if "\\" in token[0] else token[0][1:-1]
            if at_key and depth == 1:
                at_key = False
                if value == "api_key":
                    copy(comma if kept else token.start())
                    cutting = True
                    continue
                kept = True
            clean = value
            for secret in secrets:
                clean = clean.replace(secret, REMOVED)
            if clean != value:
                copy(token.start())
                pieces.append(orjson.dumps(clean).decode())
                copied = token.end()
    pieces.append(text[copied:])
    return "".join(pieces)


def _after_space(text: str, position: int) -> int:
    while text[position : position + 1].isspace():
        position += 1
    return position
