"""Neutral records of any content come back from the store as they went into a file."""

from __future__ import annotations

import csv
import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.importing.support import a_store, kept, told
from workbench.logs.importing.job import Options, import_file

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)
names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)
counts = st.none() | st.integers(1, 10**6)
#: Each example opens three stores: shrinking one would take minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
START = datetime(2026, 1, 1, tzinfo=UTC)


def messages(role: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.fixed_dictionaries({"role": st.just(role), "content": words.filter(str.strip)})
    return st.lists(one, min_size=1, max_size=3)


#: Text that no reader takes for JSON, for a number's absence or for nothing.
plain = words.map(lambda said: f"said {said}")
records = st.fixed_dictionaries(
    {
        "provider": st.sampled_from(["openai", "anthropic", "acme"]),
        "model": names.map(lambda name: f"m-{name}"),
        "input": st.one_of(plain, messages("user")),
        "output": st.one_of(plain, messages("assistant")),
        "started_at": st.integers(0, 10**8),
        "latency_ms": st.integers(0, 10**6),
        "input_tokens": counts,
        "output_tokens": counts,
        "cost": st.none() | st.integers(1, 10**6).map(lambda n: n / 10**6),
        "tags": st.lists(names, max_size=3, unique=True),
        "metadata": st.dictionaries(names, words | st.integers(-5, 10**9), max_size=3),
        "prompt_name": st.none() | names.map(lambda name: f"p-{name}"),
        "trace_id": st.none() | names.map(lambda name: f"t-{name}"),
        "error_message": st.none() | plain,
    }
)


def rows_of(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for number, record in enumerate(found):
        started = START + timedelta(milliseconds=record["started_at"])
        rows.append({"id": f"r{number}", **record, "started_at": started.isoformat()})
    return rows


def write_jsonl(rows: list[dict[str, Any]], path: Path) -> None:
    path.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows))


def write_csv(rows: list[dict[str, Any]], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(rows[0])
        for row in rows:
            writer.writerow([_cell(row[name]) for name in rows[0]])


def write_parquet(rows: list[dict[str, Any]], path: Path) -> None:
    columns = {name: [_cell(row[name], None) for row in rows] for name in rows[0]}
    pq.write_table(pa.table(columns), path, row_group_size=3)


def _cell(value: Any, nothing: str | None = "") -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return nothing if value is None else value


WRITERS = {"jsonl": write_jsonl, "csv": write_csv, "parquet": write_parquet}


def expected(row: dict[str, Any]) -> dict[str, Any]:
    def said(value: Any) -> str:
        if isinstance(value, str):
            return value
        return "\n\n".join(message["content"] for message in value)

    return {
        "provider": row["provider"],
        "model": row["model"],
        "input": said(row["input"]),
        "output": said(row["output"]),
        "started_at": datetime.fromisoformat(row["started_at"]),
        "ended_at": datetime.fromisoformat(row["started_at"])
        + timedelta(milliseconds=row["latency_ms"]),
        "input_tokens": row["input_tokens"],
        "output_tokens": row["output_tokens"],
        "tags": row["tags"],
        "metadata": row["metadata"],
        "prompt_name": row["prompt_name"],
        "trace_id": row["trace_id"],
        "error_message": row["error_message"],
    }


@settings(max_examples=25, deadline=None, phases=PHASES)
@given(found=st.lists(records, min_size=1, max_size=8))
def test_records_survive_every_container(found: list[dict[str, Any]]) -> None:
    rows = rows_of(found)
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, write in WRITERS.items():
            write(rows, folder / f"f.{kind}")
            with a_store(folder, kind) as store:
                options = Options(name="f")
                counts = import_file(
                    store, folder / f"f.{kind}", "neutral", options, actor="tester"
                )
                assert (counts.stored, counts.refused) == (len(rows), 0)
                results.append({one.raw: told(one) for one in kept(store)})
    assert results[0].keys() == results[1].keys() == results[2].keys()
    assert results[0] == results[1] == results[2]
    stored = {json.loads(raw)["client_record_id"]: each for raw, each in results[0].items()}
    for row in rows:
        read = stored[f"neutral:{row['id']}"]
        wanted = expected(row)
        assert {name: read[name] for name in wanted} == wanted
