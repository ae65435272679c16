"""One row of every column type, and configurations that have to be refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TRUE = '{"reasoning": "It does.", "passed": true}'


@dataclass(frozen=True)
class Case:
    """spec and values of a row, the expected value (and verdict); what the model says.

    refused: a specification that cannot be read, and the field that its refusal names.
    problem: one that can be read and cannot run, and words of the sentence; None where every
    configuration that can be read can run.
    waits: nothing is computed. needs: "server" or "sandbox" where a row needs one to run.
    """

    spec: Mapping[str, Any]
    values: Mapping[str, Any]
    expected: Any
    refused: tuple[Mapping[str, Any], str]
    passed: bool | None = None
    problem: tuple[Mapping[str, Any], str] | None = None
    says: tuple[str, ...] = ("An answer.",)
    waits: bool = False
    needs: str = ""
    missing: str = field(default="")


CASES: dict[str, Case] = {
    "PROMPT_TEMPLATE": Case(
        {"template": {"name": "greet"}, "prompt_template_variable_mappings": {"name": "who"}},
        {"who": "Ada"},
        "Hi Ada.",
        ({"template": {"name": "greet"}, "repeats": 0}, "repeats"),
        says=("Hi Ada.",),
    ),
    "CONVERSATION_SIMULATOR": Case(
        {
            "template": {"name": "greet"},
            "prompt_template_variable_mappings": {"name": "who"},
            "user_persona": "In a hurry.",
            "max_turns": 1,
        },
        {"who": "Ada"},
        [{"role": "user", "content": "Hey."}, {"role": "assistant", "content": "Yes?"}],
        ({"template": {"name": "greet"}, "user_persona": "x", "max_turns": 151}, "max_turns"),
        says=('{"message": "Hey."}', "Yes?"),
    ),
    "FOR_LOOP": Case(
        {
            "prompt_config": {"template": {"name": "greet"}},
            "iterator_source": "people",
            "variable_mappings": {"name": "_iterator_item"},
        },
        {"people": ["Ada", "Bob"]},
        ["Hi Ada.", "Hi Bob."],
        ({"prompt_config": {"template": {"name": "greet"}}, "loop_type": "workflow"}, "loop_type"),
        says=("Hi Ada.", "Hi Bob."),
    ),
    "WHILE_LOOP": Case(
        {
            "prompt_config": {
                "template": {"name": "greet"},
                "prompt_template_variable_mappings": {"name": "who"},
            },
            "end_condition_json_path": "$.done",
            "return_all_outputs": False,
        },
        {"who": "Ada"},
        '{"done": true}',
        (
            {
                "prompt_config": {"template": {"name": "greet"}},
                "end_condition_json_path": "$.done",
                "max_iterations": 101,
            },
            "max_iterations",
        ),
        problem=(
            {
                "prompt_config": {"template": {"name": "greet"}},
                "end_condition_json_path": "$.[",
            },
            "cannot be followed",
        ),
        says=('{"done": false}', '{"done": true}'),
    ),
    "CODE_EXECUTION": Case(
        {"code": "return len(data['answer'])"},
        {"answer": "four"},
        4,
        ({"code": "return 1", "language": "RUBY"}, "language"),
        problem=({"code": "return ("}, "not Python"),
        needs="sandbox",
        missing="code",
    ),
    "ENDPOINT": Case(
        {"url": "https://example.com/echo"},
        {"answer": "four"},
        {"data": {"answer": "four"}},
        ({"url": "https://example.com", "headers": {"a": 1}}, "headers.a"),
        problem=({"url": "ftp://example.com/"}, "is no address"),
        needs="server",
    ),
    "HUMAN": Case(
        {"data_type": "number", "ui_element": {"type": "slider", "min": 1, "max": 5}},
        {},
        None,
        ({"data_type": "number", "ui_element": {"type": "slider"}}, ""),
        waits=True,
    ),
    "LLM_ASSERTION": Case(
        {"source": "answer", "prompt": "Is it polite?"},
        {"answer": "Please."},
        True,
        ({"source": "answer"}, ""),
        passed=True,
        problem=({"source": "answer", "prompt": "Is it about {topic}?"}, "has no column"),
        says=(TRUE,),
    ),
    "COMPARE": Case(
        {"sources": ["answer", "expected"], "comparison_type": {"type": "JSON"}},
        {"answer": '{"a": 1, "b": 2}', "expected": {"b": 2.0, "a": 1}},
        True,
        ({"sources": ["answer"]}, "sources.1"),
        passed=True,
        problem=(
            {"sources": ["a", "a"], "comparison_type": {"type": "JSON", "json_path": "$["}},
            "cannot be followed",
        ),
    ),
    "CONTAINS": Case(
        {"source": "answer", "value": "REFUND"},
        {"answer": "A refund is due."},
        True,
        ({"source": "answer", "value": "a", "value_source": "b"}, ""),
        passed=True,
    ),
    "REGEX": Case(
        {"source": "answer", "regex_pattern": r"\d{3}"},
        {"answer": "order 12"},
        False,
        ({"source": "answer", "regex_pattern": ""}, "regex_pattern"),
        passed=False,
        problem=({"source": "answer", "regex_pattern": "(?=a)"}, "cannot look around"),
    ),
    "ASSERT_VALID": Case(
        {"source": "answer", "type": "object"},
        {"answer": '{"a": 1}'},
        True,
        ({"source": "answer", "type": "yaml"}, "type"),
        passed=True,
    ),
    "MATH_OPERATOR": Case(
        {"sources": ["score"], "operator": "ge", "value": 0.8},
        {"score": "0.9"},
        True,
        ({"sources": ["score"], "operator": "ge"}, ""),
        passed=True,
    ),
    "COSINE_SIMILARITY": Case(
        {"sources": ["answer", "expected"], "method": "lexical"},
        {"answer": "The same.", "expected": "the SAME"},
        1.0,
        ({"sources": ["answer", "expected"], "method": "magic"}, "method"),
    ),
    "ABSOLUTE_NUMERIC_DISTANCE": Case(
        {"sources": ["a", "b"]},
        {"a": 3, "b": "10"},
        7,
        ({"sources": ["a", "b", "c"]}, "sources"),
    ),
    "COUNT": Case(
        {"source": "answer", "type": "words"},
        {"answer": "one two  three"},
        3,
        ({"source": "answer", "type": "letters"}, "type"),
    ),
    "MIN_MAX": Case(
        {"source": "answer", "type": "max", "json_path": "$.items[*].price"},
        {"answer": {"items": [{"price": 3}, {"price": 8}, {"price": 5}]}},
        8,
        ({"source": "answer", "type": "mean"}, "type"),
        problem=({"source": "answer", "type": "max", "json_path": "$["}, "cannot be followed"),
    ),
    "AI_DATA_EXTRACTION": Case(
        {"source": "answer", "query": "The order number"},
        {"answer": "Order 1234 is late."},
        "1234",
        ({"source": "answer", "query": ""}, "query"),
        says=('{"extracted": "1234"}',),
    ),
    "JSON_PATH": Case(
        {"source": "answer", "json_path": "$.a[1]"},
        {"answer": '{"a": [1, 2]}'},
        2,
        ({"source": "answer"}, "json_path"),
        problem=({"source": "answer", "json_path": "$.a["}, "cannot be followed"),
    ),
    "XML_PATH": Case(
        {"source": "answer", "xml_path": "./b"},
        {"answer": "<a><b>two</b></a>"},
        "two",
        ({"source": "answer", "xml_path": "./b", "type": "first"}, "type"),
        problem=({"source": "answer", "xml_path": "/b"}, "cannot be followed"),
    ),
    "REGEX_EXTRACTION": Case(
        {"source": "answer", "regex_pattern": r"order (\d+)"},
        {"answer": "order 12 and order 7"},
        ["12", "7"],
        ({"regex_pattern": "a"}, "source"),
        problem=({"source": "answer", "regex_pattern": "("}, "cannot be used"),
    ),
    "PARSE_VALUE": Case(
        {"source": "answer", "type": "boolean"},
        {"answer": "Yes"},
        True,
        ({"source": "answer", "type": "date"}, "type"),
    ),
    "APPLY_DIFF": Case(
        {"content_source": "text", "diff_source": "diff"},
        {"text": "a\nb\n", "diff": "@@ -1,2 +1,2 @@\n a\n-b\n+c\n"},
        "a\nc\n",
        ({"content_source": "text"}, "diff_source"),
    ),
    "VARIABLE": Case(
        {"value": {"type": "json", "value": '{"a": null}'}},
        {},
        {"a": None},
        ({"value": {"type": "yaml", "value": ""}}, "value.type"),
        problem=({"value": {"type": "json", "value": "{"}}, "not JSON"),
    ),
    "COALESCE": Case(
        {"sources": ["a", "b", "c"]},
        {"a": None, "b": "", "c": 0},
        0,
        ({"sources": []}, "sources"),
    ),
    "COMBINE_COLUMNS": Case(
        {"sources": ["b", "a"]},
        {"a": 1, "b": "two", "c": 3},
        {"b": "two", "a": 1},
        ({"sources": "a"}, "sources"),
    ),
}
