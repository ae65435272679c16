from __future__ import annotations

from pathlib import Path

from workbench.templates.doctor.diagnosis import RULES

PAGE = Path(__file__).parents[2] / "docs" / "templates.md"


def test_the_page_lists_every_rule_as_it_is() -> None:
    rows = [
        line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    written = dict(row.strip("| ").split(" | ", 1) for row in rows if row.count(" | ") == 1)
    assert {f"`{rule}`": meaning for rule, meaning in RULES.items()}.items() <= written.items()
