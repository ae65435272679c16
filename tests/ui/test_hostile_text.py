"""Texts on their way to the page: as text, or as Markdown that can load and hide nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.ui.hostile import escaped, markdown_of


@given(st.text())
def test_escaped_text_opens_no_tag_and_no_attribute(text: str) -> None:
    shown = escaped(text)
    assert not set("<>\"'") & set(shown)


@pytest.mark.parametrize(
    ("text", "forbidden"),
    [
        ("![x](http://evil.example/a.png)", r"(?<!\\)!\[|\]\("),
        ("[safe](javascript:alert(1))", r"\]\("),
        ("[a][b]\n\n[b]: http://evil.example", r"\]\[|(?m)^\["),
        ("<script>alert(1)</script>", r"(?<!\\)<"),
        ("$\\href{x}{y}$", r"(?<!\\)\$"),
        (":red[text]", r":red\["),
        (":material/delete:", r":material/delete:"),
    ],
)
def test_markdown_keeps_its_structure_but_loses_what_acts(text: str, forbidden: str) -> None:
    pattern = forbidden.replace("(?m)", "")
    assert not re.search(pattern, markdown_of(text), re.MULTILINE)


def test_fenced_code_stays_as_it_is_and_what_follows_does_not() -> None:
    code = "```sh\necho $HOME <file> ![x](y)\n```\n"
    assert markdown_of(code + "$1 ![x](y)") == code + "\\$1 !\\[x]\\(y)"


@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\u2028", "\x85"])
def test_what_ends_no_line_in_markdown_opens_no_fence(end: str) -> None:
    assert "![" not in markdown_of(f"text{end}```\n![x](http://evil.example)")


def test_a_fence_inside_html_hides_nothing() -> None:
    shown = markdown_of("<div>\n\n![x](http://evil.example)\n")
    assert shown.startswith("\\<div>")
    assert "![" not in shown


def test_markdown_keeps_headings_lists_and_emphasis() -> None:
    text = "# Title\n\n- one\n- **two**\n\n`code`"
    assert markdown_of(text) == text
