"""SQL of filters: nothing of a user's gets into it, and missing values count as documented."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.filters.engines import engine, fill, found
from tests.filters.oracle import Row
from tests.filters.strategies import HOSTILE, filters
from workbench.filters import Condition, Filter, FilterError, Group, parse_text
from workbench.store.filter_parts import rare_end
from workbench.store.filter_sql import compile_filter, explain_sql

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def _row(id_: int, **values: object) -> Row:
    return Row(id_, NOW, NOW, **values)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with engine("duckdb", tmp_path_factory.mktemp("store")) as opened:
        yield opened


@pytest.mark.parametrize("value", HOSTILE)
def test_an_injection_is_a_value_that_is_found_and_nothing_more(
    connection: duckdb.DuckDBPyConnection, value: str
) -> None:
    inside = _row(
        1,
        model=value,
        tags=[value],
        metadata={value or "k": value},
        input_text=f"x{value}x",
        input_variables={"k": value},
        output=[{"role": "assistant", "content": [{"type": "text", "text": '{"a": 1}'}]}],
        scores=[(value, 1.0)],
    )
    fill(connection, [inside, _row(2, model="other", input_text="other")])
    conditions = [
        Condition("engine", "is", value),
        Condition("engine", "in", [value, "nothing"]),
        Condition("tags", "contains", value),
        Condition("metadata", "key_equals", value, key=value or "k"),
        Condition("metadata_keys", "contains", value or "k"),
        Condition("input_variables", "key_equals", value, key="k"),
        Condition("score", "gt", 0, key=value),
        Condition("input_text", "contains", value or "x"),
    ]
    for condition in conditions:
        compiled = compile_filter(Filter(Group((condition,))), NOW)
        assert found(connection, compiled) == {1}, condition
    tables = connection.execute("SELECT count(*) FROM requests").fetchone()
    assert tables == (2,)


@given(filters)
def test_no_text_of_a_filter_stands_in_its_sql(filter_: Filter) -> None:
    compiled = compile_filter(filter_, NOW)
    allowed = compile_filter(_with_plain_values(filter_), NOW).sql
    assert compiled.sql.count("?") == len(compiled.params)
    for condition in filter_.every_condition():
        for text in (condition.key, condition.value):
            if isinstance(text, str) and len(text) > 3 and text not in allowed:
                assert text not in compiled.sql


def _with_plain_values(filter_: Filter) -> Filter:
    """The same fields and operators with tame values."""
    tame = []
    for c in filter_.every_condition():
        value = (
            "x"
            if isinstance(c.value, str) and c.spec.kind in ("string", "text", "array")
            else c.value
        )
        value = "SUCCESS" if c.spec.choices and isinstance(c.value, str) else value
        tame.append(Condition(c.field, c.operator, value, None if c.key is None else "k"))
    return Filter(Group(tuple(tame)), "x" if filter_.text else "")


@pytest.mark.parametrize(
    "field", ["r.id", "id; DROP TABLE requests", "1=1 OR engine", "", "ENGINE"]
)
def test_only_known_fields_get_to_the_engine(field: str) -> None:
    with pytest.raises(FilterError, match="There is no field"):
        Condition(field, "is", "x")


def test_negative_operators_find_what_is_missing(connection: duckdb.DuckDBPyConnection) -> None:
    fill(connection, [_row(1)])
    for source in (
        "-model:x",
        "-model:x,y",
        "-tag:x",
        "-tag:x,y",
        "-metadata.k:x",
        "-metadata.k:x,y",
        "-metadata.k~x",
        "-output.k:x",
        "-var.k~x",
        "-version:3",
        "-score.k:3",
        "-input:x",
        "-is:json",
        "-has:tag",
        "-has:metadata.k",
        "-metadata_key:k",
    ):
        assert found(connection, compile_filter(parse_text(source), NOW)) == {1}, source
        positive = source.removeprefix("-")
        assert found(connection, compile_filter(parse_text(positive), NOW)) == set(), positive


def test_a_relative_range_counts_back_from_the_moment_of_the_query(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    fill(connection, [_row(1)])
    hour = parse_text("last:1h")
    assert found(connection, compile_filter(hour, NOW)) == {1}
    assert found(connection, compile_filter(hour, NOW.replace(hour=14))) == set()


def test_money_is_compared_as_decimals(connection: duckdb.DuckDBPyConnection) -> None:
    fill(connection, [_row(1, cost=Decimal("0.3")), _row(2, cost=Decimal("0.300000001"))])
    assert found(connection, compile_filter(parse_text("cost:0.3"), NOW)) == {1}
    assert found(connection, compile_filter(parse_text("cost>0.3000000005"), NOW)) == {2}


def test_whole_numbers_are_compared_with_fractions_exactly(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    fill(connection, [_row(n, input_tokens=n, output_tokens=2**62) for n in (1, 2, 3)])
    expected = {
        "input_tokens>1.5": {2, 3},
        "input_tokens>=1.5": {2, 3},
        "input_tokens<2.5": {1, 2},
        "input_tokens<=2.5": {1, 2},
        "input_tokens:1.5": set(),
        "-input_tokens:1.5": {1, 2, 3},
        "input_tokens:1.5..2.5": {2},
        "tokens>1k": {1, 2, 3},
    }
    for source, ids in expected.items():
        assert found(connection, compile_filter(parse_text(source), NOW)) == ids, source


def test_counts_too_large_to_add_up_in_64_bits_are_still_compared(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    fill(connection, [_row(1, input_tokens=2**63 - 1, output_tokens=2**63 - 1)])
    assert found(connection, compile_filter(parse_text("tokens>1k"), NOW)) == {1}


def test_json_keys_with_signs_of_json_pointers_and_escapes_are_found(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    text = '{"a/b~c": {"\\u0069tems": [[{"id": 7}], {"id": 8}]}}'
    output = [
        {
            "role": "assistant",
            "content": [{"type": "text", "text": text}],
            "tool_calls": [
                {"id": "c", "function": {"name": "f", "arguments": "not JSON"}},
                {"id": "d", "function": {"name": "g", "arguments": "[1, 2]"}},
            ],
        }
    ]
    fill(connection, [_row(1, output=output)])
    for source in (
        'output."a/b~c.items.id":7',
        'output."a/b~c.items.id":8',
        'output."tool_calls.function.arguments":"not JSON"',
        "output.tool_calls.function.arguments~json",
        "output.tool_calls.function.arguments:2",
        "output.tool_calls.function.name:f",
        "output_key:tool_calls",
    ):
        assert found(connection, compile_filter(parse_text(source), NOW)) == {1}, source


def test_bodies_are_read_only_where_a_condition_needs_them() -> None:
    assert not compile_filter(parse_text("model:a tag:b metadata.k:v score>1"), NOW).needs_bodies
    for source in ("word", "input:x", "output.k:v", "var.k:v", "output_key:k", "tag:a OR word"):
        assert compile_filter(parse_text(source), NOW).needs_bodies, source
    assert compile_filter(Filter(), NOW).sql == "TRUE"


def test_a_document_nested_a_hundred_thousand_deep_is_searched_within_little_memory(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    deep = '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"
    output = [{"role": "assistant", "content": [{"type": "text", "text": deep}]}]
    with engine("duckdb", tmp_path_factory.mktemp("deep")) as connection:
        connection.execute("SET memory_limit = '256MB'")
        fill(connection, [_row(1, output=output, output_text=deep)])
        assert found(connection, compile_filter(parse_text("output.a:x"), NOW)) == set()
        assert found(connection, compile_filter(parse_text("has:output.a"), NOW)) == {1}


def test_the_explanation_is_short_and_quotes_what_users_wrote() -> None:
    filter_ = parse_text(
        'model:"o\'neil" last:7d cost>=0.01 tag:a,b metadata.user_id:42 output.a.b:1 "50% off"'
    )
    assert explain_sql(filter_, NOW) == (
        "(r.model = 'o''neil' AND r.started_at >= TIMESTAMP '2026-11-15 12:00:00' "
        "AND r.cost >= CAST('0.01' AS DECIMAL(18, 9)) "
        "AND list_has_any(r.tags, ['a', 'b']::VARCHAR[]) "
        "AND r.metadata->>'user_id' = '42' "
        """AND json_extract_string(b.output, '$."a"."b"') = '1' """
        "AND (b.input_text ILIKE '%50\\% off%' ESCAPE '\\' "
        "OR b.output_text ILIKE '%50\\% off%' ESCAPE '\\'))"
    )
    assert explain_sql(Filter(), NOW) == "TRUE"


@given(filters)
def test_an_explanation_is_one_line_of_balanced_quotes(filter_: Filter) -> None:
    shown = explain_sql(filter_, NOW)
    assert len(shown.splitlines()) == 1
    assert shown.count("'") % 2 == 0


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("n777777", "777777"),
        ("elephant xq", "xq"),
        ("refund", "fund"),
        ("zebra", None),
        ("посылка", None),
        ("a", None),
        ("", None),
        ("eq", None),
        ("ez!", "z!"),
    ],
)
def test_a_search_looks_for_the_rarest_end_first(text: str, end: str | None) -> None:
    assert rare_end(text) == end


@given(st.text())
def test_the_rare_end_is_an_end_of_the_text(text: str) -> None:
    end = rare_end(text)
    assert end is None or (len(end) > 1 and text.endswith(end))
