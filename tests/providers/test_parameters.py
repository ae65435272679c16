"""Settings under vendors' names read as ours, and back into any vendor's request."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.vendors import user
from workbench.logs.call import Call as Logged
from workbench.logs.normalise import normalise
from workbench.providers.call import Call, ResponseFormat, Tuning, prompt_parts, split_model
from workbench.providers.parameters import tuning_of, written
from workbench.providers.table import PROVIDERS, adapter

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}

#: What each vendor's log keeps for the same wishes.
SAME: dict[str, dict[str, Any]] = {
    "openai": {
        "temperature": 0.3,
        "top_p": 0.8,
        "max_completion_tokens": 99,
        "stop": ["X"],
        "seed": 4,
    },
    "older": {"temperature": 0.3, "top_p": 0.8, "max_tokens": 99, "stop": "X", "seed": 4},
    "anthropic": {
        "temperature": 0.3,
        "top_p": 0.8,
        "max_tokens": 99,
        "stop_sequences": ["X"],
        "seed": 4,
    },
    "google": {
        "generationConfig": {
            "temperature": 0.3,
            "topP": 0.8,
            "maxOutputTokens": 99,
            "stopSequences": ["X"],
            "seed": 4,
        }
    },
    "bedrock": {
        "temperature": 0.3,
        "topP": 0.8,
        "maxTokens": 99.0,
        "stopSequences": ["X"],
        "seed": 4,
    },
    "mistral": {
        "temperature": 0.3,
        "top_p": 0.8,
        "max_tokens": 99,
        "stop": ["X"],
        "random_seed": 4,
    },
    "cohere": {"temperature": 0.3, "p": 0.8, "max_tokens": 99, "stop_sequences": ["X"], "seed": 4},
}


@pytest.mark.parametrize("vendor", list(SAME))
def test_the_same_wishes_of_all_vendors_are_one_tuning(vendor: str) -> None:
    tuning, form, parallel = tuning_of({**SAME[vendor], "stream": True, "stream_options": {}})
    assert tuning == Tuning(temperature=0.3, top_p=0.8, max_tokens=99, stop=("X",), seed=4)
    assert (form, parallel) == (None, None)


@pytest.mark.parametrize(
    ("parameters", "budget", "effort"),
    [
        ({"reasoning_effort": "low"}, None, "low"),
        ({"reasoning": {"effort": "high", "summary": "auto"}}, None, "high"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, 2048, None),
        ({"thinking": {"type": "enabled", "token_budget": 512}}, 512, None),
        ({"thinking": {"type": "disabled"}}, 0, None),
        ({"config": {"thinking_config": {"thinking_budget": 64}}}, 64, None),
        ({"thinkingConfig": {"thinkingLevel": "LOW"}}, None, "low"),
        ({"output_config": {"effort": "max"}}, None, "max"),
    ],
)
def test_thinking_is_read(
    parameters: dict[str, Any], budget: int | None, effort: str | None
) -> None:
    tuning = tuning_of(parameters)[0]
    assert (tuning.thinking_budget, tuning.effort, dict(tuning.extra)) == (budget, effort, {})


@pytest.mark.parametrize(
    "parameters",
    [
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": SCHEMA},
            }
        },
        {"response_format": {"type": "json_object", "json_schema": SCHEMA}},
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}}},
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        {"config": {"response_mime_type": "application/json", "response_json_schema": SCHEMA}},
        {"generationConfig": {"responseMimeType": "application/json", "responseSchema": SCHEMA}},
    ],
)
def test_the_wish_for_json_is_read(parameters: dict[str, Any]) -> None:
    tuning, form, _ = tuning_of(parameters)
    assert form is not None
    assert form.schema == SCHEMA
    assert dict(tuning.extra) == {}


def test_json_without_a_schema() -> None:
    assert tuning_of({"response_format": {"type": "json_object"}})[1] == ResponseFormat()
    assert tuning_of({"response_mime_type": "application/json"})[1] == ResponseFormat()
    assert tuning_of({"response_format": {"type": "text"}})[1] is None


def test_what_is_not_understood_stays_as_it_is() -> None:
    given = {"logit_bias": {"5": 1}, "user": "u1", "temperature": "hot", "max_tokens": 1.5}
    assert dict(tuning_of(given)[0].extra) == given


def test_parallel_calls_are_read_from_either_word() -> None:
    assert tuning_of({"parallel_tool_calls": False})[2] is False
    assert tuning_of({"disable_parallel_tool_use": True})[2] is False


def test_written_settings_read_back_as_they_were() -> None:
    tuning = Tuning(
        temperature=0.0,
        top_k=3,
        stop=("A", "B"),
        thinking_budget=0,
        effort="low",
        extra={"user": "u"},
    )
    assert tuning_of(written(tuning))[0] == tuning


@pytest.mark.parametrize("name", [name for name in PROVIDERS if name not in ("local", "echo")])
def test_a_request_that_was_sent_and_logged_is_replayed_the_same(name: str) -> None:
    """Settings, messages and tools survive request, log and replay."""
    tool = {"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA}}
    made = adapter(PROVIDERS[name].module)
    first = Call(
        provider=name,
        model="some-model",
        messages=[{"role": "system", "content": [{"type": "text", "text": "S"}]}, user("Hi")],
        tools=[tool],
        tool_choice="auto",
        response_format=ResponseFormat(schema=SCHEMA),
        tuning=Tuning(temperature=0.3, top_p=0.8, max_tokens=99, stop=("X",)),
        stream=False,
    )
    kwargs = made.to_wire(first).kwargs
    logged = normalise(Logged(PROVIDERS[name].logged, made.function_name, kwargs, [], {}))
    tuning, form, parallel = tuning_of(logged.parameters)
    again = Call(
        provider=name,
        model=logged.model or "",
        **prompt_parts(logged.prompt),
        tuning=tuning,
        response_format=form,
        parallel_tool_calls=parallel,
        stream=False,
    )
    assert made.to_wire(again).kwargs == kwargs


def test_a_model_is_named_with_its_provider() -> None:
    assert split_model(" openrouter/meta/llama-4 ") == ("openrouter", "meta/llama-4")
    for text in ("gpt-4o", "/gpt", "openai/", ""):
        with pytest.raises(ValueError, match="provider/model"):
            split_model(text)


def test_a_completion_and_older_functions_become_messages_and_tools() -> None:
    assert prompt_parts({"type": "completion", "content": [{"type": "text", "text": "Go"}]}) == {
        "messages": [user("Go")]
    }
    parts = prompt_parts(
        {
            "type": "chat",
            "messages": [],
            "functions": [{"name": "f"}],
            "function_call": {"name": "f"},
        }
    )
    assert parts["tools"] == [{"type": "function", "function": {"name": "f"}}]
    assert parts["tool_choice"] == {"type": "function", "function": {"name": "f"}}
