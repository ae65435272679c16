"""OpenAI's fine-tuning files: examples of conversations.

Chat: {"messages": […], "tools", "parallel_tool_calls"}, the last assistant message being the
answer; preferences: {"input": {"messages"}, "preferred_output", "non_preferred_output"}; the older
{"prompt", "completion"} (https://platform.openai.com/docs/guides/fine-tuning, "Formatting your
data" and "Direct preference optimization").

Such files hold no times. Each example gets the time that the import was given, which is the file's
own time of change unless said otherwise, and one millisecond more for each line, so that examples
keep their order; the rows are marked as having an assumed time.
"""

from __future__ import annotations

from typing import Any

from workbench.jsontext import FieldError
from workbench.logs.importing import values
from workbench.logs.importing.draft import Draft
from workbench.logs.importing.record import Context, Record, Row
from workbench.logs.importing.shapes import as_input, as_output

NAME = "openai-finetuning"
LABEL = "OpenAI fine-tuning (JSONL of messages)"

_CHAT = frozenset(
    {"messages", "tools", "parallel_tool_calls", "functions", "function_call", "metadata", "store"}
)
_TOOLS = ("tools", "functions", "tool_choice", "function_call")


def looks(columns: frozenset[str], sample: Row) -> float:
    if {"input", "preferred_output"} <= columns:
        return 0.97
    if columns == {"prompt", "completion"}:
        return 0.9
    messages = sample.get("messages")
    if isinstance(messages, list) and columns <= _CHAT:
        return 0.95 if all(isinstance(one, dict) and "role" in one for one in messages) else 0.0
    return 0.0


def read(row: Row, context: Context) -> Record:
    draft = Draft(context)
    if "preferred_output" in row:
        asked = values.parsed(row.get("input"))
        draft.body["input"] = as_input(asked)
        draft.body["output"] = as_output(row["preferred_output"])
        draft.keep({"non_preferred_output": row.get("non_preferred_output")})
    elif "messages" in row:
        _put_messages(draft, row)
    elif "prompt" in row:
        draft.body["input"] = {"type": "completion", "content": _said(row["prompt"])}
        draft.body["output"] = as_output(values.text(row.get("completion")))
    else:
        raise FieldError("messages", "this field is needed")
    draft.metadata(row.get("metadata"))
    draft.assume_times()
    return draft.record()


def _put_messages(draft: Draft, row: Row) -> None:
    messages = values.parsed(row["messages"])
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        raise FieldError("messages", "a list of messages is needed")
    if not messages:
        raise FieldError("messages", "the list is empty")
    answered = messages[-1].get("role") == "assistant"
    asked = messages[:-1] if answered else messages
    draft.body["input"] = {
        "type": "chat",
        "messages": asked,
        **{key: row[key] for key in _TOOLS if row.get(key)},
    }
    draft.body["output"] = {"type": "chat", "messages": messages[-1:] if answered else []}
    draft.keep({"parallel_tool_calls": row.get("parallel_tool_calls")})


def _said(value: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": values.text(value)}]
