"""A range of rows that was read comes into the order of the ids, however it was handed over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.store.export_parts import ROW, aligned


def _table(ids: Sequence[int]) -> pa.Table:
    return pa.table({ROW: pa.array(ids, pa.int64()), "text": [f"of {id_}" for id_ in ids]})


@given(st.lists(st.integers(0, 300), unique=True).flatmap(st.permutations), st.integers(1, 50))
def test_each_row_stands_at_its_id_whatever_the_order_it_came_in(
    handed_over: list[int], piece: int
) -> None:
    pieces = [_table(handed_over[at : at + piece]) for at in range(0, len(handed_over), piece)]
    table = pa.concat_tables(pieces) if pieces else _table([])
    ids = sorted(handed_over)

    found = aligned(table, np.array(ids, np.int64), missing=False)

    assert found.to_pylist() == _table(ids).to_pylist()


@given(st.sets(st.integers(0, 100)), st.sets(st.integers(0, 100), min_size=1))
def test_an_id_without_a_row_has_nulls_and_a_row_without_an_id_is_left_out(
    there: set[int], wanted: set[int]
) -> None:
    ids = sorted(wanted)

    found = aligned(_table(sorted(there, reverse=True)), np.array(ids, np.int64), missing=True)

    assert found["text"].to_pylist() == [f"of {id_}" if id_ in there else None for id_ in ids]


@pytest.mark.parametrize("stretch", [1, 2, 16, 256])
def test_stretches_that_came_in_turns_of_two_threads_are_put_in_order(stretch: int) -> None:
    ids = np.arange(2048)
    stretches = [ids[at : at + stretch] for at in range(0, len(ids), stretch)]
    in_turns = np.concatenate([*stretches[::2], *stretches[1::2]])

    found = aligned(_table(in_turns.tolist()), ids, missing=False)

    assert found[ROW].to_pylist() == ids.tolist()
    assert found["text"].to_pylist() == [f"of {id_}" for id_ in ids]
