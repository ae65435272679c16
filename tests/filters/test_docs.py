"""docs/filters.md says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

from workbench.filters import Filter, from_api, parse_text
from workbench.filters.reference import field_table, operator_table

PAGE = Path(__file__).parents[2] / "docs" / "filters.md"


def test_the_tables_are_those_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert field_table() in text
    assert operator_table() in text


def test_every_example_of_the_text_syntax_is_a_filter() -> None:
    section = PAGE.read_text(encoding="utf-8").split("## The line of text")[1].split("\n## ")[0]
    examples = re.findall(r"```\n(.*?)\n```", section)
    for row in section.splitlines():
        if row.startswith("| ") and not row.startswith("| what"):
            examples += re.findall(r"`([^`]+)`", row.split("|")[2])
    assert len(examples) > 40
    for example in examples:
        assert parse_text(example) != Filter(), example


def test_the_example_of_the_api_is_a_filter() -> None:

    body = re.search(r"```json\n(.*?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert body is not None
    assert len(from_api(json.loads(body[1])).items) == 2
