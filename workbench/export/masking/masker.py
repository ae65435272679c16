"""Masking of texts, JSON values and whole tables, with a count of what was masked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from workbench.export.masking.detectors import DETECTORS, Detector
from workbench.export.masking.patterns import Pattern
from workbench.jsontext import FieldError

NAME = "name"
_NAME_MARK = "[NAME]"
# Shorter pieces of a name stand in too many other words.
_LEAST_NAME = 3
# A number of fewer digits is neither a card nor a phone.
_LEAST_NUMBER = 10**9
# An image, in which digits are no numbers; any other text may begin with "data:" too.
_IMAGE = re.compile(r"data:[\w.+-]{1,100}/[\w.+-]{1,100};base64,[0-9A-Za-z+/=]*\Z")
Found = Callable[[str, str, str], None]


@dataclass(slots=True)
class Masker:
    """detectors: names of DETECTORS. patterns: those of the workspace. name_fields: keys of the
    metadata whose values are names, to be masked wherever they stand in that request.

    counts: how many finds were masked, by the detector's or pattern's name. found: called with
    (name, what it was, mark) at each.
    """

    detectors: Sequence[str] = tuple(DETECTORS)
    patterns: Sequence[Pattern] = ()
    name_fields: Sequence[str] = ()
    counts: Counter[str] = field(default_factory=Counter)
    found: Found | None = None
    _used: list[Detector] = field(default_factory=list)
    _hint: str = ""
    _quick: re.Pattern[str] | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.detectors if name not in DETECTORS]
        if unknown:
            known = ", ".join(DETECTORS)
            raise FieldError("masking.detectors", f'"{unknown[0]}" is none; there are {known}')
        self._used = [each for each in DETECTORS.values() if each.name in self.detectors]
        hints = [each.hint for each in self._used]
        if hints:
            self._quick = re.compile("|".join(hints))
        hints += [each.pattern for each in self.patterns]
        self._hint = "|".join(f"(?:{hint})" for hint in hints)

    def copy(self) -> Masker:
        """One that masks the same and counts for itself."""
        return Masker(self.detectors, self.patterns, self.name_fields)

    @property
    def is_idle(self) -> bool:
        return not self._used and not self.patterns and not self.name_fields

    def names_of(self, metadata: Mapping[str, Any] | None) -> tuple[str, ...]:
        """What is masked as a name in the texts of a request with this metadata."""
        values = [(metadata or {}).get(key) for key in self.name_fields]
        whole = [value.strip() for value in values if isinstance(value, str)]
        pieces = [piece for value in whole for piece in value.split()]
        names = {name for name in (*whole, *pieces) if len(name) >= _LEAST_NAME}
        return tuple(sorted(names, key=lambda name: (-len(name), name)))

    def text(self, text: str, names: tuple[str, ...] = ()) -> str:
        """The text with every find replaced by its mark."""
        if _IMAGE.match(text):
            return text
        if self._quick is not None and self._quick.search(text):
            for detector in self._used:
                text = self._replaced(text, detector)
        for pattern in self.patterns:
            text = self._by_pattern(text, pattern)
        if names:
            text = self._without_names(text, names)
        return text

    def value(self, value: Any, names: tuple[str, ...] = ()) -> Any:
        """A JSON value with its texts, keys and long numbers masked."""
        if isinstance(value, str):
            return self.text(value, names)
        if isinstance(value, list):
            return [self.value(each, names) for each in value]
        if isinstance(value, dict):
            return {self.text(key, names): self.value(each, names) for key, each in value.items()}
        if isinstance(value, int) and abs(value) >= _LEAST_NUMBER:
            written = str(value)
            masked = self.text(written, names)
            return value if masked == written else masked
        return value

    def column(self, values: Any, *, is_json: bool, names: Sequence[tuple[str, ...]]) -> Any:
        """A column of texts (or of JSON as text), masked; `names` has an entry a row or none."""
        looked = self._may_hold(values, is_json)
        if not names and not pc.any(looked).as_py():
            return values
        marks, texts = looked.to_pylist(), values.to_pylist()
        masked: list[str | None] = []
        for row, text in enumerate(texts):
            called = names[row] if names else ()
            if not text or not (marks[row] or called):
                masked.append(text)
            elif is_json:
                masked.append(self._json(text, called))
            else:
                masked.append(self.text(text, called))
        return pa.chunked_array([pa.array(masked, pa.string())])

    def _may_hold(self, values: Any, is_json: bool) -> Any:
        """Which texts are worth a look. JSON with escaped letters always is, and every JSON text
        where there are patterns that may speak of a text's beginning, its end or a line break."""
        if is_json and self.patterns:
            return pa.array([True] * len(values))
        hint = self._hint
        if is_json:
            hint += r"|\\u|\\/" if hint else r"\\u|\\/"
        if not hint:
            return pa.array([False] * len(values))
        return pc.fill_null(pc.match_substring_regex(values, hint), False)

    def _json(self, text: str, names: tuple[str, ...]) -> str:
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            return self.text(text, names)
        masked = self.value(value, names)
        # What did not change stays as it was written, digit by digit.
        return text if masked == value else orjson.dumps(masked).decode()

    def _replaced(self, text: str, detector: Detector) -> str:
        done = 0
        pieces: list[str] = []
        for start, end in detector.spans(text):
            if start < done:
                continue
            self._note(detector.name, text[start:end], detector.mark)
            pieces += (text[done:start], detector.mark)
            done = end
        return "".join((*pieces, text[done:])) if pieces else text

    def _by_pattern(self, text: str, pattern: Pattern) -> str:
        number = pattern.count(text)
        if not number:
            return text
        was = pattern.first(text) if self.found is not None else ""
        self._note(pattern.name, was, pattern.mark, number)
        return pattern.replaced(text)

    def _without_names(self, text: str, names: tuple[str, ...]) -> str:
        def replace(match: re.Match[str]) -> str:
            self._note(NAME, match[0], _NAME_MARK)
            return _NAME_MARK

        return _names_pattern(names).sub(replace, text)

    def _note(self, name: str, was: str, mark: str, number: int = 1) -> None:
        self.counts[name] += number
        if self.found is not None:
            self.found(name, was, mark)


@lru_cache(maxsize=4096)
def _names_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    written = "|".join(map(re.escape, names))
    return re.compile(rf"(?<!\w)(?:{written})(?!\w)", re.IGNORECASE)
