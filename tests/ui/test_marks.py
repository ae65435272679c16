"""Words in the colour of their state can be read in both themes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from workbench.ui.marks import COLOURS, style_of

ROOT = Path(__file__).resolve().parents[2]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it, of #rrggbb."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", COLOURS)
def test_words_in_the_colour_of_their_mark_have_the_contrast_that_text_needs(theme: str) -> None:
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    shown = config["theme"][theme]
    for behind in (shown["backgroundColor"], shown["secondaryBackgroundColor"]):
        for mark, colour in COLOURS[theme].items():
            low, high = sorted((luminance(colour), luminance(behind)))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (mark, behind)


def test_every_theme_colours_the_same_marks_and_no_other_words() -> None:
    assert COLOURS["light"].keys() == COLOURS["dark"].keys()
    assert style_of("SUCCESS") == style_of("") == style_of(None) == ""
    assert style_of("● done").startswith("color: #")
