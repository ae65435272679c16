"""Values that a mistyped one may have meant."""

from __future__ import annotations

import pytest

from workbench.filters.similar import similar

MODELS = ("gpt-4o-mini", "gpt-4o", "claude-sonnet-4-5", "mistral-small", "o1")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gpt4o", ["gpt-4o", "gpt-4o-mini"]),
        ("GPT-4O", ["gpt-4o", "gpt-4o-mini"]),
        ("gpt-4", ["gpt-4o", "gpt-4o-mini"]),
        ("gpt-4o-mini-2024-07-18", ["gpt-4o-mini", "gpt-4o"]),
        ("claude sonnet", ["claude-sonnet-4-5"]),
        ("sonnet", ["claude-sonnet-4-5"]),
        ("mistrl-small", ["mistral-small"]),
        ("xyz", []),
        ("", []),
    ],
)
def test_the_likeliest_comes_first(typed: str, meant: list[str]) -> None:
    assert similar(typed, MODELS) == meant


def test_case_is_ignored_in_every_script() -> None:
    assert similar("ΟΔΟΣ", ["οδος"]) == ["οδος"]
    assert similar("STRASSE", ["straße"]) == ["straße"]


def test_of_equally_near_ones_the_earlier_come_first_and_three_are_enough() -> None:
    assert similar("run", ["run-4", "run-1", "run-3", "run-2"]) == ["run-4", "run-1", "run-3"]


def test_the_value_itself_is_no_similar_one() -> None:
    assert similar("prod", ["prod", "Prod"]) == ["Prod"]


def test_signs_alone_and_very_long_values_are_compared_too() -> None:
    assert similar("??", ["!!", "??!"]) == ["??!"]
    assert similar("x" * 9_000, ["x" * 8_000, "y"]) == ["x" * 8_000]
