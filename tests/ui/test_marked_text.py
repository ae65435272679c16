"""The marked text: every character once, escaped, and each mark over its own characters."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from workbench.templates import analyse_prompt
from workbench.ui.marked_text import Mark, marked_html, marks_of

TEXT = st.text(alphabet="ab{}<>&\"' \né\U0001f600", max_size=60)
MARKS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60), st.sampled_from(["one", "two", "three"])),
    max_size=8,
)
_TAG = re.compile(r'<span class="([^"]*)" title="[^"]*">|</span>|<div[^>]*>|</div>')


def classes_by_character(drawn: str) -> list[tuple[str, set[str]]]:
    found: list[tuple[str, set[str]]] = []
    active: set[str] = set()
    place = 0
    while place < len(drawn):
        tag = _TAG.match(drawn, place)
        if tag:
            active = set(tag[1].split()) if tag[1] else set()
            place = tag.end()
            continue
        entity = re.compile(r"&[^;]+;").match(drawn, place)
        piece = entity[0] if entity else drawn[place]
        found.append((html.unescape(piece), active))
        place += len(piece)
    return found


@given(TEXT, MARKS)
def test_each_character_carries_the_marks_that_cover_it(
    text: str, given_marks: list[tuple[int, int, str]]
) -> None:
    marks = [Mark(start, end, kind, "why") for start, end, kind in given_marks]
    drawn = classes_by_character(marked_html(text, marks))
    assert "".join(character for character, _ in drawn) == text
    for index, (_, classes) in enumerate(drawn):
        assert classes == {mark.kind for mark in marks if mark.start <= index < mark.end}


def test_a_json_example_shows_which_brace_makes_which_variable() -> None:
    text = '{"reply": "..."} {language}'
    prompt = {
        "type": "chat",
        "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
    }
    drawn = marked_html(text, marks_of(analyse_prompt(prompt), 0, 0))
    by_character = classes_by_character(drawn)
    assert "wb-doubt" in by_character[0][1]
    assert "wb-error" in by_character[0][1]
    place = text.index("{language}")
    assert by_character[place][1] == {"wb-var"}
