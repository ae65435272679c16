"""Whose model answered, in the ids that the field uses."""

from __future__ import annotations

from workbench.logs.call import Call

#: What callers send to what we keep. PromptLayer's, OpenTelemetry's and LiteLLM's names.
_ALIASES = {
    "openai.azure": "azure",
    "azure_openai": "azure",
    "azure-openai": "azure",
    "azureopenai": "azure",
    "azure.ai.openai": "azure",
    "azure.ai.inference": "azure",
    "az.ai.openai": "azure",
    "az.ai.inference": "azure",
    "azure_ai": "azure",
    "amazon.bedrock": "bedrock",
    "aws.bedrock": "bedrock",
    "aws_bedrock": "bedrock",
    "amazon_bedrock": "bedrock",
    "anthropic.bedrock": "bedrock",
    "aws": "bedrock",
    "boto3": "bedrock",
    "gemini": "google",
    "google_genai": "google",
    "google-genai": "google",
    "google-generativeai": "google",
    "googleai": "google",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "vertex": "vertexai",
    "vertex_ai": "vertexai",
    "vertex-ai": "vertexai",
    "gcp.vertex_ai": "vertexai",
    "mistralai": "mistral",
    "mistral_ai": "mistral",
    "mistral-ai": "mistral",
    "cohere_chat": "cohere",
    "cohere.v2": "cohere",
    "ollama_chat": "ollama",
    "x_ai": "xai",
    "x-ai": "xai",
    "together_ai": "together",
    "together-ai": "together",
    "togetherai": "together",
    "fireworks_ai": "fireworks",
    "fireworks-ai": "fireworks",
    "hugging_face": "huggingface",
    "perplexity_ai": "perplexity",
}

#: Client classes that say more than the package they come from.
_CLIENTS = (
    ("azureopenai", "azure"),
    ("anthropicbedrock", "bedrock"),
    ("anthropicvertex", "vertexai"),
    ("bedrock", "bedrock"),
)

_SPOKEN_IN_NAMES = ("openai", "anthropic", "google", "mistral", "cohere", "ollama", "bedrock")


def provider_name(provider: str, function_name: str = "") -> str | None:
    """The provider's id; one that is not known stays, in lower case; None when nothing is said.

    >>> provider_name("openai.azure"), provider_name("openai", "openai.AzureOpenAI.chat")
    ('azure', 'azure')
    """
    name = provider.strip().lower()
    function = function_name.lower()
    if name in {"", "openai", "anthropic"}:
        for client, owner in _CLIENTS:
            if client in function:
                return owner
    if not name:
        name = function.partition(".")[0]
    if name == "langchain":
        name = next((spoken for spoken in _SPOKEN_IN_NAMES if spoken in function), name)
    return _ALIASES.get(name, name) or None


def provider_of(call: Call) -> str | None:
    return provider_name(call.provider, call.function_name)
