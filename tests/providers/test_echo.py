"""The echo: what a model would receive, the same every time."""

from __future__ import annotations

from typing import Any

import jsonschema
import orjson
import pytest

from tests.providers.vendors import ORIGIN, Asked, call, said, user
from workbench.messages import Message, image_part
from workbench.providers.call import ResponseFormat, Tuning
from workbench.providers.estimate import tokens_of, tokens_of_call
from workbench.providers.models import described, known
from workbench.providers.run import Answer
from workbench.providers.sample_json import sample_of

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 18},
        "mood": {"enum": ["calm", "cross"]},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
        "home": {"$ref": "#/$defs/place"},
        "note": {"type": ["null", "string"]},
    },
    "required": ["name", "age", "mood", "tags", "home", "note"],
    "$defs": {"place": {"type": "object", "properties": {"city": {"const": "Bern"}}}},
}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "find", "description": "", "parameters": SCHEMA},
}


def echo(asked: Asked, *messages: Message, **fields: Any) -> Answer:
    return asked.host.start(call("echo", *messages, model="echo", **fields), ORIGIN).result(10)


def test_it_shows_roles_words_pictures_tools_and_settings(stand_in: Asked) -> None:
    system: Message = {"role": "system", "content": [{"type": "text", "text": "Be brief."}]}
    picture = image_part("data:image/png;base64," + "A" * 4000)
    tuning = Tuning(temperature=0.5)
    answer = echo(stand_in, system, user("Look", picture), tools=[TOOL], tuning=tuning)
    text = said(answer.messages)
    assert text.startswith("[system · about 7 tokens]\nBe brief.\n\n[user · about ")
    assert "Look\n<image/png, 4 KB>" in text
    assert "[tools] find" in text
    assert '[settings] {"temperature":0.5}' in text
    assert f"[about {answer.usage.input_tokens} tokens in 2 messages" in text
    again = echo(stand_in, system, user("Look", picture), tools=[TOOL], tuning=tuning)
    assert said(again.messages) == text
    assert answer.cost is None


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "find"}}])
def test_a_tool_that_must_be_called_is_called_with_arguments_of_its_schema(
    stand_in: Asked, choice: Any
) -> None:
    answer = echo(stand_in, user("Find"), tools=[TOOL], tool_choice=choice)
    assert answer.finish == "tool_calls"
    (one,) = answer.messages[0].get("tool_calls") or []
    jsonschema.validate(orjson.loads(one["function"]["arguments"]), SCHEMA)


def test_json_of_a_schema_is_valid(stand_in: Asked) -> None:
    answer = echo(stand_in, user("Go"), response_format=ResponseFormat(schema=SCHEMA))
    jsonschema.validate(orjson.loads(said(answer.messages)), SCHEMA)


def test_a_limit_of_tokens_cuts_it(stand_in: Asked) -> None:
    answer = echo(stand_in, user("word " * 50), tuning=Tuning(max_tokens=10))
    assert answer.finish == "length"
    assert answer.usage.output_tokens == 10
    assert tokens_of(said(answer.messages)) <= 10


def test_a_schema_that_refers_to_itself_ends() -> None:
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    assert isinstance(sample_of(schema), dict)


@pytest.mark.parametrize(
    ("text", "real"),
    [
        # Counted by Gemma 3's tokenizer.
        ("The quick brown fox jumps over the lazy dog. " * 20, 201),
        ('{"name": "Ada", "age": 36, "tags": ["a", "b"]}' * 10, 229),
        ("日本語のテキストはトークンの数え方が違います。" * 10, 120),
        ("Die Donaudampfschifffahrtsgesellschaft fährt wieder. " * 10, 141),
    ],
)
def test_estimates_are_near_what_a_tokenizer_counts(text: str, real: int) -> None:
    assert 0.5 * real <= tokens_of(text) <= 2 * real
    assert tokens_of_call([user(text)]) > tokens_of(text)


def test_what_is_known_of_models_without_asking_anybody() -> None:
    found = {model.id: model for model in known("openai")}
    assert found["gpt-4o-mini"].context_window == 128_000
    assert found["gpt-4o-mini"].input_price
    mine, theirs = described(["my-own", "gpt-4o-mini"], "openai", "provider")[::-1]
    assert (mine.id, mine.context_window, mine.input_price) == ("my-own", None, None)
    assert theirs.output_price
    assert known("box") == []
