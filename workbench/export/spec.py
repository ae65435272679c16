"""What is exported and how: one immutable value, the same for page, API, command line and store."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from workbench.export.formats import FORMATS, PREFERENCE, TABLE, FormatEntry, format_of
from workbench.export.masking.detectors import DETECTORS
from workbench.export.sources import REQUESTS, SOURCES, check_source
from workbench.filters import Filter, FilterError, from_api, to_api
from workbench.ids import MAX_ID
from workbench.jsontext import FieldError, path_text
from workbench.store.export_columns import METADATA
from workbench.store.export_ratings import HUMAN

DetectorName = Literal["secret", "email", "iban", "card", "phone"]
# What together and balance_by name beside columns.
NEAR, TAG = "near_duplicates", "tag."
LIKENESS = 0.8
# What a pack of preference pairs cannot take: it has one pair for each input, of its best and its
# worst answer, which is all that is learnt.
NOT_OF_PAIRS = {
    "near_duplicates": "pairs have different inputs; near duplicates among them are not looked for",
    "balance_by": "pairs are not balanced",
    "duplicates": "there is one pair for each input, so a duplicate always leaves",
    "train_on": "of a pair the two answers alone are compared",
}
ALL_DETECTORS: tuple[DetectorName, ...] = get_args(DetectorName)
assert set(ALL_DETECTORS) == set(DETECTORS)
Short = Annotated[str, Field(max_length=200)]
Key = Annotated[str, Field(min_length=1, max_length=1024)]
_SourceName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(SOURCES)})]
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

    answer: where the expected answer is: "output", "metadata.KEY" (a corrected answer; a request
    without the key keeps its output), or "human.NAME" (what people wrote into the human column of
    an evaluation; a request without it is left out). evaluation: the evaluation whose column that
    is; without one the newest rating of any counts. train_on: the last answer alone, or all
    answers.
    errors, truncated, refusals, duplicates: whether requests that are such are left out.
    near_duplicates: how alike (0.5 to 1, by Jaccard similarity) two conversations may be before
    one is left out; None keeps them. max_tokens: longer examples are left out.
    validation: the share that is held back. together: what must lie on one side of the split:
    "group_id", "trace_id", "metadata.KEY", "near_duplicates" (as alike as near_duplicates says, or
    LIKENESS, without being left out). seed: decides every choice that is left to chance.
    balance_by: "tags" (all of a request's), "tag.NAME" (with it and without), "prompt_name",
    "model" or "metadata.KEY": no class has more than balance_to examples (None: the size of the
    smallest class).
    pairs: where preference pairs come from (`tuning.pairs`): "scores", answers to the same input
    whose scores of the name `score` lie at least `min_gap` apart; "votes", what people preferred
    in the playground, as far as both answers are among what the filter finds.
    epochs, price_per_million: for the estimate of the cost, in dollars.
    """

    answer: Key = "output"
    evaluation: Annotated[int, Field(ge=1, le=MAX_ID)] | None = None
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
    pairs: Literal["scores", "votes"] = "scores"
    score: Key = "default"
    min_gap: Annotated[float, Field(gt=0)] = 1.0
    epochs: Annotated[int, Field(ge=1, le=100)] = 3
    price_per_million: Annotated[Decimal, Field(ge=0, le=10**6)] | None = None

    @model_validator(mode="after")
    def _fields_exist(self) -> Tuning:
        if self.human is None:
            _one_of("answer", self.answer, ("output", f"{HUMAN}NAME"))
            if self.evaluation is not None:
                raise _problem(
                    "tuning.evaluation", "an evaluation is named where the answer is human.NAME"
                )
        for key in self.together:
            _one_of("together", key, ("group_id", "trace_id", NEAR))
        if self.balance_by is not None and not self.balances_tag:
            _one_of("balance_by", self.balance_by, ("tags", "prompt_name", "model"))
        return self

    @property
    def human(self) -> str | None:
        """The name of the human column that the answer is in; None where it is not in one."""
        name = self.answer.removeprefix(HUMAN)
        return name if name and name != self.answer else None

    @property
    def balances_tag(self) -> bool:
        """Whether the two classes are those with one tag and those without."""
        return (self.balance_by or "").startswith(TAG) and len(self.balance_by or "") > len(TAG)

    @property
    def likeness(self) -> float | None:
        """From where on examples count as near duplicates; None where none are looked for."""
        if self.near_duplicates is None and self.validation and NEAR in self.together:
            return LIKENESS
        return self.near_duplicates


class Spec(_Part):
    """An export: which requests, in which format, with which columns and what masked.

    source: of SOURCES: "requests", "prompts" (a row for each version of the prompt templates whose
    name holds q, or of those of prompt_ids; tables alone), "datasets" (the rows of a version of
    a dataset, without a number of the newest published one; tables alone), or "evaluations" (the
    grid of the run with the id evaluation_run; tables alone). filter_group, q: as in
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
            if self.is_preference:
                self._check_pairs()
        except FilterError as error:
            raise _problem(error.path or "filter_group", str(error)) from None
        except FieldError as error:
            raise _problem(error.field, error.reason) from None
        return self

    def _check_pairs(self) -> None:
        usual = Tuning()
        for name, reason in NOT_OF_PAIRS.items():
            if getattr(self.tuning, name) != getattr(usual, name):
                raise FieldError(f"tuning.{name}", reason)
        if self.tuning.human is not None:
            raise FieldError("tuning.answer", "a pair is of two answers that were given")
        if NEAR in self.tuning.together:
            raise FieldError("tuning.together", NOT_OF_PAIRS["near_duplicates"])

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
