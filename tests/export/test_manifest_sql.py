"""The SQL in a manifest, run on the store by somebody else, finds what was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, given, settings

from tests.export.support import a_store, add, chat, export, lines, manifest, with_image, with_tools
from tests.filters.engines import fill
from tests.filters.oracle import Row
from tests.filters.test_against_oracle import tables_and_filters
from workbench.export.spec import spec_for
from workbench.filters import Filter, parse_text, to_api
from workbench.jsontext import FieldError
from workbench.store.pieces import PIECE
from workbench.store.rows import NewRequest

# Each with how many of `everything` it finds: an expression that finds nothing proves little.
FILTERS = {
    "": 9,
    "elephant": 3,
    "STRASSE": 1,
    '"50% off"': 1,
    "-input:elephant": 6,
    "needle": 1,
    "tag:prod": 3,
    "tag:prod,dev -tag:eu": 3,
    "has:tag": 4,
    "metadata.user_id:u2": 1,
    "metadata.language:fr last:30d": 2,
    "-has:metadata.language": 6,
    r"""metadata.note:"o'neil\\n \"x\"?" """: 1,
    "metadata.note~NEIL": 1,
    "(tag:dev OR metadata.language:fr) status:success": 2,
    "(tag:dev OR (metadata.language:de elephant)) -model:gpt-4o": 2,
    "score.thumbs>=1": 2,
    "cost>=0.0025 latency<1s": 8,
    "is:tool_call": 1,
}


def everything() -> list[NewRequest]:
    fr, de = {"language": "fr"}, {"language": "de"}
    return [
        chat(1, "An elephant?", "Yes.", tags=("prod", "eu"), metadata={**fr, "user_id": "u1"}),
        chat(2, "Straße", "50% off", tags=("prod",), scores=(("thumbs", 1.0),)),
        chat(3, "ELEPHANT?", "No.", tags=("dev",), metadata=fr, scores=(("thumbs", 0.0),)),
        chat(4, "An Elephant", "It's one.", metadata=de, scores=(("thumbs", 2.0),)),
        chat(5, "x" * (3 * PIECE) + " needle", "Far in.", tags=("prod",)),
        chat(6, "A note", "Kept.", metadata={"note": 'o\'neil\\n "x"?'}),
        chat(7, "It failed", "", status="ERROR", error_type="timeout", model="gpt-4o", cost=None),
        with_tools(8, is_tool_call=True),
        with_image(9),
    ]


def selected(path: Path, sql: str) -> list[int]:
    """What a statement finds in a store that nobody else has open."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return [id_ for (id_,) in connection.execute(sql).fetchall()]


def test_it_finds_the_rows_that_were_written(tmp_path: Path, folder: Path) -> None:
    told: list[tuple[str, str, list[int]]] = []
    with a_store(tmp_path) as store:
        add(store, *everything())
        for text in FILTERS:
            spec = {**to_api(parse_text(text)), "format": "jsonl", "columns": ["id"]}
            made, place = export(store, folder, spec)
            written = [line["id"] for line in lines(place / "requests.jsonl")]
            assert made.manifest["rows"]["written"] == len(written) == FILTERS[text], text
            told.append((text, manifest(place)["filter"]["sql"], written))
        # What comes later was not in any of them.
        add(store, *everything())
    for text, sql, written in told:
        assert selected(tmp_path / "store.duckdb", sql) == written, text


def test_of_a_pack_it_finds_what_was_trained_on_and_what_was_left_out(
    tmp_path: Path, folder: Path
) -> None:
    with a_store(tmp_path) as store:
        add(store, *everything())
        spec = {**to_api(parse_text("model:gpt-4.1-mini")), "format": "openai"}
        made, place = export(store, folder, spec)
        left_out = {line["id"] for line in lines(place / "left-out.jsonl")}
    found = selected(tmp_path / "store.duckdb", made.manifest["filter"]["sql"])
    assert len(found) == made.manifest["rows"]["expected"]
    assert left_out <= set(found)
    assert len(found) - len(left_out) == made.manifest["fine_tuning"]["examples"]


def test_a_masked_manifest_says_that_its_sql_finds_something_else(
    tmp_path: Path, folder: Path
) -> None:
    with a_store(tmp_path) as store:
        add(store, chat(1, "ann@example.org asks", "Yes."))
        spec: dict[str, Any] = {"q": "ann@example.org", "format": "jsonl", "masking": {}}
        made, _ = export(store, folder, spec)
    assert made.manifest["filter"]["masked"] is True
    assert "ann@" not in made.manifest["filter"]["sql"]
    assert selected(tmp_path / "store.duckdb", made.manifest["filter"]["sql"]) == []


@given(asked=tables_and_filters(20))
@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_it_does_for_any_filter(
    tmp_path_factory: pytest.TempPathFactory, asked: tuple[list[Row], list[Filter]]
) -> None:
    table, filters = asked
    place = tmp_path_factory.mktemp("any")
    path = place / "store.duckdb"
    with a_store(place):
        pass
    with duckdb.connect(str(path)) as connection:
        fill(connection, table)
    told: list[tuple[str, list[int]]] = []
    with a_store(place) as store:
        for filter_ in filters:
            try:
                spec = spec_for(filter_, format="jsonl", columns=["id"]).to_json()
            except FieldError:
                # Longer or deeper than what may be asked for.
                continue
            made, where = export(store, place / "exports", spec)
            written = [line["id"] for line in lines(where / "requests.jsonl")]
            told.append((made.manifest["filter"]["sql"], written))
    for sql, written in told:
        assert selected(path, sql) == written, sql
