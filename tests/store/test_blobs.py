"""Base64 leaves a text and comes back byte-equal, whatever the text is."""

from __future__ import annotations

import base64
import hashlib
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.store import blobs
from workbench.store.blobs import MARK, MIN_LENGTH, put_back, references, take_out

IMAGE = bytes(range(256)) * 9
REFERENCE = f"{MARK}{hashlib.sha256(IMAGE).hexdigest()}{MARK}"
encoded = st.binary(min_size=0, max_size=3000).map(lambda data: base64.b64encode(data).decode())
runs = st.integers(MIN_LENGTH - 5, MIN_LENGTH + 5).map(lambda length: "A" * length)
pieces = st.one_of(
    st.text(max_size=20),
    encoded,
    runs,
    st.sampled_from(
        [MARK, MARK * 3, REFERENCE, REFERENCE[:-1], "=", "==", "===", '"', "\x00", "\\"]
    ),
)
texts = st.lists(pieces, max_size=8).map("".join)


def there_and_back(text: str) -> str:
    kept, taken = take_out(text)
    return put_back(kept, {blob.sha256: blob.data for blob in taken})


@given(texts)
def test_any_text_comes_back_byte_equal(text: str) -> None:
    assert there_and_back(text) == text


@given(texts)
def test_the_same_runs_are_found_as_by_a_plain_search(text: str) -> None:
    plain = re.compile(rf"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{{{MIN_LENGTH},}}={{0,2}}")
    assert list(blobs._runs(text)) == [match.span() for match in plain.finditer(text)]


@given(texts)
def test_references_are_those_of_what_was_taken_and_no_others(text: str) -> None:
    kept, taken = take_out(text)
    assert sorted(references(kept)) == sorted(blob.sha256 for blob in taken)


def test_an_image_leaves_the_text_and_is_named_by_its_digest() -> None:
    url = f"data:image/png;base64,{base64.b64encode(IMAGE).decode()}"
    kept, taken = take_out(f'{{"url":"{url}","again":"{url}"}}')
    assert taken == [blobs.Blob(hashlib.sha256(IMAGE).hexdigest(), IMAGE)]
    assert kept.count(REFERENCE) == 2
    assert len(kept) < 250


def test_a_text_that_looks_like_a_reference_is_none() -> None:
    kept, taken = take_out(f"see {REFERENCE}")
    assert not taken
    assert not references(kept)
    assert put_back(kept, {hashlib.sha256(IMAGE).hexdigest(): IMAGE}) == f"see {REFERENCE}"


def test_a_blob_that_was_purged_leaves_nothing_in_its_place() -> None:
    kept, _ = take_out(f'"{base64.b64encode(IMAGE).decode()}"')
    assert put_back(kept, {}) == '""'


@pytest.mark.parametrize("unit", ["a" * (MIN_LENGTH - 1) + " ", "a", "é", "a ", MARK, "="])
def test_time_grows_with_the_length_of_the_text_and_no_faster(unit: str) -> None:
    """CPU time of an eightfold text is far below what a quadratic search would take (64 times)."""

    def seconds(length: int) -> float:
        text = (unit * (length // len(unit) + 1))[:length]
        runs = []
        for _ in range(3):
            started = time.process_time()
            take_out(text)
            runs.append(time.process_time() - started)
        return min(runs)

    assert seconds(8 * 400_000) < 30 * seconds(400_000) + 0.05
