"""Applying unified diffs."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evals.support import error, value
from workbench.evals.patch import PatchError, apply

LINES = st.lists(
    st.sampled_from(["a\n", "b\n", "c\n", "\n", "--- x\n", "+++ y\n", "@@ -1 +1 @@\n"]), max_size=12
)


def diff(old: str, new: str, context: int = 3) -> str:
    """As `diff -u` writes it, a missing line end marked."""
    made = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), "old", "new", n=context
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in made
    )


@given(
    old=LINES, new=LINES, context=st.integers(0, 4), ends=st.tuples(st.booleans(), st.booleans())
)
@settings(max_examples=400)
def test_a_diff_of_two_texts_makes_one_into_the_other(
    old: list[str], new: list[str], context: int, ends: tuple[bool, bool]
) -> None:
    left, right = (
        "".join(text) + ("" if end or not text else "last")
        for text, end in zip((old, new), ends, strict=True)
    )
    assert apply(left, diff(left, right, context)) == right


@given(
    text=st.text(max_size=60),
    patch=st.text(max_size=60)
    | st.builds(
        "@@ -{} +{} @@\n{}".format,
        st.integers(0, 9),
        st.integers(0, 9),
        st.text(alphabet=" -+a\n\\", max_size=30),
    ),
)
def test_any_diff_applies_or_is_refused_with_a_sentence(text: str, patch: str) -> None:
    try:
        apply(text, patch)
        said = "."
    except PatchError as refused:
        said = str(refused)
    assert said.endswith(".")


def test_a_hunk_whose_number_is_wrong_goes_where_its_lines_stand() -> None:
    text = "".join(f"{n}\n" for n in range(20))
    assert apply(text, "@@ -1,2 +1,2 @@\n 14\n-15\n+x\n") == text.replace("15\n", "x\n")


def test_a_hunk_that_fits_several_places_is_not_guessed() -> None:
    with pytest.raises(PatchError, match="at several places"):
        apply("q\nx\ny\nx\ny\n", "@@ -9,2 +9,2 @@\n x\n-y\n+z\n")


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ("no diff at all", "no unified diff"),
        ("@@ -1 +1 @@\n-b\n+c\n", "do not stand in the text"),
        ("@@ -1,3 +1,1 @@\n-a\n+c\n", "names 3 old and 1 new"),
        ("@@ -1 +1 @@\n?a\n", "begins with neither"),
        ("--- a\n+++ a\n@@ -1 +1 @@\n-a\n+c\n--- b\n+++ b\n@@ -1 +1 @@\n-a\n+c\n", "several files"),
    ],
)
def test_a_diff_that_does_not_fit_says_why(patch: str, words: str) -> None:
    found = error(
        "APPLY_DIFF", {"content_source": "t", "diff_source": "d"}, {"t": "a\n", "d": patch}
    )
    assert words in found.message


def test_a_diff_in_a_fence_as_models_write_it() -> None:
    spec = {"content_source": "t", "diff_source": "d"}
    patch = "```diff\n--- a\n+++ b\n@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n```"
    assert value("APPLY_DIFF", spec, {"t": "a\n\nb\n", "d": patch}) == "a\n\nc\n"


def test_an_empty_diff_changes_nothing() -> None:
    assert apply("a\r\nb", "") == "a\r\nb"


def test_line_ends_of_windows_stay() -> None:
    assert apply("a\r\nb\r\n", "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n") == "a\r\nc\r\n"
