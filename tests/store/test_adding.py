"""Requests come back with every field equal, before and after a restart, on both engines."""

from __future__ import annotations

import base64
import math
import random
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.store.conftest import Opener
from tests.store.samples import NOON, some_request
from tests.store.strategies import new_requests
from workbench.store import requests
from workbench.store.errors import Refused
from workbench.store.rows import Detail, NewRequest
from workbench.store.store import Store

IMAGE = base64.b64encode(random.Random(5).randbytes(30_000)).decode()
DIGESTS = {"client_record", "body_hash"}


def read_back(store: Store, id_: int) -> Detail:
    detail = requests.get(store.connection, id_)
    assert detail is not None
    return detail


def same_json(one: Any, other: Any) -> bool:
    """Equal as JSON texts: 1, 1.0 and true are three things. The order of keys is none."""
    sorted_ = orjson.OPT_SORT_KEYS
    return orjson.dumps(one, option=sorted_) == orjson.dumps(other, option=sorted_)


def same_scores(
    one: Sequence[tuple[str, float]], other: Sequence[tuple[str, float]], *, is_ducklake: bool
) -> bool:
    """DuckLake writes small commits into its catalogue as SQL, and DuckDB reads 0.9243998997976901
    in SQL as a decimal, whose double is 0.92439989979769: the last digit may change there."""
    if not is_ducklake:
        return sorted(one) == sorted(other)
    return [name for name, _ in sorted(one)] == [name for name, _ in sorted(other)] and all(
        math.isclose(a, b, rel_tol=1e-15)
        for (_, a), (_, b) in zip(sorted(one), sorted(other), strict=True)
    )


def assert_kept(store: Store, row: NewRequest, id_: int) -> None:
    detail = read_back(store, id_)
    for field in fields(NewRequest):
        if field.name in DIGESTS:
            continue
        sent = getattr(row, field.name)
        holder = detail.summary if hasattr(detail.summary, field.name) else detail
        kept = getattr(holder, field.name)
        if field.name == "scores":
            values = [(each.name, each.value) for each in kept]
            assert same_scores(values, sent, is_ducklake=store.connection.is_ducklake)
        elif field.name in {"tags", "tool_names"}:
            assert tuple(kept) == sent
        elif isinstance(sent, dict | list) or field.name in {"prompt", "output"}:
            assert same_json(kept, sent), field.name
        else:
            assert kept == sent, field.name
    milliseconds = (row.ended_at - row.started_at) / timedelta(milliseconds=1)
    assert detail.summary.latency_ms == pytest.approx(milliseconds)
    assert detail.summary.started_at.utcoffset() == timedelta(0)


@settings(max_examples=10)
@given(rows=st.lists(new_requests(), min_size=1, max_size=12))
def test_all_fields_of_any_requests_come_back_equal(
    store: Store, rows: Sequence[NewRequest]
) -> None:
    added = [each.result() for each in [store.add(row) for row in rows]]
    assert len({each.id for each in added}) == len(rows)
    for row, each in zip(rows, added, strict=True):
        assert_kept(store, row, each.id)


@settings(max_examples=1, phases=[Phase.generate])
@given(rows=st.lists(new_requests(), min_size=10, max_size=30))
def test_they_come_back_equal_after_a_restart_too(
    opener: Opener, rows: Sequence[NewRequest]
) -> None:
    """A restart writes columns anew (compressed, metadata taken apart), so they are read anew."""
    store = opener()
    added = [each.result() for each in [store.add(row) for row in rows]]
    again = opener()
    for row, each in zip(rows, added, strict=True):
        assert_kept(again, row, each.id)


EXTREMES: dict[str, NewRequest] = {
    "metadata of a megabyte": some_request(
        metadata={f"key {number}": "ß" * 200 for number in range(2500)}
    ),
    "metadata ten levels deep": some_request(
        metadata={"a": {"b": [{"c": {"d": [[{"e": {"f": [1, "1", 1.0, True, None]}}]]}}]}}
    ),
    "keys that look alike": some_request(
        metadata={"a": 1, "A": 2, "a.b": 3, "": 4, " ": 5, '"': 6, "a\x00": 7, "é": 8, "e\u0301": 9}
    ),
    "numbers at their ends": some_request(
        metadata={
            "i": 2**64 - 1,
            "j": -(2**63),
            "f": 1.7976931348623157e308,
            "g": 5e-324,
            "z": -0.0,
        }
    ),
    "the largest cost": some_request(cost=Decimal("999999999.999999999")),
    "the smallest cost": some_request(cost=Decimal("0.000000001")),
    "the first moment": some_request(started_at=datetime(1970, 1, 1, tzinfo=UTC)),
    "the last moment": some_request(
        started_at=NOON, ended_at=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    ),
    "a microsecond": some_request(ended_at=NOON + timedelta(microseconds=1)),
    "images in every body": some_request(
        raw=f'{{"url":"data:image/png;base64,{IMAGE}"}}',
        prompt={"image": IMAGE},
        output=[IMAGE, IMAGE],
        parameters={"image": IMAGE},
    ),
    "a line of five megabytes": some_request(raw='"' + "x y" * 1_700_000 + '"'),
    "all of the basic plane": some_request(
        input_text="".join(chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000)
    ),
}


@pytest.mark.parametrize("case", EXTREMES)
def test_extremes_come_back_equal_before_and_after_a_restart(opener: Opener, case: str) -> None:
    row = EXTREMES[case]
    store = opener()
    id_ = store.add(row).result().id
    assert_kept(store, row, id_)
    assert_kept(opener(), row, id_)


def test_an_image_is_kept_once_however_many_requests_show_it(opener: Opener) -> None:
    store = opener()
    row = some_request(raw=f'"{IMAGE}"', prompt=[IMAGE])
    for each in [store.add(replace(row, input_text=str(number))) for number in range(20)]:
        each.result()
    store = opener()
    store.add(row).result()
    with store.connection.cursor() as cursor:
        blobs = cursor.execute(
            "SELECT sum(size), sum(octet_length(data)) FROM blobs GROUP BY sha256"
        ).fetchall()
        uses = cursor.execute("SELECT count(*), count(DISTINCT request_id) FROM request_blobs")
        assert blobs == [(30_000, 30_000)]
        assert uses.fetchone() == (21, 21)


BAD = {
    "a count beyond 64 bits": some_request(input_tokens=2**70),
    "a version beyond 32 bits": some_request(prompt_version=2**40),
    "a cost too large": some_request(cost=Decimal(10) ** 12),
    "a cost too fine": some_request(cost=Decimal("0.0000000001")),
    "a lone surrogate": some_request(model="\ud800"),
    "a lone surrogate in the raw call": some_request(raw="\udfff"),
    "a digest that is none": some_request(body_hash="not a digest"),
    "metadata that is no JSON": some_request(metadata={"a": object()}),
    "a number where text belongs": some_request(provider=5),
}


@pytest.mark.parametrize("case", BAD)
def test_a_value_that_no_column_holds_is_refused_to_its_sender_alone(
    store: Store, case: str
) -> None:
    futures = [store.add(some_request(raw=str(number))) for number in range(5)]
    bad = store.add(BAD[case])
    futures += [store.add(some_request(raw=str(number))) for number in range(5, 10)]
    with pytest.raises(Refused, match=r"cannot be kept|not a digest"):
        bad.result()
    kept = [read_back(store, each.result().id).raw for each in futures]
    assert kept == [str(number) for number in range(10)]
    assert not store.add(some_request()).result().duplicate
