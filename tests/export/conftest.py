from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.export.support import a_store
from workbench.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path) as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "exports"
