"""Amazon Bedrock's InvokeModel: the body is the model maker's own request, and so is the answer.

Shapes: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise import (
    anthropic_messages,
    bedrock_converse,
    cohere,
    embeddings,
    openai_chat,
    openai_completions,
)
from workbench.logs.normalise.openai_completions import prompt
from workbench.logs.normalise.shape import (
    error_of,
    first_count,
    items,
    mapping,
    parsed,
    text_or_none,
    without,
)
from workbench.messages import Message, text_part, unknown_part
from workbench.usage import Usage

NAME = "bedrock.invoke_model/1"

_OUTER = frozenset({"body", "modelId"})
_INNER = frozenset({"prompt", "inputText", "model", "textGenerationConfig"})


def normalise(call: Call) -> Conversation:
    """The maker's own normaliser where it has one, else Llama's, Titan's or Mistral's shape."""
    body = mapping(parsed(call.kwargs.get("body")))
    answer = _answer(call.response)
    model = text_or_none(call.kwargs.get("modelId"))
    outer = without(call.kwargs, _OUTER)
    inner = Call(call.provider, "", {**body, "model": model}, [], answer)
    found = _own_dialect(inner, model or "") or _text_model(inner)
    return replace(
        found,
        normaliser=NAME,
        model=model or found.model,
        requested_model=model,
        parameters={**without(found.parameters, frozenset({"model"})), **outer},
        usage=found.usage or _counted_in_headers(call.response),
    )


def _answer(response: Any) -> Any:
    """The body of an answer, read; boto3 leaves it under `body`."""
    answer = parsed(response)
    return parsed(answer["body"]) if "body" in mapping(answer) else answer


def _own_dialect(inner: Call, model: str) -> Conversation | None:
    kwargs, answer = inner.kwargs, inner.response
    if embeddings.answers(answer):
        return embeddings.normalise(inner)
    if anthropic_messages.answers(answer) or "anthropic_version" in kwargs:
        return anthropic_messages.normalise(inner)
    if bedrock_converse.answers(answer) or ".nova-" in model:
        return bedrock_converse.read({**kwargs, "modelId": kwargs.get("model")}, answer, NAME)
    if cohere.answers(answer) or model.partition(".command")[1]:
        return cohere.normalise(inner)
    if openai_completions.answers(answer):
        return openai_completions.normalise(inner)
    if items(mapping(answer).get("choices")) or isinstance(kwargs.get("messages"), list):
        return openai_chat.normalise(inner)
    return None


def _text_model(inner: Call) -> Conversation:
    """Llama {generation}, Titan {results} and Mistral {outputs}: one prompt, texts back."""
    kwargs, answer = inner.kwargs, mapping(inner.response)
    results = [mapping(one) for one in items(answer.get("results") or answer.get("outputs"))]
    first = results[0] if results else answer
    reasons = ("stop_reason", "completionReason")
    asked = kwargs.get("prompt") if kwargs.get("prompt") is not None else kwargs.get("inputText")
    settings = {**mapping(kwargs.get("textGenerationConfig")), **without(kwargs, _INNER)}
    return Conversation(
        prompt=prompt(asked),
        output=_output(inner.response, answer, results),
        normaliser=NAME,
        parameters=settings,
        usage=_usage(answer, results),
        finish_reason=next((r for key in reasons if (r := text_or_none(first.get(key)))), None),
        error=error_of(answer),
    )


def _output(response: Any, answer: dict[str, Any], results: list[dict[str, Any]]) -> list[Message]:
    said = [one.get("outputText", one.get("text")) for one in results]
    said = said or [answer.get("generation", answer.get("completion"))]
    texts = [one for one in said if isinstance(one, str)]
    if texts:
        return [{"role": "assistant", "content": [text_part(one)]} for one in texts]
    if not response or answer.get("error"):
        return []
    return [{"role": "assistant", "content": [unknown_part(response)]}]


def _usage(answer: dict[str, Any], results: list[dict[str, Any]]) -> Usage | None:
    sent = first_count(answer, "prompt_token_count", "inputTextTokenCount")
    counts = [made for one in results if (made := first_count(one, "tokenCount")) is not None]
    received = sum(counts) if counts else first_count(answer, "generation_token_count")
    return None if sent is None and received is None else Usage(sent, received)


def _counted_in_headers(response: Any) -> Usage | None:
    """Bedrock counts for every model, in the headers of its answer."""
    metadata = mapping(mapping(response).get("ResponseMetadata"))
    headers = {k: parsed(v) for k, v in mapping(metadata.get("HTTPHeaders")).items()}
    sent = first_count(headers, "x-amzn-bedrock-input-token-count")
    received = first_count(headers, "x-amzn-bedrock-output-token-count")
    return None if sent is None and received is None else Usage(sent, received)
