"""Files that wait to be imported: found by token, below the folder alone, and cleaned up."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.logs.importing import incoming
from workbench.logs.importing.record import ImportFailed


def test_files_in_the_folder_are_listed_without_what_imports_leave_there(tmp_path: Path) -> None:
    for name in ("a.csv", "b.jsonl", ".hidden", "b.jsonl.1a.state.json", "x.refused.jsonl"):
        (tmp_path / name).write_text(name)
    (tmp_path / "jobs").mkdir()
    (tmp_path / "link.csv").symlink_to("/etc/passwd")
    os.utime(tmp_path / "a.csv", (5, 5))
    assert [file.name for file in incoming.placed(tmp_path)] == ["b.jsonl", "a.csv"]
    (newest, _) = incoming.placed(tmp_path)
    assert incoming.find(tmp_path, newest.token) == newest
    assert incoming.placed(tmp_path / "not there") == []


@pytest.mark.parametrize(
    "token",
    [
        "",
        "file-",
        "file-../secret.csv",
        "file-/etc/passwd",
        "file-uploads/0123456789abcdef/a.csv",
        "file-link.csv",
        "upload-..",
        "upload-../jobs",
        "upload-0123456789abcdef",
        "upload-0123456789ABCDEF/",
    ],
)
def test_no_token_leads_out_of_the_folder(tmp_path: Path, token: str) -> None:
    folder = tmp_path / "imports"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("x")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    assert incoming.find(folder, token) is None
    incoming.discard(folder, token)
    assert (tmp_path / "secret.csv").exists()
    assert (folder / "link.csv").is_symlink()


def test_an_upload_is_kept_found_by_its_token_and_discarded(tmp_path: Path) -> None:
    data = b"question,answer\n" * 100_000
    kept = incoming.keep_upload(tmp_path, "C:\\mine\\a b.csv", io.BytesIO(data))
    assert (kept.name, kept.size, kept.is_upload) == ("a b.csv", len(data), True)
    found = incoming.find(tmp_path, kept.token)
    assert found == kept
    assert kept.path.read_bytes() == data
    incoming.discard(tmp_path, kept.token)
    assert incoming.find(tmp_path, kept.token) is None
    assert list((tmp_path / "uploads").iterdir()) == []


@given(st.text(max_size=300))
def test_whatever_a_browser_calls_a_file_it_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    kept = incoming.keep_upload(tmp_path, name, io.BytesIO(b"x"))
    assert kept.path.resolve().parent.parent == (tmp_path / "uploads").resolve()
    assert incoming.find(tmp_path, kept.token) == kept
    incoming.discard(tmp_path, kept.token)


def test_an_upload_that_the_disk_does_not_take_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise OSError(28, "No space left on device")

    source: IO[bytes] = Full()
    with pytest.raises(ImportFailed, match=r"cannot be kept in .*: No space left on device"):
        incoming.keep_upload(tmp_path, "a.csv", source)
    assert list((tmp_path / "uploads").iterdir()) == []


def test_uploads_of_yesterday_go_unless_an_import_needs_them(tmp_path: Path) -> None:
    fresh, needed, old = (
        incoming.keep_upload(tmp_path, f"{name}.csv", io.BytesIO(b"x")) for name in "abc"
    )
    for one in (needed, old):
        at = time.time() - incoming.KEPT_SECONDS - 60
        os.utime(one.path.parent, (at, at))
    incoming.sweep(tmp_path, [needed.token])
    assert incoming.find(tmp_path, fresh.token)
    assert incoming.find(tmp_path, needed.token)
    assert incoming.find(tmp_path, old.token) is None
