"""What is exported and how: one immutable value, the same for page, API, command line and store."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import orjson
from pydantic import Field, ValidationError, WithJsonSchema, model_validator

from workbench.export.formats import FORMATS, PREFERENCE, TABLE, FormatEntry, format_of
from workbench.export.masking.detectors import DETECTORS
from workbench.export.sources import REQUESTS, SOURCES, check_source
from workbench.export.tuning_options import Key, Part, Tuning, check_tuning, problem
from workbench.filters import Filter, FilterError, from_api, to_api
from workbench.ids import MAX_ID
from workbench.jsontext import FieldError, path_text

DetectorName = Literal["secret", "email", "iban", "card", "phone"]
ALL_DETECTORS: tuple[DetectorName, ...] = get_args(DetectorName)
assert set(ALL_DETECTORS) == set(DETECTORS)
Short = Annotated[str, Field(max_length=200)]
_SourceName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(SOURCES)})]
_FilterGroup = Annotated[
    dict[str, Any], WithJsonSchema({"$ref": "#/components/schemas/FilterGroup"})
]


class Masking(Part):
    """What is masked. detectors: of `DETECTORS`. patterns: also the workspace's own.

    name_fields: keys of the metadata whose values are names: they are masked in all texts of
    their request.
    """

    detectors: tuple[DetectorName, ...] = ALL_DETECTORS
    patterns: bool = True
    name_fields: tuple[Key, ...] = Field(default=(), max_length=20)


class Spec(Part):
    """An export: which requests, in which format, with which columns and what masked.

    source: of SOURCES: "requests", "prompts" (a row for each version of the prompt templates whose
    name holds q, or of those of prompt_ids; tables alone), "datasets" (the rows of a version of
    a dataset, without a number of the newest published one), or "evaluations" (the grid of the run
    with the id evaluation_run). filter_group, q: as in
    the request search. columns: names of the source's columns, looked up where the store is
    (`check_columns`); none are the usual ones. flatten: each key of the metadata and each score
    becomes a column of its own (tables without chosen columns). name: of the files. keep_days: the
    files are kept so long. bucket: they are put into the installation's bucket too.
    """

    source: _SourceName = REQUESTS
    format: Short = "csv"
    filter_group: _FilterGroup | None = None
    q: Annotated[str, Field(max_length=20_000)] | None = None
    dataset: Annotated[int, Field(ge=1, le=MAX_ID)] | None = None
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    evaluation_run: Annotated[int, Field(ge=1, le=MAX_ID)] | None = None
    prompt_ids: Annotated[tuple[int, ...], Field(min_length=1, max_length=1000)] | None = None
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
            check_source(self)
            if not self.is_table:
                of_requests = self.source == REQUESTS
                check_tuning(self.tuning, of_requests=of_requests, is_preference=self.is_preference)
        except FilterError as error:
            raise problem(error.path or "filter_group", str(error)) from None
        except FieldError as error:
            raise problem(error.field, error.reason) from None
        return self

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
    def pairs_requests(self) -> bool:
        """Whether two requests make an example; a row of a dataset holds a pair whole."""
        return self.is_preference and self.source == REQUESTS

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
