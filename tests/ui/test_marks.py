"""Words in the colour of their state can be read in both themes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.contrast import contrast
from workbench.ui.marks import COLOURS, style_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("theme", COLOURS)
def test_words_in_the_colour_of_their_mark_have_the_contrast_that_text_needs(theme: str) -> None:
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    shown = config["theme"][theme]
    for behind in (shown["backgroundColor"], shown["secondaryBackgroundColor"]):
        for mark, colour in COLOURS[theme].items():
            seen = contrast(bytes.fromhex(colour[1:]), bytes.fromhex(behind[1:]))
            assert seen >= 4.5, (mark, behind)


def test_every_theme_colours_the_same_marks_and_no_other_words() -> None:
    assert COLOURS["light"].keys() == COLOURS["dark"].keys()
    assert style_of("SUCCESS") == style_of("") == style_of(None) == ""
    assert style_of("● done").startswith("color: #")
