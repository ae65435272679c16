"""What no vendor's shape fits is still shown as well as it can be, and kept whole."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.logs import text
from workbench.logs.call import Call, Conversation
from workbench.logs.normalise import normalise


def read(kwargs: dict[str, Any], response: Any, *args: Any) -> Conversation:
    return normalise(Call("Acme", "acme.talk", kwargs, list(args), response))


@pytest.mark.parametrize("key", ["prompt", "input", "query", "text", "question"])
def test_a_prompt_under_a_usual_name_is_the_question(key: str) -> None:
    found = read({key: "Where is it?", "depth": 3}, {"answer": "Here."})
    assert found.normaliser == "raw/1"
    assert found.provider == "acme"
    assert (text.input_text(found), text.output_text(found)) == ("Where is it?", "Here.")
    assert found.parameters == {"depth": 3}


def test_messages_are_read_as_messages() -> None:
    asked = [{"role": "user", "content": "Hi"}]
    found = read(
        {"messages": asked, "model": "acme-1"}, {"message": {"role": "bot", "content": "Ho"}}
    )
    assert found.prompt["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]}
    ]
    assert found.output == [{"role": "bot", "content": [{"type": "text", "text": "Ho"}]}]
    assert found.model == "acme-1"


def test_positional_arguments_count_too() -> None:
    assert text.input_text(read({}, "Ho", "Hi")) == "Hi"


def test_an_answer_that_says_nothing_we_know_is_kept_whole() -> None:
    answer = {"beams": [{"colour": "violet"}]}
    found = read({"prompt": "Shine"}, answer)
    assert found.output == [{"role": "assistant", "content": [{"type": "unknown", "raw": answer}]}]
    assert "violet" in text.output_text(found)
    assert text.output_preview(found) == "violet"


def test_an_error_is_an_error_in_any_dialect() -> None:
    assert read({}, {"error": "out of paper"}).error == ("error", "out of paper")
    found = read({}, {"error": {"code": 503, "message": "busy"}})
    assert (found.error, found.output) == (("503", "busy"), [])


def test_usage_under_either_vendors_names() -> None:
    usage = read(
        {"prompt": "a"}, {"text": "b", "usage": {"prompt_tokens": 3, "completion_tokens": 4}}
    ).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (3, 4)
