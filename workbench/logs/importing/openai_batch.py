"""OpenAI's Batch API: the output file, paired with the input file by `custom_id`.

Input lines hold {"custom_id", "method", "url", "body"}, output (and error) lines {"id",
"custom_id", "response": {"status_code", "request_id", "body"}, "error"}, in any order; a batch has
at most 50,000 requests and 200 MB (https://platform.openai.com/docs/guides/batch and the
reference's "request input object" and "request output object").

The file says when an answer was made and not how long it took: start and end are both `created`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.jsontext import FieldError
from workbench.logs.importing import values
from workbench.logs.importing.container import Position
from workbench.logs.importing.draft import Draft
from workbench.logs.importing.lines import Lines, read_line
from workbench.logs.importing.paths import function_of
from workbench.logs.importing.record import Context, ImportFailed, Record, Refusal, Row

NAME = "openai-batch"
LABEL = "OpenAI batch (output and input JSONL)"
MOST_REQUESTS = 1_000_000


def looks(columns: frozenset[str], _sample: Row) -> float:
    if {"custom_id", "response"} <= columns or {"custom_id", "method", "url", "body"} <= columns:
        return 0.97
    return 0.0


def read(row: Row, context: Context) -> Record:
    custom = values.text(row.get("custom_id"))
    if not custom:
        raise FieldError("custom_id", "this field is needed")
    asked, answered = row, row
    if "url" in row or "body" in row:
        answered = _other(context, custom)
        if not answered:
            raise FieldError(
                "",
                "this is a request of a batch, and no answer to it was found: give the batch's "
                "output file, with the input file as the other one",
            )
    elif context.companion:
        asked = _other(context, custom)
    else:
        asked = {}
    return _record(custom, asked, answered, context)


def _record(custom: str, asked: Row, answered: Row, context: Context) -> Record:
    response = _object(answered.get("response"))
    answer = response.get("body")
    kwargs = _object(asked.get("body"))
    draft = Draft(context, is_call=True)
    draft.key(answered.get("id") or response.get("request_id") or custom)
    draft.put("provider_type", context.provider or "openai")
    url = values.text(asked.get("url"))
    name = function_of(url) or _function_of_answer(answer)
    draft.put("function_name", name)
    draft.body["kwargs"] = kwargs
    draft.body["request_response"] = answer if answer is not None else {}
    error = _object(answered.get("error"))
    status = response.get("status_code")
    if error or (isinstance(status, int) and status >= 400):
        inner = _object(_object(answer).get("error"))
        draft.put("status", "ERROR")
        draft.put("error_type", "PROVIDER_ERROR")
        draft.put("error_message", error.get("message") or inner.get("message") or f"{status}")
    # A batch costs less than the same calls at once.
    draft.bill(processing="batch")
    draft.note("custom_id", custom)
    draft.keep({"batch_request_id": answered.get("id"), "url": url, "status_code": status})
    body = _object(answer)
    created = body.get("created") or body.get("created_at")
    if isinstance(created, int | float) and created > 0:
        draft.times(created, created, names=("response.body.created",) * 2)
    else:
        draft.assume_times()
    return draft.record()


def _function_of_answer(answer: Any) -> str:
    kind = values.text(_object(answer).get("object"))
    if kind == "response":
        return "openai.responses.create"
    if kind == "list":
        return "openai.embeddings.create"
    return (
        "openai.completions.create"
        if kind == "text_completion"
        else ("openai.chat.completions.create")
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _other(context: Context, custom: str) -> Row:
    """The line of the other file with this id; {} where there is none."""
    if context.companion is None:
        return {}
    path = Path(context.companion)
    span = _index(str(path), path.stat().st_mtime_ns).get(custom)
    if span is None:
        return {}
    with path.open("rb") as file:
        file.seek(span[0])
        found = read_line(file.read(span[1]).strip(), 1)
    return {} if isinstance(found, Refusal) else found


@lru_cache(maxsize=2)
def _index(path: str, _changed: int) -> dict[str, tuple[int, int]]:
    """Where the line of each id stands: (offset, length)."""
    found: dict[str, tuple[int, int]] = {}
    for custom, span in _spans(Path(path)):
        found.setdefault(custom, span)
        if len(found) > MOST_REQUESTS:
            raise ImportFailed(f"{Path(path).name} holds more than {MOST_REQUESTS:,} requests.")
    return found


def _spans(path: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    for block in Lines(path).blocks(Position()):
        at = block.start.offset
        for line in block.payload.split(b"\n"):
            row = read_line(line.strip(), 1) if line.strip() else {}
            if not isinstance(row, Refusal) and row.get("custom_id"):
                yield str(row["custom_id"]), (at, len(line))
            at += len(line) + 1
