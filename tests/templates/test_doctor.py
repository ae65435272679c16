from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.templates.grammar import line_and_column
from workbench.templates import analyse

JSON = """Answer the customer.
Return JSON:
{
  "reply": "...",
  "language": "{language}"
}
Question: {question}"""


def test_a_json_example_is_explained_in_one_sentence() -> None:
    analysis = analyse(JSON, "f-string")
    [diagnosis] = analysis.diagnoses
    assert diagnosis.reason == (
        "Line 3: this brace opens a JSON object, so the f-string parser reads its first key, "
        '"reply", as a variable; nothing in this text would be filled in.'
    )
    assert (diagnosis.rule, diagnosis.severity) == ("json-object", "error")
    assert (diagnosis.line, diagnosis.column) == (3, 1)
    assert diagnosis.variable == '\n  "reply"'
    assert [JSON[start:end] for start, end in diagnosis.spans] == ["{", "}"]
    assert analysis.input_variables == ["language", "question"]
    places = {one.name: one.occurrences[0] for one in analysis.variables}
    assert (places["language"].line, places["language"].column) == (5, 16)
    assert (places["question"].line, places["question"].column) == (7, 11)
    assert [one.name for one in analysis.variables if one.suspicious] == ['\n  "reply"']


def test_four_extra_variables_come_with_the_brace_of_each() -> None:
    text = "\n".join(f'Example: {{"{key}": "..."}}' for key in ("label", "tone", "topic", "score"))
    assert analyse(text, "f-string").summary == (
        "Four extra variables come from JSON objects, where the f-string parser reads a brace as "
        'the start of a variable: "label" (line 1, column 10), "tone" (line 2, column 10), '
        '"topic" (line 3, column 10), "score" (line 4, column 10).'
    )


@pytest.mark.parametrize(
    ("text", "rule", "sentence"),
    [
        (
            "```js\nfunction f() { return x; }\n```",
            "code-block",
            "Line 2: this brace belongs to program code, so the f-string parser reads "
            "{return x;} as a variable; it would print as nothing.",
        ),
        (
            r"Solve $\frac{a}{2}$",
            "latex",
            r"Line 1: this brace belongs to the LaTeX command \frac, so the f-string parser reads "
            "{a} as a variable; nothing in this text would be filled in.",
        ),
        (
            "body { color: red; }",
            "css",
            "Line 1: this brace opens a CSS rule, so the f-string parser reads {color} as a "
            "variable; nothing in this text would be filled in.",
        ),
        (
            "Answer with {yes|no}.",
            "set-in-prose",
            "Line 1: these braces hold a set or a choice, so the f-string parser reads {yes|no} "
            "as one variable; it would print as nothing.",
        ),
        (
            "Use {name: text, age: number}.",
            "dict-in-prose",
            "Line 1: this brace opens a dictionary, so the f-string parser reads {name} as a "
            "variable and the rest as its format; nothing in this text would be filled in.",
        ),
        (
            "{note: keep it short}",
            "format-spec",
            "Line 1: the f-string parser reads {note} as a variable and what follows the colon as "
            "its format, which does not exist; nothing in this text would be filled in.",
        ),
        (
            "Dear {name, hello",
            "unclosed-brace",
            "Line 1: this brace is opened and never closed; nothing in this text would be filled "
            "in.",
        ),
        (
            "Dear name}, hello",
            "stray-brace",
            "Line 1: this closing brace has no opening one; nothing in this text would be filled "
            "in.",
        ),
        (
            "Dear {{ name }}, hello",
            "jinja-in-fstring",
            "Line 1: {{ name }} is jinja2 syntax; the f-string parser prints it as the text "
            "{ name } and fills in no value for name.",
        ),
        (
            "{“reply”: “…”}",
            "smart-quotes",
            "Line 1: this brace opens an object in typographic quotation marks, which is no JSON "
            "either, and the f-string parser reads {“reply”} as a variable; nothing in this text "
            "would be filled in.",
        ),
        (
            "Hi {user.name}",
            "attribute-access",
            "Line 1: {user.name} reads an attribute or item, and the f-string format fills plain "
            "names only; nothing in this text would be filled in.",
        ),
        (
            "Hi { name }",
            "spaces-in-name",
            "Line 1: the spaces inside the braces belong to the variable's name, ' name '; a value "
            "given under the name without them is not found.",
        ),
    ],
)
def test_each_reason_is_one_exact_sentence(text: str, rule: str, sentence: str) -> None:
    found = analyse(text, "f-string").diagnoses
    assert (found[0].rule, found[0].reason) == (rule, sentence)


@pytest.mark.parametrize(
    ("text", "rule", "sentence"),
    [
        (
            "Hi {name}",
            "fstring-in-jinja",
            "Line 1: {name} is f-string syntax; jinja2 prints it as it stands and fills in no "
            "value.",
        ),
        (
            '{{"a": 1}}',
            "escape-in-jinja",
            "Line 1: these braces are doubled as for the f-string parser; jinja2 reads {{ as the "
            "start of an expression; nothing in this text would be filled in.",
        ),
        (
            "{{ x|default(“a”) }}",
            "smart-quotes",
            "Line 1: jinja2 cannot read the typographic quotation mark “, a text inside a tag "
            "needs straight ones; nothing in this text would be filled in.",
        ),
        (
            "{% for x in xs %}\n{{ x }}",
            "unclosed-tag",
            "Line 1: this for block is opened and never closed by {% endfor %}; nothing in this "
            "text would be filled in.",
        ),
        (
            r"\newcommand{\foo}[1]{#1}",
            "comment-brace",
            "Line 1: {# opens a jinja2 comment, which is never closed; nothing in this text would "
            "be filled in.",
        ),
        (
            "{{ x|uper }}",
            "unknown-filter",
            "Line 1: jinja2 has no filter named 'uper'; nothing in this text would be filled in.",
        ),
        (
            "{% include 'a' %}",
            "no-loader",
            "Line 1: 'include' needs another file, and a prompt template has none; nothing in this "
            "text would be filled in.",
        ),
    ],
)
def test_jinja_reasons_are_exact_sentences_too(text: str, rule: str, sentence: str) -> None:
    found = analyse(text, "jinja2").diagnoses
    assert (found[0].rule, found[0].reason) == (rule, sentence)


def test_a_misspelt_filter_gets_a_suggestion() -> None:
    [found] = analyse("{{ name|captalize }}", "jinja2").diagnoses
    assert (found.column, found.advice) == (9, "Did you mean capitalize?")


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        (("userName", "username"), "case-only"),
        (("user_name", "username"), "near-duplicate"),
        (("question_text", "quesiton_text"), "near-duplicate"),
        (("customer_name", "custmer_name"), "near-duplicate"),
        (("start_date", "end_date"), None),
        (("item", "items"), None),
        (("example_1", "example_2"), None),
        (("customers_list", "customer_list"), None),
        (("option_a", "option_b"), None),
        (("input", "output"), None),
    ],
)
def test_names_that_look_like_one(names: tuple[str, str], rule: str | None) -> None:
    for template_format, template in (("f-string", "{%s}{%s}"), ("jinja2", "{{ %s }}{{ %s }}")):
        found = analyse(template % names, template_format)  # type: ignore[arg-type]
        assert [one.rule for one in found.diagnoses] == ([rule] if rule else [])


def test_the_rarer_name_is_the_doubted_one() -> None:
    [found] = analyse("{userName}{user_name}{user_name}", "f-string").diagnoses
    assert found.variable == "userName"
    assert "user_name" in found.reason


def test_a_broken_jinja_text_still_tells_its_variables() -> None:
    analysis = analyse("{{ a }} {{ b| }} {{ c }}", "jinja2")
    assert [one.name for one in analysis.variables] == ["a", "c"]
    assert analysis.broken


@given(st.text(st.sampled_from(list("{}{}:\"'a b.,\n\\^_$%#|!0")), max_size=40))
def test_any_text_gets_an_answer_with_places_inside_it(text: str) -> None:
    for template_format in ("f-string", "jinja2"):
        analysis = analyse(text, template_format)
        for one in analysis.diagnoses:
            assert 0 <= one.start <= one.end <= len(text)
            assert (one.line, one.column) == line_and_column(text, one.start)
            assert one.reason.endswith(".")
            assert "\n" not in one.reason
            assert all(text[start:end].strip("{}%#") == "" for start, end in one.escapes)
        for variable in analysis.variables:
            for place in variable.occurrences:
                assert 0 <= place.start < place.end <= len(text)
                assert (place.line, place.column) == line_and_column(text, place.start)
