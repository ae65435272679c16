"""What is exported and how: one immutable value, the same for page, API, command line and store."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, Literal, get_args

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from workbench.export.formats import FORMATS, PREFERENCE, TABLE, FormatEntry, format_of
from workbench.export.masking.detectors import DETECTORS
from workbench.filters import Filter, FilterError, from_api, to_api
from workbench.ids import MAX_ID
from workbench.jsontext import FieldError, path_text
from workbench.store.errors import Refused
from workbench.store.export_columns import METADATA, Column, columns_of
from workbench.store.export_prompts import prompt_columns_of

REQUESTS: Final = "requests"
PROMPTS: Final = "prompts"
DATASETS: Final = "datasets"
DetectorName = Literal["secret", "email", "iban", "card", "phone"]
ALL_DETECTORS: tuple[DetectorName, ...] = get_args(DetectorName)
assert set(ALL_DETECTORS) == set(DETECTORS)
Short = Annotated[str, Field(max_length=200)]
Key = Annotated[str, Field(min_length=1, max_length=1024)]
_FilterGroup = Annotated[
    dict[str, Any], WithJsonSchema({"$ref": "#/components/schemas/FilterGroup"})
]


def _one_of(field: str, name: str, names: tuple[str, ...]) -> None:
    is_key = name.startswith(METADATA) and len(name) > len(METADATA)
    if name not in names and not is_key:
        raise _problem(
            f"tuning.{field}", f'"{name[:60]}" is none of {", ".join(names)}, metadata.KEY'
        )


def _problem(field: str, reason: str) -> PydanticCustomError:
    return PydanticCustomError("place", "{reason}", {"reason": reason, "at": field})


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Masking(_Part):
    """What is masked. detectors: of `DETECTORS`. patterns: also the workspace's own.

    name_fields: keys of the metadata whose values are names: they are masked in all texts of
    their request.
    """

    detectors: tuple[DetectorName, ...] = ALL_DETECTORS
    patterns: bool = True
    name_fields: tuple[Key, ...] = Field(default=(), max_length=20)


class Tuning(_Part):
    """How a fine-tuning pack is made.

    answer: where the expected answer is: "output", or "metadata.KEY" (a corrected answer); a
    request without the key keeps its output. train_on: the last answer alone, or all answers.
    errors, truncated, refusals, duplicates: whether requests that are such are left out.
    near_duplicates: how alike (0.5 to 1, by Jaccard similarity) two conversations may be before
    one is left out; None keeps them. max_tokens: longer examples are left out.
    validation: the share that is held back. together: what must lie on one side of the split:
    "group_id", "trace_id", "metadata.KEY". seed: decides every choice that is left to chance.
    balance_by: "tags", "prompt_name", "model" or "metadata.KEY": no class has more than
    balance_to examples (None: the size of the smallest class).
    score, min_gap: preference pairs are answers to the same input whose scores of this name lie at
    least so far apart.
    epochs, price_per_million: for the estimate of the cost, in dollars.
    """

    answer: Key = "output"
    train_on: Literal["last", "all"] = "last"
    errors: bool = True
    truncated: bool = True
    refusals: bool = True
    duplicates: bool = True
    near_duplicates: Annotated[float, Field(ge=0.5, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=10**7)] | None = None
    validation: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    together: tuple[Key, ...] = Field(default=(), max_length=8)
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    balance_by: Key | None = None
    balance_to: Annotated[int, Field(ge=1)] | None = None
    score: Key = "default"
    min_gap: Annotated[float, Field(gt=0)] = 1.0
    epochs: Annotated[int, Field(ge=1, le=100)] = 3
    price_per_million: Annotated[Decimal, Field(ge=0, le=10**6)] | None = None

    @model_validator(mode="after")
    def _fields_exist(self) -> Tuning:
        _one_of("answer", self.answer, ("output",))
        for key in self.together:
            _one_of("together", key, ("group_id", "trace_id"))
        if self.balance_by is not None:
            _one_of("balance_by", self.balance_by, ("tags", "prompt_name", "model"))
        return self


class Spec(_Part):
    """An export: which requests, in which format, with which columns and what masked.

    source: "requests", or "prompts" (a row for each version of the prompt templates whose name
    holds q; tables alone), or "datasets" (the rows of a version of a dataset, without a number the
    newest published one; tables alone). filter_group, q: as in the request search. columns: names
    of `export_columns` or `export_prompts`, or of the dataset; none are the usual ones. flatten:
    each key of the metadata and each score becomes a column of its own (tables without chosen
    columns). name: of the files.
    keep_days: the files are kept so long. bucket: they are put into the installation's bucket too.
    """

    source: Literal["requests", "prompts", "datasets"] = REQUESTS
    format: Short = "csv"
    filter_group: _FilterGroup | None = None
    q: Annotated[str, Field(max_length=20_000)] | None = None
    dataset: Annotated[int, Field(ge=1, le=MAX_ID)] | None = None
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    columns: tuple[Key, ...] = Field(default=(), max_length=200)
    flatten: bool = False
    masking: Masking | None = None
    tuning: Tuning = Tuning()
    name: Annotated[str, Field(max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")] = "requests"
    keep_days: Annotated[int, Field(ge=1, le=365)] = 7
    bucket: bool = False

    @model_validator(mode="after")
    def _all_fits(self) -> Spec:
        try:
            format_of(self.format)
            _ = self.chosen
            if self.source == PROMPTS:
                self._check_prompts()
            elif self.source == DATASETS:
                self._check_dataset()
            else:
                _ = self.filter
        except FilterError as error:
            raise _problem(error.path or "filter_group", str(error)) from None
        except FieldError as error:
            raise _problem(error.field, error.reason) from None
        except Refused as error:
            raise _problem("columns", str(error)) from None
        return self

    def _check_prompts(self) -> None:
        if not self.is_table:
            raise FieldError("format", "prompt templates leave as a table alone")
        if self.filter_group is not None:
            raise FieldError("filter_group", "prompt templates are chosen by q, a part of the name")
        if self.masking is not None and self.masking.name_fields:
            raise FieldError("masking.name_fields", "prompt templates have no metadata")

    def _check_dataset(self) -> None:
        if not self.is_table:
            raise FieldError("format", "datasets leave as a table alone")
        if self.dataset is None:
            raise FieldError("dataset", "the number of a dataset is needed")
        if self.filter_group is not None or self.q is not None:
            raise FieldError("filter_group", "the rows of a dataset are not filtered")
        if self.masking is not None and self.masking.name_fields:
            raise FieldError("masking.name_fields", "datasets have no metadata")

    @property
    def filter(self) -> Filter:
        return from_api({"filter_group": self.filter_group, "q": self.q})

    @property
    def entry(self) -> FormatEntry:
        return FORMATS[self.format]

    @property
    def is_table(self) -> bool:
        return self.entry.kind == TABLE

    @property
    def is_preference(self) -> bool:
        return self.entry.kind == PREFERENCE

    @property
    def chosen(self) -> list[Column]:
        if self.source == PROMPTS:
            return prompt_columns_of(self.columns)
        if self.source == DATASETS:
            # Which columns there are only the version knows (its snapshot's `chosen`).
            return []
        return columns_of(self.columns)

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = self.model_dump(mode="json", exclude_defaults=True)
        return found


def spec_for(filter_: Filter, **fields: Any) -> Spec:
    """A spec of a filter. Raises FieldError."""
    return read_spec({**to_api(filter_), **fields})


def read_spec(value: Any) -> Spec:
    """A spec out of JSON: "1" is no number, and unknown fields are none. Raises FieldError with
    the place."""
    try:
        return Spec.model_validate_json(orjson.dumps(value), strict=True)
    except TypeError:
        raise FieldError("", "this is no JSON") from None
    except ValidationError as error:
        raise field_error(error) from None


def field_error(error: ValidationError) -> FieldError:
    """The first thing that is wrong, by its place."""
    first = error.errors(include_url=False)[0]
    place = first.get("ctx", {}).get("at")
    field = place if isinstance(place, str) else path_text(first["loc"])
    reason = first["msg"]
    return FieldError(field, f"{reason[:1].lower()}{reason[1:]}".rstrip("."))
