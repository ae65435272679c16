"""Server-sent events: the same whatever pieces the network makes of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from workbench.providers.transport import server_sent_events

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.just(
    "a\u2028b\x85c\x0b"
)


def read(stream: bytes, cuts: list[int]) -> list[tuple[str, bytes]]:
    async def chunks() -> AsyncIterator[bytes]:
        places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
        for start, stop in pairwise(places):
            yield stream[start:stop]

    async def collect() -> list[tuple[str, bytes]]:
        return [pair async for pair in server_sent_events(chunks())]

    return asyncio.run(collect())


@given(
    st.lists(st.tuples(st.sampled_from(["", "delta"]), texts), max_size=4),
    st.lists(st.integers(0, 500), max_size=6),
    st.sampled_from(["\n", "\r\n"]),
)
def test_events_come_whole_whatever_the_cuts(
    events: list[tuple[str, str]], cuts: list[int], end: str
) -> None:
    written = ""
    for name, text in events:
        head = f"event: {name}{end}" if name else f": a comment{end}"
        written += f"{head}data: {json.dumps(text, ensure_ascii=False)}{end}{end}"
    found = [(name, json.loads(data)) for name, data in read(written.encode(), cuts)]
    assert found == events


def test_an_end_without_an_empty_line_is_an_end() -> None:
    assert read(b'data: {"a":\ndata: 1}\n', []) == [("", b'{"a":\n1}')]


def test_a_line_that_broke_off_is_left_out() -> None:
    assert read(b'data: 1\n\ndata: {"half', []) == [("", b"1")]
