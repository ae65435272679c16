"""Completing the text syntax: what is being typed at a place, and what could stand there.

The reader (`text_reader`) wants a whole filter; this looks at an unfinished one and never fails.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from workbench.filters import terms
from workbench.filters.fields import FIELDS, NAMES, Field
from workbench.filters.text_writer import name_of
from workbench.filters.times import PRESETS
from workbench.filters.units import DAYS

Kind = Literal["name", "key", "value", "presence", "shape", "duration", "nothing"]
_SIGN = re.compile(r"!=|>=|<=|\^=|\$=|[:=<>~]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_DURATION_WORDS = ("last",)
_SPECIAL = {
    "has": "something is there at all",
    "is": "the output is json, tool_call or plain_text",
    "last": "a length of time: 90m, 24h, 7d, 4w",
    "after": "from a time on: 2026-11-01",
    "before": "up to a time: 2026-11-01T09:30",
}
_LENGTHS = ("1h", "6h", "24h", "7d", "30d", "90d")
# What people type first, in this order; the others follow by name.
_COMMON: tuple[str, ...] = (
    "model",
    "provider",
    "status",
    "tag",
    "metadata",
    "prompt",
    "latency",
    "cost",
    "tokens",
)
_COMMON += ("last", "session", "tool", "error", "score", "input", "output", "has", "is")


@dataclass(frozen=True, slots=True)
class Place:
    """What is being typed: a replacement goes into text[start:end].

    token_start, token_end: the whole word of the syntax around it. typed: what is there so far,
    without quotes. field, key: which the value or the key belongs to.
    """

    kind: Kind
    start: int
    end: int
    token_start: int
    token_end: int
    typed: str = ""
    field: Field | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One completion. insert: what goes into the place; detail: a word of help beside it.
    is_final: the word is whole, a space may follow."""

    insert: str
    label: str
    detail: str = ""
    count: int | None = None
    is_final: bool = True


def place_at(text: str, caret: int) -> Place:
    """The place that a caret (from 0) stands at."""
    caret = max(0, min(caret, len(text)))
    start, end = _token(text, caret)
    at = start
    negated = text[at : at + 1] == "-" and at < caret
    if negated:
        at += 1
    name = _NAME.match(text, at, end)
    if name is None or caret <= name.end():
        plain = name is None and at < end
        until = name.end() if name else end
        kind: Kind = "nothing" if plain else "name"
        if name is not None and not _could_be_name(text, name.end(), end):
            kind = "nothing"
        return Place(kind, at, until, start, end, text[at:caret])
    at = name.end()
    key: str | None = None
    if text[at : at + 1] == ".":
        stop = _end_of_key(text, at + 1, end)
        if caret <= stop:
            return _key_place(text, name[0], at + 1, stop, start, end, caret)
        key = _unquoted(text[at + 1 : stop])
        at = stop
    sign = _SIGN.match(text, at, end)
    if sign is None or caret < sign.end():
        return Place("nothing", caret, caret, start, end)
    return _value_place(text, name[0], key, sign.end(), start, end, caret)


def _token(text: str, caret: int) -> tuple[int, int]:
    """The word around the caret: spaces and parentheses outside quotes end it."""
    start, at, quoted = 0, 0, False
    while at < len(text):
        letter = text[at]
        if quoted and letter == "\\":
            at += 2
            continue
        if letter == '"':
            quoted = not quoted
        elif not quoted and (letter.isspace() or letter in "()"):
            if at >= caret:
                return start, at
            start = at + 1
        at += 1
    return min(start, len(text)), len(text)


def _could_be_name(text: str, at: int, end: int) -> bool:
    return at == end or text[at] == "." or _SIGN.match(text, at) is not None


def _end_of_key(text: str, at: int, end: int) -> int:
    if text[at : at + 1] == '"':
        closing = at + 1
        while closing < end and text[closing] != '"':
            closing += 2 if text[closing] == "\\" else 1
        return min(closing + 1, end)
    sign = _SIGN.search(text, at, end)
    return sign.start() if sign else end


def _key_place(text: str, name: str, at: int, stop: int, start: int, end: int, caret: int) -> Place:
    field = FIELDS["output"] if name == "output" else NAMES.get(name)
    if field is None or not field.keyed:
        return Place("nothing", caret, caret, start, end)
    return Place("key", at, stop, start, end, _unquoted(text[at:caret]), field)


def _value_place(
    text: str, name: str, key: str | None, at: int, start: int, end: int, caret: int
) -> Place:
    """The one of the values between commas that the caret stands in."""
    first, stop, quoted = at, at, False
    while stop < end:
        letter = text[stop]
        if quoted and letter == "\\":
            stop += 2
            continue
        if letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            if stop >= caret:
                break
            first = stop + 1
        stop += 1
    stop = min(stop, end)
    typed = _unquoted(text[first:caret])
    if name in ("has", "is", *_DURATION_WORDS):
        kinds: dict[str, Kind] = {"has": "presence", "is": "shape", "last": "duration"}
        return Place(kinds[name], first, stop, start, end, typed)
    field = FIELDS["output_text"] if name == "output" and key is None else NAMES.get(name)
    if name == "output" and key is not None:
        field = FIELDS["output"]
    if field is None:
        return Place("nothing", caret, caret, start, end)
    return Place("value", first, stop, start, end, typed, field, key)


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    body = text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:]
    return terms.unescape_or_keep(body)


def fixed_options(place: Place) -> list[Option]:
    """Completions that the syntax itself knows: names, words after has: and is:, lengths, signs."""
    match place.kind:
        case "name":
            return _names(place.typed)
        case "presence":
            return [each for each in _presences() if _fits(each.label, place.typed)]
        case "shape":
            shapes = ("json", "tool_call", "plain_text")
            return [Option(each, each) for each in shapes if _fits(each, place.typed)]
        case "duration":
            return [
                Option(each, each, PRESETS.get(each, ""))
                for each in _LENGTHS
                if _fits(each, place.typed)
            ]
        case "value" if place.field is not None:
            field = place.field
            if field.choices:
                shown = [each.lower() for each in field.choices]
                return [Option(each, each) for each in shown if _fits(each, place.typed)]
            if field.kind == "boolean":
                return [
                    Option(each, each) for each in ("true", "false") if _fits(each, place.typed)
                ]
            if field.kind == "date":
                lengths = [
                    Option(each, each, PRESETS.get(each, f"the last {each}")) for each in _LENGTHS
                ]
                days = [Option(each, each, "the whole day") for each in DAYS]
                return [each for each in (*days, *lengths) if _fits(each.label, place.typed)]
    return []


def _names(typed: str) -> list[Option]:
    """Names of fields that begin with, then those that hold, what was typed; by use."""
    found = [option for option in _all_names() if _fits(option.label.rstrip(":.><"), typed)]
    exact = NAMES.get(typed)
    if exact is not None and exact.kind in ("number", "score"):
        # The name is whole: what is asked next is how to compare.
        name = typed
        signs = [
            Option(f"{name}{sign}", f"{name}{sign}", words, is_final=False)
            for sign, words in ((">", "more than"), ("<", "less than"), (":", "exactly, or 1..5"))
        ]
        found = signs + [each for each in found if not each.label.startswith(name)]
    lowered = typed.lower()
    return sorted(found, key=lambda each: not each.label.lower().startswith(lowered))


def _fits(name: str, typed: str) -> bool:
    lowered = typed.lower()
    return name.lower().startswith(lowered) or (len(lowered) > 1 and lowered in name.lower())


def _all_names() -> list[Option]:
    options = {}
    for field in FIELDS.values():
        name = name_of(field)
        if field.name == "output":
            continue
        options[name] = _name_option(field, name)
    for name, detail in _SPECIAL.items():
        options[name] = Option(f"{name}:", f"{name}:", detail, is_final=False)
    first = [options.pop(name) for name in _COMMON if name in options]
    return first + [options[name] for name in sorted(options)]


def _name_option(field: Field, name: str) -> Option:
    sign = {"nested": ".", "number": ">", "score": ">", "boolean": ":"}.get(field.kind, ":")
    if field.kind == "boolean":
        shape = f"is:{field.name.removeprefix('is_')}"
        return Option(shape, shape, field.label)
    help_ = {
        "number": "a number: 2s, 500ms, 1k, 0.01",
        "score": "a score: score>0.8, score.name<50",
        "nested": "a key inside: name, then its value",
        "text": "words in it",
        "date": "a time or a length of time",
    }.get(field.kind, field.label)
    detail = help_ if field.kind in ("text", "nested", "score", "date") else field.label
    if field.unit in ("ms", "dollars"):
        detail = {"ms": "longer than 2s, or 500ms", "dollars": "more than 0.01 dollars"}[field.unit]
    if detail == name:
        detail = ""
    return Option(f"{name}{sign}", f"{name}{sign}", detail, is_final=False)


def _presences() -> list[Option]:
    found = []
    for field in FIELDS.values():
        known = {operator.name for operator in field.operators}
        if field.kind == "nested":
            name = name_of(field)
            found.append(Option(f"{name}.", f"{name}.", "a key", is_final=False))
        elif {"is_not_null", "is_not_empty"} & known and field.name not in ("pl_id", "status"):
            found.append(Option(name_of(field), name_of(field), field.label))
    return found


def value_option(value: str, count: int | None) -> Option:
    """A value from the store, written as the syntax needs it."""
    plain = terms.is_plain(value, also=":<>=~^$!")
    return Option(value if plain else terms.quote(value), value, count=count)


def key_option(key: str, count: int | None, sign: str) -> Option:
    """A key from the store with the sign that a value follows."""
    plain = terms.is_plain(key, also="-")
    return Option(f"{key if plain else terms.quote(key)}{sign}", key, count=count, is_final=False)
