"""Any endpoint that speaks OpenAI's chat completions: vLLM, Ollama, llama.cpp, a gateway …"""

from __future__ import annotations

from workbench.providers.openai_chat import OpenAIChat
from workbench.providers.openai_wire import Dialect


class Compatible(OpenAIChat):
    dialect = Dialect("This endpoint", own=False, limit="max_tokens")


ADAPTER = Compatible()
