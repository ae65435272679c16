"""The providers by name. Listing them imports no adapter and no vendor's package."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from functools import lru_cache

from workbench.logs.normalise.providers import provider_name
from workbench.providers.adapter import Adapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One line of the table.

    module: the adapter's module in this package.
    package: what Python must be able to import for it.
    variables: variables that must be set, the key first.
    options: variables that may be set; those that are keys too are in `secret_options`.
    base_url: the variable that replaces the vendor's address.
    log_as: the provider's id in log records; "" for its own name.
    note: what a person should know before choosing it.
    """

    name: str
    title: str
    module: str
    package: str = ""
    variables: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    secret_options: tuple[str, ...] = ()
    base_url: str = ""
    log_as: str = ""
    note: str = ""
    is_local: bool = False

    @property
    def logged(self) -> str:
        return self.log_as or self.name


_ALL = (
    Provider(
        name="echo",
        title="Echo",
        module="echo",
        note="Shows the messages as a model would receive them. No key, no cost.",
        is_local=True,
    ),
    Provider(
        name="local",
        title="Local model",
        module="local",
        package="xllamacpp",
        note="Gemma 3 270M in llama.cpp on this machine: a base-size model, to try things out.",
        is_local=True,
    ),
    Provider(
        name="openai",
        title="OpenAI",
        module="openai_chat",
        package="openai",
        variables=("OPENAI_API_KEY",),
        base_url="OPENAI_BASE_URL",
        note="Chat completions.",
    ),
    Provider(
        name="openai-responses",
        title="OpenAI Responses",
        module="openai_responses",
        package="openai",
        variables=("OPENAI_API_KEY",),
        base_url="OPENAI_BASE_URL",
        log_as="openai",
        note="The Responses API: reasoning summaries and OpenAI's own tools.",
    ),
    Provider(
        name="azure",
        title="Azure OpenAI",
        module="azure",
        package="openai",
        variables=("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"),
        options=("OPENAI_API_VERSION",),
        base_url="AZURE_OPENAI_ENDPOINT",
        note="The model's name is that of a deployment.",
    ),
    Provider(
        name="anthropic",
        title="Anthropic",
        module="anthropic_messages",
        package="anthropic",
        variables=("ANTHROPIC_API_KEY",),
        base_url="ANTHROPIC_BASE_URL",
    ),
    Provider(
        name="google",
        title="Google Gemini",
        module="gemini",
        package="google.genai",
        variables=("GEMINI_API_KEY",),
        base_url="GOOGLE_GEMINI_BASE_URL",
    ),
    Provider(
        name="bedrock",
        title="Amazon Bedrock",
        module="bedrock",
        package="boto3",
        variables=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"),
        secret_options=("AWS_SESSION_TOKEN",),
        base_url="AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
        note="The model's name is a model id or an inference profile.",
    ),
    Provider(
        name="mistral",
        title="Mistral",
        module="mistral",
        package="mistralai",
        variables=("MISTRAL_API_KEY",),
        base_url="MISTRAL_BASE_URL",
    ),
    Provider(
        name="cohere",
        title="Cohere",
        module="cohere",
        package="cohere",
        variables=("COHERE_API_KEY",),
        base_url="COHERE_BASE_URL",
    ),
)
PROVIDERS: dict[str, Provider] = {each.name: each for each in _ALL}

#: Other names under which people keep the same value; the first that is set counts.
OTHER_NAMES = {
    "GEMINI_API_KEY": ("GOOGLE_API_KEY",),
    "COHERE_API_KEY": ("CO_API_KEY",),
    "AWS_REGION": ("AWS_DEFAULT_REGION",),
}

#: Variables that are no secrets: they may stand in a log.
PLAIN = frozenset({"AWS_REGION", "AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION"})

#: Adapters for endpoints that a user connects, by the kind of the connection.
KINDS = {"openai": "compatible", "anthropic": "anthropic_messages"}


def find(name: str) -> Provider | None:
    """A provider by its name or one that callers use for it ("gemini", "azure_openai")."""
    return PROVIDERS.get(name) or PROVIDERS.get(provider_name(name) or "")


@lru_cache(maxsize=32)
def adapter(module: str) -> Adapter:
    """The adapter in a module of this package; the vendor's package is imported at first use."""
    loaded: Adapter = importlib.import_module(f"workbench.providers.{module}").ADAPTER
    return loaded


def is_installed(provider: Provider) -> bool:
    try:
        return not provider.package or importlib.util.find_spec(provider.package) is not None
    except ModuleNotFoundError:
        return False
