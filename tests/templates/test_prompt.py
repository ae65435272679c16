from __future__ import annotations

import copy
from typing import Any

import pytest
from promptlayer import template_cache as reference

from workbench.templates import (
    PromptFix,
    Refusal,
    RenderPool,
    analyse_prompt,
    attempt_prompt,
    render_prompt,
    with_format,
)


def text(role: str, words: str, template_format: str = "f-string") -> dict[str, Any]:
    return {
        "role": role,
        "template_format": template_format,
        "content": [{"type": "text", "text": words}],
    }


def chat(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "chat", "messages": list(messages), **more}


CHAT = chat(
    text("system", "You are {persona}.\nAnswer {name}."),
    {"role": "placeholder", "name": "history", "content": []},
    {
        "role": "user",
        "template_format": "jinja2",
        "content": [
            {"type": "text", "text": "{{ question }}"},
            {"type": "media_variable", "name": "pictures"},
            {"type": "text", "text": "{% for d in docs %}{{ d }};{% endfor %}"},
        ],
    },
    tools=[
        {"type": "function", "function": {"name": "f", "parameters": {"{x}": 1}}},
        {"type": "variable", "name": "more_tools"},
    ],
)


def test_every_kind_of_variable_is_found_where_it_stands() -> None:
    found = analyse_prompt(CHAT)
    shown = [
        (one.name, one.kind, place.message, place.part, place.line, place.column)
        for one in found.variables
        for place in one.occurrences
    ]
    assert shown == [
        ("persona", "text", 0, 0, 1, 9),
        ("name", "text", 0, 0, 2, 8),
        ("question", "text", 2, 0, 1, 4),
        ("docs", "text", 2, 2, 1, 13),
        ("history", "messages", 1, None, 1, 1),
        ("pictures", "media", 2, 1, 1, 1),
        ("more_tools", "tools", None, None, 1, 1),
    ]
    assert [one.rule for one in found.diagnoses] == ["mixed-formats"]
    assert not found.broken


def test_mixed_parsers_are_said_in_a_sentence() -> None:
    [found] = analyse_prompt(chat(text("system", "a"), text("user", "b", "jinja2"))).diagnoses
    assert (found.rule, found.severity) == ("mixed-formats", "warning")
    assert found.reason == (
        "Message 1 is read as f-string and message 2 as jinja2; a prompt is easier to read, and "
        "renders the same everywhere, with one parser."
    )


def test_a_diagnosis_knows_its_message_and_part() -> None:
    prompt = chat(text("system", "ok"), text("user", 'x\n{"a": 1}'))
    [found] = analyse_prompt(prompt).diagnoses
    assert (found.message, found.part, found.line, found.column) == (1, 0, 2, 1)


def test_one_variable_in_two_messages_has_two_places() -> None:
    found = analyse_prompt(chat(text("system", "{a}"), text("user", "{{ a }}", "jinja2")))
    [variable] = found.variables
    assert [(place.message, place.column) for place in variable.occurrences] == [(0, 1), (1, 4)]


def test_rendering_fills_every_kind(pool: RenderPool) -> None:
    before = copy.deepcopy(CHAT)
    values = {
        "persona": "kind",
        "name": "{question}",
        "question": "Why {{ x }}?",
        "docs": ["a", "b"],
        "history": [
            {"role": "user", "content": "Hi {persona}"},
            {"role": "assistant", "content": [{"type": "text", "text": "{{ question }}"}]},
        ],
        "pictures": ["https://example.com/a.png", "iVBORw0KGgoAAA", {"type": "media", "media": {}}],
        "more_tools": [{"type": "function", "function": {"name": "g"}}],
    }
    done = render_prompt(CHAT, values, pool=pool)
    assert before == CHAT
    assert done.ok
    assert done.warning is None
    system, first, second, user = done.prompt["messages"]
    assert system["content"][0]["text"] == "You are kind.\nAnswer {question}."
    assert first["content"] == [{"type": "text", "text": "Hi {persona}"}]
    assert second["content"][0]["text"] == "{{ question }}"
    assert [part["type"] for part in user["content"]] == [
        "text",
        "image_url",
        "image_url",
        "media",
        "text",
    ]
    assert user["content"][0]["text"] == "Why {{ x }}?"
    assert user["content"][2]["image_url"]["url"] == "data:image/png;base64,iVBORw0KGgoAAA"
    assert user["content"][4]["text"] == "a;b;"
    assert [tool["function"]["name"] for tool in done.prompt["tools"]] == ["f", "g"]


def test_missing_lists_are_left_out_left_or_refused() -> None:
    values = {"persona": "a", "name": "b", "question": "c", "docs": []}
    empty = render_prompt(CHAT, values)
    assert empty.missing == ("history", "pictures", "more_tools")
    assert empty.warning == (
        "3 input variables have no value and were filled with nothing: "
        "history, pictures, more_tools."
    )
    assert len(empty.prompt["messages"]) == 2
    assert len(empty.prompt["tools"]) == 1
    left = render_prompt(CHAT, values, "leave")
    assert left.prompt["messages"][1]["role"] == "placeholder"
    assert left.prompt["tools"] == CHAT["tools"]
    refused = render_prompt(CHAT, values, "refuse")
    assert [one.problem.kind for one in refused.problems] == ["missing"] * 3


def test_a_wrong_list_is_a_problem_of_its_message() -> None:
    done = render_prompt(CHAT, {"history": 3, "pictures": [], "more_tools": [], "docs": []})
    [problem] = done.problems
    assert (problem.message, problem.problem.kind) == (1, "value")
    assert "'history' takes a list of messages" in str(problem)


def test_one_broken_text_stays_whole_and_the_others_are_filled() -> None:
    prompt = chat(text("system", '{"a": 1} {x}'), text("user", "Hi {x}"))
    done = render_prompt(prompt, {"x": "y"})
    assert [message["content"][0]["text"] for message in done.prompt["messages"]] == [
        '{"a": 1} {x}',
        "Hi y",
    ]
    assert not done.ok
    assert done.warning is not None
    assert done.warning.startswith("Text left unrendered. Message 1, line 1, column 1:")


@pytest.mark.parametrize(
    "prompt",
    [
        chat(
            text("system", "{a} {{b}}"),
            text("user", '{"x": {a}}'),
            text("user", "{{ a }}", "jinja2"),
        ),
        {"type": "completion", "content": [{"type": "text", "text": "{a}\n"}]},
        {
            "type": "completion",
            "template_format": "jinja2",
            "content": [{"type": "text", "text": "{{ a }}\n"}],
        },
        chat(
            {"role": "assistant", "content": [{"type": "code", "code": "{a}"}], "tool_calls": None}
        ),
        chat({"role": "user", "content": []}),
    ],
)
def test_a_whole_prompt_renders_as_the_reference_does(prompt: dict[str, Any]) -> None:
    expected = copy.deepcopy(prompt)
    reference._render_prompt_template(expected, {"a": "1"})
    assert render_prompt(prompt, {"a": "1"}).prompt == expected


def test_the_toggle_sets_every_message() -> None:
    changed = with_format(CHAT, "jinja2")
    assert {message["template_format"] for message in changed["messages"]} == {"jinja2"}
    assert (
        with_format({"type": "completion", "content": []}, "jinja2")["template_format"] == "jinja2"
    )


def test_a_prompt_is_fixed_in_all_its_messages() -> None:
    prompt = chat(text("system", '{"a": 1} {x}'), text("user", "{y} and {1, 2}"))
    escaped = attempt_prompt("escape", prompt, [{"x": 1, "y": 2}])
    assert isinstance(escaped, PromptFix)
    assert (escaped.title, escaped.proof) == ("Escape 4 braces", "equal on 1 of 1 logged inputs")
    assert [message["content"][0]["text"] for message in escaped.prompt["messages"]] == [
        '{{"a": 1}} {x}',
        "{y} and {{1, 2}}",
    ]
    converted = attempt_prompt("convert", prompt)
    assert isinstance(converted, PromptFix)
    assert [message["template_format"] for message in converted.prompt["messages"]] == [
        "jinja2"
    ] * 2
    assert converted.prompt["messages"][1]["content"][0]["text"] == "{{ y }} and {1, 2}"
    assert prompt["messages"][0]["content"][0]["text"] == '{"a": 1} {x}'


def test_a_prompt_is_not_converted_in_half() -> None:
    prompt = chat(text("system", "{x}"), text("user", "{first name}"))
    refused = attempt_prompt("convert", prompt)
    assert isinstance(refused, Refusal)
    assert refused.reason.startswith("Message 2: Line 1: 'first name' is not a name")
