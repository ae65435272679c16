"""Statistics of one press of Run: what counts, what is paired with what, worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from workbench.messages import text_part
from workbench.playground.analysis import Report, report
from workbench.playground.differences import Difference, differences
from workbench.playground.validity import is_valid
from workbench.providers.call import ResponseFormat
from workbench.store.playground_runs import Ended, KeptRun, NewRun
from workbench.store.playground_votes import Answered, Place, Vote

NAMES = [("c1", "A"), ("c2", "B")]


def run(
    column: str,
    row: int,
    repeat: int,
    latency: float | None,
    text: str = "x",
    status: str = "done",
    **more: Any,
) -> KeptRun:
    begun = NewRun(
        id=f"{column}-{row}-{repeat}",
        session_id=5,
        column_id=column,
        batch=1,
        row=row,
        repeat=repeat,
        turn=0,
        model="echo/echo",
        process=0,
        actor="a",
    )
    given: dict[str, Any] = {
        "answer": [{"role": "assistant", "content": [text_part(text)]}],
        "finish": "stop",
        "error": None,
        "ignored": (),
        "request_id": None,
        "first_token_ms": None,
        "tokens_per_second": None,
        "input_tokens": None,
        "output_tokens": None,
        "cost": None,
        **more,
    }
    ended = None
    if status != "running":
        ended = Ended(status=status, latency_ms=latency, **given)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return KeptRun(begun=begun, started_at=now, status=status, ended=ended)


def found(*runs: KeptRun, wanted: Any = None, votes: Any = ()) -> Report:
    return report(NAMES, runs, wanted or {}, votes)


def one(report: Report, name: str) -> Difference:
    (there,) = (each for each in differences(report, "c1") if each.measure.name == name)
    return there


def test_a_column_is_summed_up_with_an_interval() -> None:
    column = found(*(run("c1", 0, n, ms) for n, ms in enumerate((100, 200, 300)))).columns[0]
    latency = column.summaries["latency_ms"]
    assert (latency.size, latency.mean, latency.median, latency.deviation) == (3, 200, 200, 100)
    # 4.303 is the table's t for two degrees: 200 -+ 4.303 * 100 / sqrt 3.
    assert latency.interval == pytest.approx((-48.4, 448.4), abs=0.1)
    assert latency.p95 == pytest.approx(290)
    assert "cost" not in column.summaries


def test_failures_are_a_rate_and_no_latency_and_what_was_stopped_counts_nowhere() -> None:
    column = found(
        run("c1", 0, 0, 100),
        run("c1", 0, 1, 5, status="failed"),
        run("c1", 0, 2, 7, status="stopped"),
        run("c1", 0, 3, None, status="running"),
    ).columns[0]
    assert column.unfinished == 2
    assert (column.summaries["failed"].size, column.summaries["failed"].mean) == (2, 0.5)
    assert (column.summaries["latency_ms"].size, column.summaries["latency_ms"].mean) == (1, 100)


def test_repeats_are_paired_by_their_number() -> None:
    # Differences 10, 20, 30: mean 20, deviation 10, t = 20 / (10 / sqrt 3) = 3.46.
    runs = [run("c1", 0, n, ms) for n, ms in enumerate((100, 200, 300))]
    runs += [run("c2", 0, n, ms) for n, ms in ((2, 330), (0, 110), (1, 220), (7, 1))]
    there = one(found(*runs), "latency_ms")
    assert (there.unit, there.paired.size, there.paired.difference) == ("repeats", 3, 20)
    # F(t) for two degrees is 1/2 + t / (2 sqrt(2 + t^2)): p = 1 - 3.4641 / sqrt 14 = 0.0742.
    assert there.paired.p == pytest.approx(0.0742, abs=5e-5)


def test_rows_with_repeats_are_compared_by_the_means_of_the_rows() -> None:
    runs = []
    for row, (left, right) in enumerate((((100, 200), (300, 300)), ((10, 30), (40, 40)))):
        runs += [run("c1", row, n, ms) for n, ms in enumerate(left)]
        runs += [run("c2", row, n, ms) for n, ms in enumerate(right)]
    there = one(found(*runs), "latency_ms")
    # Means 150 and 300, 20 and 40: differences of 150 and 20, not four pairs.
    assert (there.unit, there.paired.size, there.paired.difference) == ("rows", 2, 85)


def test_shares_of_single_repeats_are_a_mcnemar_test_of_the_same_rows() -> None:
    form = ResponseFormat(schema={"type": "object", "required": ["a"]})
    runs = [run("c1", row, 0, 1, '{"a": 1}') for row in range(8)]
    runs += [run("c2", row, 0, 1, '{"a": 1}' if row < 2 else "no") for row in range(8)]
    report_ = found(*runs, wanted={"c1": form, "c2": form})
    assert report_.columns[1].summaries["valid"].mean == 0.25
    there = one(report_, "valid")
    assert (there.paired.test, there.paired.difference) == ("exact McNemar test", -0.75)
    assert there.paired.p == pytest.approx(2 / 2**6)


def test_agreement_is_the_share_of_equal_pairs_of_repeats() -> None:
    # Of a, a, b one pair in three agrees; of c, c one in one: the mean of the rows is 2/3.
    runs = [run("c1", 0, n, 1, text) for n, text in enumerate(("a", " a\n", "b"))]
    runs += [run("c1", 1, n, 1, "c") for n in range(2)]
    column = found(*runs).columns[0]
    assert column.agreement == pytest.approx(2 / 3)
    assert column.distinct == 3
    assert found(run("c1", 0, 0, 1)).columns[0].agreement is None


def test_money_is_known_only_where_it_is_known() -> None:
    runs = [run("c1", 0, n, 1, cost=Decimal("0.5")) for n in range(2)]
    runs += [run("c2", 0, 0, 1), run("c2", 0, 1, 1, cost=Decimal("0.25"))]
    there = one(found(*runs), "cost")
    assert (there.paired.size, there.paired.difference) == (1, -0.25)


def vote(preferred: str, other: str, tie: bool = False) -> Vote:
    return Vote(
        id=1,
        session_id=5,
        place=Place(1),
        preferred=Answered(preferred, None),
        other=Answered(other, None),
        tie=tie,
        is_blind=True,
        actor="a",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_votes_on_these_runs_alone_count_for_their_columns() -> None:
    runs = [run(column, row, 0, 1) for column in ("c1", "c2") for row in range(3)]
    votes = [vote(f"c2-{row}-0", f"c1-{row}-0") for row in range(2)]
    votes += [vote("c1-2-0", "c2-2-0", tie=True), vote("c2-0-0", "elsewhere")]
    report_ = found(*runs, votes=votes)
    assert [(each.won, each.lost, each.tied) for each in report_.columns] == [
        (0, 2, 1),
        (2, 0, 1),
    ]
    there = one(report_, "votes")
    assert (there.unit, there.paired.size, there.paired.difference) == ("votes", 2, 1)
    assert there.paired.p == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("text", "schema", "expected"),
    [
        ('{"a": 1}', {"properties": {"a": {"type": "integer"}}}, True),
        ('{"a": "1"}', {"properties": {"a": {"type": "integer"}}}, False),
        ("```json\n{}\n```", {}, False),
        ("{}", None, True),
        ("[]", None, False),
        ("{}", {"$ref": "https://example.com/schema"}, None),
        ("{}", {"type": 7}, None),
    ],
)
def test_validity_is_strict_and_unknown_where_it_cannot_be_told(
    text: str, schema: Any, expected: bool | None
) -> None:
    assert is_valid([], text, ResponseFormat(schema=schema)) is expected
    assert is_valid([], text, None) is None


def test_rows_that_are_all_alike_count_once_each_however_often_they_were_repeated() -> None:
    runs = [run("c1", row, repeat, 1) for row in range(4) for repeat in range(10)]
    # Wilson's interval of 0 of 4 ends at z^2 / (4 + z^2) = 3.8415 / 7.8415.
    interval = found(*runs).columns[0].summaries["failed"].interval
    assert interval == pytest.approx((0, 0.4899), abs=5e-5)
