"""Columns that check, measure, extract and transform: what comes out for what goes in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.evals.support import context, error, run, value
from workbench.evals import patterns
from workbench.evals.cells import CellFailed, CellResult
from workbench.evals.context import Embeddings


@pytest.mark.parametrize(
    ("left", "right", "kind", "path", "same"),
    [
        ("a", "a", "STRING", None, True),
        ("a", "a ", "STRING", None, False),
        (1, "1", "STRING", None, True),
        (True, "true", "STRING", None, True),
        ('{"a": [1, 2]}', '{ "a": [1,2] }', "JSON", None, True),
        ('{"a": [1, 2]}', '{"a": [2, 1]}', "JSON", None, False),
        ("1", "true", "JSON", None, False),
        ("1", "1.0", "JSON", None, True),
        ('{"a": 1, "b": 2}', '{"a": 1, "b": 3}', "JSON", "$.a", True),
        ('{"a": 1, "b": 2}', '{"a": 1, "b": 3}', "JSON", "$.b", False),
        ("{}", "{}", "JSON", "$.a", False),
    ],
)
def test_compare(left: Any, right: Any, kind: str, path: str | None, same: bool) -> None:
    spec = {"sources": ["l", "r"], "comparison_type": {"type": kind, "json_path": path}}
    assert value("COMPARE", spec, {"l": left, "r": right}) is same


def test_compare_says_which_side_has_nothing_at_the_path() -> None:
    spec = {"sources": ["l", "r"], "comparison_type": {"type": "JSON", "json_path": "$.a"}}
    cell = run("COMPARE", spec, {"l": '{"a": 1}', "r": "{}"})
    assert cell.detail.notes == ('The path finds nothing in "r".',)


def test_comparing_as_json_fails_for_what_is_no_json_and_says_where() -> None:
    spec = {"sources": ["l", "r"], "comparison_type": {"type": "JSON"}}
    found = error("COMPARE", spec, {"l": "{}", "r": '{"a": }'})
    assert found.kind == "bad_value"
    assert '"r"' in found.message
    assert "line 1, column 7" in found.message


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [("Straße", "STRASSE", True), ("abc", "d", False), ("", "a", False), ({"a": "Ü"}, "ü", True)],
)
def test_contains_folds_case_as_unicode_does(text: Any, wanted: str, found: bool) -> None:
    assert value("CONTAINS", {"source": "t", "value": wanted}, {"t": text}) is found


def test_contains_does_not_pass_when_a_row_looks_for_nothing() -> None:
    cell = run("CONTAINS", {"source": "t", "value_source": "w"}, {"t": "abc", "w": None})
    assert isinstance(cell, CellResult)
    assert cell.passed is False
    assert "empty" in cell.detail.notes[0]


def test_a_pattern_that_would_backtrack_for_ever_answers() -> None:
    text = "a" * 50_000 + "b"
    assert value("REGEX", {"source": "t", "regex_pattern": "(a+)+$"}, {"t": text}) is False
    assert value("REGEX", {"source": "t", "regex_pattern": "(a|a)*c"}, {"t": text}) is False


def test_a_pattern_too_large_for_its_text_is_stopped_before_it_begins() -> None:
    spec = {"source": "t", "regex_pattern": "(.*)a.{900}b(.*)c"}
    assert error("REGEX", spec, {"t": "ab" * 1_000_000}).kind == "limit"


def test_matches_that_each_look_to_the_end_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "MAX_SECONDS", 0.0)
    spec = {"source": "t", "regex_pattern": "a.*c|a"}
    assert error("REGEX_EXTRACTION", spec, {"t": "a" * 200_000}).kind == "limit"


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"\d+", "1 and 22", ["1", "22"]),
        (r"(\w)=(\d)", "a=1 b=2", [["a", "1"], ["b", "2"]]),
        (r"(a)|(b)", "ab", [["a", None], [None, "b"]]),
        (r"x", "abc", []),
        (r"[äö]+", "Köln Jäger", ["ö", "ä"]),
        (r"(?i)KÖLN", "köln", ["köln"]),
    ],
)
def test_regex_extraction(pattern: str, text: str, found: list[Any]) -> None:
    spec = {"source": "t", "regex_pattern": pattern}
    assert value("REGEX_EXTRACTION", spec, {"t": text}) == found


@pytest.mark.parametrize(
    ("kind", "given", "valid"),
    [
        ("object", "[1]", True),
        ("object", {"a": 1}, True),
        ("object", "12", False),
        ("object", '{"a": NaN}', False),
        ("object", "", False),
        ("number", " 1e3 ", True),
        ("number", True, False),
        ("number", "1_000", False),
        ("number", "inf", False),
        ("number", "١٢", True),
        ("sql", "SELECT a, count(*) FROM t WHERE b > 1 GROUP BY a", True),
        ("sql", "WITH x AS (SELECT 1) SELECT * FROM x; DELETE FROM t", True),
        ("sql", "INSERT INTO t VALUES (1)", True),
        ("sql", "SELECT FROM WHERE", False),
        ("sql", "hello world", False),
        ("sql", "42", False),
        ("sql", " -- nothing\n", False),
        ("sql", "SELECT " + "(" * 200 + "1" + ")" * 200, False),
    ],
)
def test_assert_valid(kind: str, given: Any, valid: bool) -> None:
    cell = run("ASSERT_VALID", {"source": "t", "type": kind}, {"t": given})
    assert isinstance(cell, CellResult)
    assert cell.value is valid
    assert bool(cell.detail.notes) is not valid


@pytest.mark.parametrize(
    ("operator", "passed"),
    [("lt", [1, 0, 0]), ("le", [1, 1, 0]), ("gt", [0, 0, 1]), ("ge", [0, 1, 1])],
)
def test_math_operator(operator: str, passed: list[int]) -> None:
    fixed = {"sources": ["n"], "operator": operator, "value": 2}
    two = {"sources": ["n", "m"], "operator": operator}
    for number, expected in zip((1, 2.0, "3"), passed, strict=True):
        assert value("MATH_OPERATOR", fixed, {"n": number}) is bool(expected)
        assert value("MATH_OPERATOR", two, {"n": number, "m": 2}) is bool(expected)


def test_math_operator_compares_with_zero() -> None:
    assert (
        value("MATH_OPERATOR", {"sources": ["n"], "operator": "gt", "value": 0}, {"n": 1}) is True
    )


@pytest.mark.parametrize(
    ("path", "first", "found"),
    [
        ("$.a.b", True, 1),
        ("a.b", True, 1),
        ("$.list[-1]", True, 3),
        ("$.list[*]", False, [1, 2, 3]),
        ("$.list[0:2]", False, [1, 2]),
        ("$..b", False, [1, 9]),
        ("$['two words']", True, "x"),
        ("$.items[?(@.n > 1)].name", False, ["second"]),
        ("$.none", False, []),
        ("$.null", True, None),
    ],
)
def test_json_path(path: str, first: bool, found: Any) -> None:
    given = {
        "a": {"b": 1},
        "list": [1, 2, 3],
        "deep": {"b": 9},
        "two words": "x",
        "items": [{"n": 1, "name": "first"}, {"n": 2, "name": "second"}],
        "null": None,
    }
    spec = {"source": "t", "json_path": path, "return_first_match": first}
    assert value("JSON_PATH", spec, {"t": given}) == found


def test_a_json_path_that_finds_nothing_first_is_a_failure() -> None:
    found = error("JSON_PATH", {"source": "t", "json_path": "$.x"}, {"t": "{}"})
    assert found.message == '$.x finds nothing in "t".'


@pytest.mark.parametrize(
    "path",
    [
        "$.a[?(@.b =~ '(a+)+$')]",
        "$.a * 1000000",
        "$..a..b..c..d",
        "$.a.`sub(/(a+)+$/, x)`",
    ],
)
def test_json_paths_whose_work_may_explode_are_refused(path: str) -> None:
    found = error("JSON_PATH", {"source": "t", "json_path": path}, {"t": "{}"})
    assert found.kind == "configuration"


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({"xml_path": "./b"}, "one"),
        ({"xml_path": ".//c"}, "deep"),
        ({"xml_path": "./b", "type": "findall"}, ["one", "two"]),
        ({"xml_path": "./b[@id='2']"}, "two"),
        ({"xml_path": "./b", "return_text": False}, '<b id="1">one</b>'),
        ({"xml_path": "./d"}, "mixed text here"),
    ],
)
def test_xml_path(spec: dict[str, Any], found: Any) -> None:
    xml = (
        '<a><b id="1">one</b> <b id="2">two</b><x><c>deep</c></x><d>mixed <i>text</i> here</d></a>'
    )
    assert value("XML_PATH", {"source": "t", **spec}, {"t": xml}) == found


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]><a><b>&x;</b></a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a><b>1</b></a>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><b>&x;</b></a>',
        '<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;">]><a><b>&m;</b></a>',
        "<a><b>1</b>",
        "",
    ],
)
def test_xml_with_entities_or_broken_is_not_read(xml: str) -> None:
    found = error("XML_PATH", {"source": "t", "xml_path": "./b"}, {"t": xml})
    assert found.kind == "bad_value"
    assert "root:" not in found.message


@pytest.mark.parametrize(
    ("kind", "given", "found"),
    [
        ("string", {"a": 1}, '{"a":1}'),
        ("string", None, ""),
        ("number", "42", 42),
        ("number", "4.50", 4.5),
        ("number", "18446744073709551615", 18446744073709551615),
        ("number", "123456789012345678901234567890", 123456789012345678901234567890.0),
        ("object", '["\\ud800x\\ud83d\\ude00"]', ["\ufffdx\U0001f600"]),
        ("boolean", "FALSE", False),
        ("boolean", 1, True),
        ("boolean", " no ", False),
        ("object", '[1, {"a": null}]', [1, {"a": None}]),
    ],
)
def test_parse_value(kind: str, given: Any, found: Any) -> None:
    made = value("PARSE_VALUE", {"source": "t", "type": kind}, {"t": given})
    assert made == found
    assert type(made) is type(found)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("number", "four"),
        ("number", None),
        ("object", "[1e999]"),
        ("boolean", "maybe"),
        ("boolean", 2),
        ("object", "{"),
    ],
)
def test_what_cannot_be_parsed_says_so(kind: str, given: Any) -> None:
    found = error("PARSE_VALUE", {"source": "t", "type": kind}, {"t": given})
    assert found.kind == "bad_value"
    assert '"t"' in found.message


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [
        ("chars", "äöü", 3),
        ("words", "", 0),
        ("words", "it's two-fold\nreally", 3),
        ("sentences", "One. Two? Three!", 3),
        ("sentences", "It costs 3.50 today. Really...", 2),
        ("sentences", "No end", 1),
        ("sentences", "你好。再见。", 2),
        ("sentences", "", 0),
        ("paragraphs", "a\nb\n\nc\n \n\nd", 3),
        ("paragraphs", "\n\n", 0),
    ],
)
def test_count(kind: str, text: str, number: int) -> None:
    assert value("COUNT", {"source": "t", "type": kind}, {"t": text}) == number


def test_min_max_leaves_out_what_is_no_number_and_says_so() -> None:
    spec = {"source": "t", "type": "min"}
    cell = run("MIN_MAX", spec, {"t": '[3, "1.5", null, "x"]'})
    assert isinstance(cell, CellResult)
    assert cell.value == 1.5
    assert cell.detail.notes == ("2 values are not numbers and do not count.",)
    assert error("MIN_MAX", spec, {"t": "[]"}).kind == "bad_value"


def test_numeric_distance_of_numbers_too_large_for_a_float() -> None:
    big = "9" * 400
    spec = {"sources": ["a", "b"]}
    assert value("ABSOLUTE_NUMERIC_DISTANCE", spec, {"a": big, "b": big}) == 0
    found = error("ABSOLUTE_NUMERIC_DISTANCE", spec, {"a": big, "b": 0.5})
    assert found.kind == "bad_value"


def test_coalesce_goes_past_cells_that_failed() -> None:
    cell = run("COALESCE", {"sources": ["gone", "there"]}, {"there": "x"})
    assert isinstance(cell, CellResult)
    assert cell.value == "x"
    assert cell.detail.data == {"from": "there"}


def test_variable_takes_json_as_json_and_text_as_text() -> None:
    assert value("VARIABLE", {"value": {"type": "json", "value": {"a": [1]}}}) == {"a": [1]}
    assert value("VARIABLE", {"value": {"type": "json", "value": None}}) is None
    assert value("VARIABLE", {"value": {"type": "string", "value": '{"a"'}}) == '{"a"'


SIMILAR = {"sources": ["a", "b"]}


def test_similarity_without_embeddings_says_how_it_was_made() -> None:
    cell = run("COSINE_SIMILARITY", SIMILAR, {"a": "The cat sat", "b": "A cat sits"})
    assert isinstance(cell, CellResult)
    assert 0.2 < cell.value < 0.9
    assert cell.detail.notes == ("Compared by words and groups of three letters.",)


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [("", "", 1.0), ("", "x", 0.0), ("Ｆｕｌｌ", "full", 1.0), ("cat", "dog", 0.0)],
)
def test_similarity_at_its_ends(a: str, b: str, alike: float) -> None:
    assert value("COSINE_SIMILARITY", SIMILAR, {"a": a, "b": b}) == alike


def test_similarity_with_embeddings_names_the_model_and_pays_for_it() -> None:
    async def embed(texts: Any, /) -> Embeddings:
        assert list(texts) == ["x", "y"]
        return Embeddings(vectors=[[1.0, 0.0], [0.6, 0.8]], model="openai/small", request_id=5)

    cell = run("COSINE_SIMILARITY", SIMILAR, {"a": "x", "b": "y"}, context(embed=embed))
    assert isinstance(cell, CellResult)
    assert cell.value == pytest.approx(0.6)
    assert cell.detail.notes == ("Compared by openai/small.",)
    assert cell.detail.request_ids == (5,)
    assert cell.detail.cost is None


def test_similarity_by_embeddings_alone_needs_a_provider() -> None:
    found = error("COSINE_SIMILARITY", {**SIMILAR, "method": "embeddings"}, {"a": "x", "b": "y"})
    assert found.kind == "configuration"


def test_a_provider_of_embeddings_that_fails_is_a_failure() -> None:
    async def embed(texts: Any, /) -> Embeddings:
        raise CellFailed("rate_limit", "Too many requests.", retryable=True)

    found = error("COSINE_SIMILARITY", SIMILAR, {"a": "x", "b": "y"}, context(embed=embed))
    assert (found.kind, found.retryable) == ("rate_limit", True)


def nested(depth: int, width: int) -> Any:
    made: Any = 1
    for _ in range(depth):
        made = {f"k{n}": made if n == 0 else 1 for n in range(width)}
    return made


def test_paths_with_several_descents_in_a_deep_value_are_stopped_before_they_begin() -> None:
    spec = {"source": "t", "json_path": "$..*..*..*", "return_first_match": False}
    assert error("JSON_PATH", spec, {"t": nested(150, 20)}).kind == "limit"
    assert len(value("JSON_PATH", spec, {"t": nested(4, 2)})) > 0
    xml = "<a>" * 900 + "</a>" * 900
    found = error("XML_PATH", {"source": "t", "xml_path": ".//a//a//a"}, {"t": xml})
    assert found.kind == "limit"
