"""Logged text is hostile: it is drawn as text, or as Markdown that can load and run nothing."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Sequence

import streamlit as st

from workbench.ui.highlight import marked, spans

# A 5 MB line would freeze the browser; the rest is one click away.
SHOWN = 12_000
SHOWN_AT_MOST = 400_000

# A sign that its writer escaped, a checkbox, or a sign that begins HTML, an autolink, a formula, a
# link, an image, a footnote, a definition or a directive. "://" stays: the address shows itself.
_SIGN = re.compile(r"\\[!-/:-@\[-`{-~]|\[[ xX]\](?=[ \t]|$)|[<$\[]|(?<=\])\(|:[\w/+-]+:|:(?=[:\w])")
# A line with "|" could also be the head of a table.
_FENCE = re.compile(r"( *)(`{3,}(?=[^`|]*$)|~{3,}(?=[^|]*$))")
_FENCE_IN_CONTAINER = re.compile(r"[ \t>*+\-\d.)]*(?:`{3,}[^`]*$|~{3,})")
_TICKS = re.compile(r"`+")


def escaped(text: str) -> str:
    """Text for HTML. Characters that would steer the reading direction of the page are shown."""
    return html.escape(text).replace("\x00", "␀")


def markdown_of(text: str) -> str:
    """Markdown without raw HTML, images, hidden link targets, formulas or Streamlit's directives.

    Headings, lists, tables, emphasis and code stay; a link shows where it leads. Code is left as it
    is where every reading of the text takes it for code: fences whose end is beyond doubt, and
    spans within one line. Where a fence could be read in two ways (CommonMark 0.31, sections 4.5,
    5.1 and 5.2: a list item ends its fence with it), everything from there on is escaped; code then
    shows a backslash before "<", "$" and "[", which does no harm.
    """
    # Only these end a line in CommonMark; `splitlines` knows more and would see other fences.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # As st.markdown would: what it takes away later must not move a fence.
    lines = textwrap.dedent(text).strip().split("\n")
    shown: list[str] = []
    paragraph: list[str] = []
    place = 0
    while place < len(lines):
        line = lines[place]
        end = _end_of_fence(lines, place) if _FENCE.match(line) else None
        if end is not None:
            shown += _paragraph(paragraph)
            paragraph = []
            shown += lines[place : end + 1]
            place = end + 1
        elif _FENCE_IN_CONTAINER.match(line):
            shown += map(_without_actions, (*paragraph, *lines[place:]))
            return "\n".join(shown)
        elif line.strip(" \t"):
            paragraph.append(line)
            place += 1
        else:
            shown += [*_paragraph(paragraph), line]
            paragraph = []
            place += 1
    return "\n".join([*shown, *_paragraph(paragraph)])


def _end_of_fence(lines: list[str], start: int) -> int | None:
    """The last line of the fence that opens at `start`; None where readings could differ.

    At the margin no list item can hold the fence. Further in one may, and would end with the first
    line that stands less far in: then all lines up to a closing fence right below the opening one
    must stand as far in, and no other line may look like a closing fence.
    """
    opening = _FENCE.match(lines[start])
    assert opening is not None
    indent, sign, length = len(opening[1]), opening[2][0], len(opening[2])
    if indent > 3:
        return None
    for place in range(start + 1, len(lines)):
        line = lines[place]
        content = line.strip(" \t")
        closes = len(content) >= length and not content.strip(sign)
        inner = len(line) - len(line.lstrip(" "))
        if indent and content and inner < indent:
            return None
        if closes and indent and line[:inner] + content[0] != " " * indent + sign:
            return None
        if closes and inner <= 3 and line[inner] == sign:
            return place
    return None if indent else len(lines) - 1


def _paragraph(lines: list[str]) -> list[str]:
    """Lines without a blank one between them, with their code spans as they are.

    A span may go on to the next line, so spans count only where on every line each opening run of
    backticks has its closing one. A cell of a table ends at "|" even inside code, and an escaped
    backtick opens nothing: where such stand in the way, nothing counts as code.
    """
    spans = [_code_spans(line) for line in lines]
    if any(found is None for found in spans):
        return [_without_actions(line) for line in lines]
    shown = []
    for line, found in zip(lines, spans, strict=True):
        pieces = []
        done = 0
        for start, end in found or ():
            pieces += [_without_actions(line[done:start]), line[start:end]]
            done = end
        shown.append("".join((*pieces, _without_actions(line[done:]))))
    return shown


def _code_spans(line: str) -> list[tuple[int, int]] | None:
    """Where code spans stand on a line; None where that depends on other lines."""
    if "\\`" in line:
        return None
    runs = [match.span() for match in _TICKS.finditer(line)]
    found = []
    while runs:
        start, inside = runs.pop(0)
        length = inside - start
        closing = next((i for i, run in enumerate(runs) if run[1] - run[0] == length), None)
        if closing is None or "|" in line[inside : runs[closing][0]]:
            return None
        found.append((start, runs[closing][1]))
        del runs[: closing + 1]
    return found


def _without_actions(line: str) -> str:
    return _SIGN.sub(_made_plain, line)


def _made_plain(match: re.Match[str]) -> str:
    sign = match[0]
    if sign[0] == ":":
        return sign.replace(":", "\\:")
    return "\\" + sign if len(sign) == 1 else sign


def draw_text(text: str, key: str, *, markdown: bool = False, terms: Sequence[str] = ()) -> None:
    """A text of any length and script; a long one is cut with a button that shows the rest.

    terms: words to mark in it; a long one is drawn as far as its last. In Markdown the browser
    marks them (`workbench/ui/hits.py`), in containers that it knows by the start of their key.
    """
    limit = SHOWN
    if len(text) > SHOWN and (
        st.session_state.get(f"{key}-all") or any(end > SHOWN for _, end in spans(text, terms))
    ):
        limit = SHOWN_AT_MOST
    shown = text[:limit]
    if markdown and terms:
        with st.container(key=f"wb-found-{key}"):
            st.markdown(markdown_of(shown))
    elif markdown:
        st.markdown(markdown_of(shown))
    else:
        st.html(f'<div class="wb-text" dir="auto">{marked(shown, terms)}</div>')
    if len(text) > limit:
        if limit == SHOWN:
            st.button(f"Show more of {len(text):,} characters", key=f"{key}-all", type="tertiary")
        else:
            st.caption(f"{len(text) - limit:,} more characters stand in the raw record.")
