from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.templates.grammar import Built, fstrings
from tests.templates.test_render import values_for
from tests.templates.values import VALUES
from workbench.templates import Fix, Refusal, RenderPool, analyse, attempt, propose, render
from workbench.templates.convert import ConversionError, to_fstring, to_jinja
from workbench.templates.problems import TemplateError

JSON_TEXTS = st.recursive(
    st.one_of(
        st.booleans(), st.integers(0, 99), st.sampled_from(["...", "{name}", "a {order_id} b"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["reply", "items", "id", "q"]), inner, max_size=3),
    ),
    max_leaves=6,
)


def without_none(names: set[str]) -> st.SearchStrategy[dict[str, Any]]:
    values = VALUES.filter(lambda value: value is not None)
    return st.fixed_dictionaries({}, optional=dict.fromkeys(sorted(names), values))


@given(st.data())
def test_conversion_to_jinja_keeps_every_byte(pool: RenderPool, data: st.DataObject) -> None:
    built: Built = data.draw(fstrings())
    try:
        converted = to_jinja(built.text)
    except ConversionError:
        return
    names = {name for name, _, _ in built.places}
    for _ in range(3):
        values = data.draw(without_none(names))
        before = render(built.text, "f-string", values, pool=pool)
        after = render(converted, "jinja2", values, pool=pool)
        assert before.ok == after.ok
        if before.ok:
            assert after.text == before.text


@given(st.data())
def test_none_keeps_its_bytes_where_it_is_expected(pool: RenderPool, data: st.DataObject) -> None:
    built: Built = data.draw(fstrings())
    names = {name for name, _, _ in built.places}
    try:
        converted = to_jinja(built.text, names)
    except ConversionError:
        return
    values = data.draw(values_for(names))
    before = render(built.text, "f-string", values, pool=pool)
    after = render(converted, "jinja2", values, pool=pool)
    assert before.ok == after.ok
    if before.ok:
        assert after.text == before.text


@given(st.data())
def test_conversion_and_back_keeps_every_byte(pool: RenderPool, data: st.DataObject) -> None:
    pieces = st.sampled_from(
        [
            "{{ name }}",
            "{{- x -}}",
            "{",
            "}",
            "{# c #}",
            "{% raw %}{{ a }}{% endraw %}",
            "a b",
            "\n",
            "\r\n",
        ]
    )
    text = data.draw(st.lists(pieces, max_size=8).map("".join))
    try:
        converted = to_fstring(text)
    except (ConversionError, TemplateError):
        assume(False)
    for _ in range(3):
        values = data.draw(without_none({"name", "x"}))
        before = render(text, "jinja2", values, pool=pool)
        assert render(converted, "f-string", values, pool=pool).text == before.text


def test_raw_stands_only_where_it_is_needed() -> None:
    assert to_jinja('{{"a": {name}}} {x}') == '{"a": {{ name }}} {{ x }}'
    assert to_jinja("{{{name}}}") == "{% raw %}{{% endraw %}{{ name }}}"
    assert to_jinja("{{{{a}}}} {{% b %}} {{# c #}}") == (
        "{% raw %}{{a}} {% b %} {#{% endraw %} c #}"
    )
    assert to_jinja("no braces") == "no braces"
    assert to_jinja("{{%") == "{% raw %}{%{% endraw %}"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{a b}", "not a name"),
        ("{user-name}", "not a name"),
        ("{true}", "meaning of its own"),
        ("{range}", "meaning of its own"),
        ("{x:>{w}} {w}", "field inside"),
    ],
)
def test_what_jinja_cannot_say_is_refused_with_its_reason(text: str, word: str) -> None:
    with pytest.raises(ConversionError, match=word):
        to_jinja(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{% if x %}{% endif %}", "no if"),
        ("{{ x.y }}", "plain names"),
        ("{{ x|upper }}", "plain names"),
        ("{{ range }}", "jinja2 itself"),
    ],
)
def test_what_an_fstring_cannot_say_is_refused_with_its_reason(text: str, word: str) -> None:
    with pytest.raises(ConversionError, match=word):
        to_fstring(text)


@given(JSON_TEXTS, st.booleans(), st.sampled_from([None, 2]))
def test_raw_json_is_fixed_on_the_first_click(
    pool: RenderPool, shape: Any, as_list: bool, indent: int | None
) -> None:
    body = json.dumps([shape] if as_list else {"answer": shape}, indent=indent)
    text = f"Return JSON for {{name}}:\n{body}\nOrder {{order_id}}"
    analysis = analyse(text, "f-string")
    assert set(analysis.input_variables) == {"name", "order_id"}
    if not analysis.diagnoses:
        assert "{" not in body.replace("{name}", "").replace("{order_id}", "")
        return
    fixes = propose(analysis, [{"name": "A", "order_id": 1}], pool=pool)
    assert [fix.kind for fix in fixes] == ["escape", "convert"]
    values = {"name": "{A}", "order_id": 7}
    wanted = text.replace("{name}", "\x00").replace("{order_id}", "7").replace("\x00", "{A}")
    for fix in fixes:
        assert render(fix.text, fix.format, values, pool=pool).text == wanted
        after = analyse(fix.text, fix.format)
        assert after.diagnoses == ()
        assert {one.name for one in after.variables} == {"name", "order_id"}


def test_the_fix_shows_its_proof_and_its_diff() -> None:
    text = 'Return JSON:\n{\n  "a": "{x}"\n}\n'
    logged = [{"x": f"value {number}"} for number in range(50)]
    escape, convert = propose(analyse(text, "f-string"), logged)
    assert (escape.title, convert.title) == ("Escape 2 braces", "Convert to jinja2")
    assert escape.proof == convert.proof == "equal on 50 of 50 logged inputs"
    assert escape.text == 'Return JSON:\n{{\n  "a": "{x}"\n}}\n'
    assert convert.text == 'Return JSON:\n{\n  "a": "{{ x }}"\n}\n\n'
    assert escape.diff.splitlines() == [
        "--- before",
        "+++ after",
        "@@ -1,4 +1,4 @@",
        " Return JSON:",
        "-{",
        "+{{",
        '   "a": "{x}"',
        "-}",
        "+}}",
    ]


def test_without_logged_inputs_the_proof_names_the_generated_ones() -> None:
    [escape, _] = propose(analyse('{"a": 1} {x}', "f-string"))
    equal, total = escape.generated
    assert equal == total >= 10
    assert escape.proof == f"equal on {total} of {total} generated inputs"


def test_a_logged_none_changes_the_conversion_not_the_bytes() -> None:
    analysis = analyse("Hi {name} and {x}", "f-string")
    fix = attempt("convert", analysis, [{"name": None, "x": 1}])
    assert isinstance(fix, Fix)
    assert fix.text == "Hi {{ name if name is not none }} and {{ x }}"
    assert fix.logged == (1, 1)


def test_a_fix_that_would_change_a_logged_result_is_not_offered() -> None:
    analysis = analyse("Hi {{ name }}", "jinja2")
    refused = attempt("convert", analysis, [{"name": "a"}, {"name": None}])
    assert isinstance(refused, Refusal)
    assert refused.reason == "It would change the result on 1 of 2 inputs."


def test_a_fix_that_leaves_the_text_broken_is_not_offered() -> None:
    text = '{"a": 1} and {"b": 2} for {x}'
    analysis = analyse(text, "f-string")
    first = analysis.diagnoses[:1]
    assert propose(analysis, diagnoses=first) == []
    assert propose(analysis)[0].text == '{{"a": 1}} and {{"b": 2}} for {x}'


def test_one_choice_in_prose_can_be_escaped_alone() -> None:
    text = "Say {yes|no}, or {maybe|never}, to {x}"
    analysis = analyse(text, "f-string")
    refused = attempt("escape", analysis, diagnoses=analysis.diagnoses[:1])
    assert isinstance(refused, Refusal)
    assert refused.reason == "Another extra variable would remain."


def test_a_comment_brace_in_jinja_is_wrapped_in_raw() -> None:
    analysis = analyse(r"\newcommand{\foo}[1]{#1} {{ x }}", "jinja2")
    fix = attempt("escape", analysis)
    assert isinstance(fix, Fix)
    assert fix.text == r"\newcommand{\foo}[1]{% raw %}{#{% endraw %}1} {{ x }}"


@given(st.text(st.sampled_from(list("{}{}:\"'a b.,\n\\|!x0")), max_size=30))
def test_an_offered_fix_leaves_no_brace_in_doubt(pool: RenderPool, text: str) -> None:
    analysis = analyse(text, "f-string")
    for fix in propose(analysis, pool=pool):
        names = {one.name for one in analyse(fix.text, fix.format).variables}
        assert names <= set(analysis.input_variables)
        assert fix.generated[0] == fix.generated[1]
