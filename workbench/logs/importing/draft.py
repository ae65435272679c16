"""A body in the making: each field is made into its type and held within the API's limits.

The limits are those of `POST /log-request` and `POST /track-request`: what an import takes, the
API would take as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from workbench.ids import MAX_ID
from workbench.jsontext import FieldError
from workbench.logs.importing import values
from workbench.logs.importing.record import Context, Record
from workbench.store.rows import STATUSES

MAX_NAME = 1024
MAX_TAGS, MAX_TAG = 100, 512
MAX_KEYS = 1000
MAX_COUNT = 2**53 - 1
MAX_VERSION = 2**31 - 1
_STATUS_WORDS = {
    "success": "SUCCESS",
    "succeeded": "SUCCESS",
    "ok": "SUCCESS",
    "unset": "SUCCESS",
    "completed": "SUCCESS",
    "default": "SUCCESS",
    "debug": "SUCCESS",
    "warning": "WARNING",
    "warn": "WARNING",
    "error": "ERROR",
    "failed": "ERROR",
    "failure": "ERROR",
}
#: Columns that no body has a field for.
KNOWN = ("cached_tokens", "cache_write_tokens", "reasoning_tokens", "finish_reason", "scores")


class Draft:
    """Collects a record. `put` leaves out what says nothing and raises FieldError for the rest."""

    def __init__(self, context: Context, *, is_call: bool = False) -> None:
        self._context = context
        self._is_call = is_call
        self.body: dict[str, Any] = {}
        self._known: dict[str, Any] = {}
        self._metadata: dict[str, Any] = {}
        self._tags: list[str] = []
        self._rest: dict[str, Any] = {}
        self._key: str | None = None
        self._assumed = False

    def put(self, field: str, value: Any) -> None:
        """Set a field of the body (or one of KNOWN) from whatever the file holds."""
        if values.absent(value):
            return
        made = _MAKERS[field](value, field)
        if made is None:
            return
        if field in KNOWN:
            self._known[field] = made
        else:
            self.body[field] = made

    def key(self, value: Any) -> None:
        """The source's own id of this record."""
        if not values.absent(value):
            self._key = _name(value, "id")

    def bill(self, **said: int | str) -> None:
        """What else decides the price, in the words of `workbench.usage.Usage.billing`."""
        self._known["billing"] = said

    def tag(self, value: Any) -> None:
        self._tags += values.listed(value)

    def metadata(self, value: Any, field: str = "metadata") -> None:
        """Add an object's keys to the metadata; what is no object is kept as `field`."""
        if values.absent(value):
            return
        found = values.parsed(value)
        if isinstance(found, list) and found and all(_is_pair(one) for one in found):
            found = values.mapped(found, field)
        if isinstance(found, dict):
            self._metadata.update(found)
        elif found != [] and not values.absent(found):
            self._metadata[field] = found

    def note(self, name: str, value: Any) -> None:
        """Add one key to the metadata, unless the value says nothing."""
        if not values.absent(value):
            self._metadata.setdefault(name, value)

    def keep(self, rest: Mapping[str, Any]) -> None:
        """Columns that nothing was read from: they stay in the raw record."""
        for name, value in rest.items():
            if not values.absent(value) and value not in ([], {}):
                self._rest[name] = value

    def times(
        self,
        start: Any,
        end: Any = None,
        seconds: float | None = None,
        names: tuple[str, str] = ("started_at", "ended_at"),
        *,
        utc: bool = False,
    ) -> None:
        """Set start and end. utc: the source documents that times without a zone are in UTC."""
        zone = UTC if utc else self._context.zone
        first, last, assumed = values.times(start, end, seconds, zone, names)
        self.body["request_start_time"], self.body["request_end_time"] = first, last
        self._assumed = self._assumed or (assumed and not utc)

    def assume_times(self) -> None:
        """The file holds no times: the import's base time stands for them."""
        base = self._context.base
        if base is None:
            raise FieldError("started_at", "this record has no time")
        self.body["request_start_time"] = self.body["request_end_time"] = base.isoformat()
        self._assumed = True

    def record(self) -> Record:
        """The checked record. The provider that the caller named fills in where none came."""
        body = self.body
        if self._tags:
            body["tags"] = _tags(self._tags)
        if self._metadata:
            body["metadata"] = _metadata(self._metadata)
        if self._rest:
            body["imported"] = self._rest
        name = "provider_type" if self._is_call else "provider"
        if not body.get(name):
            body[name] = self._context.provider
        if self._is_call:
            body.setdefault("kwargs", {})
            body.setdefault("args", [])
            body.setdefault("request_response", {})
            body.setdefault("function_name", "")
        if "request_start_time" not in body:
            self.assume_times()
        return Record(body, self._is_call, self._key, self._assumed, self._known)


def _is_pair(value: Any) -> bool:
    return isinstance(value, dict) and "key" in value and "value" in value


def _name(value: Any, field: str) -> str | None:
    found = (value if isinstance(value, str) else values.text(value)).strip()
    if len(found) > MAX_NAME:
        raise FieldError(field, f"{MAX_NAME} characters are the limit, {len(found)} came")
    return found or None


def _tags(found: list[str]) -> list[str]:
    found = list(dict.fromkeys(found))
    if len(found) > MAX_TAGS:
        raise FieldError("tags", f"{MAX_TAGS} entries are the limit, {len(found)} came")
    longest = max(map(len, found))
    if longest > MAX_TAG:
        raise FieldError("tags", f"{MAX_TAG} characters are the limit, {longest} came")
    return found


def _metadata(found: dict[str, Any]) -> dict[str, Any]:
    if len(found) > MAX_KEYS:
        raise FieldError("metadata", f"{MAX_KEYS} entries are the limit, {len(found)} came")
    longest = max(map(len, found))
    if longest > MAX_NAME:
        raise FieldError("metadata", f"{MAX_NAME} characters are the limit, {longest} came")
    return found


def _whole(least: int, most: int) -> Callable[[Any, str], int | None]:
    def make(value: Any, field: str) -> int | None:
        found = values.whole(value, field)
        if found is not None and not least <= found <= most:
            raise FieldError(field, f"a number from {least} to {most} is needed, {found} came")
        return found

    return make


def _number(most: float) -> Callable[[Any, str], float | None]:
    def make(value: Any, field: str) -> float | None:
        found = values.number(value, field)
        if found is not None and not 0 <= found <= most:
            raise FieldError(field, f"a number from 0 to {most:g} is needed, {found:g} came")
        return found

    return make


def _status(value: Any, field: str) -> str | None:
    if values.no_value(value):
        return None
    found = values.text(value).strip()
    known = found.upper() if found.upper() in STATUSES else _STATUS_WORDS.get(found.lower())
    if known is None:
        raise FieldError(
            field, f"one of {', '.join(STATUSES)} is needed, {values.shown(value)} came"
        )
    return known


def _any_json(value: Any, _field: str) -> Any:
    return values.parsed(value)


def _object(value: Any, field: str) -> dict[str, Any] | None:
    return values.mapped(value, field)


def _list(value: Any, field: str) -> list[Any]:
    found = _any_json(value, field)
    return found if isinstance(found, list) else [found]


def _scores(value: Any, field: str) -> list[dict[str, Any]] | None:
    """Name and value of each; who gave it, and when, belongs to the store that it comes from."""
    found = values.parsed(value)
    if not isinstance(found, list) or len(found) > MAX_KEYS:
        raise FieldError(field, f"a list of at most {MAX_KEYS} scores is needed")
    scores = []
    for number, one in enumerate(found):
        place = f"{field}[{number}]"
        name = one.get("name") if isinstance(one, dict) else None
        score = values.number(one.get("value"), f"{place}.value") if isinstance(one, dict) else None
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or score is None:
            raise FieldError(place, "an object with name and value is needed")
        scores.append({"name": name, "value": score})
    return scores or None


def _text(value: Any, _field: str) -> str | None:
    return values.text(value) or None


_MAKERS: Mapping[str, Callable[[Any, str], Any]] = {
    "provider": _name,
    "provider_type": _name,
    "model": _name,
    "function_name": _name,
    "api_type": _name,
    "input": _any_json,
    "output": _any_json,
    "kwargs": _object,
    "args": _list,
    "request_response": _any_json,
    "parameters": _object,
    "prompt_input_variables": _object,
    "status": _status,
    "error_type": _name,
    "error_message": _text,
    "prompt_name": _name,
    "prompt_id": _whole(1, MAX_ID),
    "prompt_version": _whole(1, MAX_VERSION),
    "prompt_version_number": _whole(1, MAX_VERSION),
    "prompt_label": _name,
    "group_id": _whole(1, MAX_ID),
    "span_id": _name,
    "trace_id": _name,
    "input_tokens": _whole(0, MAX_COUNT),
    "output_tokens": _whole(0, MAX_COUNT),
    "cached_tokens": _whole(0, MAX_COUNT),
    "cache_write_tokens": _whole(0, MAX_COUNT),
    "reasoning_tokens": _whole(0, MAX_COUNT),
    "finish_reason": _name,
    "price": _number(999_999_999),
    "score": _number(100),
    "score_name": _name,
    "scores": _scores,
}
