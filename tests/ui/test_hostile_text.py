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


def test_markdown_keeps_headings_lists_and_emphasis() -> None:
    text = "# Title\n\n- one\n- **two**\n\n`code`"
    assert markdown_of(text) == text
