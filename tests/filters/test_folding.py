"""Searching without regard to case, in every script, as the engine does it."""

from __future__ import annotations

import unicodedata

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.filters.folding import Place, fold, needle, search_fold
from workbench.store.filter_parts import found_in


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def _found(
    connection: duckdb.DuckDBPyConnection, text: str, sought: str, place: Place = "contains"
) -> bool:
    part = found_in("x", sought, place)
    row = connection.execute(
        f"SELECT {part.sql} FROM (SELECT ?::VARCHAR AS x)", [*part.params, text]
    ).fetchone()
    assert row is not None
    return bool(row[0])


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("Die Straße ist lang", "STRASSE"),
        ("DIE STRASSE", "straße"),
        ("DIE STRAẞE", "strasse"),
        ("İstanbul'da", "istanbul"),
        ("ISTANBUL", "istanbul"),
        ("ısparta", "ISPARTA"),
        ("i̇zmir", "İzmir"),
        ("Ο ΔΡΟΜΟΣ", "δρομος"),
        ("ὁδός", "ὉΔΌΣ"),
        ("ПРИВЕТ, МИР", "привет"),
        ("ﬁrst oﬃce", "FIRST OFFICE"),
        ("\u212aelvin", "kelvin"),
        ("caf\u00e9", "CAFE\u0301"),
        ("cafe\u0301", "CAF\u00c9"),
        ("日本語のテキスト", "本語"),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국"),
        ("مرحبا بالعالم", "بالعالم"),
        ("ᏣᎳᎩ", "ꮳꮃꭹ"),
    ],
)
def test_case_does_not_matter_in_any_script(
    connection: duckdb.DuckDBPyConnection, text: str, sought: str
) -> None:
    assert _found(connection, text, sought)


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("cafe", "café"),
        ("abc", "a.c"),
        ("aaa", "a*"),
        ("100 percent", "100%"),
        ("axb", "a_b"),
        ("x", "(?i)X|y"),
        ("", "a"),
        ("line one\nline two", "one line"),
    ],
)
def test_accents_matter_and_signs_are_literal(
    connection: duckdb.DuckDBPyConnection, text: str, sought: str
) -> None:
    assert not _found(connection, text, sought)


_LETTERS = st.text(
    st.sampled_from("sSßẞﬆtTﬁfFﬀﬃiIİı\u0307kK\u212aσςΣάΆΐ\u0301\u0308ʼnŉaA.*%"), max_size=7
)
_TEXTS = _LETTERS | st.text(max_size=12)


@given(
    text=_TEXTS,
    sought=_TEXTS.filter(bool),
    place=st.sampled_from(["contains", "starts_with", "ends_with"]),
)
@example(text="İ", sought="i", place="contains")
@example(text="ß", sought="s", place="ends_with")
@example(text="aß", sought="as", place="contains")
@example(text="ß", sought="s", place="starts_with")
@example(text="i\u0307zmir", sought="izmir", place="contains")
@example(text="ﬃ", sought="fi", place="contains")
@example(text="\u0390", sought="\u0308", place="contains")
def test_the_engine_finds_what_the_foldings_hold(
    connection: duckdb.DuckDBPyConnection, text: str, sought: str, place: Place
) -> None:
    expected = False
    for form in (
        unicodedata.normalize("NFC", sought),
        unicodedata.normalize("NFD", sought),
        sought,
    ):
        whole, part = fold(text), fold(form)
        if "\u0307" not in part:
            whole = whole.replace("i\u0307", "i")
        method = {
            "contains": str.__contains__,
            "starts_with": str.startswith,
            "ends_with": str.endswith,
        }
        expected = expected or method[place](whole, part)
    assert _found(connection, text, sought, place) is expected


@given(st.text(max_size=30).filter(bool))
def test_whatever_stands_in_a_text_is_found_by_copying_it(
    connection: duckdb.DuckDBPyConnection, text: str
) -> None:
    assert _found(connection, f"before {text} after", text)
    assert _found(connection, text + " after", text, "starts_with")
    assert _found(connection, "before " + text, text, "ends_with")


def test_what_has_no_case_is_searched_without_a_pattern() -> None:
    assert needle("日本語 42").literals == ("日本語 42",)
    assert needle("日本語 42").pattern is None
    assert needle("abc").pattern is None


@pytest.mark.parametrize("letter", ["s", "ß", "ﬃ", "ж", "İ", "é", "한", "."])
def test_the_longest_needles_still_run(connection: duckdb.DuckDBPyConnection, letter: str) -> None:
    sought = letter * 2000
    assert _found(connection, f"x{sought.upper()}x", sought)
    assert not _found(connection, "x" * 3000, sought)


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("ПРИВЕТ", "привет"),
        ("İSTANBUL", "istanbul"),
        ("ﬁrst", "FIRST"),
        ("caf\u00e9", "CAFE\u0301"),
        ("ABC", "abc"),
    ],
)
def test_spellings_of_one_text_are_kept_alike(kept: str, typed: str) -> None:
    assert search_fold(kept) == search_fold(typed)


def test_accents_count() -> None:
    assert search_fold("café") != search_fold("cafe")


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    assert search_fold(search_fold(text)) == search_fold(text)
