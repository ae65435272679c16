"""Values inside outputs and input variables, as SQL.

A key is a path with dots ("result.status"), as the reference flattens nested values; lists on the
way are walked through, so that one key may have several values. A key that itself holds the dots is
found too. A value that is null counts as not there.

Paths go to the engine as JSON pointers, one step at a time: no walk over a whole document, which a
hostile one, nested a hundred thousand deep, would turn into gigabytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_CALLS = "tool_calls"
_ARGUMENTS = "tool_calls.function.arguments"
_MAX_STEPS = 12
_STEP = re.compile(r"[A-Za-z0-9_]{3,}", re.ASCII)

# The output's own text, where it is one JSON object: a list of that object, else an empty list.
_TEXT_OBJECT = (
    "list_filter(list_transform("
    "[array_to_string(json_extract_string(b.output, '$[*].content[*].text'), chr(10))], "
    "lambda t: CASE WHEN json_valid(t) THEN t::JSON END), lambda t: json_type(t) = 'OBJECT')"
)
# Tool calls, and the older single function call in the same shape.
_TOOL_CALLS = (
    "list_concat(json_extract(b.output, '$[*].tool_calls[*]'), "
    "list_transform(list_filter(json_extract(b.output, '$[*].function_call'), "
    "lambda c: json_type(c) = 'OBJECT'), "
    "lambda c: json_object('type', 'function', 'function', c)))"
)
_CALL_ARGUMENTS = f"list_transform({_TOOL_CALLS}, lambda c: c->>'$.function.arguments')"
_PARSED_ARGUMENTS = (
    f"list_filter(list_transform({_CALL_ARGUMENTS}, "
    "lambda a: CASE WHEN json_valid(a) THEN a::JSON END), "
    "lambda a: json_type(a) IN ('OBJECT', 'ARRAY'))"
)
_UNPARSED_ARGUMENTS = (
    f"list_transform(list_filter({_CALL_ARGUMENTS}, lambda a: a IS NOT NULL AND "
    "(NOT json_valid(a) OR json_type(CASE WHEN json_valid(a) THEN a END) "
    "NOT IN ('OBJECT', 'ARRAY'))), lambda a: to_json(a))"
)


@dataclass(frozen=True, slots=True)
class Values:
    """SQL of a list of JSON values (NULL where there is no body). `guard`: a quick test that holds
    wherever the list is not empty; "" where there is none."""

    sql: str
    params: tuple[Any, ...]
    guard: str = ""
    guard_params: tuple[Any, ...] = ()

    @property
    def texts(self) -> str:
        """SQL of the list of texts: strings as they are, numbers and booleans as JSON has them."""
        plain = (
            f"list_filter({_walked(self.sql)}, lambda v: json_type(v) NOT IN ('OBJECT', 'ARRAY'))"
        )
        return f"list_transform({plain}, lambda v: json_extract_string(v, '$'))"


def input_variable_values(key: str) -> Values:
    """What stands under a key of the input variables."""
    return _guarded(
        _either([_under("list_filter([b.input_variables::JSON], lambda v: v IS NOT NULL)", key)]),
        "b.input_variables",
        key,
    )


def output_values(key: str | None) -> Values:
    """What stands under a key of the output; None: everything that has keys at all."""
    if key is None:
        return Values(f"list_concat({_some(_TEXT_OBJECT)}, {_TOOL_CALLS})", ())
    found = [_under(_TEXT_OBJECT, key)]
    if key == _CALLS:
        found.append(Values(_TOOL_CALLS, ()))
    elif key.startswith(f"{_ARGUMENTS}."):
        found.append(_under(_PARSED_ARGUMENTS, key.removeprefix(f"{_ARGUMENTS}.")))
    elif key == _ARGUMENTS:
        found.append(Values(f"list_concat({_PARSED_ARGUMENTS}, {_UNPARSED_ARGUMENTS})", ()))
    elif key.startswith(f"{_CALLS}."):
        found.append(_under(_TOOL_CALLS, key.removeprefix(f"{_CALLS}.")))
    return _guarded(_either(found), "b.output", key)


def _some(objects: str) -> str:
    """Those objects that have a key."""
    return f"list_filter({objects}, lambda o: len(json_keys(o)) > 0)"


def _under(documents: str, key: str) -> Values:
    """What stands under the key in a list of documents, by its steps or as it is written."""
    steps = key.split(".")
    ways = [_path(documents, [key])]
    if 1 < len(steps) <= _MAX_STEPS:
        ways.append(_path(documents, steps))
    return _either(ways)


def _path(documents: str, steps: list[str]) -> Values:
    for _ in steps:
        documents = f"list_transform({_walked(documents)}, lambda d: json_extract(d, ?))"
    return Values(documents, tuple(map(_pointer, steps)))


def _walked(values: str) -> str:
    """The list with its lists replaced by what they hold, two levels deep."""
    for _ in range(2):
        values = (
            f"flatten(list_transform({values}, lambda w: "
            "CASE WHEN json_type(w) = 'ARRAY' THEN json_extract(w, '$[*]') ELSE [w] END))"
        )
    return values


def _either(found: Iterable[Values]) -> Values:
    found = list(found)
    sql = found[0].sql
    for values in found[1:]:
        sql = f"list_concat({sql}, {values.sql})"
    return Values(
        f"list_filter({sql}, lambda v: json_type(v) <> 'NULL')",
        tuple(param for values in found for param in values.params),
    )


_MADE_STEPS = frozenset({_CALLS, "function", "type"})
_CALL_WORDS = (_CALLS, "function_call", "\\u00")


def _guarded(values: Values, column: str, key: str) -> Values:
    """A plain search for the longest step goes before any parsing. JSON may write a letter as
    \\u0061, so a text with such an escape passes too."""
    steps = [step for step in key.split(".") if _STEP.fullmatch(step)]
    if key.split(".")[0] == _CALLS:
        # An older function call is read as a tool call, and says none of these words itself.
        steps = [step for step in steps if step not in _MADE_STEPS]
        if not steps:
            either = " OR ".join(f"contains({column}, '{word}')" for word in _CALL_WORDS)
            return Values(values.sql, values.params, f"({either})", ())
    if not steps:
        return values
    guard = f"(contains({column}, ?) OR contains({column}, '\\u00'))"
    return Values(values.sql, values.params, guard, (max(steps, key=len),))


def _pointer(step: str) -> str:
    """One step as a JSON pointer (RFC 6901)."""
    return "/" + step.replace("~", "~0").replace("/", "~1")
