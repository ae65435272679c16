"""What an export can hold of a request: each column's name, kind and SQL.

Names are those of the neutral schema that an import reads (docs/import.md), so that a file that
left comes back as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.store.connection import quoted
from workbench.store.errors import Refused

Kind = Literal["text", "whole", "number", "money", "time", "yes_no", "list", "json"]
METADATA, SCORE = "metadata.", "score."
MAX_KEY = 1024


@dataclass(frozen=True, slots=True)
class Column:
    """One column. sql: over `requests r`, `bodies b` and `scored s` (see export_rows.py).

    source: another table `h` that sql is over, with `request_id`, for ids from $low to $high.
    holds_text: people or models wrote what stands in it, so masking looks into it.
    holds_blobs: base64 in it was taken out and has to be put back. role: what a column of a dataset
    is for.
    """

    name: str
    kind: Kind
    label: str
    sql: str
    holds_text: bool = False
    holds_blobs: bool = False
    default: bool = True
    source: str = ""
    role: str = ""

    @property
    def needs_bodies(self) -> bool:
        return self.sql.startswith("b.")

    @property
    def needs_scores(self) -> bool:
        return "s.scores" in self.sql


def _request(
    name: str, kind: Kind, label: str, *, holds_text: bool = False, default: bool = True
) -> Column:
    return Column(name, kind, label, f"r.{name}", holds_text=holds_text, default=default)


def _time(name: str, label: str, *, default: bool = True) -> Column:
    return Column(name, "time", label, f"r.{name}", default=default)


_ALL = (
    _request("id", "whole", "Request"),
    _time("started_at", "Started"),
    _time("ended_at", "Ended"),
    _request("latency_ms", "number", "Latency in ms"),
    _request("provider", "text", "Provider"),
    _request("model", "text", "Model"),
    _request("status", "text", "Status"),
    _request("error_type", "text", "Error type"),
    _request("error_message", "text", "Error", holds_text=True),
    _request("finish_reason", "text", "Finish reason"),
    _request("input_tokens", "whole", "Input tokens"),
    _request("output_tokens", "whole", "Output tokens"),
    _request("cached_tokens", "whole", "Cached tokens"),
    _request("cache_write_tokens", "whole", "Cache write tokens"),
    _request("reasoning_tokens", "whole", "Reasoning tokens"),
    _request("cost", "money", "Cost in dollars"),
    _request("tags", "list", "Tags", holds_text=True),
    _request("metadata", "json", "Metadata", holds_text=True),
    Column("scores", "json", "Scores", "s.scores"),
    _request("prompt_name", "text", "Prompt template"),
    _request("prompt_id", "whole", "Prompt template id"),
    _request("prompt_version", "whole", "Version"),
    _request("prompt_label", "text", "Release label"),
    _request("function_name", "text", "Function"),
    _request("api_type", "text", "API"),
    _request("group_id", "whole", "Group"),
    _request("trace_id", "text", "Trace"),
    _request("span_id", "text", "Span"),
    Column("input", "json", "Input (messages)", "b.prompt", True, True),
    Column("output", "json", "Output (messages)", "b.output", True, True),
    Column("parameters", "json", "Parameters", "b.parameters", True, True),
    Column("input_variables", "json", "Input variables", "b.input_variables", True),
    Column("input_text", "text", "Input as text", "b.input_text", True, default=False),
    Column("output_text", "text", "Output as text", "b.output_text", True, default=False),
    Column("raw", "json", "The call as it came", "b.raw", True, True, default=False),
    _time("received_at", "Received", default=False),
    _request("source", "text", "Logged through", default=False),
    _request("origin", "text", "Origin", default=False),
    _request("actor", "text", "Logged by", default=False),
    _request("time_assumed", "yes_no", "Time zone assumed", default=False),
    _request("cost_source", "text", "Cost from", default=False),
    _request("cost_formula", "json", "Cost formula", default=False),
    _request("is_json", "yes_no", "Output is JSON", default=False),
    _request("is_tool_call", "yes_no", "Output calls tools", default=False),
    _request("is_plain_text", "yes_no", "Output is plain text", default=False),
    _request("tool_names", "list", "Tools called", default=False),
    _request("image_count", "whole", "Images", default=False),
    _request("input_preview", "text", "Input preview", holds_text=True, default=False),
    _request("output_preview", "text", "Output preview", holds_text=True, default=False),
    _request("normaliser", "text", "Normaliser", default=False),
)
COLUMNS = {column.name: column for column in _ALL}
DEFAULT = tuple(column.name for column in _ALL if column.default)


def column_of(name: str) -> Column:
    """A column by its name; `metadata.KEY` and `score.NAME` are one key each. Raises Refused."""
    found = COLUMNS.get(name)
    if found is not None:
        return found
    for prefix, make in ((METADATA, _metadata), (SCORE, _score)):
        key = name.removeprefix(prefix)
        if name.startswith(prefix) and 0 < len(key) <= MAX_KEY:
            return make(name, key)
    raise Refused(
        f'There is no column "{name[:80]}". Columns are {", ".join(COLUMNS)}, metadata.KEY and '
        "score.NAME."
    )


def columns_of(names: Sequence[str]) -> list[Column]:
    """Columns in the order of their names, each once. Raises Refused."""
    return [column_of(name) for name in dict.fromkeys(names or DEFAULT)]


def _metadata(name: str, key: str) -> Column:
    # A JSON pointer, in which a key may hold any character.
    path = "/" + key.replace("~", "~0").replace("/", "~1")
    return Column(name, "text", key, f"json_extract_string(r.metadata, {quoted(path)})", True)


def _score(name: str, key: str) -> Column:
    found = f"list_filter(s.scores, lambda one: one.name = {quoted(key)})"
    return Column(name, "number", f"Score {key}", f"({found})[-1].value")
