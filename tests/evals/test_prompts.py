"""Columns that run prompts: which version, what it is filled with, what a cell keeps."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.evals.support import Model, Registry, chat, context, error, resolve, run, value
from workbench.evals.cells import CellError, CellResult
from workbench.evals.columns import column_type
from workbench.evals.columns.human import Human
from workbench.evals.prompts import Used
from workbench.jsontext import FieldError

GREET = {"template": {"name": "greet"}, "prompt_template_variable_mappings": {"name": "who"}}
ROW = {"who": "Ada"}


def registry() -> Registry:
    return Registry({"greet": ["One {name}", "Two {name}", "Three {name}"]}, {"greet": {"prod": 2}})


@pytest.mark.parametrize(
    ("template", "number", "how", "words"),
    [
        ({"name": "greet"}, 3, "latest", "the newest when the run started"),
        ({"name": "greet", "version_number": 1}, 1, "frozen", "frozen at 1"),
        ({"name": "greet", "label": "prod"}, 2, "label", "the label prod"),
    ],
)
def test_the_version_is_chosen_when_the_run_starts_and_the_cell_says_which(
    template: dict[str, Any], number: int, how: str, words: str
) -> None:
    spec = {**GREET, "template": template}
    model, prompts = Model(), registry()
    given = context(model, prompts)
    found = resolve("PROMPT_TEMPLATE", spec, given)
    assert (found.used.number, found.used.how, found.used.newest) == (number, how, 3)
    assert words in found.used.sentence
    assert found.variables == ("name",)
    prompts.versions["greet"].append("Four {name}")
    cell = run("PROMPT_TEMPLATE", spec, ROW, context(model, prompts, resolved=found))
    assert prompts.fetched == 1
    assert cell.detail.used == found.used.to_json()
    assert model.sent() == [f"{['One', 'Two', 'Three'][number - 1]} Ada"]
    origin = model.calls[0][1]
    assert (origin.place, origin.prompt_name, origin.prompt_version) == (
        "evaluation",
        "greet",
        number,
    )
    assert origin.input_variables == {"name": "Ada"}


def test_a_run_that_goes_on_takes_the_version_that_it_began_with() -> None:
    prompts = registry()
    before = resolve("PROMPT_TEMPLATE", GREET, context(registry=prompts)).used
    prompts.versions["greet"].append("Four {name}")
    stored = Used.from_json(before.to_json())
    assert resolve("PROMPT_TEMPLATE", GREET, context(registry=prompts), stored).used == before
    assert resolve("PROMPT_TEMPLATE", GREET, context(registry=prompts)).used.number == 4


def test_another_template_in_the_configuration_is_fetched_anew() -> None:
    prompts = Registry({"greet": ["a"], "other": ["b", "c"]})
    before = resolve("PROMPT_TEMPLATE", {"template": {"name": "greet"}}, context(registry=prompts))
    spec = {"template": {"name": "other"}}
    found = resolve("PROMPT_TEMPLATE", spec, context(registry=prompts), before.used)
    assert (found.used.name, found.used.number) == ("other", 2)


def test_why_to_run_again_is_said_for_each_way_of_choosing() -> None:
    latest = Used(how="latest", name="greet", number=2, newest=2)
    assert latest.since(2) is None
    assert latest.since(3) == "A newer version, 3, exists: run again."
    frozen = Used(how="frozen", name="greet", number=2, newest=2)
    assert frozen.since(3) == "Version 3 exists, and this column is frozen at 2."
    label = Used(how="label", name="greet", number=2, label="prod", newest=2)
    assert label.since(3, labelled=2) is None
    assert label.since(3, labelled=3) == "The label prod now stands at version 3: run again."


def test_a_template_that_is_not_there_fails_when_the_run_starts() -> None:
    kind = column_type("PROMPT_TEMPLATE")
    spec = {"template": {"name": "nowhere"}}
    found = asyncio.run(kind.resolve(kind.read(spec), context(registry=registry())))
    assert isinstance(found, CellError)
    assert found.kind == "template"
    assert error("PROMPT_TEMPLATE", spec, {}).kind == "template"


def test_a_variable_without_a_column_is_left_empty_and_said() -> None:
    model = Model()
    found = resolve(
        "PROMPT_TEMPLATE", {"template": {"name": "greet"}}, context(registry=registry())
    )
    assert found.unmapped({}) == ("name",)
    assert found.unmapped({"name": "who"}) == ()
    cell = run("PROMPT_TEMPLATE", {"template": {"name": "greet"}}, {}, context(model, registry()))
    assert model.sent() == ["Three "]
    assert "name has no value" in cell.detail.notes[0]


def test_values_are_filled_in_as_they_are() -> None:
    model = Model()
    run("PROMPT_TEMPLATE", GREET, {"who": "{name} {{x}} \\"}, context(model))
    assert model.sent() == ["Hello {name} {{x}} \\"]


def test_a_prompt_that_cannot_be_rendered_is_not_sent() -> None:
    model = Model()
    spec = {
        "inline_template": {
            "inline": True,
            "prompt_template": chat('{"a": {name}}'),
            "metadata": {"model": {"provider": "echo", "name": "echo"}},
        },
        "prompt_template_variable_mappings": {"name": "who"},
    }
    found = error("PROMPT_TEMPLATE", spec, ROW, context(model))
    assert found.kind == "template"
    assert model.calls == []


def test_another_model_keeps_the_prompts_settings_that_it_does_not_name() -> None:
    form = {"type": "json_object"}
    prompts = Registry({"greet": ["Hi"]}, parameters={"temperature": 0.1, "response_format": form})
    model = Model()
    engine = {"provider": "anthropic", "model": "claude", "parameters": {"temperature": 0.9}}
    run(
        "PROMPT_TEMPLATE",
        {"template": {"name": "greet"}, "engine": engine},
        {},
        context(model, prompts),
    )
    call, _ = model.calls[0]
    assert (call.provider, call.model, call.tuning.temperature) == ("anthropic", "claude", 0.9)
    assert call.response_format is not None


def test_a_prompt_of_ones_own_needs_a_model_or_says_so() -> None:
    inline = {"inline": True, "prompt_template": chat("Hi")}
    found = error("PROMPT_TEMPLATE", {"inline_template": inline})
    assert "names no model" in found.message
    engine = {"provider": "echo", "model": "echo"}
    assert value("PROMPT_TEMPLATE", {"inline_template": inline, "engine": engine}) == "An answer."


def test_keys_go_only_to_connected_addresses() -> None:
    prompts = registry()
    model = Model()
    found = resolve("PROMPT_TEMPLATE", GREET, context(registry=prompts))
    away = replace(found, base_url="https://elsewhere.example/v1")
    cell = run("PROMPT_TEMPLATE", GREET, ROW, context(model, prompts, resolved=away))
    assert isinstance(cell, CellError)
    assert "not connected" in cell.message
    assert model.calls == []


def test_repeats_ask_as_often_and_keep_every_answer() -> None:
    model = Model((lambda call, key: f"answer to {key}",))
    cell = run("PROMPT_TEMPLATE", {**GREET, "repeats": 3}, ROW, context(model))
    assert isinstance(cell, CellResult)
    assert cell.value == [f"answer to repeat {n}" for n in (1, 2, 3)]
    assert len(cell.detail.request_ids) == 3


def test_tool_calls_are_kept_with_their_arguments_as_json() -> None:
    calls = [
        {"id": "1", "type": "function", "function": {"name": "find", "arguments": '{"n": 1}'}},
        {"id": "2", "type": "function", "function": {"name": "stop", "arguments": "oops"}},
    ]
    model = Model(("Wait.",), tool_calls=calls)
    assert value("PROMPT_TEMPLATE", GREET, ROW, context(model)) == {
        "content": "Wait.",
        "tool_calls": [
            {"name": "find", "arguments": {"n": 1}},
            {"name": "stop", "arguments": "oops"},
        ],
    }


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"template": {"name": "a"}, "inline_template": {"inline": True, "prompt_template": {}}},
        {"template": {"name": "a", "version_number": 1, "label": "prod"}},
    ],
)
def test_exactly_one_thing_chooses_the_prompt(spec: dict[str, Any]) -> None:
    with pytest.raises(FieldError):
        column_type("PROMPT_TEMPLATE").read(spec)


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ({"type": "chat", "messages": [1]}, r"prompt_template.messages\[0\]"),
        ({"type": "chat", "messages": [{"role": "nobody", "content": []}]}, "role"),
        ({"type": "picture"}, "prompt_template.type"),
    ],
)
def test_what_is_no_prompt_is_refused_where_it_is_wrong(prompt: Any, words: str) -> None:
    inline = {"inline": True, "prompt_template": prompt}
    with pytest.raises(FieldError, match=words) as found:
        column_type("PROMPT_TEMPLATE").read({"inline_template": inline})
    assert found.value.field == "inline_template"
    spec = {"prompt_config": {"inline_template": inline}, "max_iterations": 1}
    with pytest.raises(FieldError, match=words):
        column_type("FOR_LOOP").read(spec)


LOOP = {
    "prompt_config": {"template": {"name": "step"}},
    "variable_mappings": {"item": "_iterator_item"},
}


def test_a_loop_offers_its_round_its_item_and_what_was_said() -> None:
    prompts = Registry({"step": ["{n}|{said}|{who}"]})
    model = Model((lambda call, key: key,))
    spec = {
        "prompt_config": {
            "template": {"name": "step"},
            "prompt_template_variable_mappings": {"who": "who"},
        },
        "max_iterations": 3,
        "variable_mappings": {"n": "loop_index", "said": "previous_outputs"},
        "return_all_outputs": False,
    }
    assert value("FOR_LOOP", spec, ROW, context(model, prompts)) == "round 2"
    assert [model.sent(at)[0] for at in range(3)] == [
        "0|[]|Ada",
        "1|['round 0']|Ada",
        "2|['round 0', 'round 1']|Ada",
    ]


def test_the_names_of_a_loop_are_no_columns() -> None:
    kind = column_type("FOR_LOOP")
    config = kind.read({**LOOP, "iterator_source": "items"})
    assert kind.sources(config) == ("items",)


@pytest.mark.parametrize(
    ("items", "kind"), [("{}", "bad_value"), ("x", "bad_value"), (list(range(101)), "limit")]
)
def test_a_loop_over_no_list_or_too_long_a_one_calls_nothing(items: Any, kind: str) -> None:
    model = Model()
    found = error(
        "FOR_LOOP", {**LOOP, "iterator_source": "items"}, {"items": items}, context(model)
    )
    assert found.kind == kind
    assert model.calls == []


def test_a_loop_over_an_empty_list_is_an_empty_list() -> None:
    prompts = Registry({"step": ["{item}"]})
    spec = {**LOOP, "iterator_source": "items"}
    assert value("FOR_LOOP", spec, {"items": []}, context(registry=prompts)) == []


@pytest.mark.parametrize(
    ("path", "rounds"), [("$.done", 2), ("$.never", 4), ("$.state[?(@ > 1)]", 4)]
)
def test_a_while_loop_ends_at_its_condition_or_its_limit(path: str, rounds: int) -> None:
    prompts = Registry({"step": ["go"]})
    model = Model(("not json", '{"done": 1}', '{"done": false}'))
    spec = {
        "prompt_config": {"template": {"name": "step"}},
        "end_condition_json_path": path,
        "max_iterations": 4,
    }
    cell = run("WHILE_LOOP", spec, {}, context(model, prompts))
    assert isinstance(cell, CellResult)
    assert len(cell.value) == rounds
    assert bool(cell.detail.notes) is (rounds == 4)


TALK = {
    "template": {"name": "greet"},
    "prompt_template_variable_mappings": {"name": "who"},
    "user_persona_source": "persona",
    "conversation_completed_prompt": "The user says thanks.",
    "max_turns": 4,
    "conversation_samples": ["hi / hello"],
}


def talking(call: Any, key: str) -> str:
    turn = key.split()[1]
    if key.endswith("end"):
        return f'{{"reasoning": "turn {turn}", "passed": {"true" if turn == "2" else "false"}}}'
    return f'{{"message": "user {turn}"}}' if key.endswith("user") else f"assistant {turn}"


def test_a_conversation_goes_on_until_its_end() -> None:
    model = Model((talking,))
    cell = run("CONVERSATION_SIMULATOR", TALK, {**ROW, "persona": "Curt."}, context(model))
    assert isinstance(cell, CellResult)
    assert [f"{one['role']}: {one['content']}" for one in cell.value] == [
        "user: user 1",
        "assistant: assistant 1",
        "user: user 2",
        "assistant: assistant 2",
    ]
    assert cell.detail.reasoning == "turn 2"
    assert cell.detail.data == {"turns": 2, "is_completed": True}
    # The prompt sees what was said after its own messages; the user's model sees the persona.
    assert model.sent(4) == ["Hello Ada", "user 1", "assistant 1", "user 2"]
    assert '"persona": "Curt."' in model.sent(0)[1]
    assert "hi / hello" in model.sent(0)[1]


def test_a_conversation_that_the_prompt_begins_and_that_does_not_end() -> None:
    model = Model((lambda call, key: talking(call, key).replace("true", "false"),))
    spec = {**TALK, "is_user_first": False, "max_turns": 2}
    cell = run("CONVERSATION_SIMULATOR", spec, {**ROW, "persona": "Curt."}, context(model))
    assert isinstance(cell, CellResult)
    assert [one["role"] for one in cell.value] == ["assistant", "user", "assistant"]
    assert "without its condition" in cell.detail.notes[0]


def test_a_user_model_that_writes_no_json_is_taken_at_its_word() -> None:
    model = Model((lambda call, key: "Where is it?" if "user" in key else "There.",))
    spec = {"template": {"name": "greet"}, "user_persona": "x", "max_turns": 1}
    found = value("CONVERSATION_SIMULATOR", spec, {}, context(model))
    assert found[0] == {"role": "user", "content": "Where is it?"}


def test_a_person_gives_what_the_column_asks_for() -> None:
    kind = Human()
    rating = kind.read(
        {"data_type": "number", "ui_element": {"type": "slider", "min": 1, "max": 5}}
    )
    assert kind.accept(rating, 5) == 5
    assert kind.accept(rating, "2.5") == 2.5
    for wrong in (0, 6, "x", None, True):
        with pytest.raises(FieldError):
            kind.accept(rating, wrong)
    note = kind.read({"data_type": "string"})
    assert kind.accept(note, "good") == "good"
    for wrong in (" ", 3, "x" * 20_001):
        with pytest.raises(FieldError):
            kind.accept(note, wrong)
