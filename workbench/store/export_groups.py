"""Where the file's row groups begin: a range of ids that cuts one reads and unpacks it twice."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.store.connection import ROW_GROUP_ROWS


def in_order(ids: Any, places: Any) -> tuple[Any, Any]:
    """The ids sorted, and where among them row groups of the file begin. places: their row numbers.

    That counts on every row group before being whole, as imports and a steady intake leave them.
    DuckDB tells where they really begin only after a look at a block of each column of each. Where
    it is wrong the same is read, some of it twice.
    """
    groups = places // ROW_GROUP_ROWS
    if not bool((ids[1:] > ids[:-1]).all()):
        order = np.argsort(ids, kind="stable")
        ids, groups = ids[order], groups[order]
    return ids, np.flatnonzero(np.diff(groups)) + 1


def last_beginning(begins: Any, start: int, stop: int) -> int:
    """The last of `begins` (sorted) after `start` and up to `stop`; `stop` where there is none."""
    at = int(np.searchsorted(begins, stop, side="right"))
    return int(begins[at - 1]) if at and begins[at - 1] > start else stop
