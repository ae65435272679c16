"""The file that exports are written through: its bytes, its digest, and what a full disk does."""

from __future__ import annotations

import contextlib
import errno
import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.export.hashing_file import HashingFile

LARGEST = 5 * 2**20
sizes = st.lists(
    st.one_of(st.integers(0, 100), st.integers(1_000_000, LARGEST)), min_size=1, max_size=8
)


@settings(max_examples=30)
@given(sizes=sizes, handed=st.booleans())
def test_it_holds_what_was_written_in_its_order_though_a_buffer_is_used_again(
    sizes: list[int], handed: bool
) -> None:
    wanted = b"".join(bytes([number]) * size for number, size in enumerate(sizes))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        file = HashingFile(path)
        room = bytearray(LARGEST)
        for number, size in enumerate(sizes):
            room[:size] = bytes([number]) * size
            if handed and number % 2:
                file.hand_over(bytes(room[:size]))
            else:
                assert file.write(memoryview(room)[:size]) == size
        assert file.tell() == len(wanted)
        file.close()
        assert path.read_bytes() == wanted
    assert file.size == len(wanted)
    assert file.sha256 == hashlib.sha256(wanted).hexdigest()


class FullDisk:
    def write(self, _: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        pass


def on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HashingFile:
    monkeypatch.setattr(Path, "open", lambda *_, **__: FullDisk())
    return HashingFile(tmp_path / "rows.csv")


@pytest.mark.parametrize("size", [10, 5_000_000])
def test_a_full_disk_is_told_at_the_latest_when_it_is_closed(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = on_a_full_disk(tmp_path, monkeypatch)

    def fill() -> None:
        file.write(b"x" * size)
        file.close()

    with pytest.raises(OSError, match="No space left"):
        fill()
    file.close()
    assert file.closed


class DiskWithOneFailure(FullDisk):
    """It is full once, and has room for what comes after."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def write(self, data: Any) -> int:
        self.asked.append(len(data))
        if len(self.asked) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(data)


def test_a_full_disk_is_told_by_every_call_that_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = on_a_full_disk(tmp_path, monkeypatch)
    file.hand_over(b"x" * 100)
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            file.hand_over(b"x" * 100)


def test_nothing_is_written_after_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = DiskWithOneFailure()
    monkeypatch.setattr(Path, "open", lambda *_, **__: disk)
    file = HashingFile(tmp_path / "rows.csv", in_flight=2)

    for _ in range(4):
        with contextlib.suppress(OSError):
            file.hand_over(b"x" * 100)
    with pytest.raises(OSError, match="No space left"):
        file.hand_over(b"x" * 100)
    with contextlib.suppress(OSError):
        file.close()

    assert disk.asked == [100]


@pytest.mark.parametrize("in_flight", [1, 2, 3])
def test_what_was_handed_over_may_be_used_again_after_so_many_more_pieces(
    in_flight: int, tmp_path: Path
) -> None:
    file = HashingFile(tmp_path / "rows.csv", in_flight)
    rooms = [bytearray(200_000) for _ in range(in_flight + 1)]
    for number in range(60):
        room = rooms[number % len(rooms)]
        room[:] = bytes([number]) * len(room)
        file.hand_over(room)
    file.close()

    assert (tmp_path / "rows.csv").read_bytes() == b"".join(
        bytes([number]) * 200_000 for number in range(60)
    )


def test_a_file_that_was_dropped_closes_without_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = on_a_full_disk(tmp_path, monkeypatch)
    file.write(b"x" * 3_000_000)
    file.drop()
    assert file.write(b"more") == 4
    file.close()
    assert file.closed
