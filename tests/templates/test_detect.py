from __future__ import annotations

from string import Formatter

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import meta
from jinja2.lexer import Lexer

from tests.templates.grammar import Built, fstrings, jinjas, line_and_column
from workbench.templates import TemplateError, Variable, analyse, detect
from workbench.templates.fstring import Field, Literal, parse
from workbench.templates.jinja import _LEXER, ENVIRONMENT


def places(variables: list[Variable]) -> list[tuple[str, int, int]]:
    found = [(one.name, at.start, at.end) for one in variables for at in one.occurrences]
    return sorted(found, key=lambda one: one[1:])


def by_name(template: str, template_format: str = "jinja2") -> dict[str, Variable]:
    return {one.name: one for one in detect(template, template_format)}  # type: ignore[arg-type]


# f-string


@given(fstrings())
def test_every_field_of_an_fstring_is_found_where_it_stands(built: Built) -> None:
    variables = detect(built.text, "f-string")
    assert places(variables) == sorted(built.places, key=lambda one: one[1:])
    for variable in variables:
        for at in variable.occurrences:
            assert (at.line, at.column) == line_and_column(built.text, at.start)
            assert built.text[at.start] == "{"
            assert built.text[at.end - 1] == "}"
            assert built.text[at.start + 1 :].startswith(variable.name)


@given(st.text(st.sampled_from(list("{}{}[]!:.ab 0r\n")), max_size=24))
def test_the_fstring_grammar_is_that_of_str_format(text: str) -> None:
    try:
        expected = list(Formatter().parse(text))
    except ValueError:
        with pytest.raises(TemplateError):
            parse(text)
        return
    pieces = parse(text)
    assert [(p.name, p.spec, p.conversion) for p in pieces if isinstance(p, Field)] == [
        (name, spec, conversion) for _, name, spec, conversion in expected if name is not None
    ]
    literal = "".join(piece.text for piece in pieces if isinstance(piece, Literal))
    assert literal == "".join(one[0] for one in expected)


@pytest.mark.parametrize(
    ("text", "line", "column", "word"),
    [
        ("ok\n  {name", 2, 3, "never closed"),
        ("a } b", 1, 3, "no opening"),
        ("é漢😀{", 1, 4, "never closed"),
        ("{a{b}}", 1, 3, "second brace"),
        ("x\r\n{a!rr}", 2, 3, "conversion"),
        ("{a:{b}", 1, 1, "never closed"),
    ],
)
def test_a_broken_fstring_says_where(text: str, line: int, column: int, word: str) -> None:
    with pytest.raises(TemplateError, match=word) as caught:
        detect(text, "f-string")
    assert line_and_column(text, caught.value.start) == (line, column)


def test_conversion_and_format_are_hints() -> None:
    found = by_name("{n:>{w}} {n!r} {total:.2f}", "f-string")
    assert found["n"].hints == ("format:>{w}", "conversion:r")
    assert found["w"].hints == ("nested",)
    assert found["total"].hints == ("format:.2f",)
    assert all(one.required for one in found.values())


# jinja2


@given(jinjas())
def test_every_input_variable_of_a_jinja_template_is_found_where_it_stands(built: Built) -> None:
    variables = detect(built.text, "jinja2")
    assert places(variables) == built.places
    for variable in variables:
        for at in variable.occurrences:
            assert built.text[at.start : at.end] == variable.name
            assert (at.line, at.column) == line_and_column(built.text, at.start)
            tag = built.text[at.tag_start : at.tag_end]
            assert tag[:2] in ("{{", "{%")
            assert tag[-2:] in ("}}", "%}")
            assert variable.name in tag


@given(jinjas())
def test_names_are_those_that_jinja_itself_calls_undeclared(built: Built) -> None:
    tree = jinja2.Environment().parse(built.text)
    ours = {one.name for one in detect(built.text, "jinja2")}
    undeclared = meta.find_undeclared_variables(tree)
    assert ours <= undeclared
    # jinja looks up a name that only a branch assigns; read inside that branch, it is no input.
    assert all(name.startswith(("set_", "macro_")) for name in undeclared - ours)


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("{{ x }}{% set x = 1 %}{{ x }}", {"x": 1}),
        ("{% set x = 1 %}{{ x }}", {}),
        ("{% set x = x %}{{ x }}", {"x": 1}),
        ("{% if c %}{% set x = 1 %}{% endif %}{{ x }}", {"c": 1, "x": 1}),
        ("{% if c %}{% set x = 1 %}{% else %}{% set x = 2 %}{% endif %}{{ x }}", {"c": 1}),
        ("{% for x in x %}{{ x }}{% else %}{{ x }}{% endfor %}{{ x }}", {"x": 3}),
        ("{% for a, b in d.items() %}{{ a }}{{ b }}{% endfor %}", {"d": 1}),
        (
            "{% for a in rows if a.ok and limit %}{{ loop.last }}{% endfor %}",
            {"rows": 1, "limit": 1},
        ),
        (
            "{% macro m(a, b=c) %}{{ a }}{{ d }}{{ varargs }}{% endmacro %}{{ m(e) }}",
            {"c": 1, "d": 1, "e": 1},
        ),
        ("{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ x }}{% endcall %}", {"x": 1}),
        ("{% set ns = namespace(n=0) %}{% set ns.n = ns.n + k %}{{ ns.n }}", {"k": 1}),
        ("{% set x %}a {{ y }}{% endset %}{{ x }}", {"y": 1}),
        ("{% with a = b %}{{ a }}{% endwith %}{{ a }}", {"b": 1, "a": 1}),
        ("{% block body %}{{ x }}{{ super }}{% endblock %}", {"x": 1}),
        ("{% set x = 1 %}{% block body %}{{ x }}{% endblock %}", {}),
        ("{{ range(3)|list }} {{ dict(a=b) }} {{ cycler('a') }}", {"b": 1}),
        ("{{ self.body() }}{% block body %}{% endblock %}", {}),
        ("{% for x in xs recursive %}{{ loop(x.children) }}{% endfor %}", {"xs": 1}),
        ("{# {{ a }} #}{% raw %}{{ b }}{% endraw %}{{ '{{ c }}' }}", {}),
    ],
)
def test_locals_are_no_input_variables(template: str, names: dict[str, int]) -> None:
    found = {one.name: len(one.occurrences) for one in detect(template, "jinja2")}
    assert found == names


@pytest.mark.parametrize(
    ("template", "required"),
    [
        ("{{ x }}", True),
        ("{{ x|default('a') }}", False),
        ("{{ x.y|d('a') }}", False),
        ("{{ x or 'a' }}", False),
        ("{% if x is defined %}{{ x }}{% endif %}", False),
        ("{% if x is not defined %}none{% else %}{{ x }}{% endif %}", False),
        ("{{ x if x is defined else 'a' }}", False),
        ("{% if x is defined and x.ok %}{{ x.y }}{% endif %}", False),
        ("{% if x is undefined or x == 1 %}a{% endif %}", False),
        ("{% if x is not defined %}{% set x = 1 %}{% endif %}{{ x }}", False),
        ("{% if x is defined %}a{% endif %}{{ x }}", True),
        ("{{ x|default('a') }}{{ x }}", True),
        ("{% if x %}{{ x }}{% endif %}", True),
        ("{{ x|upper|default('a') }}", False),
        ("{% if x is none %}a{% endif %}", True),
    ],
)
def test_a_variable_is_optional_where_the_template_copes_without_it(
    template: str, required: bool
) -> None:
    assert by_name(template)["x"].required is required


def test_use_gives_hints_and_attribute_paths() -> None:
    found = by_name(
        "{% for o in user.orders %}{{ o.title|upper }} {{ o['price'] }}{% endfor %}"
        "{% if user.age > 3 %}{{ names[0] }}{{ render(1) }}{{ tags|join(', ')|upper }}{% endif %}"
    )
    assert found["user"].attributes == ("orders", "age", "orders[].price", "orders[].title")
    assert set(found["user"].hints) == {"iterated", "attribute", "compared"}
    assert found["names"].hints == ("indexed",)
    assert found["render"].hints == ("called",)
    assert found["tags"].hints == ("filter:upper", "filter:join")


@pytest.mark.parametrize(
    ("text", "line", "column", "word"),
    [
        ("a\n  {{ x", 2, 6, "end of"),
        ("é漢\n{{ 'x }}", 2, 4, "opened by ' and never closed"),
        ("{{ x ? }}", 1, 6, "cannot read the character"),
        ("{{ }}", 1, 4, "found none"),
        ("{% if x %}\n{{ y }", 2, 6, "cannot read|unexpected"),
        ("x\r\n\r\n{% foo %}", 3, 4, "unknown tag"),
        ("{{ a b }}", 1, 6, "found 'b'"),
        ("{# open", 1, 1, "never closed"),
        ("{{ 1e" + "9" * 5000 + "9 }}" + "{{ " + "9" * 5000 + " }}", 1, 1, "number"),
    ],
)
def test_a_broken_jinja_template_says_where(text: str, line: int, column: int, word: str) -> None:
    with pytest.raises(TemplateError, match=word) as caught:
        detect(text, "jinja2")
    assert line_and_column(text, caught.value.start) == (line, column)


@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "(" * 10_000 + "a" + ")" * 10_000 + " }}",
        "{{ " + "[" * 10_000,
        "{{ " + "not " * 10_000 + "a }}",
        "{{ " + "-" * 10_000 + "a }}",
        "{% if a %}" * 5_000 + "{% endif %}" * 5_000,
        "{{ a" + ".b" * 20_000 + " }}",
        "{{ a" + "|upper" * 20_000 + " }}",
        "{{ " + " ~ ".join(["a"] * 20_000) + " }}",
        "{{ " + " + ".join(["a"] * 20_000) + " }}",
        "{{ a }}" * 40_000,
        "{" * 100_000,
        "{ " * 15_000 + "} " * 15_000,
        "}" * 100_001,
        "{a:" * 10_000 + "}" * 10_000,
    ],
    ids=lambda text: text[:8],
)
def test_huge_and_deep_texts_end_in_a_clear_answer(text: str) -> None:
    for template_format in ("f-string", "jinja2"):
        analysis = analyse(text, template_format)
        assert all(one.reason for one in analysis.diagnoses)


def test_deep_nesting_is_an_error_with_its_place() -> None:
    text = "x\n{{ " + "(" * 10_000 + "a" + ")" * 10_000 + " }}"
    with pytest.raises(TemplateError, match="nested too deeply"):
        detect(text, "jinja2")
    [diagnosis] = analyse(text, "jinja2").diagnoses
    assert (diagnosis.rule, diagnosis.line, diagnosis.column) == ("limit", 2, 10_003)


def test_a_caller_deep_in_the_stack_sees_the_same_variables() -> None:
    text = "{{ " + "(" * 40 + "a" + ")" * 40 + " }}"

    def deeper(levels: int) -> list[Variable]:
        return deeper(levels - 1) if levels else detect(text, "jinja2")

    assert deeper(600) == detect(text, "jinja2")


@given(
    st.lists(
        st.sampled_from(
            [*"{} \n-a%#'", "{{", "}}", "{%", "%}", "{#", "#}", "{% raw %}", "{% endraw %}", "raw"]
        ),
        max_size=14,
    ).map("".join)
)
def test_the_jumping_lexer_makes_the_tokens_of_jinja_itself(text: str) -> None:
    assert _tokens(_LEXER, text) == _tokens(ENVIRONMENT.lexer, text)


def _tokens(lexer: Lexer, text: str) -> list[object]:
    found: list[object] = []
    try:
        found.extend(lexer.tokeniter(text, None))
    except jinja2.TemplateSyntaxError as error:
        found.append((error.message, error.lineno))
    return found
