from __future__ import annotations

from collections.abc import Iterator

import pytest

from workbench.templates import RenderPool
from workbench.templates.limits import PoolLimits


@pytest.fixture(scope="session")
def pool() -> Iterator[RenderPool]:
    with RenderPool(1, PoolLimits(cpu_seconds=2.0, wall_seconds=20.0)) as opened:
        yield opened
