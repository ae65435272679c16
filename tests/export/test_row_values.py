"""Whatever JSON a row holds, it makes an example or has a reason: nothing stops the pack."""

from __future__ import annotations

import contextlib
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.export.test_tuning import PREFERRED, TUNED
from workbench.export.formats import FORMATS
from workbench.export.tuning.example import example_of
from workbench.export.tuning.reasons import Unfit
from workbench.export.tuning.row_values import messages_of, tools_of, value_of, written
from workbench.store.export_columns import Column

JSON = Column("data", "json", "data", "")
KEYS = ["role", "content", "tool_calls", "function", "name", "arguments", "type", "text", "id"]
KEYS += ["image_url", "url", "function_call", "tool_call_id", "parameters", "refusal", "properties"]
scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "{}", "[1]"])
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
calls = st.fixed_dictionaries(
    {"id": st.just("c"), "function": st.fixed_dictionaries({"name": values, "arguments": values})}
)
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool"]), "content": values},
    optional={
        "tool_calls": st.lists(calls, max_size=2) | values,
        "name": values,
        "tool_call_id": st.just("c") | values,
        "function_call": values,
    },
)
tools = st.lists(
    st.fixed_dictionaries(
        {"function": st.fixed_dictionaries({"name": st.just("f")}, optional={"parameters": values})}
    )
    | values,
    max_size=2,
)


@pytest.mark.parametrize("name", [*TUNED, *PREFERRED])
@settings(max_examples=150, deadline=None)
@given(st.lists(messages, max_size=4) | values, st.lists(messages, max_size=2) | values, tools)
def test_any_row_makes_a_line_or_has_a_reason(name: str, asked: Any, said: Any, used: Any) -> None:
    format_ = FORMATS[name].load()()
    with contextlib.suppress(Unfit):
        prompt = {
            "type": "chat",
            "messages": messages_of(value_of(orjson.dumps(asked).decode(), JSON), JSON, "user"),
            "tools": tools_of(used, JSON),
        }
        given_ = messages_of(value_of(orjson.dumps(said).decode(), JSON), JSON, "assistant")
        example = example_of(prompt, given_)
        if name in PREFERRED:
            half = format_.half(example)
            orjson.dumps(format_.pair(half, half))
            format_.problem(format_.pair(half, half))
        else:
            line = format_.line(example, train_all=False)
            orjson.dumps(line)
            format_.problem(line)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (2, "2"), (2.0, "2"), (0.5, "0.5"), (True, "true"), ({"a": [1]}, '{"a":[1]}')],
)
def test_values_are_written_as_json_has_them(value: Any, text: str) -> None:
    assert written(value) == text
