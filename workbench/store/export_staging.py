"""What is known of every request of a pack while it is made: facts, and what they decide.

Temporary tables of a cursor of their own: large packs spill to disk and leave nothing behind. A row
is one request of the snapshot; `n` counts them in the order of arrival. `reason` is null as long
as nothing speaks against it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pyarrow as pa

from workbench.store.connection import Connection
from workbench.store.export_parts import reading

FACTS = pa.schema(
    [
        ("n", pa.int64()),
        ("id", pa.int64()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("digest", pa.binary()),
        ("asked", pa.binary()),
        ("start", pa.int64()),
        ("size", pa.int64()),
        ("tokens", pa.int64()),
        # 2: by the vendor that is trained at; 1: by another; 0: an estimate.
        ("counted", pa.int8()),
        # Whether answers stand before the last.
        ("earlier", pa.bool_()),
        ("class", pa.string()),
        # The class as it may be told: what is masked must not stand in the manifest.
        ("shown", pa.string()),
        ("score", pa.float64()),
        ("keys", pa.list_(pa.string())),
        # Whether it is held back; null where that is left to chance.
        ("held", pa.bool_()),
    ]
)
EDGES = pa.schema([("a", pa.int64()), ("b", pa.int64()), ("likeness", pa.float32())])
#: Pairs that break a rule of their format, and which rule.
BROKEN = pa.schema([("n", pa.int64()), ("other", pa.int64()), ("detail", pa.string())])
_VIEW = "incoming_facts"
# Of each two that were compared, both ways round: how many more preferred the one.
_MAJORITIES = (
    "SELECT one, other, sum(vote) AS votes FROM ("
    "SELECT preferred AS one, other, 1 AS vote FROM temp.main.given UNION ALL "
    "SELECT other, preferred, -1 FROM temp.main.given) GROUP BY one, other"
)
# What keeps rows of facts f on one side of a split. The same input with another answer is one of
# it: else what is validated was learnt.
_KEYS = "list_append(f.keys, 'asked=' || hex(f.asked))"
_RANK = "(g.votes, -p.n, -o.n)"
# Why f, which was compared with g.other, is not in a pair with it (o; null where it was not found).
_WHY_PLACE = (
    "CASE WHEN o.n IS NULL THEN 4 WHEN o.reason IS NOT NULL THEN 3 "
    "WHEN o.asked <> f.asked THEN 2 WHEN g.votes = 0 THEN 1 ELSE 0 END"
)
_WHY = (
    f"CASE {_WHY_PLACE} "
    "WHEN 4 THEN concat('request ', g.other, ', the other one of its vote, was not found') "
    "WHEN 3 THEN concat('request ', g.other, ', the other one of its vote, is left out: ', "
    "o.reason) "
    "WHEN 2 THEN concat('request ', g.other, ', the other one of its vote, was asked otherwise') "
    "WHEN 1 THEN concat('as many preferred request ', g.other) "
    "ELSE 'another pair of this input is taken' END"
)
_TABLES = (
    "CREATE TEMP TABLE facts (n BIGINT, id BIGINT, reason VARCHAR, detail VARCHAR, digest BLOB, "
    "asked BLOB, start BIGINT, size BIGINT, tokens BIGINT, counted TINYINT, "
    "earlier BOOLEAN, class VARCHAR, shown VARCHAR, score DOUBLE, keys VARCHAR[], held BOOLEAN)",
    # Which row stands for one that was left out, and how alike they are.
    "CREATE TEMP TABLE twins (n BIGINT, twin BIGINT, likeness FLOAT)",
    "CREATE TEMP TABLE signatures (n BIGINT, places BLOB, keys UBIGINT[])",
    "CREATE TEMP TABLE edges (a BIGINT, b BIGINT, likeness FLOAT)",
    "CREATE TEMP TABLE pairs (n BIGINT, other BIGINT)",
    "CREATE TEMP TABLE given (preferred BIGINT, other BIGINT)",
    "CREATE TEMP TABLE broken (n BIGINT, other BIGINT, detail VARCHAR)",
    "CREATE TEMP TABLE sides (n BIGINT, side INTEGER)",
)


class Staging:
    """Use it as a context, from one thread at a time."""

    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.new_cursor()
        try:
            for statement in _TABLES:
                self._run(statement)
        except BaseException:
            self._cursor.close()
            raise

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(duckdb.Error):
            self._cursor.close()

    def interrupt(self) -> None:
        """Stop what runs, from any thread: it raises Interrupted."""
        with contextlib.suppress(duckdb.Error):
            self._cursor.interrupt()

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table; columns by name."""
        self._cursor.register(_VIEW, rows)
        try:
            with reading():
                self._cursor.execute(f"INSERT INTO temp.main.{table} BY NAME FROM {_VIEW}")
        finally:
            self._cursor.unregister(_VIEW)

    def _run(
        self, statement: str, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        with reading():
            return self._cursor.execute(statement, values or {}).fetchall()

    def mark_duplicates(self, reason: str) -> None:
        """Leave out all but the first of equal examples."""
        self._run(
            "INSERT INTO temp.main.twins SELECT f.n, g.first, 1 FROM temp.main.facts f JOIN ("
            "SELECT digest, min(n) AS first FROM temp.main.facts WHERE reason IS NULL "
            "GROUP BY digest HAVING count(*) > 1) g ON g.digest = f.digest "
            "WHERE f.reason IS NULL AND f.n <> g.first"
        )
        self._leave_out_twins(reason)

    def mark_twins(self, reason: str, twins: pa.Table) -> None:
        """Leave out the rows `n` of (n, twin, likeness)."""
        self.insert("twins", twins)
        self._leave_out_twins(reason)

    def _leave_out_twins(self, reason: str) -> None:
        self._run(
            "UPDATE temp.main.facts SET reason = $reason WHERE reason IS NULL "
            "AND n IN (SELECT n FROM temp.main.twins)",
            {"reason": reason},
        )

    def colliding(self, band: int) -> Iterator[pa.RecordBatch]:
        """(key, n, places) of rows that share the key of a band (from 0), by key and n."""
        with reading():
            self._cursor.execute(
                f"SELECT keys[{band + 1}] AS key, n, places FROM temp.main.signatures "
                f"WHERE keys[{band + 1}] IN (SELECT keys[{band + 1}] FROM temp.main.signatures "
                "GROUP BY ALL HAVING count(*) > 1) ORDER BY key, n"
            )
            yield from self._cursor.to_arrow_reader(65_536)

    def forget_left_out(self) -> None:
        """Signatures of rows that are left out already are compared with nothing."""
        self._run(
            "DELETE FROM temp.main.signatures WHERE n IN "
            "(SELECT n FROM temp.main.facts WHERE reason IS NOT NULL)"
        )

    def edges(self) -> Iterator[pa.RecordBatch]:
        """(a, b, likeness) of rows that are alike, a < b, each pair once, by b and a."""
        with reading():
            self._cursor.execute(
                "SELECT a, b, max(likeness) AS likeness FROM temp.main.edges "
                "GROUP BY a, b ORDER BY b, a"
            )
            yield from self._cursor.to_arrow_reader(65_536)

    def balance(self, reason: str, most: int | None, seed: int) -> int:
        """Leave out what a class has beyond `most` (None: beyond the smallest class); the limit."""
        if most is None:
            rows = self._run(
                "SELECT coalesce(min(number), 0) FROM (SELECT count(*) AS number FROM "
                "temp.main.facts WHERE reason IS NULL GROUP BY class)"
            )
            most = int(rows[0][0])
        self._run(
            "UPDATE temp.main.facts SET reason = $reason WHERE n IN (SELECT n FROM ("
            "SELECT n, row_number() OVER (PARTITION BY class ORDER BY md5(concat($seed, ':', id))) "
            "AS place FROM temp.main.facts WHERE reason IS NULL) WHERE place > $most)",
            {"reason": reason, "seed": seed, "most": most},
        )
        return most

    def pair_by_score(self, no_score: str, no_pair: str, gap: float) -> None:
        """One pair for each input: its best and its worst answer, if they differ by `gap`."""
        self._run(
            "UPDATE temp.main.facts SET reason = $reason WHERE reason IS NULL AND score IS NULL",
            {"reason": no_score},
        )
        self._run(
            "INSERT INTO temp.main.pairs SELECT best, worst FROM (SELECT "
            "arg_max(n, (score, -n)) AS best, arg_min(n, (score, n)) AS worst, "
            "max(score) - min(score) AS gap FROM temp.main.facts WHERE reason IS NULL "
            "GROUP BY asked) WHERE gap >= $gap AND best <> worst",
            {"gap": gap},
        )
        self._leave_unpaired(no_pair)

    def pair_given(self, no_vote: str, no_pair: str, given: pa.Table) -> None:
        """Pairs that somebody named: (preferred, other), ids of requests, one for each vote.

        One pair for each input, of two that are kept and answer the same: the one with the largest
        majority, of equal ones the first. What nobody named is left out for `no_vote`, what is in
        no pair for `no_pair` with why.
        """
        self.insert("given", given.select(["preferred", "other"]))
        self._run(
            "UPDATE temp.main.facts SET reason = $reason WHERE reason IS NULL AND id NOT IN "
            "(SELECT unnest([preferred, other]) FROM temp.main.given)",
            {"reason": no_vote},
        )
        self._run(
            f"INSERT INTO temp.main.pairs SELECT arg_max(p.n, {_RANK}), arg_max(o.n, {_RANK}) "
            f"FROM ({_MAJORITIES}) g JOIN temp.main.facts p ON p.id = g.one "
            "JOIN temp.main.facts o ON o.id = g.other WHERE g.votes > 0 "
            "AND p.reason IS NULL AND o.reason IS NULL AND p.asked = o.asked AND p.n <> o.n "
            "GROUP BY p.asked"
        )
        self._run(
            "UPDATE temp.main.facts SET reason = $reason, detail = w.why FROM (SELECT f.n AS n, "
            f"arg_min({_WHY}, ({_WHY_PLACE}, g.other)) AS why FROM temp.main.facts f "
            f"JOIN ({_MAJORITIES}) g ON g.one = f.id LEFT JOIN temp.main.facts o ON o.id = g.other "
            "WHERE f.reason IS NULL AND f.n NOT IN "
            "(SELECT unnest([n, other]) FROM temp.main.pairs) GROUP BY f.n) w "
            "WHERE w.n = temp.main.facts.n",
            {"reason": no_pair},
        )

    def _leave_unpaired(self, no_pair: str) -> None:
        self._run(
            "UPDATE temp.main.facts SET reason = $reason WHERE reason IS NULL AND n NOT IN "
            "(SELECT unnest([n, other]) FROM temp.main.pairs)",
            {"reason": no_pair},
        )

    def drop_pairs(self, reason: str, dropped: pa.Table) -> None:
        """Leave out both of each of BROKEN: the pair breaks a rule."""
        self.insert("broken", dropped)
        self._run(
            "UPDATE temp.main.facts SET reason = $reason, detail = b.detail FROM "
            "(SELECT n, detail FROM temp.main.broken UNION ALL SELECT other, detail FROM "
            "temp.main.broken) b WHERE b.n = temp.main.facts.n",
            {"reason": reason},
        )
        self._run("DELETE FROM temp.main.pairs WHERE n IN (SELECT n FROM temp.main.broken)")

    def rows_of_keys(self, *, pairs: bool) -> tuple[Any, Any]:
        """(n, number of a key) of what is kept, as two arrays: equal keys have equal numbers.

        pairs: of each pair both keys count, for the n that stands for it.
        """
        owned = f"SELECT n, unnest({_KEYS}) AS key FROM temp.main.facts f WHERE reason IS NULL"
        if pairs:
            owned = (
                f"SELECT p.n, unnest({_KEYS}) AS key FROM (SELECT n, n AS one FROM temp.main.pairs "
                "UNION ALL SELECT n, other FROM temp.main.pairs) p "
                "JOIN temp.main.facts f ON f.n = p.one"
            )
        with reading():
            found = self._cursor.execute(
                f"SELECT n, dense_rank() OVER (ORDER BY key) - 1 AS key FROM ({owned})"
            ).fetchnumpy()
        return found["n"], found["key"]

    def units(self, *, pairs: bool) -> tuple[Any, Any]:
        """n and id of what is kept, in order, as arrays; pairs: of the first of each pair."""
        only = " AND n IN (SELECT n FROM temp.main.pairs)" if pairs else ""
        with reading():
            found = self._cursor.execute(
                f"SELECT n, id FROM temp.main.facts WHERE reason IS NULL{only} ORDER BY n"
            ).fetchnumpy()
        return found["n"], found["id"]

    def hold_back(self, side: int) -> None:
        """Put what is marked so on a side, whatever else is there."""
        self._run(
            "INSERT INTO temp.main.sides SELECT n, $side FROM temp.main.facts "
            "WHERE reason IS NULL AND held",
            {"side": side},
        )

    def inputs_on_both_sides(self) -> int:
        """How many inputs are learnt and validated with."""
        rows = self._run(
            "SELECT count(*) FROM (SELECT asked FROM temp.main.facts WHERE reason IS NULL "
            "AND held IS NOT NULL GROUP BY asked HAVING count(DISTINCT held) > 1)"
        )
        return int(rows[0][0])

    def lines(self) -> Iterator[pa.RecordBatch]:
        """(start, size, tokens, side) of what is kept, in order."""
        return self._read(
            "SELECT f.start, f.size, f.tokens, coalesce(s.side, 0) AS side FROM temp.main.facts f "
            "LEFT JOIN temp.main.sides s ON s.n = f.n WHERE f.reason IS NULL ORDER BY f.n"
        )

    def pair_lines(self) -> Iterator[pa.RecordBatch]:
        """The same for pairs: n, other, start, size, other_start, other_size, tokens, side, and
        id, other_id, score, other_score."""
        return self._read(
            "SELECT p.n, p.other, f.start, f.size, o.start AS other_start, o.size AS other_size, "
            "f.id, o.id AS other_id, f.score, o.score AS other_score, "
            "f.tokens + o.tokens AS tokens, coalesce(s.side, 0) AS side FROM temp.main.pairs p "
            "JOIN temp.main.facts f ON f.n = p.n JOIN temp.main.facts o ON o.n = p.other "
            "LEFT JOIN temp.main.sides s ON s.n = p.n ORDER BY p.n"
        )

    def left_out(self) -> Iterator[pa.RecordBatch]:
        """(id, reason, detail, twin, likeness) of what is left out, in order; twin is an id."""
        return self._read(
            "SELECT f.id, f.reason, f.detail, o.id AS twin, t.likeness FROM temp.main.facts f "
            "LEFT JOIN temp.main.twins t ON t.n = f.n LEFT JOIN temp.main.facts o ON o.n = t.twin "
            "WHERE f.reason IS NOT NULL ORDER BY f.n"
        )

    def _read(self, select: str) -> Iterator[pa.RecordBatch]:
        with reading():
            self._cursor.execute(select)
            yield from self._cursor.to_arrow_reader(2_048)

    def reasons(self) -> dict[str, int]:
        """How many are left out for each reason."""
        rows = self._run(
            "SELECT reason, count(*) FROM temp.main.facts WHERE reason IS NOT NULL GROUP BY ALL "
            "ORDER BY ALL"
        )
        return dict(rows)

    def classes(self) -> dict[str, int]:
        """How many are kept of each class, the largest first."""
        rows = self._run(
            "SELECT shown, count(*) FROM temp.main.facts WHERE reason IS NULL GROUP BY shown "
            "ORDER BY count(*) DESC, shown LIMIT 200"
        )
        return dict(rows)

    def counted(self) -> tuple[int, int, int]:
        """How many of the kept have their tokens counted by the vendor that is trained at, by
        another, and how many are estimated."""
        row = self._run(
            "SELECT count(*) FILTER (counted = 2), count(*) FILTER (counted = 1), "
            "count(*) FILTER (counted = 0) FROM temp.main.facts WHERE reason IS NULL"
        )[0]
        return int(row[0]), int(row[1]), int(row[2])

    def with_earlier_answers(self) -> int:
        """How many of the kept have answers before the last."""
        rows = self._run("SELECT count(*) FROM temp.main.facts WHERE reason IS NULL AND earlier")
        return int(rows[0][0])
