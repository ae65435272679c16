"""Files that are too large for a page: refused rows and attachments, by a signed link or a key."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import Track
from workbench.export import links
from workbench.logs.importing.background import close_jobs, jobs
from workbench.logs.importing.background_job import Asked
from workbench.store.store import Store

SOUND = bytes(range(256)) * 8


@pytest.fixture
def digest(track: Track) -> str:
    """An attachment that a request uses."""
    audio = {"data": base64.b64encode(SOUND).decode(), "format": "wav"}
    content = [{"type": "input_audio", "input_audio": audio}]
    track(kwargs={"model": "gpt-4o", "messages": [{"role": "user", "content": content}]})
    return hashlib.sha256(SOUND).hexdigest()


@pytest.fixture
def refused(store: Store) -> Iterator[str]:
    """The number of an import that refused many rows."""
    all_jobs = jobs(store.settings)
    all_jobs.folder.mkdir(exist_ok=True)
    rows = "".join(f"q{n},a,not a time\n" for n in range(500))
    (all_jobs.folder / "a.csv").write_text(f"input,output,started_at\n{rows}")
    job = all_jobs.start(Asked("file-a.csv", "a.csv", "neutral"), store, "tester")
    while (found := all_jobs.get(job.id)) is None or found.state in ("waiting", "running"):
        time.sleep(0.02)
    assert found.counts.refused == 500
    yield job.id
    close_jobs()


def test_an_attachment_leaves_by_a_signed_link(anyone: TestClient, digest: str) -> None:
    answer = anyone.get(links.link(links.blob_path(digest), "Grüße.wav", time.time()))
    assert answer.status_code == 200
    assert answer.content == SOUND
    # Nothing in it can run, whatever it says that it is.
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == (
        "attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.wav"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_the_refused_rows_leave_whole(anyone: TestClient, client: TestClient, refused: str) -> None:
    link = links.link(links.refused_path(refused), "a.csv.refused.csv", time.time())
    answer = anyone.get(link)
    assert answer.status_code == 200
    assert len(answer.text.splitlines()) == 501
    part = anyone.get(link, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, answer.content[10:20])
    by_key = client.get(f"{links.refused_path(refused)}?name=a.csv")
    assert by_key.content == answer.content


@pytest.mark.parametrize("change", ["name", "expires", "signature", "place", "nothing"])
def test_only_the_link_itself_is_good(anyone: TestClient, digest: str, change: str) -> None:
    link = links.link(links.blob_path(digest), "a.wav", time.time())
    other = hashlib.sha256(b"other").hexdigest()
    changed = {
        "name": link.replace("name=a.wav", "name=b.wav"),
        "expires": link.replace("expires=1", "expires=2"),
        "signature": link[:-1] + ("0" if link[-1] != "0" else "1"),
        "place": link.replace(digest, other),
        "nothing": link.partition("?")[0] + "?name=a.wav",
    }[change]
    assert anyone.get(changed).status_code == 401


def test_a_link_ends(anyone: TestClient, digest: str) -> None:
    past = time.time() - links.SECONDS - 1
    assert anyone.get(links.link(links.blob_path(digest), "a.wav", past)).status_code == 401


@pytest.mark.parametrize("name", ["", "a/b", "a\\b", "a\nb", "x" * 300])
def test_a_name_that_leads_elsewhere_is_refused(client: TestClient, digest: str, name: str) -> None:
    answer = client.get(links.blob_path(digest), params={"name": name})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "place",
    [links.blob_path("0" * 64), links.blob_path("x"), links.refused_path("nothing")],
)
def test_what_is_not_there_is_not_found(client: TestClient, place: str) -> None:
    answer: Any = client.get(place, params={"name": "a"})
    assert answer.status_code == 404
