"""Values as hostile as a template's values get."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

TRICKY = [
    "{x}",
    "{{ x }}",
    "{% if %}",
    "{# gone #}",
    "}}",
    "%}",
    "{",
    "}",
    "quote \" ' back\\slash",
    "\\n\\u0041",
    "one\ntwo\r\nthree\rfour\n",
    "\ud83d\ude00",
    "😀 漢字 \u202e \x00",
    "<b>&amp;</b>",
    "%s %d %(x)s $x ${x} @@@name@@@",
    "",
    " ",
]
TEXTS = st.one_of(st.sampled_from(TRICKY), st.text(max_size=20))
PLAIN = st.one_of(TEXTS, st.integers(), st.floats(allow_nan=True), st.booleans(), st.none())
VALUES: st.SearchStrategy[Any] = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
