"""What cannot be taken is refused before sending, with the reason; what is ignored is said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.vendors import ORIGIN, Asked, call, user
from workbench.messages import Message, Part, image_part, text_part
from workbench.providers.adapter import Wire
from workbench.providers.call import Call, ResponseFormat, Tuning
from workbench.providers.errors import Unsupported
from workbench.providers.table import KINDS, PROVIDERS, adapter

NAMES = [name for name in PROVIDERS if name != "local"]
NOTHING = Tuning()
EVERYTHING = Tuning(
    temperature=0.5,
    top_p=0.9,
    top_k=40,
    max_tokens=5000,
    stop=("END",),
    seed=7,
    frequency_penalty=0.1,
    presence_penalty=0.2,
    thinking_budget=2000,
    effort="low",
)
#: A value that stands for each setting in a request, however a vendor names it.
VALUES = {
    "temperature": 0.5,
    "top_p": 0.9,
    "top_k": 40,
    "max_tokens": 5000,
    "stop": "END",
    "seed": 7,
    "frequency_penalty": 0.1,
    "presence_penalty": 0.2,
    "thinking_budget": 2000,
    "effort": "low",
}


def wire(provider: str, one: Call) -> Wire:
    module = PROVIDERS[provider].module if provider in PROVIDERS else KINDS["openai"]
    return adapter(module).to_wire(one)


def refused(provider: str, *messages: Message, **fields: Any) -> str:
    with pytest.raises(Unsupported) as caught:
        wire(provider, call(provider, *messages, **fields))
    return caught.value.message


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in leaves(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in leaves(one)]
    return [value.lower() if value == "LOW" else value]


@pytest.mark.parametrize("provider", [*NAMES, "gateway"])
@pytest.mark.parametrize("setting", list(VALUES))
def test_each_setting_is_sent_or_said_to_be_ignored(provider: str, setting: str) -> None:
    value = getattr(EVERYTHING, setting)
    made = wire(provider, call(provider, user("Hi"), tuning=Tuning(**{setting: value})))
    sent = VALUES[setting] in leaves(made.kwargs)
    said = any(sentence.startswith(f"{setting} is ignored: ") for sentence in made.ignored)
    assert sent != said, (made.kwargs, made.ignored)


@pytest.mark.parametrize("provider", NAMES)
def test_nothing_is_said_where_nothing_is_left_out(provider: str) -> None:
    assert wire(provider, call(provider, user("Hi"))).ignored == ()


@pytest.mark.parametrize("provider", NAMES)
def test_a_vendors_own_parameter_goes_through_as_it_is(provider: str) -> None:
    own = Tuning(extra={"brand_new": {"a": [1]}})
    kwargs = wire(provider, call(provider, user("Hi"), tuning=own)).kwargs
    assert {**kwargs, **kwargs.get("config", {})}["brand_new"] == {"a": [1]}


@pytest.mark.parametrize("provider", NAMES)
def test_a_placeholder_is_refused(provider: str) -> None:
    assert "placeholder" in refused(provider, {"role": "placeholder", "content": []})


@pytest.mark.parametrize("provider", NAMES)
def test_a_part_of_an_unknown_kind_is_refused_by_its_name(provider: str) -> None:
    part: Part = {"type": "unknown", "raw": {}}
    assert "unknown" in refused(provider, user("Hi", part))


@pytest.mark.parametrize("provider", NAMES)
def test_a_file_variable_without_a_file_is_named(provider: str) -> None:
    part: Part = {"type": "media_variable", "name": "invoice"}
    assert "invoice" in refused(provider, user("Hi", part))


@pytest.mark.parametrize("provider", NAMES)
@pytest.mark.parametrize("url", ["", "data:image/png;base64,%%%", "data:image/png,raw"])
def test_a_picture_that_is_none_is_refused(provider: str, url: str) -> None:
    assert refused(provider, user("Hi", image_part(url)))


@pytest.mark.parametrize("provider", NAMES)
def test_another_vendors_own_tool_is_refused(provider: str) -> None:
    tool = {"type": "web_search", "name": "web_search", "provider": "nobody", "config": {}}
    assert "web_search" in refused(provider, user("Hi"), tools=[tool])


def test_a_vendors_own_tool_goes_to_that_vendor() -> None:
    config = {"type": "web_search_20250305", "name": "web_search"}
    tool = {"type": "web_search", "name": "web_search", "provider": "anthropic", "config": config}
    assert wire("anthropic", call("anthropic", user("Hi"), tools=[tool])).kwargs["tools"] == [
        config
    ]


@pytest.mark.parametrize("provider", ["anthropic", "google", "bedrock"])
def test_arguments_that_are_no_object_are_refused_where_one_is_needed(provider: str) -> None:
    broken: Message = {
        "role": "assistant",
        "content": [],
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "find", "arguments": '{"x": '}}
        ],
    }
    assert "find" in refused(provider, user("Hi"), broken)


def test_sound_and_video_are_refused_where_they_are_not_taken() -> None:
    sound: Part = {
        "type": "media",
        "media": {"type": "audio/mpeg", "title": "a", "url": "data:audio/mpeg;base64,QUJD"},
    }
    assert "audio" in refused("anthropic", user("Hi", sound))
    assert "pictures" in refused("cohere", user("Hi", sound))
    assert wire("google", call("google", user("Hi", sound))).kwargs["contents"][0]["parts"][1] == {
        "inline_data": {"mime_type": "audio/mpeg", "data": "QUJD"}
    }


def test_a_thinking_budget_that_fills_the_limit_is_refused_by_anthropic() -> None:
    tuning = Tuning(thinking_budget=4000, max_tokens=1000)
    assert "4000" in refused("anthropic", user("Hi"), tuning=tuning)


@pytest.mark.parametrize("provider", ["anthropic", "bedrock"])
def test_json_without_a_schema_is_refused_where_one_is_needed(provider: str) -> None:
    assert "schema" in refused(provider, user("Hi"), response_format=ResponseFormat())


def test_models_that_think_first_get_no_sampling_settings_and_the_page_says_so() -> None:
    tuning = Tuning(temperature=0.2, max_tokens=9, effort="low")
    one = Call(provider="openai", model="gpt-5-mini", messages=[user("Hi")], tuning=tuning)
    made = wire("openai", one)
    assert made.kwargs["max_completion_tokens"] == 9
    assert made.kwargs["reasoning_effort"] == "low"
    assert "temperature" not in made.kwargs
    assert made.ignored == (
        "temperature is ignored: gpt-5-mini thinks before it answers and takes none.",
    )


def test_thinking_that_another_vendor_signed_is_left_out_and_said() -> None:
    thought: Message = {
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": "Hm."}, text_part("Yes.")],
    }
    for provider in NAMES:
        if provider != "cohere":
            made = wire(provider, call(provider, user("Hi"), thought, user("And?")))
            assert any("hinking" in sentence for sentence in made.ignored), provider
            assert "Hm." not in leaves(made.kwargs)


def test_signed_thinking_goes_back_to_anthropic_as_it_came() -> None:
    signed: Part = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    message: Message = {"role": "assistant", "content": [signed, text_part("Yes.")]}
    made = wire("anthropic", call("anthropic", user("Hi"), message, user("And?")))
    assert made.kwargs["messages"][1]["content"][0] == signed
    assert made.ignored == ()


def test_ids_of_other_vendors_become_such_as_mistral_takes() -> None:
    messages: list[Message] = [
        user("Hi"),
        {
            "role": "assistant",
            "content": [],
            "tool_calls": [
                {"id": i, "type": "function", "function": {"name": "f", "arguments": "{}"}}
                for i in ("toolu_01A", "toolu_01B")
            ],
        },
        {"role": "tool", "tool_call_id": "toolu_01B", "content": [text_part("b")]},
    ]
    made = wire("mistral", call("mistral", *messages)).kwargs["messages"]
    first, second = (one["id"] for one in made[1]["tool_calls"])
    assert first != second
    assert made[2]["tool_call_id"] == second
    assert all(len(one) == 9 and one.isalnum() for one in (first, second))


def test_what_is_refused_is_not_sent_and_is_logged(stand_in: Asked) -> None:
    message: Message = {"role": "placeholder", "content": []}
    answer = stand_in.host.start(call("openai", message), ORIGIN).result(10)
    assert answer.error is not None
    assert answer.error.kind == "unsupported"
    (row,) = stand_in.rows
    assert row.status == "ERROR"
    assert "placeholder" in (row.error_message or "")
    assert (row.provider, row.origin) == ("openai", "playground")


def test_what_was_ignored_is_kept_with_the_record(stand_in: Asked) -> None:
    one = call("anthropic", user("Say hello"), tuning=Tuning(seed=3), stream=False)
    run = stand_in.host.start(one, ORIGIN)
    run.result(20)
    assert run.state().ignored == ("seed is ignored: Anthropic does not take it.",)
    assert stand_in.rows[0].metadata["ignored"] == "seed is ignored: Anthropic does not take it."
