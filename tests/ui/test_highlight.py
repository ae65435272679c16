"""Hits are marked where the search finds them, and nowhere else; the text stays what it was."""

from __future__ import annotations

import html
import re
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.filters import parse_text
from workbench.filters.folding import search_fold
from workbench.ui.highlight import _Folded, _uneven, hits, marked, spans, terms_of

LETTERS = st.sampled_from("aAsSßẞiİıI\u0307\u0301\u0323éÉe\u0301ΣσςŒﬁfﬀ配送각각각ͅᾳά\u0344\u0958 ")
TEXTS = st.text() | st.text(LETTERS)


@given(TEXTS)
@example("ffi\u0307\u0323")
def test_a_text_is_folded_as_the_store_folds_it(text: str) -> None:
    assert _Folded(text).text == search_fold(text)


@given(TEXTS, TEXTS)
def test_what_is_marked_holds_what_was_looked_for(text: str, term: str) -> None:
    found = spans(text, [term])
    needle = search_fold(term)
    assert bool(found) == bool(needle and needle in search_fold(text))
    end = 0
    for start, stop in found:
        assert end <= start < stop <= len(text)
        assert needle in search_fold(text[start:stop])
        end = stop


@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_marks_leave_the_text_as_it_was_and_open_no_other_tag(text: str, terms: list[str]) -> None:
    shown = marked(text, terms)
    without = shown.replace('<mark class="wb-hit">', "").replace("</mark>", "")
    assert not set("<>\"'") & set(without)
    assert html.unescape(without) == text.replace("\x00", "␀")
    assert shown.count("<mark") == hits([text], terms)


@pytest.mark.parametrize(
    ("text", "term", "expected"),
    [
        ("Die Straße", "STRASSE", ["Straße"]),
        ("İstanbul, ISTANBUL", "istanbul", ["İstanbul", "ISTANBUL"]),
        ("cafe\u0301 Café", "CAFÉ", ["cafe\u0301", "Café"]),
        ("ΟΔΟΣ οδος", "οδός", []),
        ("ΟΔΟΣ οδος", "οδος", ["ΟΔΟΣ", "οδος"]),
        ("荷物はどこ、荷物", "荷物", ["荷物", "荷物"]),
        ("aaa", "aa", ["aa"]),
        ("ﬁne", "fi", ["ﬁ"]),
        ("Maß", "s", ["ß"]),
        ("посылка ПОСЫЛКА", "Посылка", ["посылка", "ПОСЫЛКА"]),
        ("각", "가\u11a8", ["각"]),
    ],
)
def test_hits_are_found_in_every_script(text: str, term: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in spans(text, [term])] == expected


def test_hits_that_overlap_are_one() -> None:
    assert spans("refunded", ["refund", "funded"]) == [(0, 8)]


def test_every_character_folds_alone_as_it_does_in_a_text() -> None:
    """No character begins, folded, with one that joins what stands before it."""
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        if unicodedata.combining(letter) or re.fullmatch(r"[\ud800-\udfff]", letter):
            continue
        folded = search_fold(letter)
        assert len(folded) == 1 or _uneven().match(letter), hex(code)


def test_the_terms_are_the_words_and_what_is_asked_of_texts() -> None:
    filter_ = parse_text('parcel "on its way" output:late model:gpt-4o -input:never')
    assert terms_of(filter_) == ("parcel", "on its way", "late")
