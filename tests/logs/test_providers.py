"""Provider ids: one name for one vendor, whatever a caller calls it."""

from __future__ import annotations

import pytest

from workbench.logs.normalise import provider_name


@pytest.mark.parametrize(
    ("said", "function", "expected"),
    [
        ("openai", "openai.OpenAI.chat.completions.create", "openai"),
        ("openai", "openai.AzureOpenAI.chat.completions.create", "azure"),
        ("openai.azure", "", "azure"),
        ("azure.ai.openai", "", "azure"),
        ("anthropic", "anthropic.Anthropic.messages.create", "anthropic"),
        ("anthropic", "anthropic.AnthropicBedrock.messages.create", "bedrock"),
        ("anthropic", "anthropic.AsyncAnthropicVertex.messages.create", "vertexai"),
        ("anthropic.bedrock", "anthropic.messages.create", "bedrock"),
        ("amazon.bedrock", "boto3.bedrock-runtime.converse", "bedrock"),
        ("aws.bedrock", "", "bedrock"),
        ("google", "google.convo.send_message", "google"),
        ("gcp.gemini", "", "google"),
        ("gemini", "", "google"),
        ("vertexai", "", "vertexai"),
        ("mistral_ai", "", "mistral"),
        ("MistralAI", "", "mistral"),
        ("cohere", "", "cohere"),
        ("ollama", "", "ollama"),
        ("x_ai", "", "xai"),
        ("openrouter", "openrouter.chat.send", "openrouter"),
        (" Acme Gateway ", "", "acme gateway"),
        ("langchain", "langchain.PromptLayerChatOpenAI", "openai"),
        ("langchain", "langchain.llm", "langchain"),
        ("", "openai.chat.completions.create", "openai"),
        ("", "boto3.bedrock-runtime.converse", "bedrock"),
        ("", "", None),
    ],
)
def test_a_provider_has_one_name(said: str, function: str, expected: str | None) -> None:
    assert provider_name(said, function) == expected
