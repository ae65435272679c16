"""What holds for every column type."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evals.cases import CASES, Case
from tests.evals.conftest import Pages
from tests.evals.support import Model, context, error, run
from workbench.evals.cells import CellError, CellResult, Waiting
from workbench.evals.columns import ALL_LEFT, TABLE, ColumnType, column_type, column_types
from workbench.evals.columns.base import AllLeft, Config
from workbench.evals.context import Context
from workbench.evals.sandbox import Sandbox, available
from workbench.guarded_http import Limits
from workbench.jsontext import FieldError
from workbench.providers.errors import ProviderError
from workbench.settings import ROOT

TYPES = list(TABLE)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_every_type_of_the_table_has_a_case() -> None:
    assert set(CASES) == set(TABLE)


def test_the_table_names_each_type_as_the_type_names_itself() -> None:
    assert [each.name for each in column_types()] == TYPES


def test_an_unknown_type_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(FieldError, match=r"there is no type .WORKFLOW.\. Known are: .*LLM_ASS"):
        column_type("WORKFLOW")


@pytest.fixture
def ready(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Context and case of a type, with the server or the sandbox that it needs."""
    sandboxes: list[Sandbox] = []

    def made(name: str) -> tuple[Case, Context]:
        case = CASES[name]
        given = context(Model(case.says))
        if case.needs == "server":
            server: Pages = request.getfixturevalue("server")
            spec = {**case.spec, "url": f"{server.url}/echo"}
            case = replace(case, spec=spec)
            given = replace(given, http=Limits(allow_private=True))
        if case.needs == "sandbox":
            if available() is not None:
                pytest.skip(str(available()))
            sandboxes.append(Sandbox())
            given = replace(given, sandbox=sandboxes[-1])
        return case, given

    yield made
    for each in sandboxes:
        each.close()


@pytest.mark.parametrize("name", TYPES)
def test_a_row_has_the_expected_value(name: str, ready: Any) -> None:
    case, given = ready(name)
    cell = run(name, case.spec, case.values, given)
    if case.waits:
        assert isinstance(cell, Waiting)
        assert cell.what == "person"
        return
    assert isinstance(cell, CellResult), cell
    assert cell.value == case.expected
    assert type(cell.value) is type(case.expected)
    assert cell.passed is case.passed
    json.dumps(cell.value)
    json.dumps(cell.detail.to_json())


@pytest.mark.parametrize("name", TYPES)
def test_its_own_example_can_run_and_is_what_it_says(name: str) -> None:
    kind = column_type(name)
    config = kind.read(kind.example)
    sources = kind.sources(config)
    left = ["anything"] if isinstance(sources, AllLeft) else sources
    assert kind.check(config, left) == ()
    written = json.loads(kind.write(config))
    assert written.items() >= json.loads(kind.write(kind.read(kind.example))).items()
    assert kind.title
    assert kind.help.endswith(".")
    assert kind.group
    assert kind.result


@pytest.mark.parametrize("name", TYPES)
def test_a_configuration_comes_back_as_the_same_bytes(name: str) -> None:
    kind = column_type(name)
    for spec in (kind.example, CASES[name].spec):
        config = kind.read(spec)
        text = kind.write(config)
        assert kind.read(text) == config
        assert kind.write(kind.read(text)) == text
        stored = json.loads(text)
        assert {key: stored[key] for key in spec if not isinstance(spec[key], dict)} == {
            key: spec[key] for key in spec if not isinstance(spec[key], dict)
        }


@pytest.mark.parametrize("name", TYPES)
def test_an_unknown_field_is_refused_by_its_name(name: str) -> None:
    kind = column_type(name)
    with pytest.raises(FieldError, match="no such field") as refused:
        kind.read({**CASES[name].spec, "colour": "red"})
    assert refused.value.field == "colour"


@pytest.mark.parametrize("name", TYPES)
def test_a_wrong_configuration_is_refused_where_it_is_wrong(name: str) -> None:
    spec, place = CASES[name].refused
    with pytest.raises(FieldError) as refused:
        column_type(name).read(spec)
    assert refused.value.field == place
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("name", [name for name in TYPES if CASES[name].problem])
def test_what_cannot_run_is_said_before_and_is_a_failure_then(name: str) -> None:
    kind = column_type(name)
    problem = CASES[name].problem
    assert problem is not None
    spec, words = problem
    config = kind.read(spec)
    sources = kind.sources(config)
    found = kind.check(config, () if isinstance(sources, AllLeft) else sources)
    assert [each for each in found if words in each.text], found
    assert all(each.text.endswith(".") for each in found)
    top = {each.field.split(".")[0] for each in found}
    assert top <= set(kind.config.model_fields)
    values = {} if isinstance(sources, AllLeft) else dict.fromkeys(sources, "{}")
    cell = run(name, spec, values, context(sandbox=None))
    assert isinstance(cell, CellError)
    assert cell.kind == "configuration"
    assert cell.detail.request_ids == ()


@pytest.mark.parametrize("name", TYPES)
def test_a_column_that_is_not_there_is_named(name: str) -> None:
    kind = column_type(name)
    config = kind.read(CASES[name].spec)
    sources = kind.sources(config)
    if sources is ALL_LEFT:
        return
    assert not isinstance(sources, AllLeft)
    found = kind.check(config, ())
    assert [each.text for each in found] == [
        f'There is no column "{one}" to the left.' for one in sources
    ]
    assert all(each.field for each in found)


@pytest.mark.parametrize("name", TYPES)
def test_a_row_without_a_value_is_a_failure_that_names_the_column(name: str) -> None:
    kind = column_type(name)
    sources = kind.sources(kind.read(CASES[name].spec))
    if isinstance(sources, AllLeft) or not sources or kind.takes_missing:
        return
    found = error(name, CASES[name].spec, {})
    assert found.kind == "missing_input"
    assert any(f'"{one}"' in found.message for one in sources)
    assert not found.retryable


@pytest.mark.parametrize(
    "name", [n for n in TYPES if column_type(n).calls_models and CASES[n].says != ("An answer.",)]
)
@pytest.mark.parametrize(("kind", "retryable"), [("rate_limit", True), ("authentication", False)])
def test_a_failed_model_call_is_a_failure_with_its_kind(
    name: str, kind: Any, retryable: bool
) -> None:
    model = Model((ProviderError(kind, "the vendor's words"),))
    found = error(name, CASES[name].spec, CASES[name].values, context(model))
    assert (found.kind, found.retryable) == (kind, retryable)
    assert "the vendor's words" in found.message
    assert found.detail.request_ids == tuple(range(101, 101 + len(model.calls)))


@pytest.mark.parametrize(
    "name", [n for n in TYPES if column_type(n).calls_models and CASES[n].says != ("An answer.",)]
)
def test_what_was_paid_stands_on_the_cell(name: str) -> None:
    model = Model(CASES[name].says)
    cell = run(name, CASES[name].spec, CASES[name].values, context(model))
    assert len(cell.detail.request_ids) == len(model.calls)
    assert cell.detail.cost == len(model.calls) * model.cost.total  # type: ignore[union-attr]
    unknown = Model(CASES[name].says, cost=None)
    assert run(name, CASES[name].spec, CASES[name].values, context(unknown)).detail.cost is None


@pytest.mark.parametrize(
    "name", [n for n in TYPES if column_type(n).calls_models and CASES[n].says != ("An answer.",)]
)
def test_the_calls_of_a_cell_have_names_that_are_the_same_each_time(name: str) -> None:
    keys = []
    for _ in range(2):
        model = Model(CASES[name].says)
        run(name, CASES[name].spec, CASES[name].values, context(model))
        assert len(set(model.keys)) == len(model.keys)
        keys.append(sorted(model.keys))
    assert keys[0] == keys[1]


@pytest.mark.parametrize("name", TYPES)
def test_a_fault_inside_is_a_failure_and_no_exception(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = column_type(name)

    async def broken(*_: Any) -> Any:
        raise KeyError("oops")

    monkeypatch.setattr(kind, "cell", broken)
    found = error(name, CASES[name].spec, CASES[name].values)
    assert found.kind == "internal"
    assert "oops" in found.message


@pytest.mark.parametrize("name", TYPES)
def test_cancelling_goes_through(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = column_type(name)

    async def cancelled(*_: Any) -> Any:
        raise asyncio.CancelledError

    monkeypatch.setattr(kind, "cell", cancelled)
    with pytest.raises(asyncio.CancelledError):
        run(name, CASES[name].spec, CASES[name].values)


def leaves(config: type[Config], prefix: str = "") -> set[str]:
    return {f"{prefix}{name}" for name in config.model_fields}


@pytest.mark.parametrize("name", TYPES)
def test_the_form_covers_the_configuration(name: str) -> None:
    kind = column_type(name)
    form = kind.fields()
    assert {each.name.split(".")[0] for each in form} == leaves(kind.config)
    assert len({each.name for each in form}) == len(form)
    by_name = {each.name: each for each in form}
    for each in form:
        assert each.label
        assert each.help.endswith(".")
        assert bool(each.choices) == (each.kind == "choice")
        if each.instead_of:
            assert by_name[each.instead_of].instead_of == each.name


@pytest.mark.parametrize("name", TYPES)
def test_a_choice_of_the_form_is_one_that_is_read(name: str) -> None:
    kind = column_type(name)
    for each in kind.fields():
        for chosen, _ in each.choices:
            spec = json.loads(json.dumps(dict(kind.example)))
            *path, last = each.name.split(".")
            inner = spec
            for step in path:
                inner = inner.setdefault(step, {})
            inner[last] = chosen
            # Another field may have to change with it; the choice itself is known.
            assert _refused(kind, spec) != each.name


def _refused(kind: ColumnType[Any], spec: dict[str, Any]) -> str | None:
    try:
        kind.read(spec)
    except FieldError as error:
        return error.field
    return None


CHEAP = [
    name
    for name in TYPES
    if not column_type(name).calls_models and name not in {"ENDPOINT", "CODE_EXECUTION"}
] + ["COSINE_SIMILARITY"]


@pytest.mark.parametrize("name", CHEAP)
@given(
    value=JSON
    | JSON.map(json.dumps)
    | st.text(st.characters(codec=None), max_size=5).map(json.dumps)
)
@settings(max_examples=40, deadline=None)
def test_any_value_gives_a_result_or_a_failure_with_a_sentence(name: str, value: Any) -> None:
    kind = column_type(name)
    config = kind.read(CASES[name].spec)
    sources = kind.sources(config)
    assert not isinstance(sources, AllLeft)
    cell = asyncio.run(kind.run(config, dict.fromkeys(sources, value), context()))
    if isinstance(cell, CellError):
        assert cell.kind in {"bad_value", "limit"}, cell
        assert cell.message.endswith(".")
        orjson.dumps(cell.message)
    elif isinstance(cell, CellResult):
        orjson.dumps(cell.value)
    orjson.dumps(cell.detail.to_json())


@pytest.mark.parametrize("name", TYPES)
@given(spec=st.dictionaries(st.text(max_size=8), JSON, max_size=4))
@settings(max_examples=25, deadline=None)
def test_any_specification_is_read_or_refused(name: str, spec: dict[str, Any]) -> None:
    kind = column_type(name)
    try:
        config = kind.read(json.dumps(spec))
    except FieldError:
        return
    assert kind.read(kind.write(config)) == config


def test_a_number_that_cannot_be_written_again_is_refused() -> None:
    with pytest.raises(FieldError):
        column_type("VARIABLE").read('{"value": {"type": "json", "value": 1e999}}')


@given(value=JSON | st.integers(min_value=2**64))
def test_a_configuration_keeps_any_json_as_it_is(value: Any) -> None:
    kind = column_type("VARIABLE")
    text = kind.write(kind.read({"value": {"type": "json", "value": value}}))
    assert json.loads(text)["value"]["value"] == value
    assert kind.write(kind.read(text)) == text


@pytest.mark.parametrize(
    "spec", ["", "[]", "{", "\x00", '{"sources": ["\\ud800"]}', b"\xff", {"sources": {1, 2}}, "NaN"]
)
def test_what_is_no_configuration_at_all_is_refused(spec: Any) -> None:
    with pytest.raises(FieldError):
        column_type("COALESCE").read(spec)


def test_types_bring_their_packages_only_when_they_run() -> None:
    code = (
        "import sys, workbench.evals.columns as c\n"
        "for each in c.column_types(): each.read(each.example)\n"
        "heavy = {'sqlglot', 'jsonpath_ng', 'defusedxml', 'streamlit', 'openai', 'anthropic'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
