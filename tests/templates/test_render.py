from __future__ import annotations

import copy
import datetime
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import ChainableUndefined
from jinja2.sandbox import SandboxedEnvironment
from promptlayer import template_cache as reference

from tests.templates.grammar import IDENTIFIERS, Built, fstrings, jinjas
from tests.templates.values import TEXTS, TRICKY, VALUES
from workbench.templates import RenderPool, analyse, render


def values_for(names: set[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(sorted(names), VALUES))


@pytest.mark.parametrize(
    ("template", "values", "result"),
    [
        ("Hi {name}", {}, "Hi "),
        ("Hi {name}", {"name": None}, "Hi "),
        ("{{literal}} {name}", {"name": "x"}, "{literal} x"),
        ('{{"a": "{name}"}}', {"name": "x"}, '{"a": "x"}'),
        ("{n:.2f}", {"n": 3.14159}, "3.14"),
        ("{n!r}", {"n": "q"}, "'q'"),
        ("{a b}", {"a b": 1}, "1"),
        ("{ name }", {"name": "x"}, ""),
        ("{d}", {"d": {"k": 1}}, "{'k': 1}"),
        ("{name}", {"name": "{other}", "other": "x"}, "{other}"),
    ],
)
def test_fstring_table_of_what_is_filled(
    template: str, values: dict[str, Any], result: str
) -> None:
    done = render(template, "f-string", values)
    assert (done.text, done.problem) == (result, None)
    assert reference._render_text(template, "f-string", values) == result


@pytest.mark.parametrize(
    ("template", "values", "place"),
    [
        ('{"a": {name}}', {"name": "x"}, (1, 7)),
        ('{"a": 1} {name}', {"name": "x"}, (1, 1)),
        ("{}", {}, (1, 1)),
        ("a\n{0}", {}, (2, 1)),
        ("{user.name}", {"user": {"name": "x"}}, (1, 1)),
        ("{user[name]}", {"user": {"name": "x"}}, (1, 1)),
        ("{n:.2f}", {}, (1, 1)),
        ("{x:{w}}", {"x": 1, "w": 2}, (1, 4)),
        ("a } b", {}, (1, 3)),
    ],
)
def test_fstring_table_of_what_is_left_and_said(
    template: str, values: dict[str, Any], place: tuple[int, int]
) -> None:
    done = render(template, "f-string", values)
    assert done.text == template == reference._render_text(template, "f-string", values)
    assert done.problem is not None
    assert (done.problem.line, done.problem.column) == place
    assert done.warning is not None
    assert f"Line {place[0]}, column {place[1]}" in done.warning


@pytest.mark.parametrize(
    ("template", "values", "result"),
    [
        ("{{ missing }}|{{ a.b.c }}", {}, "|"),
        ("{{ n }}", {"n": None}, "None"),
        ("{{ b }} {{ d }}", {"b": True, "d": {"k": 1}}, "True {'k': 1}"),
        ("{{ x|default('d') }}", {}, "d"),
        ("{% for i in x %}{{ loop.index }}{{ i }}{% endfor %}", {"x": "ab"}, "1a2b"),
        ("{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(x) }}", {"x": 1}, "<1>"),
        ("{{ x|tojson }}", {"x": {"a": "<>"}}, '{"a": "\\u003c\\u003e"}'),
        ("{{ x.__class__ }}|", {"x": "s"}, "|"),
        ("one line end dropped\n", {}, "one line end dropped"),
        ("{{ x }}", {"x": "<b>"}, "<b>"),
    ],
)
def test_jinja_rules(template: str, values: dict[str, Any], result: str, pool: RenderPool) -> None:
    done = render(template, "jinja2", values, pool=pool)
    assert (done.text, done.problem) == (result, None)
    assert reference._render_text(template, "jinja2", values) == result


@pytest.mark.parametrize(
    ("template", "word", "line"),
    [
        ("{{ x ", "end of", 1),
        ("{% include 'a' %}", "other files", 1),
        ("a\n{{ 1 // zero }}", "ZeroDivisionError", 2),
        ("a\n\n{{ x|nosuch }}", "nosuch", 3),
        ("{{ x.__class__.__mro__[1].__subclasses__() }}", "sandbox|undefined", 1),
    ],
)
def test_a_jinja_error_leaves_the_text_and_says_where(
    template: str, word: str, line: int, pool: RenderPool
) -> None:
    values = {"x": "s", "zero": 0}
    done = render(template, "jinja2", values, pool=pool)
    assert done.text == template == reference._render_text(template, "jinja2", values)
    assert done.problem is not None
    assert done.problem.line == line
    assert re.search(word, done.problem.reason)


@given(st.data())
def test_fstrings_render_as_the_reference_does(pool: RenderPool, data: st.DataObject) -> None:
    built: Built = data.draw(fstrings())
    values = data.draw(values_for({name for name, _, _ in built.places} | {"name", "x"}))
    done = render(built.text, "f-string", values, pool=pool)
    assert done.text == reference._render_text(built.text, "f-string", values)
    resolved = {name: values.get(name) for name, _, _ in built.places}
    plain = {name: "" if value is None else value for name, value in resolved.items()}
    if done.problem is None:
        assert done.text == built.text.format(**plain)


@given(st.data())
def test_any_text_renders_as_the_reference_does(pool: RenderPool, data: st.DataObject) -> None:
    text = data.draw(st.text(st.sampled_from(list("{}{}x:!r.[]a >0\n")), max_size=16))
    values = data.draw(values_for({"x", "a", "xa", "x a"}))
    done = render(text, "f-string", values, pool=pool)
    if done.problem is None or "attribute" not in done.problem.reason:
        assert done.text == reference._render_text(text, "f-string", values)


@given(st.data())
def test_jinja_renders_as_the_reference_does(pool: RenderPool, data: st.DataObject) -> None:
    built: Built = data.draw(jinjas())
    values = data.draw(values_for({name for name, _, _ in built.places}))
    before = copy.deepcopy(values)
    done = render(built.text, "jinja2", values, pool=pool)
    assert done.text == reference._render_text(built.text, "jinja2", copy.deepcopy(values))
    assert repr(values) == repr(before)
    if done.problem is None:
        environment = SandboxedEnvironment(undefined=ChainableUndefined)
        assert done.text == environment.from_string(built.text).render(**values)


@given(st.dictionaries(IDENTIFIERS, TEXTS, min_size=1, max_size=4))
def test_a_value_comes_out_as_it_went_in(pool: RenderPool, values: dict[str, str]) -> None:
    joined = "\x1f".join(values.values())
    fstring = "\x1f".join(f"{{{name}}}" for name in values)
    jinja = "\x1f".join(f"{{{{ {name} }}}}" for name in values)
    looped = "{% for one in all %}{{ one }}{{ '' if loop.last else '\x1f' }}{% endfor %}"
    assert render(fstring, "f-string", values).text == joined
    assert render(jinja, "jinja2", values).text == joined
    assert render(looped, "jinja2", {"all": list(values.values())}, pool=pool).text == joined


@pytest.mark.parametrize("value", TRICKY)
@pytest.mark.parametrize(
    ("template", "template_format"),
    [("<{x}>", "f-string"), ("<{{ x }}>", "jinja2"), ("<{{ [x]|join }}>", "jinja2")],
)
def test_hostile_values_are_opaque(
    value: str, template: str, template_format: Any, pool: RenderPool
) -> None:
    assert render(template, template_format, {"x": value}, pool=pool).text == f"<{value}>"


def test_a_template_cannot_change_the_callers_values(pool: RenderPool) -> None:
    values = {"x": [1], "d": {"a": 1}}
    done = render("{{ x.append(2) }}{{ d.update(b=2) }}{{ x }}{{ d }}", "jinja2", values, pool=pool)
    assert done.text == "NoneNone[1, 2]{'a': 1, 'b': 2}"
    assert values == {"x": [1], "d": {"a": 1}}


@pytest.mark.parametrize(
    ("template", "template_format", "left"),
    [
        ("Hi {name:>3} {{x}} {n}", "f-string", "Hi {name:>3} {x} 1"),
        ("{{ name|upper }}, {{- name -}} {{ n }}", "jinja2", "{{ name|upper }}, {{- name -}} 1"),
        ("{% if name %}a{% endif %}{{ name.a ~ n }}", "jinja2", "{{ name.a ~ n }}"),
        ("{{ name|default('d') }}{{ n }}", "jinja2", "d1"),
        (
            "{% for i in [1, 2] %}{{ name }}{{ i }}{% endfor %}{{ n }}",
            "jinja2",
            "{{ name }}1{{ name }}21",
        ),
        ("{{ name ~\n '}' }}\n{{ n }}", "jinja2", "{{ name ~\n '}' }}\n1"),
    ],
)
def test_missing_variables_can_be_left_as_written(
    template: str, template_format: Any, left: str, pool: RenderPool
) -> None:
    done = render(template, template_format, {"n": 1}, "leave", pool=pool)
    assert (done.text, done.problem) == (left, None)


def test_missing_variables_are_listed_and_said() -> None:
    done = render("{a} {b} {c}", "f-string", {"b": 1})
    assert done.missing == ("a", "c")
    assert done.warning == "2 input variables have no value and were filled with nothing: a, c."
    left = render("{{ a }}{{ b|default(1) }}", "jinja2", {}, "leave")
    assert left.missing == ("a",)
    assert left.warning == "The input variable a has no value and was left as written."


@pytest.mark.parametrize(
    ("template", "template_format", "column"),
    [("x {a}", "f-string", 3), ("x {{ a }}", "jinja2", 6)],
)
def test_missing_variables_can_be_refused(template: str, template_format: Any, column: int) -> None:
    done = render(template, template_format, {}, "refuse")
    assert done.text == template
    assert done.problem is not None
    assert (done.problem.kind, done.problem.column) == ("missing", column)
    assert render(template, template_format, {"a": 1}, "refuse").ok


def test_an_attribute_of_a_value_is_never_read() -> None:
    values = {"x": "secret"}
    done = render("{x} {x.__class__}", "f-string", values)
    assert done.text == "{x} {x.__class__}"
    assert done.problem is not None
    assert "attribute" in done.problem.reason


def test_items_are_filled_where_the_reference_fills_them() -> None:
    values = {"user": {"name": "Ada"}}
    assert render("{user} {user[name]}", "f-string", values).text == "{'name': 'Ada'} Ada"


def test_dates_keep_their_format() -> None:
    values = {"day": datetime.date(2026, 3, 1)}
    assert render("{day:%d.%m.%Y}", "f-string", values).text == "01.03.2026"


def test_output_past_the_limit_is_an_error() -> None:
    done = render("{x}" * 100, "f-string", {"x": "a" * 1000}, limit=50_000)
    assert done.problem is not None
    assert done.problem.kind == "limit"
    wide = render("{{ x }}" * 100, "jinja2", {"x": "a" * 1000}, limit=50_000)
    assert wide.problem is not None
    assert wide.problem.kind == "limit"


def test_what_the_doctor_calls_sound_is_rendered() -> None:
    text = "{{literal}} {name} {n:>4}"
    assert not analyse(text, "f-string").broken
    assert render(text, "f-string", {"name": "a", "n": 1}).text == "{literal} a    1"


SUBJECTS: list[Any] = ["a b <c> é", 3, 1.5, [3, 1, 2], {"b": 1, "a": 2}, [{"k": 1}, {"k": 2}], None]


def _without_addresses(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+", "0x", text)


@pytest.mark.parametrize("name", sorted(set(reference._JINJA2_ENV.filters) - {"random"}))
def test_every_filter_works_in_the_rendering_process(name: str, pool: RenderPool) -> None:
    for arguments in ("", "(1)", "('k')", "(2, 'x')", "(attribute='k')"):
        template = f"{{{{ x|{name}{arguments} }}}}{{{{ x|{name}{arguments}|list }}}}"
        for subject in SUBJECTS:
            expected = reference._render_text(template, "jinja2", {"x": copy.deepcopy(subject)})
            done = render(template, "jinja2", {"x": subject}, pool=pool)
            assert _without_addresses(done.text) == _without_addresses(expected)


@pytest.mark.parametrize("name", sorted(reference._JINJA2_ENV.tests))
def test_every_test_works_in_the_rendering_process(name: str, pool: RenderPool) -> None:
    for argument in ("", "(1)", "('a')"):
        template = (
            f"{{% if x is {name}{argument} %}}yes{{% else %}}no{{% endif %}}{{{{ [x]|length }}}}"
        )
        for subject in SUBJECTS:
            expected = reference._render_text(template, "jinja2", {"x": copy.deepcopy(subject)})
            assert render(template, "jinja2", {"x": subject}, pool=pool).text == expected


class _Locked:
    """A value that cannot be copied or sent anywhere."""

    name = "kept"

    def __deepcopy__(self, memo: object) -> None:
        raise TypeError("no copies")

    def __reduce__(self) -> str:
        raise TypeError("no travel")


def test_a_value_that_cannot_be_copied_is_still_printed_where_nothing_can_change_it(
    pool: RenderPool,
) -> None:
    values = {"thing": _Locked(), "xs": [1]}
    assert render("{{ thing.name }}", "jinja2", values, pool=pool).text == "kept"
    assert render("{% for x in xs %}{{ x }}{% endfor %}", "jinja2", values, pool=pool).text == "1"
    done = render("{% for x in xs %}{{ thing }}{% endfor %}", "jinja2", values, pool=pool)
    assert done.problem is not None
    assert "cannot be handed to a rendering process" in done.problem.reason
