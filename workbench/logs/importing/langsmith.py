"""LangSmith: runs, as the API, `list_runs` and the bulk export (Parquet) give them.

Fields: https://docs.langchain.com/langsmith/run-data-format, which the bulk export matches
(https://docs.langchain.com/langsmith/data-export); `extra.metadata` carries ls_provider and
ls_model_name (https://docs.langchain.com/langsmith/log-llm-trace). Times are UTC. Runs of type
"llm" and "embedding" are calls to a model; chains, tools and the like are passed over.
"""

from __future__ import annotations

from typing import Any

from workbench.logs.importing import values
from workbench.logs.importing.draft import Draft
from workbench.logs.importing.record import Context, Record, Row, Skipped
from workbench.logs.importing.shapes import as_input, as_output

NAME = "langsmith"
LABEL = "LangSmith (runs: JSONL, JSON, CSV, Parquet)"

_CALLS = frozenset({"llm", "embedding"})
_READ = frozenset(
    "id run_type inputs outputs start_time end_time error extra tags trace_id status prompt_tokens "
    "completion_tokens total_tokens total_cost prompt_cost completion_cost name metadata "
    "serialized events inputs_preview outputs_preview prompt_token_details "
    "completion_token_details latency_seconds child_run_ids direct_child_run_ids tenant_id "
    "app_path manifest_id session_name thread_id error_preview latency".split()
)
_TOOLS = ("tools", "functions", "tool_choice", "function_call")


def looks(columns: frozenset[str], _sample: Row) -> float:
    if {"run_type", "inputs"} <= columns and columns & {"dotted_order", "trace_id", "start_time"}:
        return 0.95
    return 0.0


def read(row: Row, context: Context) -> Record | Skipped:
    kind = values.text(row.get("run_type")).lower()
    if kind not in _CALLS:
        return Skipped(f"{kind or 'run'}: no call to a model")
    extra = _object(row.get("extra"))
    about = {**_object(extra.get("metadata")), **_object(row.get("metadata"))}
    settings = _object(extra.get("invocation_params"))
    outputs = values.parsed(row.get("outputs"))
    draft = Draft(context)
    draft.key(row.get("id"))
    draft.put("provider", about.get("ls_provider"))
    draft.put("model", _model(outputs, about, settings))
    draft.body["input"] = {**as_input(_asked(row.get("inputs"))), **_tools(settings)}
    draft.body["output"] = as_output(_answered(outputs))
    draft.put("parameters", _parameters(settings, about) or None)
    _put_usage(draft, row, outputs)
    draft.put("price", row.get("total_cost"))
    if not values.absent(row.get("error")) or values.text(row.get("status")).lower() == "error":
        draft.put("status", "ERROR")
        draft.put("error_message", row.get("error"))
    draft.put("trace_id", row.get("trace_id"))
    draft.put("span_id", row.get("id"))
    draft.metadata({key: value for key, value in about.items() if not key.startswith("ls_")})
    draft.note("name", row.get("name"))
    draft.note("project", row.get("session_name"))
    draft.note("thread_id", row.get("thread_id"))
    draft.tag(row.get("tags"))
    draft.keep({key: value for key, value in row.items() if key not in _READ})
    seconds = values.number(row.get("latency_seconds") or row.get("latency"), "latency")
    names = ("start_time", "end_time")
    draft.times(row.get("start_time"), row.get("end_time"), seconds, names, utc=True)
    return draft.record()


def _object(value: Any) -> dict[str, Any]:
    found = values.parsed(value)
    return found if isinstance(found, dict) else {}


def _asked(value: Any) -> Any:
    """The messages or the prompt within a run's inputs."""
    found = values.parsed(value)
    if not isinstance(found, dict) or isinstance(found.get("messages"), list):
        return found
    for name in ("prompts", "prompt", "input", "text", "texts"):
        if name in found:
            inner = found[name]
            if isinstance(inner, list) and inner and all(isinstance(one, str) for one in inner):
                return "\n\n".join(inner)
            return inner
    return found


def _answered(value: Any) -> Any:
    """The answer within a run's outputs."""
    if not isinstance(value, dict) or any(
        name in value for name in ("choices", "generations", "messages", "role")
    ):
        return value
    for name in ("message", "output", "content", "text"):
        if name in value:
            return value[name]
    return value


def _model(outputs: Any, about: Row, settings: Row) -> str | None:
    said = outputs if isinstance(outputs, dict) else {}
    spent = _object(said.get("llm_output"))
    found = (
        spent.get("model_name"),
        said.get("model"),
        about.get("ls_model_name"),
        settings.get("model"),
        settings.get("model_name"),
    )
    return next((each for each in found if isinstance(each, str) and each), None)


def _tools(settings: Row) -> dict[str, Any]:
    return {key: settings[key] for key in _TOOLS if settings.get(key)}


def _parameters(settings: Row, about: Row) -> dict[str, Any]:
    skipped = {*_TOOLS, "model", "model_name", "_type", "messages"}
    found = {key: value for key, value in settings.items() if key not in skipped}
    for name in ("temperature", "max_tokens", "stop"):
        said = about.get(f"ls_{name}")
        if said is not None:
            found.setdefault(name, said)
    return {key: value for key, value in found.items() if value is not None}


def _put_usage(draft: Draft, row: Row, outputs: Any) -> None:
    counts = _usage_of(outputs)
    details = _object(row.get("prompt_token_details")) or _object(counts.get("input_token_details"))
    thought = _object(row.get("completion_token_details")) or _object(
        counts.get("output_token_details")
    )
    sent = row.get("prompt_tokens") or counts.get("input_tokens") or counts.get("prompt_tokens")
    received = (
        row.get("completion_tokens")
        or counts.get("output_tokens")
        or counts.get("completion_tokens")
    )
    draft.put("input_tokens", sent)
    draft.put("output_tokens", received)
    draft.put("cached_tokens", details.get("cache_read") or None)
    draft.put(
        "cache_write_tokens", details.get("cache_creation") or details.get("cache_write") or None
    )
    draft.put("reasoning_tokens", thought.get("reasoning") or None)


def _usage_of(outputs: Any) -> dict[str, Any]:
    """Counts that the answer itself carries: OpenAI's, LangChain's, and those of its message."""
    if not isinstance(outputs, dict):
        return {}
    generations = outputs.get("generations")
    while isinstance(generations, list) and generations:
        generations = generations[0]
    message = _object(_object(generations).get("message"))
    return {
        **_object(_object(outputs.get("llm_output")).get("token_usage")),
        **_object(outputs.get("usage")),
        **_object(outputs.get("usage_metadata")),
        **_object(message.get("usage_metadata")),
        **_object(_object(message.get("kwargs")).get("usage_metadata")),
    }
