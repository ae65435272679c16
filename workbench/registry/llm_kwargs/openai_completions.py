"""`openai.completions.create(**kwargs)` and `openai.images.generate(**kwargs)`: one text."""

from __future__ import annotations

from typing import Any

from workbench.registry.llm_kwargs.common import Request, parts, text_of, unknown_part
from workbench.registry.llm_kwargs.parameters import spelled


def build(request: Request) -> dict[str, Any]:
    """Keyword arguments with the texts of all messages as `prompt`."""
    for message in request.messages:
        for part in parts(message):
            if part.get("type") != "text":
                unknown_part(request, part, "OpenAI's completions")
    kwargs: dict[str, Any] = {"prompt": "\n\n".join(map(text_of, request.messages))}
    if request.model:
        kwargs["model"] = request.model
    own = {"max_tokens": "max_tokens", "top_p": "top_p", "stop": "stop", "seed": "seed"}
    return kwargs | spelled(request.parameters, own)
