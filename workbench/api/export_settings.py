"""What belongs to exports beside the exports: those that repeat, and the patterns of masking."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbench.api.operation import Answer, Operation, Sent, in_thread
from workbench.export import schedules
from workbench.export.masking import patterns
from workbench.export.schedules import Schedule
from workbench.export.spec import Spec, field_error, read_spec
from workbench.ids import MAX_ID
from workbench.jsontext import FieldError

SCHEDULES = "/api/workbench/export-schedules"
PATTERNS = "/api/workbench/export-patterns"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewSchedule(_Body):
    """spec: as for an export. every: how often it runs, the first time one such step from now."""

    spec: Spec
    every: Literal["hour", "day", "week"]


class Pause(_Body):
    paused: bool


class PatternBody(_Body):
    """pattern: a regular expression of RE2. mark: what stands in the place of a find."""

    name: str
    pattern: str
    mark: str = ""


class PatternSet(_Body):
    items: Annotated[list[PatternBody], Field(max_length=patterns.MAX_PATTERNS)]


class ScheduleAnswer(BaseModel):
    """last_export: the newest export that it started."""

    id: int
    name: str
    every: str
    next_at: str
    paused: bool
    last_export: int | None
    created_at: str
    created_by: str
    spec: dict[str, Any]


class ScheduleList(BaseModel):
    items: list[ScheduleAnswer]


class Gone(BaseModel):
    removed: int


def told(each: Schedule) -> dict[str, Any]:
    """A repeating export as the API tells it."""
    names = ("id", "name", "every", "paused", "last_export", "created_by", "spec")
    found: dict[str, Any] = {name: getattr(each, name) for name in names}
    return {
        **found,
        "next_at": each.next_at.isoformat(),
        "created_at": each.created_at.isoformat(),
    }


def _body(sent: Sent) -> dict[str, Any]:
    return {key: value for key, value in sent.body.items() if key != "api_key"}


def _id(sent: Sent) -> int:
    text = sent.path["schedule_id"]
    if not (text.isascii() and text.isdecimal() and len(text) <= 16) or int(text) > MAX_ID:
        raise FieldError("schedule_id", "a whole number is needed")
    return int(text)


def _nothing(_sent: Sent) -> None:
    return None


def _new(sent: Sent) -> tuple[Spec, str]:
    body = _body(sent)
    unknown = [name for name in body if name not in NewSchedule.model_fields]
    if unknown:
        raise FieldError(unknown[0][:60], "there is no such field")
    if body.get("every") not in schedules.EVERY:
        raise FieldError("every", f"one of {', '.join(schedules.EVERY)} is needed")
    if not isinstance(body.get("spec"), dict):
        raise FieldError("spec", "an object is needed")
    try:
        return read_spec(body["spec"]), body["every"]
    except FieldError as error:
        raise FieldError(f"spec.{error.field}" if error.field else "spec", error.reason) from None


def _paused(sent: Sent) -> tuple[int, bool]:
    try:
        return _id(sent), Pause.model_validate(_body(sent)).paused
    except ValidationError as error:
        raise field_error(error) from None


def _patterns(sent: Sent) -> tuple[patterns.Pattern, ...]:
    body = _body(sent)
    if set(body) != {"items"}:
        raise FieldError("items", "a list of patterns is needed, and nothing else")
    return patterns.read(body["items"], "items")


async def _list(sent: Sent, _read: None) -> Answer:
    listed = await in_thread(lambda: schedules.listed(sent.store.connection))
    return Answer({"items": [told(each) for each in listed]})


def _of(sent: Sent, id_: int) -> dict[str, Any]:
    return next(told(each) for each in schedules.listed(sent.store.connection) if each.id == id_)


async def _add(sent: Sent, new: tuple[Spec, str]) -> Answer:
    def add() -> dict[str, Any]:
        return _of(sent, schedules.add(sent.store, sent.actor, *new))

    return Answer(await in_thread(add), 201)


async def _pause(sent: Sent, asked: tuple[int, bool]) -> Answer:
    def pause() -> dict[str, Any]:
        schedules.pause(sent.store, sent.actor, *asked)
        return _of(sent, asked[0])

    return Answer(await in_thread(pause))


async def _remove(sent: Sent, id_: int) -> Answer:
    await in_thread(lambda: schedules.remove(sent.store, sent.actor, id_))
    return Answer({"removed": id_})


async def _show(sent: Sent, _read: None) -> Answer:
    saved = await in_thread(lambda: patterns.saved(sent.store.connection))
    return Answer({"items": [each.to_json() for each in saved]})


async def _save(sent: Sent, made: tuple[patterns.Pattern, ...]) -> Answer:
    await in_thread(lambda: patterns.save(sent.store, sent.actor, made))
    return Answer({"items": [each.to_json() for each in made]})


_ONE = f"{SCHEDULES}/{{schedule_id}}"
OPERATIONS: tuple[Any, ...] = (
    Operation("GET", SCHEDULES, "Exports that repeat", _nothing, _list, ScheduleList),
    Operation(
        "POST",
        SCHEDULES,
        "Repeat an export",
        _new,
        _add,
        ScheduleAnswer,
        request=NewSchedule,
        status=201,
    ),
    Operation(
        "PATCH",
        _ONE,
        "Pause a repeating export, or let it go on",
        _paused,
        _pause,
        ScheduleAnswer,
        request=Pause,
    ),
    Operation("DELETE", _ONE, "Repeat an export no more", _id, _remove, Gone),
    Operation("GET", PATTERNS, "The workspace's masking patterns", _nothing, _show, PatternSet),
    Operation(
        "PUT",
        PATTERNS,
        "Replace the workspace's masking patterns",
        _patterns,
        _save,
        PatternSet,
        request=PatternSet,
    ),
)
