"""JSON of any shape, seasoned with the words that vendors use, and well-formed chat messages."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from workbench.logs.call import Call

_WORDS = """
messages message model system tools tool_choice functions function_call tool_calls tool_call_id
role content text type name arguments id index choices delta finish_reason usage prompt_tokens
completion_tokens total_tokens prompt_tokens_details cached_tokens input_tokens output_tokens
cache_read_input_tokens cache_creation_input_tokens image_url url detail input_audio data format
file file_data file_id filename refusal annotations reasoning_content reasoning reasoning_details
audio transcript expires_at images thinking signature source media_type tool_use_id input is_error
citations title server_name cache_control event content_block partial_json stop_reason error code
candidates contents parts inlineData inline_data mimeType functionCall functionResponse
usageMetadata promptTokenCount candidatesTokenCount systemInstruction generationConfig
toolUse toolResult reasoningContent output inputTokens outputTokens body modelId stream_options
prompt completion response done embedding embeddings instructions call_id summary status action
operation generation results outputText tool_plan billed_units tokens message_history llm_output
prompt_template input_variables template_format price provider generations kwargs lc object
toolConfig inferenceConfig safetyRatings groundingMetadata executableCode codeExecutionResult
"""

_TYPES = """
text image_url input_text output_text input_image input_audio file input_file refusal thinking
redacted_thinking image document tool_use tool_result server_tool_use web_search_tool_result
mcp_tool_use mcp_tool_result code_execution_tool_result code_execution_result base64 url content
message message_start content_block_start content_block_delta content_block_stop message_delta
message_stop text_delta input_json_delta thinking_delta citations_delta error completion
chat.completion chat.completion.chunk response list function custom function_call
function_call_output reasoning web_search_call code_interpreter_call mcp_call mcp_list_tools
shell_call apply_patch_call image_generation_call item_reference summary_text output_item
response.created response.completed response.output_item.done response.output_text.delta chat
embedding user assistant system tool developer model human ai auto any none text_completion
document_url file_search_call computer_call custom_tool_call content-delta message-end
"""

WORDS, TYPES = _WORDS.split(), _TYPES.split()

FUNCTIONS = [
    "",
    "openai.OpenAI.chat.completions.create",
    "openai.chat.completions.create",
    "openai.completions.create",
    "openai.responses.create",
    "openai.embeddings.create",
    "openai.images.generate",
    "anthropic.Anthropic.messages.create",
    "anthropic.completions.create",
    "google.convo.send_message",
    "google.model.generate_content",
    "boto3.bedrock-runtime.converse",
    "boto3.bedrock-runtime.invoke_model",
    "mistral.client.chat",
    "cohere.ClientV2.chat",
    "ollama.chat",
    "ollama.generate",
    "langchain.PromptLayerChatOpenAI",
]

PROVIDERS = [
    "",
    "openai",
    "openai.azure",
    "anthropic",
    "google",
    "vertexai",
    "amazon.bedrock",
    "mistral",
    "cohere",
    "ollama",
    "langchain",
    "Acme",
]

#: Text that a store can keep: no lone surrogates, which the API refuses.
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)

_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    words,
    st.sampled_from(TYPES),
    st.sampled_from(["data:image/png;base64,aGk=", "https://example.com/a.png", "aGk="]),
)
_keys = st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS), words)


def _typed(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(_keys, children, max_size=6).flatmap(
        lambda value: st.sampled_from(TYPES).map(lambda kind: {"type": kind, **value})
    )


any_json: st.SearchStrategy[Any] = st.recursive(
    _leaves,
    lambda children: st.one_of(
        st.lists(children, max_size=4),
        st.dictionaries(_keys, children, max_size=6),
        _typed(children),
    ),
    max_leaves=25,
)

json_objects: st.SearchStrategy[dict[str, Any]] = st.dictionaries(_keys, any_json, max_size=8)

any_calls: st.SearchStrategy[Call] = st.builds(
    Call,
    provider=st.one_of(st.sampled_from(PROVIDERS), words),
    function_name=st.one_of(st.sampled_from(FUNCTIONS), words),
    kwargs=json_objects,
    args=st.lists(any_json, max_size=3),
    response=any_json,
)

#: Words with something to find in them, one needle each.
needles = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=3, max_size=30)


def assert_conversation(value: Any) -> None:
    """What every reader of a conversation may rely on."""
    for message in [*value.prompt.get("messages", []), *value.output]:
        assert isinstance(message["role"], str)
        assert message["role"]
        assert isinstance(message["content"], list)
        for part in message["content"]:
            assert isinstance(part, dict)
            assert isinstance(part["type"], str)
        calls = [call["function"] for call in message.get("tool_calls") or ()]
        if message.get("function_call"):
            calls.append(message["function_call"])
        for call in calls:
            assert isinstance(call["name"], str)
            assert isinstance(call["arguments"], str)
    for part in value.prompt.get("content", []):
        assert isinstance(part["type"], str)
    assert value.prompt["type"] in ("chat", "completion")
    assert "/" in value.normaliser
    usage = value.usage
    if usage is not None:
        counts = (usage.input_tokens, usage.output_tokens, usage.cached_tokens)
        assert all(count is None or count >= 0 for count in counts)
