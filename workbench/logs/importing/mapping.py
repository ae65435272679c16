"""Columns of a file of unknown shape proposed as fields of the neutral schema."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from workbench.jsontext import FieldError
from workbench.logs.importing import values
from workbench.logs.importing.neutral import FIELDS, METADATA, field_of
from workbench.logs.importing.record import ImportFailed, Row

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+")
#: Words that stand for a field, the surest first, as snake_case.
_NAMES: Mapping[str, str] = {
    "id": "id request_id uuid log_id record_id run_id trace_request_id message_id",
    "provider": "provider vendor llm_provider model_provider provider_name gen_ai_system",
    "model": "model model_name engine llm_model deployment llm provided_model_name",
    "input": "input prompt question messages request query user_message user_input request_body "
    "prompt_text instruction input_text inputs request_messages",
    "output": "output completion response answer result assistant_message reply generation "
    "response_body response_text output_text outputs completion_text generated_text",
    "started_at": "started_at start_time timestamp created_at time date when datetime request_time "
    "request_timestamp created start request_created_at logged_at event_time ts",
    "ended_at": "ended_at end_time finished_at completed_at response_time_at end "
    "response_created_at response_timestamp",
    "latency_ms": "latency_ms duration_ms response_time_ms elapsed_ms total_time_ms latency_millis "
    "response_ms",
    "latency_s": "latency_s duration_s latency_seconds duration_seconds latency duration elapsed "
    "response_time",
    "status": "status state outcome level",
    "error_type": "error_type error_code exception_type",
    "error_message": "error_message error exception error_text failure_reason status_message",
    "input_tokens": "input_tokens prompt_tokens tokens_in tokens_prompt request_tokens "
    "input_token_count prompt_token_count num_input_tokens usage_prompt_tokens usage_input_tokens",
    "output_tokens": "output_tokens completion_tokens tokens_out tokens_completion response_tokens "
    "output_token_count completion_token_count num_output_tokens usage_completion_tokens "
    "usage_output_tokens",
    "cached_tokens": "cached_tokens cache_read_tokens cached_input_tokens prompt_cache_read_tokens "
    "input_cached_tokens",
    "cache_write_tokens": "cache_write_tokens cache_creation_tokens prompt_cache_write_tokens",
    "reasoning_tokens": "reasoning_tokens thinking_tokens output_reasoning_tokens",
    "cost": "cost price cost_usd total_cost usd amount cost_dollars",
    "finish_reason": "finish_reason stop_reason",
    "parameters": "parameters params model_parameters settings config hyperparameters",
    "function_name": "function_name function method",
    "api_type": "api_type endpoint_type",
    "tags": "tags tag labels label trace_tags",
    "metadata": "metadata meta properties attributes extra custom_properties",
    "prompt_name": "prompt_name template template_name prompt_template prompt_template_name",
    "prompt_version": "prompt_version template_version prompt_version_number",
    "input_variables": "input_variables variables prompt_variables template_variables",
    "trace_id": "trace_id trace",
    "span_id": "span_id span",
    "score": "score rating",
    "score_name": "score_name",
}
_BY_NAME = {
    word: (field, 0.95 - 0.03 * min(10, order))
    for field, words in _NAMES.items()
    for order, word in enumerate(words.split())
}
_FIT = 0.6
_LEAVE = 0.4


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a column may be. field: "" leaves it out. confidence: from 0 to 1. why: one clause."""

    column: str
    field: str
    confidence: float
    why: str


def snake(name: str) -> str:
    """A column's name in lower case with single underscores.

    >>> snake("Prompt Tokens"), snake("startTime"), snake("usage.inputTokens")
    ('prompt_tokens', 'start_time', 'usage_input_tokens')
    """
    return "_".join(word.lower() for word in _WORD.findall(name))


def propose(columns: Sequence[str], rows: Sequence[Row]) -> list[Proposal]:
    """A proposal for each column, by its name and by what stands in it.

    A field is given to the column that fits best; the others go to the metadata.
    """
    found: dict[str, Proposal] = {}
    for column in columns:
        exact = field_of(column)
        cells = [row[column] for row in rows if not values.absent(row.get(column))]
        if exact is not None and (exact.startswith(METADATA) or _fits(exact, cells)):
            found[column] = Proposal(column, exact, 1.0, "it has the field's own name")
            continue
        name = snake(column)
        named, confidence = _BY_NAME.get(name) or _by_end(name) or ("", 0.0)
        if named and not _fits(named, cells):
            found[column] = _noted(column, cells, "its values are no such thing")
        elif named:
            found[column] = Proposal(column, named, confidence, f'"{column}" usually means this')
        else:
            found[column] = _noted(column, cells, "its name says nothing that is known")
    _settle(found)
    return [found[column] for column in columns]


def mapping_of(proposals: Sequence[Proposal]) -> dict[str, str]:
    """Column -> field, as an import takes it; a caller may change it."""
    return {each.column: each.field for each in proposals}


def check(mapping: Mapping[str, str], columns: Sequence[str]) -> None:
    """Raises ImportFailed for a mapping that cannot be used."""
    for column, field in mapping.items():
        if column not in columns:
            raise ImportFailed(
                f'The mapping names a column "{column}", which the file does not have.'
            )
        known = field in FIELDS or field == "" or (field.startswith(METADATA) and field != METADATA)
        if not known:
            raise ImportFailed(
                f'The mapping gives the column "{column}" to "{field}", which is no field. Fields '
                f"are {', '.join(FIELDS)} and metadata.KEY."
            )
    if not {"input", "output"} & set(mapping.values()):
        raise ImportFailed("The mapping gives no column to input or output.")


def _by_end(name: str) -> tuple[str, float] | None:
    """By the last words of a longer name: "llm_call_prompt_tokens"."""
    words = name.split("_")
    for start in range(1, len(words)):
        known = _BY_NAME.get("_".join(words[start:]))
        if known is not None and len(words) - start >= 2:
            return known[0], known[1] * 0.75
    return None


def _fits(field: str, cells: Sequence[object]) -> bool:
    """Whether most of the cells are what the field needs."""
    if not cells:
        return True
    kind = FIELDS[field][0]
    return sum(_is_a(kind, cell) for cell in cells) >= _FIT * len(cells)


def _is_a(kind: str, cell: object) -> bool:
    try:
        if kind == "time":
            values.moment(cell, "", UTC)
        elif kind == "number":
            values.number(cell, "")
        elif kind == "whole number":
            values.whole(cell, "")
        elif kind == "object":
            values.mapped(cell, "")
        elif kind == "text":
            return not isinstance(values.parsed(cell), dict | list)
        elif kind == "word":
            return isinstance(cell, str) and len(cell) <= 20
    except FieldError:
        return False
    return True


def _noted(column: str, cells: Sequence[object], why: str) -> Proposal:
    """Small values are worth finding a request by; long ones are left to the raw record."""
    short = all(len(values.text(cell)) <= 200 for cell in cells)
    if short and cells:
        return Proposal(column, f"{METADATA}{column}", _LEAVE, f"{why}; kept as metadata")
    return Proposal(column, "", _LEAVE, f"{why}; left out")


def _settle(found: dict[str, Proposal]) -> None:
    """Each field once, for the column that fits best. Metadata and tags may come from several."""
    best: dict[str, Proposal] = {}
    for each in found.values():
        if each.field in ("", "metadata", "tags") or each.field.startswith(METADATA):
            continue
        holder = best.get(each.field)
        if holder is None or each.confidence > holder.confidence:
            best[each.field] = each
    for column, each in found.items():
        holder = best.get(each.field)
        if holder is not None and holder.column != column:
            why = f'"{holder.column}" fits {each.field} better; kept as metadata'
            found[column] = Proposal(column, f"{METADATA}{column}", _LEAVE, why)
