"""What every column type is: a configuration, a form, a check and a run."""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from workbench.evals.cells import (
    Cell,
    CellError,
    CellFailed,
    CellResult,
    Detail,
    Waiting,
    with_detail,
)
from workbench.evals.context import Context
from workbench.evals.forms import FormField, form_fields
from workbench.evals.prompts import Resolved, Used
from workbench.evals.values import mended_text, storable
from workbench.jsontext import FieldError

logger = logging.getLogger(__name__)


class AllLeft:
    """Stands for every column to the left."""

    def __repr__(self) -> str:
        return "ALL_LEFT"


ALL_LEFT = AllLeft()
Sources = tuple[str, ...] | AllLeft


class Config(BaseModel):
    """A configuration: strict, fixed, in PromptLayer's key names. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


C = TypeVar("C", bound=Config)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a column cannot run. field: its path in the configuration. text: a sentence."""

    field: str
    text: str

    def __str__(self) -> str:
        return self.text


class ColumnType(ABC, Generic[C]):
    """One type of column. It has no state: whatever a cell needs comes as an argument.

    name: on the wire. result: what its values are. calls_models: whether a cell costs money.
    asks_at_once: whether all its calls begin together and nothing else is waited for after them.
    takes_missing: whether it runs though a source has no value (failed, or empty).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    help: ClassVar[str]
    group: ClassVar[str]
    result: ClassVar[str]
    example: ClassVar[Mapping[str, Any]]
    calls_models: ClassVar[bool] = False
    asks_at_once: ClassVar[bool] = False
    takes_missing: ClassVar[bool] = False
    config: type[C]

    def read(self, spec: Mapping[str, Any] | str | bytes) -> C:
        """A configuration from JSON. Raises FieldError that names the field."""
        try:
            body = spec if isinstance(spec, str | bytes) else _written(spec)
            config = self.config.model_validate_json(body)
            # A number such as 1e999 is read as infinite, which cannot be written.
            self.write(config)
            return config
        except ValidationError as error:
            raise self._refusal(error) from None
        except (TypeError, ValueError, RecursionError):
            raise FieldError("", "this is not a configuration: it has to be JSON") from None

    def write(self, config: C) -> str:
        """The configuration as JSON text: what `read` takes, and the same text for the same
        configuration always. Defaults are written out, so that later ones change nothing."""
        return _written(_plain(config))

    def fields(self) -> tuple[FormField, ...]:
        return form_fields(self.config)

    def sources(self, config: C) -> Sources:
        """The columns to the left that it reads, each once, in the order of the configuration."""
        return ()

    def check(self, config: C, left: Sequence[str]) -> tuple[Problem, ...]:
        """Why it could not run to the right of these columns; empty when it can."""
        found = list(self.problems(config))
        sources = self.sources(config)
        if not isinstance(sources, AllLeft):
            found += [
                Problem(_place(config, one), f'There is no column "{one}" to the left.')
                for one in sources
                if one not in left
            ]
        return tuple(found)

    def problems(self, config: C) -> Sequence[Problem]:
        """What is wrong with the configuration by itself."""
        return ()

    async def resolve(
        self, config: C, context: Context, used: Used | None = None
    ) -> Resolved | CellError | None:
        """What a run fetches once, before its first cell: the version of a prompt. It goes into
        `context.resolved`, and its `used` into the store. used: what an earlier part of the same
        run fetched, to be used again. None: nothing is to be fetched."""
        return None

    async def run(self, config: C, values: Mapping[str, Any], context: Context) -> Cell:
        """The cell of one row. values: of the columns to the left, by name. A failure is a
        CellError; only cancelling raises."""
        context = context.for_cell()
        start = context.clock()
        cell: Cell
        try:
            cell = await self._checked(config, values, context)
        except CellFailed as failed:
            cell = replace(failed.error, message=mended_text(failed.error.message))
        except RecursionError:
            cell = CellError("bad_value", "The value is nested too deeply.")
        except Exception as error:
            # Kept by the cell, with its traceback in the server's log.
            logger.exception("The column type %s failed", self.name)
            cell = CellError("internal", f"The workbench failed: {type(error).__name__}: {error}.")
        elapsed = (context.clock() - start) * 1000
        return with_detail(cell, context.bill.on(replace(cell.detail, milliseconds=elapsed)))

    async def _checked(self, config: C, values: Mapping[str, Any], context: Context) -> Cell:
        """What cannot run fails before anything is called and paid for."""
        problems = self.problems(config)
        if problems:
            raise CellFailed("configuration", problems[0].text)
        cell = await self.cell(config, values, context)
        if isinstance(cell, CellResult):
            return replace(cell, value=storable(cell.value), detail=_mended(cell.detail))
        return cell

    @abstractmethod
    async def cell(
        self, config: C, values: Mapping[str, Any], context: Context
    ) -> CellResult | Waiting:
        """The cell of one row; raises CellFailed. Only called where `problems` finds none."""

    def _refusal(self, error: ValidationError) -> FieldError:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(self.config.model_fields)
            return FieldError(place, f"{self.title} has no such field. It has: {known}")
        if first["type"] == "missing":
            return FieldError(place, f"{self.title} needs it, and it is not there")
        reason = first["msg"].removeprefix("Value error, ").rstrip(".")
        return FieldError(place, f"{reason[:1].lower()}{reason[1:]}" if place else reason)


def _mended(detail: Detail) -> Detail:
    """With texts that can be stored: a judge's words come out of JSON as well."""
    reasoning = None if detail.reasoning is None else mended_text(detail.reasoning)
    notes = tuple(mended_text(each) for each in detail.notes)
    return replace(detail, reasoning=reasoning, notes=notes, data=storable(dict(detail.data)))


def _written(value: Any) -> str:
    """JSON that keeps whole numbers of any size, and that is UTF-8 at its other end."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text.encode()
    return text


def _plain(config: BaseModel) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, info in type(config).model_fields.items():
        value = getattr(config, name)
        if value is None and info.default is None:
            continue
        found[name] = _plain(value) if isinstance(value, BaseModel) else value
    return found


def _place(config: BaseModel, column: str) -> str:
    """The field that names a column, "" where none does."""
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            inner = _place(value, column)
            if inner:
                return f"{name}.{inner}"
        elif value == column or (
            isinstance(value, dict | tuple)
            and column in (value.values() if isinstance(value, dict) else value)
        ):
            return name
    return ""


def each_once(*names: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name is not None))


def one_of_two(first: Any, second: Any, names: str) -> None:
    """For validators: exactly one of two fields is set."""
    if (first is None) == (second is None):
        raise ValueError(f"one of {names} is needed, and only one")
