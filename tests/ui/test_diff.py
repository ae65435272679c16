"""Differences as HTML: both texts stand in it whole, and nothing of them is markup."""

from __future__ import annotations

import html
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.diff import json_diff
from workbench.ui.diff import TEXT_SHOWN, changes_html, text_diff_html

SOME = st.text(st.sampled_from("ab<>&'\" \n配"), max_size=60)
LINES = st.lists(st.sampled_from(["a\n", "b c\n", "\n", "  \n", "<", "配"]), max_size=9)
TEXTS = SOME | LINES.map("".join)
TAGS = re.compile(r"<[^>]*>")
OURS = {"div", "del", "ins", "details", "summary", "p", "table", "tr", "td", "th"}


def tags_of(shown: str) -> set[str]:
    return {re.split(r"[\s>]", tag.lstrip("</"))[0].rstrip(">") for tag in TAGS.findall(shown)}


def column(shown: str, number: int) -> str:
    """What stands on the left (0) or on the right (1)."""
    shown = re.sub(r"<summary>[^<]*</summary>", "", shown)
    cells = re.findall(r'<div class="wb-(text|none)"(?: dir="auto")?>(.*?)</div>', shown, re.DOTALL)
    lines = [html.unescape(TAGS.sub("", cell)) for kind, cell in cells[number::2] if kind == "text"]
    return "\n".join("" if line == "\xa0" else line.replace("↵", "") for line in lines)


@settings(max_examples=500)
@given(TEXTS, TEXTS)
def test_both_texts_stand_whole_beside_each_other(left: str, right: str) -> None:
    shown = text_diff_html(left, right)
    # A break at the very end makes no line of its own.
    assert column(shown, 0).rstrip("\n") == left.rstrip("\n")
    assert column(shown, 1).rstrip("\n") == right.rstrip("\n")


@given(st.text(), st.text())
def test_no_text_becomes_markup(left: str, right: str) -> None:
    for shown in (
        text_diff_html(left, right),
        text_diff_html(left, right, layout="together"),
        changes_html(json_diff({left: right}, {right: left, "x": [left]})),
    ):
        assert tags_of(shown) <= OURS


def test_what_was_removed_and_added_is_told_without_colour() -> None:
    shown = text_diff_html("Be brief.", "Be kind.", layout="together")
    assert "Be <del>brief</del><ins>kind</ins>." in shown
    table = changes_html(json_diff({"a": 1}, {"b": 2}))
    assert 'title="removed">−</td><td>a</td>' in table
    assert 'title="added">+</td><td>b</td>' in table


def test_long_runs_of_equal_lines_are_folded_but_for_those_beside_a_change() -> None:
    lines = [f"line {number}" for number in range(40)]
    changed = [*lines[:20], "new", *lines[20:]]
    shown = text_diff_html("\n".join(lines), "\n".join(changed))
    assert shown.count("<summary>18 equal lines</summary>") == 2, shown
    beside = re.sub(r"<details.*?</details>", "", shown, flags=re.DOTALL)
    assert "line 19" in beside
    assert "line 20" in beside
    assert "line 5<" not in beside


def test_a_text_that_is_too_long_to_draw_says_so() -> None:
    shown = text_diff_html("a" * (TEXT_SHOWN + 1), "b")
    assert "Compared up to character 200,000" in shown
