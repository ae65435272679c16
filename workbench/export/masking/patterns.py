"""The workspace's own patterns. They run on RE2 (through Arrow), whose time grows with the text
and never faster, so no pattern can hold an export up; what RE2 does not have (looking around,
references back) is refused when the pattern is saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from workbench.jsontext import FieldError
from workbench.store import preferences
from workbench.store.connection import Connection
from workbench.store.store import Store

PREFERENCE = "export_masking"
MAX_PATTERN, MAX_NAME, MAX_PATTERNS = 500, 60, 50


@dataclass(frozen=True, slots=True)
class Pattern:
    """Making one checks it (FieldError). pattern: a regular expression in RE2's syntax.

    mark: what stands in the place of a find; without one, the name in capitals: [ORDER_NUMBER].
    """

    name: str
    pattern: str
    mark: str = ""

    def __post_init__(self) -> None:
        name = " ".join(self.name.split())
        if not name or len(name) > MAX_NAME or not name.isprintable():
            raise FieldError("name", f"1 to {MAX_NAME} printable characters are needed")
        object.__setattr__(self, "name", name)
        if not self.mark:
            object.__setattr__(self, "mark", f"[{name.upper().replace(' ', '_')}]")
        if len(self.mark) > MAX_NAME + 2:
            raise FieldError("mark", f"at most {MAX_NAME + 2} characters are needed")
        if not 0 < len(self.pattern) <= MAX_PATTERN:
            raise FieldError("pattern", f"1 to {MAX_PATTERN} characters are needed")
        try:
            empty = pc.match_substring_regex(pa.array([""]), self.pattern)[0].as_py()
        except pa.ArrowException as error:
            reason = str(error).removeprefix("Invalid regular expression: ").splitlines()[0]
            raise FieldError("pattern", f"this is no pattern that RE2 runs: {reason}") from None
        if empty:
            raise FieldError("pattern", "it matches the empty text, which stands everywhere")

    def count(self, text: str) -> int:
        return int(pc.count_substring_regex(pa.array([text]), self.pattern)[0].as_py())

    def first(self, text: str) -> str:
        """What it finds first in a text in which it finds something."""
        whole = rf"\A(?s:.)*?({self.pattern})(?s:.)*\z"
        return str(pc.replace_substring_regex(pa.array([text]), whole, r"\1")[0].as_py())

    def replaced(self, text: str) -> str:
        mark = self.mark.replace("\\", "\\\\")
        found = pc.replace_substring_regex(pa.array([text]), self.pattern, mark)
        return str(found[0].as_py())

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "pattern": self.pattern, "mark": self.mark}


def read(values: Any, field: str = "patterns") -> tuple[Pattern, ...]:
    """Patterns out of JSON. Raises FieldError with the place."""
    if not isinstance(values, list | tuple) or len(values) > MAX_PATTERNS:
        raise FieldError(field, f"a list of at most {MAX_PATTERNS} patterns is needed")
    found: list[Pattern] = []
    for number, value in enumerate(values):
        place = f"{field}[{number}]"
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise FieldError(place, "an object of name, pattern and mark is needed")
        try:
            found.append(
                Pattern(value.get("name", ""), value.get("pattern", ""), value.get("mark", ""))
            )
        except FieldError as error:
            raise FieldError(f"{place}.{error.field}", error.reason) from None
    names = [each.name for each in found]
    if len(set(names)) < len(names):
        raise FieldError(field, "two patterns have the same name")
    return tuple(found)


def saved(connection: Connection) -> tuple[Pattern, ...]:
    """The workspace's patterns."""
    return read(preferences.get(connection, PREFERENCE, []))


def save(store: Store, actor: str, patterns: Sequence[Pattern]) -> None:
    """Put these in the place of the workspace's patterns."""
    value = [each.to_json() for each in read([each.to_json() for each in patterns])]
    store.change(lambda cursor: store.preferences.put(cursor, actor, PREFERENCE, value)).result()
