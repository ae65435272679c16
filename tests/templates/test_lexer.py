"""The lexer that jumps reads what jinja2's own reads, token for token."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import TemplateSyntaxError
from jinja2.lexer import Lexer

from workbench.templates.jinja import _LEXER, ENVIRONMENT

_OWN = Lexer(ENVIRONMENT)
_SIGNS = [*"{}%#-+ \n\t\"'ax_1.|()[]é", "{{", "}}", "{%", "%}", "{#", "#}", "{{-", "-}}", "{{+"]
_TAGS = ["{{ name }}", "{{name}}", "{{ 1 }}", "{{ true }}", "{{ ünïcode }}", "{{ a-}}", "{{ a }}}"]
_WORDS = ["raw", "endraw", "word", "{{ x|y }}", "{% raw %}", "{% endraw %}", "{%- if a -%}"]
_PIECES = st.sampled_from([*_SIGNS, *_TAGS, *_WORDS])


def _tokens(lexer: Lexer, text: str) -> list[tuple[int, str, str]] | tuple[str, int]:
    try:
        return list(lexer.wrap(lexer.tokeniter(text, None)))
    except TemplateSyntaxError as error:
        return error.message or "", error.lineno


@given(st.lists(_PIECES, max_size=40).map("".join))
@example("{{ a\n}}\nb {{ c }} { {{ d }}")
@example("{{ १२ }} {{ a१ }} {{ ²a }}")
@example("{%- raw -%} {{ a }} {%- endraw -%} {{ b }}")
@example("{% set x = 1 -%}\n\n {{ x }}\n")
def test_every_text_gives_the_tokens_of_jinja2_or_its_error(text: str) -> None:
    assert _tokens(_LEXER, text) == _tokens(_OWN, text)
