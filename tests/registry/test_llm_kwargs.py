"""`llm_kwargs`: what each vendor's own client takes, checked by the vendors' own types."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.registry.conftest import completion
from workbench.registry.blueprint import checked
from workbench.registry.llm_kwargs import build, for_provider

PNG = "data:image/png;base64,iVBORw0KGgo="
PDF = {"title": "a.pdf", "type": "application/pdf", "url": "data:application/pdf;base64,JVBERi0="}
WEATHER = {
    "name": "weather",
    "description": "The weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
FORMAT = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def call(id_: str, city: str) -> dict[str, Any]:
    arguments = f'{{"city": "{city}"}}'
    return {
        "id": id_,
        "type": "function",
        "function": {"name": "weather", "arguments": arguments},
    }


WHOLE = checked(
    {
        "type": "chat",
        "messages": [
            {"role": "system", "content": [text("Be nice.")]},
            {
                "role": "user",
                "content": [
                    text("What is this?"),
                    {"type": "image_url", "image_url": {"url": PNG}},
                ],
            },
            {
                "role": "assistant",
                "content": [text("Let me look.")],
                "tool_calls": [call("c1", "Bern"), call("c2", "Rome")],
            },
            {"role": "tool", "tool_call_id": "c1", "content": [text("sunny")]},
            {"role": "tool", "tool_call_id": "c2", "content": [text("rain")]},
            {"role": "assistant", "content": [text("Sun in Bern.")]},
            {"role": "user", "content": [text("Thanks")]},
        ],
        "tools": [{"type": "function", "function": WEATHER}],
        "tool_choice": "auto",
    }
)
PLAIN = checked({"type": "chat", "messages": [{"role": "user", "content": "Hi"}]})


def kwargs(provider: str, model: str, prompt: Any = WHOLE, **parameters: Any) -> dict[str, Any]:
    api_type = parameters.pop("api_type", None)
    return build(prompt, provider, model, parameters, api_type)[0]


# The vendors' own word


def test_openai_chat_is_what_openai_takes() -> None:
    from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming

    found = kwargs(
        "openai", "gpt-4o", temperature=1, max_tokens=5, stop=["a"], response_format=FORMAT
    )
    TypeAdapter(CompletionCreateParamsNonStreaming).validate_python(found)
    assert found["messages"][0] == {"role": "system", "content": "Be nice."}
    assert [one["type"] for one in found["messages"][1]["content"]] == ["text", "image_url"]
    assert [one["id"] for one in found["messages"][2]["tool_calls"]] == ["c1", "c2"]
    assert found["messages"][3] == {"role": "tool", "content": "sunny", "tool_call_id": "c1"}
    assert (found["max_tokens"], found["response_format"]) == (5, FORMAT)


def test_openai_responses_is_what_openai_takes() -> None:
    from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

    found = kwargs(
        "openai",
        "gpt-5",
        api_type="responses",
        max_tokens=5,
        reasoning_effort="low",
        response_format=FORMAT,
    )
    TypeAdapter(ResponseCreateParamsNonStreaming).validate_python(found)
    kinds = [(one["type"], one.get("role")) for one in found["input"]]
    assert kinds == [
        ("message", "system"),
        ("message", "user"),
        ("message", "assistant"),
        ("function_call", None),
        ("function_call", None),
        ("function_call_output", None),
        ("function_call_output", None),
        ("message", "assistant"),
        ("message", "user"),
    ]
    assert found["max_output_tokens"] == 5
    assert found["text"]["format"]["schema"] == SCHEMA
    assert found["reasoning"] == {"effort": "low"}
    assert found["tools"][0]["name"] == "weather"


def test_anthropic_is_what_anthropic_takes() -> None:
    from anthropic.types.message_create_params import MessageCreateParamsNonStreaming

    found = kwargs(
        "anthropic", "claude-sonnet-4-5", stop="x", temperature=1, response_format=FORMAT
    )
    TypeAdapter(MessageCreateParamsNonStreaming).validate_python(found)
    assert found["system"] == [text("Be nice.")]
    assert [one["role"] for one in found["messages"]] == [
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
    ]
    assert [one["tool_use_id"] for one in found["messages"][2]["content"]] == ["c1", "c2"]
    assert found["messages"][1]["content"][1]["input"] == {"city": "Bern"}
    assert found["max_tokens"] == 4096
    assert found["stop_sequences"] == ["x"]
    assert found["tool_choice"] == {"type": "auto"}
    image = found["messages"][0]["content"][1]
    assert image["source"] == {
        "type": "base64",
        "media_type": "image/png",
        "data": "iVBORw0KGgo=",
    }


def test_gemini_is_what_google_genai_takes() -> None:
    genai = pytest.importorskip("google.genai")
    found = kwargs("google", "gemini-2.5-flash", max_tokens=5, top_k=3, response_format=FORMAT)
    contents = [genai.types.Content(**one) for one in found["history"]]
    config = genai.types.GenerateContentConfig(**found["generation_config"])
    assert [one.role for one in contents] == ["user", "model", "user", "model", "user"]
    assert contents[1].parts[1].function_call.args == {"city": "Bern"}
    results = [part.function_response for part in contents[2].parts]
    assert [one.name for one in results] == ["weather", "weather"]
    assert config.max_output_tokens == 5
    assert config.system_instruction.parts[0].text == "Be nice."
    assert config.tools[0].function_declarations[0].name == "weather"
    assert config.response_mime_type == "application/json"
    plain = kwargs("google", "gemini-2.5-flash", checked(completion("Hi")))
    assert plain["contents"] == [{"role": "user", "parts": [{"text": "Hi"}]}]


def test_bedrock_is_what_boto3_takes() -> None:
    boto3 = pytest.importorskip("boto3")
    from botocore.validate import ParamValidator

    found = kwargs(
        "amazon.bedrock", "anthropic.claude-3", max_tokens=5, top_p=0.5, stop="x", top_k=7
    )
    session = boto3.session.Session(aws_access_key_id="x", aws_secret_access_key="y")
    client = session.client("bedrock-runtime", region_name="us-east-1")
    shape = client.meta.service_model.operation_model("Converse").input_shape
    report = ParamValidator().validate(found, shape)
    assert not report.has_errors(), report.generate_report()
    assert found["inferenceConfig"] == {"maxTokens": 5, "topP": 0.5, "stopSequences": ["x"]}
    assert found["additionalModelRequestFields"] == {"top_k": 7}
    assert [one["role"] for one in found["messages"]] == [
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
    ]
    results = [one["toolResult"]["toolUseId"] for one in found["messages"][2]["content"]]
    assert results == ["c1", "c2"]


def test_mistral_is_what_mistralai_takes() -> None:
    models = pytest.importorskip("mistralai.client.models")
    found = kwargs("mistral", "mistral-large-latest", seed=3, max_tokens=5)
    request = models.ChatCompletionRequest.model_validate(found)
    assert (request.random_seed, request.max_tokens) == (3, 5)
    assert [one.role for one in request.messages] == [
        *("system", "user", "assistant", "tool", "tool", "assistant", "user")
    ]
    assert found["messages"][1]["content"][1] == {"type": "image_url", "image_url": PNG}


def test_cohere_is_what_cohere_takes() -> None:
    cohere = pytest.importorskip("cohere")
    found = kwargs(
        "cohere", "command-a", top_p=0.5, top_k=3, stop="x", max_tokens=5, response_format=FORMAT
    )
    taken = inspect.signature(cohere.ClientV2.chat).parameters
    assert set(found) <= set(taken)
    assert (found["p"], found["k"], found["stop_sequences"]) == (0.5, 3, ["x"])
    assert found["response_format"] == {"type": "json_object", "json_schema": SCHEMA}
    assert "tool_choice" not in found


# What is recorded of the service


def test_parameters_win_over_messages_and_model_as_in_recorded_answers() -> None:
    messages = [{"role": "system", "content": "Hello"}]
    parameters = {"messages": messages, "model": "gpt-4o", "seed": 0}
    found, _ = build(PLAIN, "openai", "gpt-4o-mini", parameters)
    assert found == {
        "messages": [{"role": "system", "content": "Hello"}],
        "model": "gpt-4o",
        "seed": 0,
    }


def test_a_recorded_prompt_gives_the_recorded_arguments() -> None:
    prompt = checked(
        {
            "type": "chat",
            "messages": [
                {"role": "system", "content": [text("You are an AI.")]},
                {"role": "user", "content": [text("What is the capital of Japan?")]},
            ],
        }
    )
    assert build(prompt, "openai")[0] == {
        "messages": [
            {"role": "system", "content": "You are an AI."},
            {"role": "user", "content": [text("What is the capital of Japan?")]},
        ]
    }


# Corners


def test_a_completion_goes_as_one_text() -> None:
    prompt = checked(completion("Once upon"))
    assert kwargs("openai", "davinci", prompt, max_tokens=5) == {
        "prompt": "Once upon",
        "model": "davinci",
        "max_tokens": 5,
    }
    assert kwargs("anthropic", "claude-2", prompt)["prompt"] == "\n\nHuman: Once upon\n\nAssistant:"
    assert kwargs("openai", "dall-e", prompt, api_type="images")["prompt"] == "Once upon"
    assert kwargs("openrouter", "x/y", prompt)["messages"][0]["role"] == "user"


@pytest.mark.parametrize(
    ("said", "openai", "anthropic", "bedrock"),
    [
        ("none", "none", {"type": "none"}, None),
        ("required", "required", {"type": "any"}, {"any": {}}),
        (
            {"type": "function", "function": {"name": "weather"}},
            {"type": "function", "function": {"name": "weather"}},
            {"type": "tool", "name": "weather"},
            {"tool": {"name": "weather"}},
        ),
    ],
)
def test_a_tool_choice_is_said_in_each_vendors_words(
    said: Any, openai: Any, anthropic: Any, bedrock: Any
) -> None:
    prompt = {**WHOLE, "tool_choice": said}
    assert kwargs("openai", "m", prompt)["tool_choice"] == openai
    assert kwargs("anthropic", "m", prompt)["tool_choice"] == anthropic
    assert kwargs("amazon.bedrock", "m", prompt)["toolConfig"].get("toolChoice") == bedrock


def test_the_older_functions_are_passed_on_or_become_tools() -> None:
    prompt = checked(
        {
            "type": "chat",
            "messages": [{"role": "user", "content": "Hi"}],
            "functions": [WEATHER],
            "function_call": {"name": "weather"},
        }
    )
    found = kwargs("openai", "m", prompt)
    assert (found["functions"], found["function_call"]) == ([WEATHER], {"name": "weather"})
    assert "tools" not in found
    assert kwargs("anthropic", "m", prompt)["tool_choice"] == {"type": "tool", "name": "weather"}
    assert kwargs("mistral", "m", prompt)["tools"][0]["function"] == WEATHER


def test_an_empty_text_is_not_sent_where_the_vendor_refuses_it() -> None:
    prompt = checked(
        {
            "type": "chat",
            "messages": [{"role": "system", "content": ""}, {"role": "user", "content": "x"}],
        }
    )
    assert "system" not in kwargs("anthropic", "m", prompt)
    assert "system" not in kwargs("amazon.bedrock", "m", prompt)
    assert kwargs("openai", "m", prompt)["messages"][0]["content"] == ""


def test_what_a_vendor_does_not_take_is_left_out_and_said() -> None:
    prompt = checked(
        {
            "type": "chat",
            "messages": [
                {"role": "user", "content": [text("x"), {"type": "shell_call", "action": {}}]}
            ],
            "tools": [
                {
                    "type": "web_search",
                    "name": "Search",
                    "provider": "google",
                    "config": {"google_search": {}},
                }
            ],
        }
    )
    found, notes = build(prompt, "anthropic", "m", {"seed": 1})
    assert notes == [
        "Content of the type 'shell_call' is left out: Anthropic takes none.",
        "The tool 'Search' (web_search) is left out: it is not one of anthropic.",
        "seed is left out: Anthropic has no such setting.",
    ]
    assert "seed" not in found
    gemini, notes = build(prompt, "google", "m")
    assert gemini["generation_config"]["tools"] == [{"google_search": {}}]


def test_a_file_goes_where_files_go() -> None:
    prompt = checked(
        {
            "type": "chat",
            "messages": [{"role": "user", "content": [{"type": "media", "media": PDF}]}],
        }
    )
    [block] = kwargs("anthropic", "m", prompt)["messages"][0]["content"]
    assert (block["type"], block["source"]["media_type"]) == ("document", "application/pdf")
    [part] = kwargs("openai", "m", prompt)["messages"][0]["content"]
    assert part["file"]["filename"] == "a.pdf"
    [item] = kwargs("openai", "m", prompt, api_type="responses")["input"][0]["content"]
    assert item["type"] == "input_file"


def test_an_unknown_provider_speaks_openais_chat() -> None:
    assert kwargs("groq", "llama", PLAIN) == kwargs("openai", "llama", PLAIN)


def test_settings_of_one_vendor_are_turned_into_anothers() -> None:
    moved, notes = for_provider(
        {"max_completion_tokens": 5, "stop": "x", "logprobs": True}, "openai", "anthropic"
    )
    assert kwargs("anthropic", "m", PLAIN, **moved)["max_tokens"] == 5
    assert notes == ["Parameters that anthropic does not share were left out: logprobs."]
    assert for_provider({"logprobs": 1}, "openai", "openai.azure") == ({"logprobs": 1}, [])


ROLES = st.sampled_from(["system", "developer", "user", "assistant", "tool", "function"])
PARTS = st.lists(
    st.one_of(
        st.text(max_size=5).map(text),
        st.sampled_from(
            [
                {"type": "image_url", "image_url": {"url": PNG}},
                {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}},
                {"type": "media", "media": PDF},
                {"type": "media", "media": None},
                {"type": "thinking", "thinking": "x", "signature": None},
                {"type": "server_tool_use", "id": "1"},
            ]
        ),
    ),
    max_size=3,
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"role": ROLES, "content": PARTS},
            optional={"tool_calls": st.just([call("c", "x")]), "name": st.just("n")},
        ),
        max_size=5,
    ),
    st.sampled_from(
        ["openai", "anthropic", "google", "amazon.bedrock", "mistral", "cohere", "vertexai", "x"]
    ),
    st.sampled_from([None, "responses", "images"]),
)
def test_any_conversation_gives_arguments_that_are_json(
    messages: list[dict[str, Any]], provider: str, api_type: str | None
) -> None:
    import orjson

    prompt = checked({"type": "chat", "messages": messages})
    found, notes = build(prompt, provider, "m", {"temperature": 1}, api_type)
    assert orjson.loads(orjson.dumps(found)) == found
    assert all(note.endswith(".") for note in notes)
