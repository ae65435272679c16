"""The name of a vendor's function from the path of its HTTP route."""

from __future__ import annotations

_FUNCTIONS = (
    ("chat/completions", "openai.chat.completions.create"),
    ("/responses", "openai.responses.create"),
    ("/embeddings", "openai.embeddings.create"),
    ("/images", "openai.images.generate"),
    ("/moderations", "openai.moderations.create"),
    ("/messages", "anthropic.messages.create"),
    ("/complete", "openai.completions.create"),
    ("generatecontent", "google.generate_content"),
    ("/converse", "bedrock.converse"),
    ("/invoke", "bedrock.invoke_model"),
    ("/api/chat", "ollama.chat"),
    ("/api/generate", "ollama.generate"),
)


def function_of(path: str) -> str:
    """The function that a route serves; "" for one that is not known.

    >>> function_of("https://api.openai.com/v1/chat/completions")
    'openai.chat.completions.create'
    """
    lowered = path.lower()
    return next((name for part, name in _FUNCTIONS if part in lowered), "")
