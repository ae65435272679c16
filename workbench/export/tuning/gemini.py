"""Gemini on Vertex AI: `systemInstruction`, `contents` of user and model, function declarations.

Rules, and where they are published:
- `contents`, an optional `systemInstruction`; files by their address in Cloud Storage; the
  model's content is last
  (cloud.google.com/vertex-ai/generative-ai/docs/models/gemini-supervised-tuning-prepare)
- 131,072 tokens an example; 10 million text examples or 300,000 with images; 1 GB of training
  file; 5,000 validation examples (…/models/gemini-supervised-tuning, limitations of Gemini 2.5).
  That beyond 1,000 validation examples they may be 30 % of the training examples is not checked.
- As many results as calls of functions: the API refuses anything else; no page on tuning says it.
"""

from __future__ import annotations

import mimetypes
from typing import Any

from workbench.export.tuning.example import Example, Image, Turn
from workbench.export.tuning.protocol import Limits, Line, arguments_of, merged, said, system_apart
from workbench.export.tuning.reasons import UNSUPPORTED, Unfit


class Gemini(Limits):
    MOST = 10_000_000
    MOST_VALIDATION = 5_000
    MOST_WITH_IMAGES = 300_000
    IMAGE = b'"fileData":'
    MAX_BYTES = 2**30
    MAX_TOKENS = 131_072

    def line(self, example: Example, *, train_all: bool) -> Line:
        system, turns = system_apart([*example.turns, example.answer])
        line: dict[str, Any] = {}
        if system:
            line["systemInstruction"] = {"role": "system", "parts": [{"text": system}]}
        line["contents"] = _contents(merged(turns))
        if example.tools:
            declared = [_declaration(tool["function"]) for tool in example.tools]
            line["tools"] = [{"functionDeclarations": declared}]
        return line

    def problem(self, line: Line) -> str | None:
        contents = line["contents"]
        for number, content in enumerate(contents, 1):
            if not content["parts"]:
                return f"content {number} is empty"
            calls = sum("functionCall" in part for part in content["parts"])
            after = contents[number]["parts"] if number < len(contents) else None
            if calls and after is not None:
                answers = sum("functionResponse" in part for part in after)
                if answers != calls:
                    return f"content {number} calls {calls} functions, {answers} are answered"
        if contents[0]["role"] != "user":
            return "the first content is not the user's"
        return None if contents[-1]["role"] == "model" else "the last content is not the model's"


def _contents(turns: list[Turn]) -> list[dict[str, Any]]:
    contents: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for turn in turns:
        names.update((call.id, call.name) for call in turn.calls)
        role = "model" if turn.role == "assistant" else "user"
        parts = _parts(turn, names)
        if contents and contents[-1]["role"] == role:
            contents[-1]["parts"] += parts
        else:
            contents.append({"role": role, "parts": parts})
    return contents


def _parts(turn: Turn, names: dict[str, str]) -> list[dict[str, Any]]:
    if turn.role == "tool":
        name = names.get(turn.call_id) or turn.name
        if not name:
            raise Unfit(UNSUPPORTED, "a result of a tool that was not called")
        return [{"functionResponse": {"name": name, "response": {"content": turn.text}}}]
    text = said(turn)
    parts: list[dict[str, Any]] = [{"text": text}] if text else []
    parts += [_file(image) for image in turn.images]
    parts += [
        {"functionCall": {"name": call.name, "args": arguments_of(call)}} for call in turn.calls
    ]
    return parts


def _file(image: Image) -> dict[str, Any]:
    if not image.url.startswith("gs://"):
        raise Unfit(UNSUPPORTED, "an image that is not in Cloud Storage")
    kind = mimetypes.guess_type(image.url)[0] or "image/jpeg"
    return {"fileData": {"mimeType": kind, "fileUri": image.url}}


def _declaration(function: dict[str, Any]) -> dict[str, Any]:
    names = ("name", "description", "parameters")
    return {name: function[name] for name in names if function.get(name)}
