"""Texts on their way to the page: as text, or as Markdown that can load and hide nothing."""

from __future__ import annotations

import re
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

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


def test_a_backslash_before_a_sign_does_not_undo_its_escape() -> None:
    assert acting(markdown_of('\\<a title="`"> ![x](http://evil.example) `')) == []
    assert markdown_of("\\$a$ \\\\$b$") == "\\$a\\$ \\\\\\$b\\$"


def test_markdown_keeps_headings_lists_and_emphasis() -> None:
    text = "# Title\n\n- one\n- **two**\n\n`code`"
    assert markdown_of(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Set `$HOME` and `list[0]`, `<b>` too.",
        "``a ` b`` and `x::y`",
        "- `$a`\n- `[b](c)`\n\n1. `<i>`",
        "| `$a` | `<b>` |\n|---|---|\n| `[c]` | d |",
        "1. Run:\n   ```sh\n   echo $HOME <file>\n\n     deeper\n   ```\n2. `$done`",
        "~~~\n![x](y)\n``` \n~~~\n`$a`",
        "- [x] done\n- [ ] open",
    ],
)
def test_code_and_checkboxes_stay_as_they_are(text: str) -> None:
    assert markdown_of(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "an open ` tick\n`![x](http://evil.example)`",
        "| `a | ![x](http://evil.example) ` |\n|-|-|",
        "\\`![x](http://evil.example)`",
        "- a\n  ```\n![x](http://evil.example)\n  ```",
        "- ```\n  ```\n  ![x](http://evil.example)\n  ```",
        "  ```\nx\n```\n![x](http://evil.example)",
        "> ```\n\n![x](http://evil.example)\n```",
        ":::note\n```\n:::\n![x](http://evil.example)",
        "- [b]: http://evil.example\n\nsee [b]",
        "    - a\n      ```\n    ![x](http://evil.example)",
    ],
)
def test_what_only_looks_like_code_does_nothing(text: str) -> None:
    assert acting(markdown_of(text)) == []
    assert acting(text) != []


SIGNS = (
    "` `` ``` ~~~ \\ | |-|-| $ $$ < > ! [ ] ( ) : :: ::: a <b> <!-- <http://e.example> ![x](u) "
    "[x](u) [x]: [x][y] [^x] :red[x] :a{b} # === --- 1. * - + >"
)
SPACES = ("\n", "\n\n", " ", "  ", "    ", "\t", "\n- ", "\n  ", "\n   ```\n", "\n```\n")
FRAGMENTS = st.lists(st.sampled_from([*SIGNS.split(), *SPACES]), max_size=24).map("".join)


@settings(max_examples=600)
@given(FRAGMENTS)
def test_no_arrangement_of_signs_makes_markdown_that_acts(text: str) -> None:
    assert acting(markdown_of(text)) == []


def acting(text: str) -> list[str]:
    """What CommonMark finds in a text that would load, lead or hide something; and formulas and
    directives, which Streamlit adds."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.inline.ruler.after("escape", "sign", _active_sign)
    parser.block.ruler.before("fence", "directive", _directive_block)
    # As st.markdown hands it over.
    text = textwrap.dedent(text).strip()
    tokens = [child for token in parser.parse(text) for child in (token, *(token.children or ()))]
    kinds = {"image", "link_open", "html_inline", "html_block", "sign", "directive"}
    return [token.type for token in tokens if token.type in kinds]


def _active_sign(state: StateInline, silent: bool) -> bool:
    if not re.match(r"\$|:[^\W\d_]", state.src[state.pos :]):
        return False
    if not silent:
        state.push("sign", "", 0)
    state.pos += 1
    return True


def _directive_block(state: StateBlock, line: int, _end: int, silent: bool) -> bool:
    start = state.bMarks[line] + state.tShift[line]
    if state.is_code_block(line) or not re.match(r"::+[^\W\d_]", state.src[start:]):
        return False
    if not silent:
        state.push("directive", "", 0)
        state.line = line + 1
    return True
