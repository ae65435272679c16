from __future__ import annotations

from typing import Any

import pytest

from workbench.templates import analyse_prompt, expand, references, render_prompt

SNIPPETS: dict[str, Any] = {
    "tone": "Be kind to {name}.",
    "legal/footer": {"type": "completion", "content": [{"type": "text", "text": "© {company}"}]},
    "outer": "<@@@tone@@@ @@@legal/footer@@@>",
    "a": "A @@@b@@@",
    "b": "B @@@a@@@",
    "lost": "see @@@nowhere@@@",
    "chat": {"type": "chat", "messages": []},
    "jinja": {
        "type": "completion",
        "template_format": "jinja2",
        "content": [{"type": "text", "text": "{{ x }}"}],
    },
    "loop start": "{% for d in docs %}",
    "loop end": "{% endfor %}",
    "broken": 'line one\n{"k": 1}',
}


def resolve(name: str, version: int | None, label: str | None) -> Any:
    if version is not None:
        return f"{name} v{version}"
    if label is not None:
        return f"{name} {label}"
    return SNIPPETS.get(name)


def prompt(words: str, template_format: str = "f-string") -> dict[str, Any]:
    content = [{"type": "text", "text": words}]
    return {"type": "completion", "template_format": template_format, "content": content}


def test_references_are_found_with_version_and_label() -> None:
    found = references("x @@@a b@@@ @@@p/q@version_number:3@@@ @@@r@label:prod@@@ @@@@ @@ @@@no")
    assert [(one.name, one.version_number, one.label) for one in found] == [
        ("a b", None, None),
        ("p/q", 3, None),
        ("r", None, "prod"),
    ]
    assert [(one.start, one.end) for one in found] == [(2, 11), (12, 38), (39, 57)]


def test_snippets_are_put_in_place_at_any_depth() -> None:
    text = "1 @@@outer@@@ 2 @@@x@version_number:4@@@ @@@x@label:prod@@@"
    done = expand(text, resolve)
    assert done.text == "1 <Be kind to {name}. © {company}> 2 x v4 x prod"
    assert done.problems == []
    assert [str(one) for one in done.used] == [
        "outer",
        "tone",
        "legal/footer",
        "x version 4",
        "x label prod",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\n@@@a@@@", "the snippet 'a' takes itself in: a → b → a"),
        ("\n@@@lost@@@", "there is no snippet 'nowhere', reached through lost → nowhere"),
        ("\n@@@gone@@@", "there is no snippet 'gone'"),
        ("\n@@@chat@@@", "'chat' is not a completion template: chat"),
    ],
)
def test_what_cannot_be_resolved_is_named_with_its_path(text: str, reason: str) -> None:
    done = expand(text, resolve)
    [problem] = done.problems
    assert (problem.reason, problem.line, problem.column) == (reason, 2, 1)
    [diagnosis] = analyse_prompt(prompt(text), resolve).diagnoses
    assert diagnosis.reason == f"Line 2: {reason}."
    assert diagnosis.severity == "error"
    rendered = render_prompt(prompt(text), {}, resolve=resolve)
    assert not rendered.ok
    assert rendered.prompt["content"][0]["text"] == text


def test_variables_of_a_snippet_point_at_the_reference_and_into_the_snippet() -> None:
    found = analyse_prompt(prompt("Hi {you}\n  @@@outer@@@ {me}"), resolve)
    places = {one.name: one.occurrences[0] for one in found.variables}
    assert (places["you"].line, places["you"].column, places["you"].snippet) == (1, 4, None)
    assert (places["me"].line, places["me"].column) == (2, 15)
    name = places["name"]
    assert (name.line, name.column, name.snippet) == (2, 3, "tone")
    assert (name.snippet_line, name.snippet_column) == (1, 12)
    assert [one.name for one in found.snippets] == ["outer", "tone", "legal/footer"]


def test_a_diagnosis_inside_a_snippet_says_so() -> None:
    [found] = analyse_prompt(prompt("a\nb\n@@@broken@@@"), resolve).diagnoses
    assert found.reason.startswith("Line 3: in the snippet broken, line 2, this brace opens a JSON")
    assert (found.line, found.column, found.escapes) == (3, 1, ())


def test_a_loop_may_span_snippets() -> None:
    text = "@@@loop start@@@{{ d }};@@@loop end@@@"
    found = analyse_prompt(prompt(text, "jinja2"), resolve)
    assert found.input_variables == ["docs"]
    done = render_prompt(prompt(text, "jinja2"), {"docs": [1, 2]}, resolve=resolve)
    assert done.prompt["content"][0]["text"] == "1;2;"


def test_a_snippet_for_the_other_parser_is_a_warning() -> None:
    rules = [one.rule for one in analyse_prompt(prompt("@@@jinja@@@"), resolve).diagnoses]
    assert "snippet-format" in rules


def test_a_value_that_looks_like_a_reference_stays_a_value() -> None:
    done = render_prompt(prompt("{x}"), {"x": "@@@tone@@@"}, resolve=resolve)
    assert done.prompt["content"][0]["text"] == "@@@tone@@@"


def test_without_a_resolver_references_stay() -> None:
    assert expand("@@@tone@@@", None).text == "@@@tone@@@"


def test_a_snippet_that_doubles_itself_stays_small() -> None:
    def doubling(name: str, version: int | None, label: str | None) -> str:
        return f"@@@{int(name) + 1}@@@" * 2 + "x" * 1000

    done = expand("@@@0@@@", doubling)
    assert len(done.text) < 2_500_000
    assert done.problems
