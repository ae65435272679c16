"""Asking a model for JSON and reading what comes, also where it comes wrapped in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workbench.evals.cells import CellError, CellFailed
from workbench.evals.context import Context
from workbench.evals.prompts import answer_text
from workbench.evals.values import as_text, shown
from workbench.messages import Message, text_part
from workbench.providers.call import Call, ResponseFormat
from workbench.providers.parameters import tuning_of

VERDICT_SCHEMA = {
    "type": "object",
    "properties": {"reasoning": {"type": "string"}, "passed": {"type": "boolean"}},
    "required": ["reasoning", "passed"],
    "additionalProperties": False,
}
#: Places at which JSON is looked for in an answer with words around it.
_MAX_STARTS = 200
_PASSED = ("passed", "pass", "verdict", "result", "answer", "value", "assertion", "correct")
_REASONING = ("reasoning", "reason", "explanation", "rationale", "why")
_WORDS = {
    **dict.fromkeys(("true", "yes", "pass", "passed", "passes", "correct"), True),
    **dict.fromkeys(("false", "no", "fail", "failed", "fails", "incorrect"), False),
}
_FENCE = re.compile(r"```[a-zA-Z]*\n(.*?)```", re.DOTALL)
_SCHEMA_WORDS = re.compile(r"(?i)response[_ ]?format|json[_ ]?schema|structured output")
_FIRST = re.compile(r"\W*([a-z]+)\b", re.IGNORECASE)
_LABELLED = re.compile(
    r"(?im)^\W*(?:verdict|answer|result|passed|final answer)\W{1,5}(?:is\s+)?([a-z]+)\b"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    passed: bool
    reasoning: str | None


def engine_of(context: Context, engine: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The model that is asked: the column's own, or the evaluation's judge."""
    found = engine or context.judge
    if not found:
        raise CellFailed(
            "configuration",
            "No model is chosen: choose one in this column, or a judge for the evaluation.",
        )
    return found


async def ask_for_json(
    context: Context,
    engine: Mapping[str, Any] | None,
    system: str,
    given: Mapping[str, Any],
    schema: Mapping[str, Any],
    key: str,
) -> str:
    """The text that a model answers when asked for JSON of a schema.

    given: what it judges. It is sent as one JSON object, so that no text in it can pose as the
    task. A model that takes no schema is asked without one: the task says the same in words.
    """
    chosen = engine_of(context, engine)
    tuning, _, _ = tuning_of(chosen.get("parameters") or {})
    messages: list[Message] = [
        {"role": "system", "content": [text_part(system)]},
        {"role": "user", "content": [text_part(json.dumps(given, ensure_ascii=False, indent=1))]},
    ]
    call = Call(
        provider=chosen["provider"],
        model=chosen["model"],
        messages=messages,
        tuning=tuning,
        response_format=ResponseFormat(schema=schema),
    )
    try:
        return answer_text(await context.asked(call, key))
    except CellFailed as failed:
        if not _is_about_schema(failed.error):
            raise
    plain = replace(call, response_format=None)
    return answer_text(await context.asked(plain, f"{key}, without a schema"))


def _is_about_schema(error: CellError) -> bool:
    """Whether a model, or a server that speaks like one, does not take a response format."""
    refused = error.kind == "bad_request" and _SCHEMA_WORDS.search(error.message) is not None
    return error.kind == "unsupported" or refused


def read_verdict(text: str) -> Verdict:
    """A verdict out of an answer: JSON, JSON among words, or a word. Raises CellFailed."""
    for value in reversed(list(json_values(text))):
        found = _verdict_of(value)
        if found is not None:
            return found
    if not text.lstrip().startswith(("{", "[")):
        labelled = [
            _WORDS[word.lower()] for word in _LABELLED.findall(text) if word.lower() in _WORDS
        ]
        first = _FIRST.match(text)
        word = first[1].lower() if first else ""
        if labelled and len(set(labelled)) == 1:
            return Verdict(labelled[0], text.strip())
        if not labelled and word in _WORDS:
            return Verdict(_WORDS[word], text.strip())
    raise CellFailed(
        "bad_answer",
        f"The judge's answer holds no verdict: {shown(text)}.",
        retryable=True,
    )


def _verdict_of(value: Any) -> Verdict | None:
    if isinstance(value, bool):
        return Verdict(value, None)
    if isinstance(value, list) and len(value) == 1:
        return _verdict_of(value[0])
    if not isinstance(value, dict):
        return None
    names = {str(name).casefold(): name for name in value}
    reasoning = next((value[names[one]] for one in _REASONING if one in names), None)
    said = as_text(reasoning) if reasoning is not None else None
    for one in _PASSED:
        given = value.get(names.get(one, one))
        if isinstance(given, bool):
            return Verdict(given, said)
        if isinstance(given, str) and given.strip().casefold() in _WORDS:
            return Verdict(_WORDS[given.strip().casefold()], said)
    return None


def read_json(text: str, key: str) -> Any:
    """What stands under a key of the JSON object in an answer; raises CellFailed."""
    for value in reversed(list(json_values(text))):
        if isinstance(value, dict) and key in value:
            return value[key]
    raise CellFailed(
        "bad_answer",
        f"The answer is not the JSON that was asked for: {shown(text)}.",
        retryable=True,
    )


def json_values(text: str) -> Iterator[Any]:
    """JSON in an answer, outermost only: the whole text, else blocks between ```, else objects and
    lists among the words."""
    whole = _loaded(text)
    if whole is not _NONE:
        yield whole
        return
    blocks = [value for one in _FENCE.findall(text) if (value := _loaded(one)) is not _NONE]
    if blocks:
        yield from blocks
        return
    decoder = json.JSONDecoder()
    at = tried = 0
    while tried < _MAX_STARTS:
        starts = [place for sign in "{[" if (place := text.find(sign, at)) >= 0]
        if not starts:
            return
        tried += 1
        at = min(starts)
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
        else:
            yield value


_NONE = object()


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NONE
