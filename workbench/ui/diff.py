"""Differences drawn: of two texts word by word, of two JSON values path by path. Always escaped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from workbench.diff import Change, Piece, json_diff, path_text, text_diff
from workbench.ui.hostile import escaped

Layout = Literal["side", "together"]
# Of more than this many equal lines in a row only the ends are drawn, the rest on a click.
SAME_SHOWN = 7
SAME_KEPT = 2
# More than this of one text would slow the browser down.
TEXT_SHOWN = 200_000
VALUE_SHOWN = 2000
CHANGES_SHOWN = 400
_SIGNS = {"added": "+", "removed": "−", "changed": "~"}


@dataclass(slots=True)
class _Row:
    """One line of the drawing: escaped HTML of either side, and of both in one."""

    left: str = ""
    right: str = ""
    both: str = ""
    is_same: bool = True
    has_left: bool = True
    has_right: bool = True


def draw_text_diff(left: str, right: str, *, layout: Layout = "side") -> None:
    """Two texts, beside each other or as one; what is only on one side is marked and struck out or
    underlined, so that it does not rest on colour."""
    st.html(text_diff_html(left, right, layout=layout))


def text_diff_html(left: str, right: str, *, layout: Layout = "side") -> str:
    """The drawing of `draw_text_diff`, for a page that puts it into more HTML of its own."""
    cut = max(len(left), len(right)) > TEXT_SHOWN
    rows = _rows(text_diff(left[:TEXT_SHOWN], right[:TEXT_SHOWN]))
    note = (
        f'<p class="wb-note">Compared up to character {TEXT_SHOWN:,}; the rest is not shown.</p>'
        if cut
        else ""
    )
    body = "".join(_folded(rows, layout))
    return f'<div class="wb-diff wb-diff-{layout}">{body}</div>{note}'


def draw_json_diff(left: Any, right: Any) -> None:
    """Two JSON values as a table of paths; equal values draw one sentence."""
    draw_changes(json_diff(left, right))


def draw_changes(changes: Sequence[Change], *, same: str = "The same on both sides.") -> None:
    """Changes of JSON values as a table: path, left, right. `same`: what to say where none is."""
    if not changes:
        st.caption(same)
        return
    st.html(changes_html(changes[:CHANGES_SHOWN]))
    if len(changes) > CHANGES_SHOWN:
        st.caption(f"{len(changes) - CHANGES_SHOWN:,} more differences are not shown.")


def changes_html(changes: Sequence[Change]) -> str:
    rows = []
    for change in changes:
        left, right = _sides(change)
        rows.append(
            f'<tr class="wb-{change.kind}"><td class="wb-sign" title="{change.kind}">'
            f"{_SIGNS[change.kind]}</td><td>{escaped(path_text(change.path) or 'value')}</td>"
            f"<td dir='auto'>{left}</td><td dir='auto'>{right}</td></tr>"
        )
    head = '<th class="wb-sign"></th><th class="wb-where">Where</th><th>Left</th><th>Right</th>'
    table = f'<table class="wb-changes"><tr>{head}</tr>{"".join(rows)}</table>'
    return f'<div class="wb-scroll">{table}</div>'


def _sides(change: Change) -> tuple[str, str]:
    """Both values of a change as HTML; the words that differ are marked in two texts."""
    if change.kind == "changed" and isinstance(change.left, str) and isinstance(change.right, str):
        row = _Row()
        for piece in text_diff(change.left[:VALUE_SHOWN], change.right[:VALUE_SHOWN]):
            _put(row, piece.kind, piece.text)
        return row.left, row.right
    left = "" if change.left_path is None else f"<del>{escaped(_shown(change.left))}</del>"
    right = "" if change.right_path is None else f"<ins>{escaped(_shown(change.right))}</ins>"
    return left, right


def _shown(value: Any) -> str:
    if isinstance(value, str):
        text = value
    else:
        try:
            text = json.dumps(value, ensure_ascii=False)
        except RecursionError:
            text = "(nested too deep to be shown)"
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}… ({len(text):,} characters)"


def _rows(pieces: Sequence[Piece]) -> list[_Row]:
    """Lines that keep both sides level: a line ends where both texts have the same line break, and
    after whole lines that only one side has."""
    rows = [_Row()]
    for removed, added, same in _changes(pieces):
        row = rows[-1]
        whole = not row.both and all(text.endswith("\n") for text in (removed, added) if text)
        if whole and (removed or added):
            row.has_left, row.has_right = bool(removed), bool(added)
            _put(row, "removed", removed.removesuffix("\n"), is_line=bool(removed))
            _put(row, "added", added.removesuffix("\n"), is_line=bool(added))
            rows.append(_Row())
        else:
            _put(row, "removed", removed)
            _put(row, "added", added)
        first, *others = same.split("\n")
        _put(rows[-1], "same", first)
        for line in others:
            rows.append(_Row())
            _put(rows[-1], "same", line)
    if not rows[-1].both and len(rows) > 1:
        rows.pop()
    return rows


def _changes(pieces: Sequence[Piece]) -> Iterator[tuple[str, str, str]]:
    """What was removed, what was added, and what follows on both sides."""
    texts = {"removed": "", "added": "", "same": ""}
    for piece in pieces:
        if texts["same"]:
            yield texts["removed"], texts["added"], texts["same"]
            texts = {"removed": "", "added": "", "same": ""}
        texts[piece.kind] = piece.text
    yield texts["removed"], texts["added"], texts["same"]


def _put(row: _Row, kind: str, text: str, *, is_line: bool = False) -> None:
    """is_line: the text is a line of which the line break was taken off."""
    if not text and not is_line:
        return
    shown = escaped(text) or "↵"
    if kind == "same":
        row.left += shown
        row.right += shown
        row.both += shown
        return
    row.is_same = False
    if not text.strip():
        # Blanks and line breaks alone would be a mark that nobody sees.
        shown = shown.replace("\n", "↵\n").replace("\t", "⇥\t")
    if kind == "removed":
        row.left += f"<del>{shown}</del>"
        row.both += f"<del>{shown}</del>"
    else:
        row.right += f"<ins>{shown}</ins>"
        row.both += f"<ins>{shown}</ins>"


def _folded(rows: Sequence[_Row], layout: Layout) -> Iterator[str]:
    """The rows as HTML, long runs of equal ones folded but for the lines next to a change."""
    start = 0
    while start < len(rows):
        end = start
        while end < len(rows) and rows[end].is_same:
            end += 1
        if end == start:
            yield _row_html(rows[start], layout)
            start += 1
            continue
        run = rows[start:end]
        head = SAME_KEPT if start else 0
        tail = SAME_KEPT if end < len(rows) else 0
        if len(run) > SAME_SHOWN and len(rows) > len(run):
            yield from (_row_html(row, layout) for row in run[:head])
            inside = "".join(_row_html(row, layout) for row in run[head : len(run) - tail])
            count = len(run) - head - tail
            yield (
                f'<details class="wb-same"><summary>{count:,} equal lines</summary>'
                f'<div class="wb-diff wb-diff-{layout}">{inside}</div></details>'
            )
            yield from (_row_html(row, layout) for row in run[len(run) - tail :])
        else:
            yield from (_row_html(row, layout) for row in run)
        start = end


def _row_html(row: _Row, layout: Layout) -> str:
    if layout == "together":
        return _cell(row.both)
    return _cell(row.left if row.has_left else None) + _cell(row.right if row.has_right else None)


def _cell(shown: str | None) -> str:
    if shown is None:
        return '<div class="wb-none"></div>'
    return f'<div class="wb-text" dir="auto">{shown or "&nbsp;"}</div>'
