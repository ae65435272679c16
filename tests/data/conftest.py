"""The committed sample, read once."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from workbench.logs.sample import SAMPLE_PATH, SampleRequest, read_sample

ANCHOR = datetime(2026, 3, 5, 16, 40, tzinfo=UTC)


@pytest.fixture(scope="session")
def stored() -> list[dict[str, Any]]:
    """The lines of the file as they stand there."""
    with gzip.open(SAMPLE_PATH, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def requests() -> list[SampleRequest]:
    """The sample as it is loaded at `ANCHOR`."""
    return list(read_sample(SAMPLE_PATH, ANCHOR))
