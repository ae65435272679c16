"""docs/import.md says what the code does."""

from __future__ import annotations

from pathlib import Path

from workbench.logs.importing import formats
from workbench.logs.importing.neutral import fields_table

TEXT = (Path(__file__).parents[2] / "docs" / "import.md").read_text()


def test_the_table_of_columns_is_current() -> None:
    written = TEXT.split("<!-- fields -->\n")[1].split("\n<!-- /fields -->")[0]
    assert written == fields_table()


def test_every_format_is_described() -> None:
    for name in formats.names():
        assert f"| `{name}` |" in TEXT
