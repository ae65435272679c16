"""Reading the one-line text syntax: `model:gpt-4o -tag:test latency>2s "exact words"`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Any, NoReturn

from workbench.filters import terms
from workbench.filters.errors import FilterError, quoted
from workbench.filters.fields import FIELDS, NAMES, REFUSED, Field, field_named
from workbench.filters.model import MAX_DEPTH, Condition, Filter, Group
from workbench.filters.text_cursor import Cursor
from workbench.filters.times import TIME_FIELD
from workbench.filters.units import date_value, number_value, whole_day

MAX_SOURCE = 300_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SIGN = re.compile(r"!=|>=|<=|\^=|\$=|[:=<>~]")
_DATE_WORDS = {"after": "after", "before": "before", "last": "within"}
_SPECIAL = ("has", "is", *_DATE_WORDS)
# A word stands as text until it is known whether it is free text or one side of an OR.
_Node = Condition | Group | str

# Kind and sign -> operator for one value, and for several (None: one value only).
_ONE: dict[str, dict[str, tuple[str, str | None]]] = {
    "string": {":": ("is", "in"), "!=": ("is_not", "not_in")},
    "text": {
        ":": ("contains", None),
        "!=": ("not_contains", None),
        "^=": ("starts_with", None),
        "$=": ("ends_with", None),
    },
    "number": {
        ":": ("eq", None),
        "!=": ("neq", None),
        ">": ("gt", None),
        ">=": ("gte", None),
        "<": ("lt", None),
        "<=": ("lte", None),
    },
    "date": {":": ("is", None), ">=": ("after", None), "<": ("before", None)},
    "array": {":": ("contains", "in"), "!=": ("not_contains", "not_in")},
    "nested": {
        ":": ("key_equals", "in"),
        "!=": ("key_not_equals", "not_in"),
        "~": ("key_contains", None),
        "!~": ("key_not_contains", None),
    },
}
_ONE["id"] = _ONE["string"]
_ONE["score"] = _ONE["number"]
_NEGATED = {":": "!=", "~": "!~"}


def parse_text(source: str, zone: tzinfo = UTC) -> Filter:
    """The filter that a line of the text syntax says.

    zone: in which times without a zone are read. Raises FilterError with `column` (from 1).
    """
    if not isinstance(source, str):
        raise FilterError("The filter must be text.")
    if len(source) > MAX_SOURCE:
        raise FilterError(f"The filter is longer than {MAX_SOURCE:,} characters.")
    return _Reader(source, zone).read()


class _Reader(Cursor):
    def __init__(self, source: str, zone: tzinfo) -> None:
        super().__init__(source)
        self._zone = zone

    def read(self) -> Filter:
        sides = self._sides(0)
        if self._at < len(self._source):
            self._fail('This ")" closes nothing. To search for it, put it in quotes.')
        if len(sides) == 1:
            words = tuple(node for node in sides[0] if isinstance(node, str))
            rest = tuple(node for node in sides[0] if not isinstance(node, str))
            return self._placed(0, lambda: Filter(Group(rest), terms.joined(words)))
        return self._placed(0, lambda: Filter(Group(tuple(map(_side, sides)), "OR")))

    def _sides(self, depth: int) -> list[list[_Node]]:
        """What stands between ORs, up to the end or a closing parenthesis."""
        sides: list[list[_Node]] = [[]]
        while True:
            self._skip()
            start = self._at
            if start == len(self._source) or self._source[start] == ")":
                break
            keyword = self._keyword()
            if keyword == "OR":
                if not sides[-1]:
                    self._fail("There is nothing before this OR.", start)
                sides.append([])
            elif keyword != "AND":
                sides[-1].append(self._unit(depth, negated=keyword == "NOT"))
        if len(sides) > 1 and not sides[-1]:
            self._fail("There is nothing after the last OR.")
        return sides

    def _unit(self, depth: int, *, negated: bool) -> _Node:
        self._skip()
        start = self._at
        if self._peek() == "-" and not negated:
            self._at += 1
            if not self._peek() or self._peek().isspace():
                self._fail('"-" stands alone. To search for it, put it in quotes.', start)
            negated = True
        if self._peek() == "(":
            if negated:
                self._fail("A group cannot be negated: negate what stands in it.", start)
            return self._parentheses(depth)
        node = self._condition(start, negated)
        if node is not None:
            return node
        word = self._word()
        if negated:
            return self._placed(start, lambda: Condition("text", "not_contains", word))
        return word

    def _parentheses(self, depth: int) -> _Node:
        start = self._at
        if depth >= MAX_DEPTH:
            self._fail(f"Groups are nested more than {MAX_DEPTH} deep.")
        self._at += 1
        sides = self._sides(depth + 1)
        if self._peek() != ")":
            self._fail('This "(" is never closed.', start)
        self._at += 1
        if not sides[0]:
            self._fail("There is nothing in these parentheses.", start)
        return self._placed(start, lambda: _group([_side(side) for side in sides], "OR"))

    def _condition(self, start: int, negated: bool) -> Condition | None:
        """The condition that begins here; None (nowhere moved) where a plain word does."""
        name_at = self._at
        name = _NAME.match(self._source, name_at)
        if name is None:
            return None
        self._at = name.end()
        key = self._key() if self._peek() == "." else None
        sign = _SIGN.match(self._source, self._at)
        if sign is None or self._source.startswith("://", self._at):
            self._at = name_at
            return None
        self._at = sign.end()
        known = name[0] in NAMES or name[0] in _SPECIAL
        if not known:
            self._unknown(name[0], name_at)
        mark = ":" if sign[0] == "=" else sign[0]
        if name[0] in _SPECIAL:
            if key is not None or mark != ":":
                self._fail(f'Write "{name[0]}:" and a value.', name_at)
            return self._special(name[0], start, negated)
        field = _field(name[0], key)
        if field.kind == "text" and mark == "~":
            mark = ":"
        if negated:
            if mark not in _NEGATED:
                self._fail(f'"-" does not go with {sign[0]}.', start)
            mark = _NEGATED[mark]
        if mark not in _ONE.get(field.kind, {":": None, "!=": None}):
            self._fail(
                f"{field.label.capitalize()} cannot be compared with {sign[0]}.", sign.start()
            )
        return self._compared(field, key, mark, start)

    def _compared(self, field: Field, key: str | None, mark: str, start: int) -> Condition:
        if field.kind == "boolean":
            value, at = self._values()[0]
            if value not in ("true", "false"):
                self._fail(f"{quoted(value)} must be true or false.", at)
            true = (value == "true") == (mark == ":")
            return self._made(start, field, "is_true" if true else "is_false", None, None)
        values = self._values()
        one, several = _ONE[field.kind][mark]
        if len(values) > 1:
            if several is None:
                self._fail("Only one value can stand here: use quotes.", values[1][1])
            return self._made(start, field, several, [v for v, _ in values], key, values)
        text, at = values[0]
        if field.kind in ("number", "score", "date"):
            return self._measured(at, field, one, text, key)
        return self._made(start, field, one, text, key, values)

    def _measured(
        self, start: int, field: Field, operator: str, text: str, key: str | None
    ) -> Condition:
        """A number or a time: `>2s`, `:1k..5k`, `:7d`."""

        def read(part: str) -> Any:
            if field.kind == "date":
                return date_value(part, self._zone)
            return number_value(part, field.unit)

        first, dots, last = text.partition("..")
        if dots and operator in ("eq", "is"):
            value: Any = self._placed(start, lambda: (read(first), read(last)))
            return self._made(start, field, "between", value, key)
        if field.kind == "date" and operator == "is":
            day = self._placed(start, lambda: whole_day(text, self._zone))
            if day is not None:
                return self._made(start, field, "between", day, key)
        value = self._placed(start, lambda: read(text))
        if field.kind == "date" and isinstance(value, str):
            if operator != "is":
                self._fail("A length of time counts back from now: write it after a colon.", start)
            operator = "within"
        return self._made(start, field, operator, value, key)

    def _special(self, name: str, start: int, negated: bool) -> Condition:
        if name in _DATE_WORDS:
            if negated:
                self._fail(f'"-" does not go with {name}.', start)
            text, at = self._values()[0]
            if name == "last":
                return self._made(at, FIELDS[TIME_FIELD], "within", text, None)
            value = self._placed(at, lambda: date_value(text, self._zone))
            if isinstance(value, str):
                self._fail(f"{name} takes a time; for a length of time write last:{value}.", at)
            return self._made(at, FIELDS[TIME_FIELD], _DATE_WORDS[name], value, None)
        at = self._at
        match = _NAME.match(self._source, at)
        self._at = at if match is None else match.end()
        word = "" if match is None else match[0]
        key = self._key() if self._peek() == "." else None
        if name == "is":
            if f"is_{word}" not in FIELDS or key is not None:
                self._fail("After is: stands json, tool_call, plain_text or starred.", at)
            operator = "is_false" if negated else "is_true"
            return self._made(start, FIELDS[f"is_{word}"], operator, None, None)
        if word not in NAMES:
            self._unknown(word, at)
        field = _field(word, key)
        for operator in ("is_null", "is_empty") if negated else ("is_not_null", "is_not_empty"):
            if any(known.name == operator for known in field.operators):
                return self._made(start, field, operator, None, key)
        self._fail(f"{field.label.capitalize()} is always there.", at)

    def _made(
        self,
        start: int,
        field: Field,
        operator: str,
        value: Any,
        key: str | None,
        values: Sequence[tuple[str, int]] = (),
    ) -> Condition:
        """The condition; a complaint about a value gets that value's column."""
        try:
            return Condition(field.name, operator, value, key)
        except FilterError as error:
            at = start
            if error.path.startswith("value") and values:
                place = re.search(r"\[(\d+)\]", error.path)
                at = values[int(place[1]) if place else 0][1]
            self._fail(error.sentence, at)

    def _unknown(self, name: str, at: int) -> NoReturn:
        if name in REFUSED:
            self._placed(at, lambda: field_named(name))
        near = difflib.get_close_matches(name, [*NAMES, *_SPECIAL], 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        self._fail(
            f"There is no field {quoted(name)}.{hint} To search for the words, put them in quotes.",
            at,
        )


def _field(name: str, key: str | None) -> Field:
    """`output` with a key is the nested field, without one the text."""
    if name == "output" and key is None:
        return FIELDS["output_text"]
    return NAMES[name]


def _side(nodes: Sequence[_Node]) -> Condition | Group:
    items = [Condition("text", "contains", n) if isinstance(n, str) else n for n in nodes]
    return _group(items, "AND")


def _group(items: Sequence[Condition | Group], logic: str) -> Condition | Group:
    return items[0] if len(items) == 1 else Group(tuple(items), "OR" if logic == "OR" else "AND")
