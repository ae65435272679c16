"""What users write in a language of their own: any text is taken or refused with a clause."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evals.support import error, run
from workbench.evals import paths, patterns
from workbench.evals.cells import CellResult
from workbench.evals.columns.assert_valid import not_sql
from workbench.evals.columns.xml_path import not_a_path
from workbench.evals.values import number_or_none, parse_json

PATH = st.lists(
    st.sampled_from(
        [
            "$",
            ".",
            "..",
            "a",
            "b",
            "[0]",
            "[*]",
            "[1:2]",
            "['c d']",
            "[?(@.a",
            ">",
            "1)]",
            "*",
            "|",
            "`len`",
            "(",
            ")",
        ]
    ),
    max_size=8,
).map("".join)
PATTERN = st.lists(
    st.sampled_from([*"ab.*+?()[]{}|^$", "\\d", "\\1", "(?=", "(?i)", "{2,3}", "é", "[a-c]"]),
    max_size=8,
).map("".join)


@given(PATH | st.text(max_size=20))
@settings(max_examples=300, deadline=None)
def test_a_json_path_is_followed_or_refused(path: str) -> None:
    try:
        found = paths.find(path, {"a": [{"a": 2}, {"b": None}], "c d": "x", "b": {"a": {"b": 1}}})
    except paths.PathError as refused:
        reason, found = str(refused), []
    else:
        reason = "fine"
    assert reason
    assert not reason.endswith(".")
    assert isinstance(found, list)


@given(PATTERN, st.text(alphabet="abé1\n", max_size=12))
@settings(max_examples=400, deadline=None)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_pattern_that_runs_finds_what_python_finds(pattern: str, text: str) -> None:
    try:
        found = patterns.found(pattern, text)
    except patterns.PatternError:
        return
    try:
        expected = re.compile(pattern).search(text) is not None
    except re.error:
        return
    # "$" before a last line break is the one place in which the two differ on such patterns.
    if "$" not in pattern:
        assert found is expected


@given(
    st.lists(
        st.sampled_from(["/", "//", ".", "..", "*", "a", "[1]", "[@b='c']", "[", "]", "{x}"]),
        max_size=8,
    ).map("".join)
    | st.text(max_size=12)
)
def test_an_xml_path_is_followed_or_refused(path: str) -> None:
    reason = not_a_path(path)
    if path and reason is None:
        spec = {"source": "t", "xml_path": path, "type": "findall"}
        assert isinstance(run("XML_PATH", spec, {"t": "<a><a b='c'>1</a><d/></a>"}), CellResult)
    elif path:
        found = error("XML_PATH", {"source": "t", "xml_path": path}, {"t": "<a/>"})
        assert found.kind == "configuration"


@given(
    st.text(max_size=40)
    | st.lists(
        st.sampled_from(
            ["SELECT", "(", ")", "a", ",", "FROM", "t", "'", '"', ";", "--", "WITH", "AS", "*", "1"]
        ),
        max_size=14,
    ).map(" ".join)
)
@settings(max_examples=300, deadline=None)
def test_any_text_is_sql_or_has_a_reason_not_to_be(text: str) -> None:
    reason = not_sql(text)
    assert reason is None or reason.endswith(".")


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**30), 10**30))
def test_a_number_written_as_text_is_that_number(number: float) -> None:
    assert number_or_none(f" {number!r}\n") == number


@pytest.mark.parametrize(
    "text", ["", " ", "1,5", "0x10", "1_0", "nan", "-inf", "1e999", "٫", "1 2"]
)
def test_what_is_no_number(text: str) -> None:
    assert number_or_none(text) is None


@given(st.text(max_size=30))
def test_any_text_is_json_or_has_a_reason_not_to_be(text: str) -> None:
    try:
        parse_json(text)
    except ValueError as refused:
        reason = str(refused)
    else:
        reason = "fine"
    assert reason
    assert "\n" not in reason
