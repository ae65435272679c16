"""Which prompts are filled in place, and which are handed to a thread or to the pool."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.templates import prompt_fills_at_once


def chat(text: str, format_: str = "f-string", **more: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": text}]
    message = {"role": "user", "content": content, "template_format": format_}
    return {"type": "chat", "messages": [message], **more}


AT_ONCE = {
    "fields": chat("Where is {order}, {name:>20}?"),
    "a text that cannot be read": chat("Where is {order?"),
    "no text": {"type": "chat", "messages": [{"role": "assistant", "content": None}]},
    "a completion": {"type": "completion", "content": [{"type": "text", "text": "{a}"}]},
}
NOT_AT_ONCE = {
    "a loop": chat("{% for a in b %}{{ a }}{% endfor %}", "jinja2"),
    "a width that fills the memory": chat("{name:>999999999}"),
    "a long text": chat("{a} " * 50_000),
    "very many texts": {
        "type": "chat",
        "messages": [chat("{a}")["messages"][0] for _ in range(1000)],
    },
    "tools": chat("{a}", tools=[{"type": "function", "function": {"name": "f"}}]),
}


@pytest.mark.parametrize("case", AT_ONCE)
def test_what_fills_at_once(case: str) -> None:
    assert prompt_fills_at_once(AT_ONCE[case])


@pytest.mark.parametrize("case", NOT_AT_ONCE)
def test_what_may_take_its_time_does_not(case: str) -> None:
    assert not prompt_fills_at_once(NOT_AT_ONCE[case])
