"""Ready grids are valid for any dataset, and the grid's line of conditions is read."""

from __future__ import annotations

import pytest

from workbench.evals import gallery, grid_query
from workbench.evals.columns import column_type
from workbench.evals.gallery import READY, Ready
from workbench.store.errors import Refused
from workbench.store.evaluation_pages import Condition, Sort

INPUTS = ["question", "output", "Answer", "same"]


@pytest.mark.parametrize("ready", READY, ids=lambda one: one.key)
def test_every_column_of_a_ready_grid_can_run_where_it_stands(ready: Ready) -> None:
    newest = {
        "template": {"name": "greet"},
        "prompt_template_variable_mappings": {"q": "question"},
    }
    previous = {**newest, "template": {"name": "greet", "version_number": 1}}
    columns, scored = gallery.filled(
        ready, taken=INPUTS, expected="output", newest=newest, previous=previous
    )
    left = list(INPUTS)
    for one in columns:
        kind = column_type(one.type)
        assert kind.check(kind.read(one.spec), left) == ()
        assert one.name.lower() not in {name.lower() for name in left}
        left.append(one.name)
    assert len(columns) == len(ready.columns)
    assert set(scored) <= {one.name for one in columns}
    assert len(scored) == len(ready.scored)


def test_without_an_expected_answer_what_compares_with_it_is_left_out() -> None:
    ready = gallery.find("expected")
    assert ready is not None
    columns, scored = gallery.filled(
        ready, taken=["question"], expected=None, newest=gallery.own_prompt("question")
    )
    assert [one.name for one in columns] == ["answer"]
    assert scored == []


def test_a_prompt_of_its_own_can_run() -> None:
    kind = column_type("PROMPT_TEMPLATE")
    assert kind.check(kind.read(gallery.own_prompt("question")), ["question"]) == ()


def test_the_expected_column_is_the_one_of_that_role_else_one_of_a_usual_name() -> None:
    assert gallery.expected_of([("output", "input"), ("truth", "expected")]) == "truth"
    assert gallery.expected_of([("question", "input"), ("Expected", "input")]) == "Expected"
    assert gallery.expected_of([("question", "input")]) is None


def test_variables_take_the_columns_of_their_name() -> None:
    assert gallery.mapping_of(["Question", "tone"], ["question", "x"]) == {"Question": "question"}
    assert gallery.mapping_of(["topic"], ["question", "x"]) == {"topic": "question"}
    assert gallery.mapping_of(["a", "b"], ["question"]) == {}


def test_a_line_asks_for_values_states_verdicts_and_costs() -> None:
    line = 'words answer.state=failed judge.passed=true -answer.cost>0.5 "a b"=1 split=test'
    assert grid_query.read(line, ["a b"], ["answer", "judge"]) == [
        Condition(field="any", text="words"),
        Condition(field="state", column="answer", operator="is", text="failed"),
        Condition(field="passed", column="judge", operator="is", text="true"),
        Condition(field="cost", column="answer", operator="gt", text="0.5", negated=True),
        Condition(field="value", column="a b", operator="is", text="1"),
        Condition(field="split", operator="is", text="test"),
    ]


def test_a_column_of_the_dataset_that_is_called_like_a_state_is_itself() -> None:
    assert grid_query.read("answer.state=x", ["answer.state"], ["answer"]) == [
        Condition(field="value", column="answer.state", operator="is", text="x")
    ]


@pytest.mark.parametrize("line", ["answer.state=odd", "answer.passed=maybe", "source=1", '"a'])
def test_a_line_that_cannot_be_meant_is_refused(line: str) -> None:
    with pytest.raises(Refused):
        grid_query.read(line, [], ["answer"])


@pytest.mark.parametrize("name", ["answer", "is it good?", 'a "quoted" one', "a-b", "x:y"])
def test_a_term_is_read_as_what_it_was_made_of(name: str) -> None:
    found = grid_query.read(grid_query.term(name, "state", "failed"), [], [name])
    assert found == [Condition(field="state", column=name, operator="is", text="failed")]
    found = grid_query.read(grid_query.term(name, "", "false"), [], [name])
    assert found == [Condition(field="value", column=name, operator="is", text="false")]


def test_an_order_names_a_column_or_a_part_of_it() -> None:
    assert grid_query.read_order("-answer.cost", [], ["answer"]) == Sort(
        field="cost", column="answer", descending=True
    )
    assert grid_query.read_order("nothing", [], ["answer"]) == Sort()
    assert grid_query.read_order("-@row", [], []) == Sort(descending=True)
