"""Every rule of every format: a line that keeps all of them, and one that breaks this one alone."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from tests.export import vendor_rules
from workbench.export.formats import FORMATS, TABLE

Line = dict[str, Any]
Break = Callable[[Line], object]


def _call(**changes: Any) -> Line:
    return {"name": "weather", "arguments": "{}", **changes}


def _with_call(line: Line, **changes: Any) -> None:
    call = {"id": changes.pop("id", "abcdefghi"), "type": "function", "function": _call(**changes)}
    line["messages"].insert(1, {"role": "assistant", "tool_calls": [call]})
    line["messages"].insert(2, {"role": "tool", "tool_call_id": call["id"], "content": "7"})


def _half_a_call(line: Line, gone: int) -> None:
    """The call without its answer, or the other way round."""
    _with_call(line)
    del line["messages"][gone]


def _with_image(line: Line, url: str, role: str = "user", count: int = 1) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    line["messages"].insert(0, {"role": role, "content": [part] * count})


_CHAT = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
_PNG = "data:image/png;base64,AAAA"
GOOD: dict[str, Line] = {
    "openai": _CHAT,
    "mistral": _CHAT,
    "anthropic": _CHAT,
    "huggingface": _CHAT,
    "bedrock": {
        "schemaVersion": "bedrock-conversation-2024",
        "messages": [
            {"role": "user", "content": [{"text": "q"}]},
            {"role": "assistant", "content": [{"text": "a"}]},
        ],
    },
    "gemini": {
        "contents": [
            {"role": "user", "parts": [{"text": "q"}]},
            {"role": "model", "parts": [{"text": "a"}]},
        ]
    },
    "cohere": {"messages": [{"role": "User", "content": "q"}, {"role": "Chatbot", "content": "a"}]},
    "sharegpt": {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
    "alpaca": {"instruction": "q", "input": "", "output": "a", "history": [["e", "f"]]},
    "huggingface-completion": {
        "prompt": [{"role": "user", "content": "q"}],
        "completion": [{"role": "assistant", "content": "a"}],
    },
    "huggingface-preference": {
        "prompt": [{"role": "user", "content": "q"}],
        "chosen": [{"role": "assistant", "content": "a"}],
        "rejected": [{"role": "assistant", "content": "b"}],
    },
    "openai-preference": {
        "input": {"messages": [{"role": "user", "content": "q"}]},
        "preferred_output": [{"role": "assistant", "content": "a"}],
        "non_preferred_output": [{"role": "assistant", "content": "b"}],
    },
}


def _put(line: Any, value: Any, *path: Any) -> None:
    for step in path[:-1]:
        line = line[step]
    line[path[-1]] = value


def put(value: Any, *path: Any) -> Break:
    return lambda line: _put(line, value, *path)


_TOOL = {"type": "function", "function": {"name": "no name"}}
_MESSAGES: list[tuple[Break, str]] = [
    (put(" ", "messages", 1, "content"), "empty"),
    (put("robot", "messages", 0, "role"), "role"),
    (put("user", "messages", 1, "role"), "assistant"),
    (put([_TOOL], "tools"), "function name"),
    (put([_TOOL | {"function": {"name": "f"}}] * 129, "tools"), "128"),
]
_CALLS: list[tuple[Break, str]] = [
    (lambda line: _with_call(line, id=""), "id"),
    (lambda line: _with_call(line, name="no name"), "function name"),
    (lambda line: _with_call(line, arguments="[1]"), "JSON object"),
    (lambda line: _with_call(line, arguments="{"), "JSON object"),
    (lambda line: _half_a_call(line, 2), "no answer"),
    (lambda line: _half_a_call(line, 1), "was not made"),
]
_ASKED = {"role": "user", "content": "And now?"}


def _asked_after_a_tool(line: Line) -> None:
    _with_call(line)
    line["messages"].insert(3, _ASKED)


_BAD_SCHEMA = {"name": "f", "description": "", "parameters": {"type": "text"}}
_SPEC = {"name": "f", "description": "d", "inputSchema": {"json": {"type": "object"}}}
_USE = {"toolUse": {"toolUseId": "1", "name": "f", "input": {}}}
_RESULT = {"toolResult": {"toolUseId": "1", "content": [{"text": "7"}]}}
_S3 = {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/i.png"}}}}


def _used(*blocks: Line, answered: Line = _RESULT) -> Break:
    """A conversation in which Nova's tool `f` is called and answered."""

    def change(line: Line) -> None:
        line["toolConfig"] = {"tools": [{"toolSpec": _SPEC}]}
        called = {"role": "assistant", "content": list(blocks)}
        line["messages"][1:1] = [called, {"role": "user", "content": [answered]}]

    return change


BROKEN: dict[str, list[tuple[Break, str]]] = {
    "openai": [
        *_MESSAGES,
        *_CALLS,
        (put(2, "messages", 1, "weight"), "weight"),
        (put(0, "messages", 1, "weight"), "not trained on"),
        (lambda line: _with_image(line, "ftp://x"), "neither JPEG"),
        (lambda line: _with_image(line, "data:image/gif;base64,AA"), "neither JPEG"),
        (lambda line: _with_image(line, _PNG, "assistant"), "not the user's"),
        (lambda line: _with_image(line, _PNG, count=11), "11 images"),
        (lambda line: _with_image(line, _PNG + "A" * 14_000_000), "10 MB"),
    ],
    "mistral": [
        *_MESSAGES,
        *_CALLS,
        (_asked_after_a_tool, "after a tool"),
        (put([_TOOL | {"function": _BAD_SCHEMA}], "tools"), "no JSON Schema"),
        (lambda line: _with_call(line, id="call_1"), "nine letters"),
        (
            lambda line: line["messages"].insert(1, {"role": "system", "content": "s"}),
            "after the first",
        ),
    ],
    "anthropic": [
        (put(" ", "messages", 0, "content"), "empty"),
        (put("a\nHuman: b", "messages", 0, "content"), "mark"),
        (put("a\nAssistant: b", "system"), "mark"),
        (put("assistant", "messages", 0, "role"), "turn"),
        (lambda line: line["messages"].pop(), "last"),
        (put([], "messages"), "no messages"),
    ],
    "bedrock": [
        (put([{"text": "User: hi"}], "system"), "reserved"),
        (put([], "messages", 0, "content"), "empty"),
        (put([{"text": "a <image> b"}], "messages", 0, "content"), "reserved"),
        (put([{"text": "I said to the BOT: go"}], "messages", 0, "content"), "reserved"),
        (put([{"text": "As system: no"}], "messages", 1, "content"), "reserved"),
        (put([{"text": "q"}, *[_S3] * 11], "messages", 0, "content"), "11 images"),
        (put([{"text": "a"}, _S3], "messages", 1, "content"), "holds an image"),
        (put({"tools": [{"toolSpec": _SPEC}] * 2}, "toolConfig"), "the same name"),
        (_used({"toolUse": {**_USE["toolUse"], "name": "g"}}), "none of the tools"),
        (_used(_USE, _USE), "id of its own"),
        (
            _used(_USE, answered={"toolResult": {**_RESULT["toolResult"], "toolUseId": "2"}}),
            "answers no tool call",
        ),
        (put("assistant", "messages", 0, "role"), "turn"),
        (lambda line: line["messages"].pop(), "last"),
    ],
    "gemini": [
        (put([], "contents", 0, "parts"), "empty"),
        (put("user", "contents", 1, "role"), "model"),
        (put("model", "contents", 0, "role"), "user"),
        (
            lambda line: line["contents"].insert(
                1, {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}
            ),
            "answered",
        ),
    ],
    "cohere": [
        (put(" ", "messages", 0, "content"), "empty"),
        (
            lambda line: line["messages"].insert(1, {"role": "System", "content": "s"}),
            "after the first",
        ),
        (put("Chatbot", "messages", 0, "role"), "both"),
        (lambda line: line["messages"].append({"role": "User", "content": "x"}), "last"),
    ],
    "sharegpt": [
        (put("gpt", "conversations", 0, "from"), "turn"),
        (put(" ", "conversations", 0, "value"), "empty"),
        (lambda line: line["conversations"].pop(), "last"),
    ],
    "alpaca": [
        (put(" ", "instruction"), "instruction"),
        (put("", "output"), "output"),
        (put([["", "x"]], "history"), "history"),
    ],
    "huggingface": _MESSAGES,
    "huggingface-completion": [
        (put([], "prompt"), "prompt is empty"),
        (put("assistant", "prompt", 0, "role"), "ends with an answer"),
        (put(" ", "completion", 0, "content"), "empty"),
        (put([_TOOL], "tools"), "function name"),
    ],
    "huggingface-preference": [
        (put([], "prompt"), "prompt is empty"),
        (put("assistant", "prompt", 0, "role"), "ends with an answer"),
        (put(" ", "chosen", 0, "content"), "chosen"),
        (put(" ", "rejected", 0, "content"), "rejected"),
        (put("b", "chosen", 0, "content"), "the same"),
        (put([_TOOL], "tools"), "function name"),
    ],
    "openai-preference": [
        (put([], "preferred_output"), "not one message"),
        (put("user", "non_preferred_output", 0, "role"), "not one message"),
        (put(" ", "preferred_output", 0, "content"), "preferred_output is empty"),
        (put("b", "preferred_output", 0, "content"), "the same"),
        (
            lambda line: line["input"]["messages"].append({"role": "assistant", "content": "x"}),
            "ends with an answer",
        ),
        (put(" ", "input", "messages", 0, "content"), "empty"),
        (put([_TOOL], "input", "tools"), "function name"),
    ],
}


# Ours alone: the vendor takes an empty text of a user, from which nothing is learnt.
STRICTER = {("sharegpt", "empty"), ("openai-preference", "empty")}


def test_every_format_of_packs_is_here() -> None:
    names = {each.name for each in FORMATS.values() if each.kind != TABLE}
    assert names == set(GOOD) == set(BROKEN)


@pytest.mark.parametrize("name", GOOD)
def test_a_line_that_keeps_every_rule_has_no_problem(name: str) -> None:
    line = copy.deepcopy(GOOD[name])
    assert FORMATS[name].load()().problem(line) is None
    if name in vendor_rules.SCHEMAS:
        vendor_rules.check(name, line)


@pytest.mark.parametrize(
    ("name", "number"), [(name, at) for name, rules in BROKEN.items() for at in range(len(rules))]
)
def test_a_line_that_breaks_a_rule_is_told_which(name: str, number: int) -> None:
    breaking, told = BROKEN[name][number]
    line = copy.deepcopy(GOOD[name])
    breaking(line)
    assert told in (FORMATS[name].load()().problem(line) or "nothing was found")
    if name in vendor_rules.SCHEMAS and (name, told) not in STRICTER:
        # Whoever wrote the rules down a second time refuses it too.
        with pytest.raises((AssertionError, jsonschema.ValidationError, IndexError)):
            vendor_rules.check(name, line)


def test_a_conversation_with_a_tool_of_novas_has_no_problem() -> None:
    line = copy.deepcopy(GOOD["bedrock"])
    _used(_USE)(line)
    assert FORMATS["bedrock"].load()().problem(line) is None
