"""Bodies of the API: their fields, types and limits. The OpenAPI document is made from these.

Field names and limits are those of PromptLayer's OpenAPI document; where its package sends more
(times as numbers, null for what is not there) the package is right. Unknown fields are kept in the
raw call and otherwise ignored.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, NoReturn, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from workbench.ids import MAX_ID
from workbench.jsontext import FieldError, kind, path_text
from workbench.store.suggestions import FIELDS as SUGGESTION_FIELDS

MAX_TAGS = 100
MAX_TAG = 512
MAX_KEYS = 1000
MAX_KEY = 1024
MAX_NAME = 1024
MAX_COUNT = 2**53 - 1
MAX_VERSION = 2**31 - 1
MAX_PER_PAGE = 25
Body = TypeVar("Body", bound=BaseModel)


def _whole(value: Any) -> Any:
    """2.0 is the whole number 2, in JSON as in JavaScript."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number_of_text(value: Any) -> Any:
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}", value) else value


def _moment(value: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise PydanticCustomError(
        "moment",
        "a time in ISO 8601, or seconds since 1970, is needed, {came} came",
        {"came": kind(value)},
    )


def _template(value: dict[str, Any]) -> dict[str, Any]:
    """A blueprint: what cannot be read as one is refused by the place where it goes wrong."""
    if value.get("type") == "completion":
        return value
    if value.get("type") != "chat":
        _refuse(["type"], '"chat" or "completion" is needed', value.get("type"))
    messages = value.get("messages")
    if not isinstance(messages, list):
        _refuse(["messages"], "a list is needed", messages)
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            _refuse(["messages", number], "an object is needed", message)
        if not isinstance(message.get("role"), str):
            _refuse(["messages", number, "role"], "a string is needed", message.get("role"))
    return value


def _refuse(path: list[str | int], needed: str, came: Any) -> NoReturn:
    shown = f'"{came[:40]}"' if isinstance(came, str) else kind(came)
    reason = f"{needed}, {shown} came"
    raise PydanticCustomError("place", "{reason}", {"reason": reason, "at": path})


Name = Annotated[str, Field(max_length=MAX_NAME)]
FullName = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Whole = Annotated[int, BeforeValidator(_whole)]
Id = Annotated[Whole, Field(ge=1, le=MAX_ID)]
LooseId = Annotated[
    Id,
    BeforeValidator(_number_of_text),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MAX_ID},
                {"type": "string", "pattern": "^[1-9][0-9]{0,14}$"},
            ]
        }
    ),
]
Version = Annotated[Whole, Field(ge=1, le=MAX_VERSION)]
LooseVersion = Annotated[
    Version,
    BeforeValidator(_number_of_text),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MAX_VERSION},
                {"type": "string", "pattern": "^[1-9][0-9]{0,8}$"},
            ]
        }
    ),
]
Count = Annotated[Whole, Field(ge=0, le=MAX_COUNT)]
Price = Annotated[float, Field(ge=0, lt=1e9, allow_inf_nan=False)]
Score = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Moment = Annotated[
    Any,
    AfterValidator(_moment),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "exclusiveMaximum": 253402300800},
                {"type": "string", "format": "date-time"},
            ],
            "description": "Seconds since 1970, or ISO 8601. Without a zone it is read in the "
            "zone that the setting WORKBENCH_TIME_ZONE names.",
        }
    ),
]
Tags = Annotated[list[Annotated[str, Field(max_length=MAX_TAG)]], Field(max_length=MAX_TAGS)]
Metadata = Annotated[
    dict[Annotated[str, Field(max_length=MAX_KEY)], Any],
    Field(max_length=MAX_KEYS, description="What is unique to the request. At most 1 MiB."),
]
Template = Annotated[
    dict[str, Any],
    AfterValidator(_template),
    WithJsonSchema({"allOf": [{"$ref": "#/components/schemas/Template"}]}),
]
FilterGroup = Annotated[
    Any,
    WithJsonSchema({"anyOf": [{"$ref": "#/components/schemas/FilterGroup"}, {"type": "null"}]}),
]
Status = Literal["SUCCESS", "WARNING", "ERROR"]
ApiKey = Annotated[
    Any, Field(description="The API key, where it does not come in the header X-API-KEY.")
]


class Wire(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class Keyed(Wire):
    """Any body may carry the key."""

    api_key: ApiKey = None


class Logged(Keyed):
    """What both ways of logging have in common."""

    request_start_time: Moment
    request_end_time: Moment
    function_name: Name | None = None
    tags: Tags | None = None
    metadata: Metadata | None = None
    status: Status | None = None
    error_type: Name | None = None
    error_message: str | None = None
    prompt_name: Name | None = None
    prompt_id: Id | None = None
    prompt_label: Name | None = None
    prompt_input_variables: dict[str, Any] | None = None
    group_id: Id | None = None
    span_id: Name | None = None
    trace_id: Name | None = None
    api_type: Name | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    price: Price | None = Field(
        None, description="Dollars. It wins over the computed cost; 0 counts as not said."
    )
    score: Score | None = None
    score_name: Name | None = None
    client_record_id: FullName | None = Field(
        None, description="Your own id: a body that repeats it is the same record, for ever."
    )


class TrackRequest(Logged):
    """A call in the provider's own schema, with its answer."""

    provider_type: FullName
    args: list[Any] | None = None
    kwargs: dict[str, Any] | None = None
    request_response: Any = None
    prompt_version: Version | None = None
    model: Name | None = None
    return_prompt_blueprint: bool | None = None


class LogRequest(Logged):
    """A call in the neutral schema: input and output as prompt templates."""

    provider: FullName
    model: FullName
    input: Template
    output: Template
    parameters: dict[str, Any] | None = None
    prompt_version_number: Version | None = None


class TrackPrompt(Keyed):
    request_id: LooseId
    prompt_name: FullName
    prompt_input_variables: dict[str, Any] | None = None
    version: LooseVersion | None = None
    label: Name | None = None


class TrackMetadata(Keyed):
    request_id: LooseId
    metadata: Metadata


class TrackScore(Keyed):
    request_id: LooseId
    score: Score
    name: Name | None = Field(None, description='Default: "default".')


class TrackGroup(Keyed):
    request_id: LooseId
    group_id: LooseId


class CreateGroup(Keyed):
    pass


class Search(Keyed):
    """A log filter with its page. `filter_group` is read by the filter itself."""

    filter_group: FilterGroup = None
    q: Annotated[str, Field(max_length=10_000)] | None = None
    page: Annotated[Whole, Field(ge=1, le=1_000_000)] | None = None
    per_page: Annotated[Whole, Field(ge=1, le=MAX_PER_PAGE)] | None = None
    sort_by: (
        Literal[
            "request_start_time", "input_tokens", "output_tokens", "cost", "latency_ms", "status"
        ]
        | None
    ) = None
    sort_order: Literal["asc", "desc"] | None = None
    include_prompt_name: bool | None = None


class Suggest(Keyed):
    """What to suggest values for. `filter_group` and `q` narrow down the requests looked at."""

    field: Annotated[str, Field(json_schema_extra={"enum": list(SUGGESTION_FIELDS)})]
    prefix: Name | None = None
    metadata_key: Name | None = Field(
        None, description="Needed for the fields that end in _values: which key."
    )
    prompt_id: LooseId | None = Field(None, description="Only with the field prompt.")
    filter_group: FilterGroup = None
    q: Annotated[str, Field(max_length=10_000)] | None = None
    limit: Annotated[Whole, BeforeValidator(_number_of_text), Field(ge=1, le=200)] | None = None


def read(model: type[Body], body: dict[str, Any]) -> Body:
    """The body as its model; raises FieldError that names the first field that is wrong."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise explain(error) from None


_NEEDED = {
    "string_type": "a string",
    "dict_type": "an object",
    "list_type": "a list",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
}


def explain(error: ValidationError) -> FieldError:
    """A validation error as one sentence about its first field."""
    found = error.errors(include_url=False)[0]
    name, context, came = found["type"], found.get("ctx", {}), found.get("input")
    path = [step for step in found["loc"] if step != "[key]"]
    if name == "place":
        return FieldError(path_text([*path, *context["at"]]), context["reason"])
    return FieldError(path_text(path), _reason(name, context, came, found["msg"]))


def _reason(name: str, context: dict[str, Any], came: Any, message: str) -> str:
    if name == "missing":
        return "this field is needed"
    if name in _NEEDED:
        return f"{_NEEDED[name]} is needed, {kind(came)} came"
    if name == "literal_error":
        return f"one of {context['expected']} is needed, {_shown(came)} came"
    if name == "greater_than_equal":
        return f"a number from {context['ge']} up is needed, {_shown(came)} came"
    if name == "less_than_equal":
        return f"{context['le']} is the most, {_shown(came)} came"
    if name == "less_than":
        return f"a number below {context['lt']} is needed, {_shown(came)} came"
    if name == "string_too_short":
        return "it is empty"
    if name == "string_too_long":
        return f"{context['max_length']} characters are the limit, {len(came)} came"
    if name == "too_long":
        return f"{context['max_length']} entries are the limit, {context['actual_length']} came"
    return message


def _shown(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return kind(value)
    return repr(value) if len(repr(value)) <= 60 else repr(value)[:60] + "…"
