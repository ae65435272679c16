"""Memory that is forgotten while somebody wants it so, and kept again afterwards."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack

import pytest

from workbench.store import allocator


def kept_ms() -> int:
    """For how long DuckDB's allocator keeps what is freed, in arenas to come."""
    control = allocator._control()
    assert control is not None
    value, size = ctypes.c_ssize_t(), ctypes.c_size_t(ctypes.sizeof(ctypes.c_ssize_t))
    nothing = (None, ctypes.c_size_t(0))
    assert control(b"arenas.dirty_decay_ms", ctypes.byref(value), ctypes.byref(size), *nothing) == 0
    return value.value


@pytest.mark.parametrize("first", [0, 1])
def test_freed_memory_is_forgotten_until_the_last_one_who_wants_it_so_has_ended(
    first: int,
) -> None:
    before = kept_ms()
    assert before != 0
    both = [ExitStack(), ExitStack()]
    for each in both:
        assert each.enter_context(allocator.zeroed_memory())
        assert kept_ms() == 0
    both[first].close()
    assert kept_ms() == 0
    both[1 - first].close()
    assert kept_ms() == before


@pytest.mark.parametrize(("most", "expected"), [(0, 2), (2**60, 0)])
def test_memory_is_given_back_above_the_bound_alone_and_once_in_so_many_bytes(
    most: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[object] = []
    monkeypatch.setattr(allocator, "give_back", given_back.append)
    bound = allocator.Bound(most, each=100)
    for _ in range(8):
        bound.passed(30)
    assert len(given_back) == expected
