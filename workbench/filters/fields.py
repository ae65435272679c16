"""What can be filtered by: each field with its kind, its name for people and its short names.

Field names and operators are those of the reference's request search, so that its clients' filters
work as they are. Fields and operators that it does not know are marked as ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workbench.filters.errors import FilterError, quoted

Kind = Literal["id", "string", "text", "number", "date", "boolean", "array", "nested", "score"]
# How many values an operator takes: none, one, several, or a range.
Takes = Literal["nothing", "one", "list", "range", "duration"]


@dataclass(frozen=True, slots=True)
class Operator:
    """One comparison. `words` stand between the field's label and the value; `ours`: the
    reference does not have it for this kind."""

    name: str
    takes: Takes
    words: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to filter by.

    label: its name in sentences and menus. short: other names in the text syntax, the first is
    the one that is written. choices: the only values there are. unit: of a number.
    """

    name: str
    kind: Kind
    label: str
    short: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    unit: Literal["", "ms", "dollars", "tokens"] = ""
    ours: bool = False

    @property
    def operators(self) -> tuple[Operator, ...]:
        return OPERATORS[self.kind]

    @property
    def keyed(self) -> bool:
        """Whether a condition may name a key inside this field."""
        return self.kind in ("nested", "score")

    def single(self, of_lists: Operator) -> str:
        """The operator that says of one value what `in` or `not_in` says of several."""
        return self.operators[0 if of_lists.name == "in" else 1].name

    def operator(self, name: str) -> Operator:
        for operator in self.operators:
            if operator.name == name:
                return operator
        have = ", ".join(operator.name for operator in self.operators)
        raise FilterError(f"{self.name} has no operator {quoted(name)}. It has {have}.", "operator")


_STRING = (
    Operator("is", "one", "is"),
    Operator("is_not", "one", "is not"),
    Operator("in", "list", "is one of"),
    Operator("not_in", "list", "is none of"),
    Operator("is_null", "nothing", "is unknown", ours=True),
    Operator("is_not_null", "nothing", "is known", ours=True),
)
_NUMBER = (
    Operator("eq", "one", "="),
    Operator("neq", "one", "≠"),
    Operator("gt", "one", ">"),
    Operator("gte", "one", "≥"),
    Operator("lt", "one", "<"),
    Operator("lte", "one", "≤"),
    Operator("between", "range", "is between"),
    Operator("is_null", "nothing", "is unknown"),
    Operator("is_not_null", "nothing", "is known"),
)
OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    "id": _STRING,
    "string": _STRING,
    "text": (
        Operator("contains", "one", "contains"),
        Operator("not_contains", "one", "does not contain"),
        Operator("starts_with", "one", "starts with"),
        Operator("ends_with", "one", "ends with"),
    ),
    "number": _NUMBER,
    "date": (
        Operator("is", "one", "is exactly"),
        Operator("before", "one", "is before"),
        Operator("after", "one", "is from"),
        Operator("between", "range", "is between"),
        Operator("within", "duration", "is within the last", ours=True),
    ),
    "boolean": (
        Operator("is_true", "nothing", "is true"),
        Operator("is_false", "nothing", "is not true"),
    ),
    "array": (
        Operator("contains", "one", "has"),
        Operator("not_contains", "one", "does not have"),
        Operator("in", "list", "has any of"),
        Operator("not_in", "list", "has none of"),
        Operator("is_empty", "nothing", "is empty"),
        Operator("is_not_empty", "nothing", "is not empty"),
    ),
    "nested": (
        Operator("key_equals", "one", "is"),
        Operator("key_not_equals", "one", "is not"),
        Operator("key_contains", "one", "contains"),
        Operator("key_not_contains", "one", "does not contain", ours=True),
        Operator("in", "list", "is one of"),
        Operator("not_in", "list", "is none of"),
        Operator("is_empty", "nothing", "is not there"),
        Operator("is_not_empty", "nothing", "is there"),
    ),
    "score": _NUMBER,
}

_ALL = (
    Field("pl_id", "id", "request", ("id",)),
    Field("request_start_time", "date", "time", ("time", "start", "started")),
    Field("request_end_time", "date", "end time", ("end", "ended")),
    Field("engine", "string", "model", ("model",)),
    Field("provider_type", "string", "provider", ("provider",)),
    Field("status", "string", "status", choices=("SUCCESS", "WARNING", "ERROR")),
    Field("error_type", "string", "error", ("error",), ours=True),
    Field("finish_reason", "string", "finish reason", ("finish",), ours=True),
    Field("latency_ms", "number", "latency", ("latency",), unit="ms"),
    Field("cost", "number", "cost", unit="dollars"),
    Field("input_tokens", "number", "input tokens", unit="tokens"),
    Field("output_tokens", "number", "output tokens", unit="tokens"),
    Field("total_tokens", "number", "tokens", ("tokens",), unit="tokens", ours=True),
    Field("tags", "array", "tag", ("tag",)),
    Field("metadata", "nested", "metadata", ("meta",)),
    Field("metadata_keys", "array", "metadata key", ("metadata_key",)),
    Field("score", "score", "score", ours=True),
    Field("prompt_name", "string", "prompt", ("prompt",), ours=True),
    Field("prompt_id", "id", "prompt id"),
    Field("prompt_version_number", "number", "version", ("version",)),
    Field("prompt_label", "string", "release label", ("label",), ours=True),
    Field("input_variables", "nested", "variable", ("variable", "var")),
    Field("input_variable_keys", "array", "input variable", ("variable_key",)),
    Field("text", "text", "text", ours=True),
    Field("input_text", "text", "input", ("input",)),
    Field("output_text", "text", "output"),
    Field("output", "nested", "output"),
    Field("output_keys", "array", "output key", ("output_key",)),
    Field("tool_names", "array", "tool", ("tool",)),
    Field("is_json", "boolean", "output is JSON", ("json",)),
    Field("is_tool_call", "boolean", "output is a tool call", ("tool_call",)),
    Field("is_plain_text", "boolean", "output is plain text", ("plain_text",)),
    Field("is_starred", "boolean", "is starred", ("starred",), ours=True),
    Field("group_id", "id", "session", ("session", "group"), ours=True),
    Field("function_name", "string", "function", ("function",), ours=True),
    Field("source", "string", "source", ours=True),
    Field("origin", "string", "origin", ours=True),
)
FIELDS: dict[str, Field] = {field.name: field for field in _ALL}
# Every name that the text syntax reads. `output` alone cannot name a key, so there it is the text.
NAMES: dict[str, Field] = {
    **{short: field for field in _ALL for short in field.short},
    **FIELDS,
}
REFUSED = {"user_intent": "user's tone", "agent_intent": "agent's tone"}


def field_named(name: str) -> Field:
    """The field of this name, or FilterError."""
    field = FIELDS.get(name)
    if field is not None:
        return field
    if name in REFUSED:
        raise FilterError(
            f"{name} is not available: it asks for a guess at the {REFUSED[name]} by a model, "
            "and this search only looks at what was logged.",
            "field",
        )
    raise FilterError(f"There is no field {quoted(name)}. There are {', '.join(FIELDS)}.", "field")
