"""The difference of two texts: it rebuilds both, is stable, and reads well."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.diff import Piece, is_same, text_diff
from workbench.diff.tokens import lines, tokens

WORDS = st.lists(
    st.sampled_from(["the", "order", "is", "late", " ", " ", "\n", ",", "\r\n", "配", "送", "ไม่"])
).map("".join)
TEXTS = st.text() | WORDS


def sides(pieces: list[Piece]) -> tuple[str, str]:
    left = "".join(piece.text for piece in pieces if piece.kind != "added")
    right = "".join(piece.text for piece in pieces if piece.kind != "removed")
    return left, right


def marked(left: str, right: str) -> str:
    """The difference on one line: [-removed-] and {+added+}."""
    shown = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(shown[piece.kind].format(piece.text) for piece in text_diff(left, right))


@given(TEXTS)
def test_pieces_of_a_text_joined_are_the_text(text: str) -> None:
    assert "".join(tokens(text)) == text
    assert "".join(lines(text)) == text


@given(TEXTS, TEXTS)
def test_the_difference_rebuilds_both_texts(left: str, right: str) -> None:
    assert sides(text_diff(left, right)) == (left, right)


@given(TEXTS, TEXTS)
def test_a_change_is_one_removal_and_one_addition_between_what_is_the_same(
    left: str, right: str
) -> None:
    kinds = [piece.kind for piece in text_diff(left, right)]
    assert all(piece.text for piece in text_diff(left, right))
    for before, after in pairwise(kinds):
        assert before != after
        assert (before, after) != ("added", "removed")


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert is_same(text_diff(text, text))


@given(WORDS, WORDS, WORDS)
def test_what_is_put_in_between_is_all_that_differs(before: str, new: str, after: str) -> None:
    pieces = text_diff(f"{before}|\n{after}", f"{before}|\n{new}¦\n{after}")
    changed = [piece for piece in pieces if piece.kind != "same"]
    assert len(changed) == 1
    assert changed[0].kind == "added"
    assert len(changed[0].text) == len(new) + 2


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("The order is late.", "The order was late.", "The order [-is-]{+was+} late."),
        ("Answer briefly.", "Answer briefly and kindly.", "Answer briefly{+ and kindly+}."),
        ("quick red fox", "slow blue dog", "[-quick red fox-]{+slow blue dog+}"),
        ("配送が遅れています", "配送が早まっています", "配送が[-遅れ-]{+早まっ+}ています"),
        ("हिन्दी भाषा", "हिन्दी कविता", "हिन्दी [-भाषा-]{+कविता+}"),
        ("naïve café", "naïve cafe\u0301s", "naïve [-café-]{+cafe\u0301s+}"),
        ("a\nb\nd\n", "a\nb\nc\nd\n", "a\nb\n{+c\n+}d\n"),
        ("one 👩‍👩‍👧 two", "one 👩‍👩‍👦 two", "one [-👩‍👩‍👧-]{+👩‍👩‍👦+} two"),
        ("", "new", "{+new+}"),
        ("old", "", "[-old-]"),
        ("", "", ""),
    ],
)
def test_differences_are_those_that_a_reader_would_mark(
    left: str, right: str, expected: str
) -> None:
    assert marked(left, right) == expected


def test_a_word_changed_in_a_long_text_is_the_only_change() -> None:
    make = random.Random(4)
    words = [make.choice(["parcel", "order", "late", "refund", "the", "a"]) for _ in range(15_000)]
    words[7_000] = "first"
    left = " ".join(words)
    words[7_000] = "second"
    changed = [piece for piece in text_diff(left, " ".join(words)) if piece.kind != "same"]
    assert changed == [Piece("removed", "first"), Piece("added", "second")]


@pytest.mark.parametrize("alphabet", ["ab", "a b c d", "配送荷物", "\n x"])
def test_texts_of_100_kb_that_share_little_are_compared_within_the_bound(alphabet: str) -> None:
    make = random.Random(2)
    left = "".join(make.choices(alphabet, k=100_000))
    right = "".join(make.choices(alphabet, k=100_000))
    assert sides(text_diff(left, right)) == (left, right)
