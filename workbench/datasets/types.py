"""What the values of a file's column are, and each made into that."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, Literal

import orjson

from workbench.jsontext import HIGHEST, LOWEST, FieldError
from workbench.logs.importing import values as cells

Type = Literal["text", "number", "boolean", "json", "any"]
TYPES: Final[dict[str, str]] = {
    "text": "Text",
    "number": "Number",
    "boolean": "Yes or no",
    "json": "JSON",
    "any": "As it is",
}
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")
# A whole number without a zero before it: "007" and "+49 30" are no numbers that one counts with.
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,18})\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?\Z")


def type_of(found: Iterable[Any], *, is_typed: bool) -> Type:
    """The type that fits all of some values of a column.

    is_typed: the file has types of its own (Parquet, Excel), in which a text that looks like a
    number is one on purpose; JSON has no type there, and is looked for in both.
    """
    kept = [one for one in found if not cells.absent(one)]
    if not kept:
        return "any" if is_typed else "text"
    if not all(isinstance(one, str) for one in kept):
        return "any"
    if not is_typed and all(one in ("true", "false") for one in kept):
        return "boolean"
    if not is_typed and all(_NUMBER.match(one) for one in kept):
        return "number"
    if any(one.lstrip()[:1] in ("{", "[", '"') for one in kept) and all(map(_is_json, kept)):
        return "json"
    return "any" if is_typed else "text"


def converted(value: Any, type_: str, field: str) -> Any:
    """The value as its column's type wants it, None where there is none. Raises FieldError."""
    if value == "" and type_ in ("text", "any"):
        return ""
    if type_ == "text":
        return None if cells.absent(value) else cells.text(value)
    if cells.absent(value):
        return None
    if type_ == "number":
        return _number(value, field)
    if type_ == "boolean":
        return _boolean(value, field)
    if type_ == "json" and isinstance(value, str):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise FieldError(field, f"this is no JSON, {error}") from None
    return cells.plain(value)


def _number(value: Any, field: str) -> int | float | None:
    if isinstance(value, str) and _WHOLE.match(value.strip()):
        value = int(value)
    if type(value) is int:
        if not LOWEST <= value <= HIGHEST:
            raise FieldError(field, "the number does not fit 64 bits: take the column as text")
        return value
    return cells.number(value, field)


def _boolean(value: Any, field: str) -> bool | None:
    if isinstance(value, bool):
        return value
    word = cells.text(value).strip().lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise FieldError(field, f"yes or no is needed, {cells.shown(value)} came")


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
