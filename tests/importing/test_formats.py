"""Each vendor's file: recognised by its content, read into the requests that it holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.importing.support import FILES, a_store, kept, told
from workbench.logs.importing.job import Options, import_file
from workbench.logs.importing.preview import preview
from workbench.store.rows import Detail

OPTIONS = {"openai_batch_output.jsonl": Options(companion=FILES / "openai_batch_input.jsonl")}
#: File -> (format, rows read, stored, passed over).
EXPECTED = {
    "calls.jsonl": ("calls", 1, 1, 0),
    "helicone.csv": ("helicone", 2, 2, 0),
    "helicone.json": ("helicone", 2, 2, 0),
    "helicone.jsonl": ("helicone", 2, 2, 0),
    "langfuse_observations.jsonl": ("langfuse", 4, 2, 2),
    "langfuse_traces.json": ("langfuse", 1, 1, 0),
    "langfuse_ui.csv": ("langfuse", 1, 1, 0),
    "langsmith_runs.csv": ("langsmith", 4, 3, 1),
    "langsmith_runs.jsonl": ("langsmith", 4, 3, 1),
    "neutral.csv": ("neutral", 4, 4, 0),
    "neutral.jsonl": ("neutral", 4, 4, 0),
    "openai_batch_output.jsonl": ("openai-batch", 3, 3, 0),
    "openai_finetuning.jsonl": ("openai-finetuning", 2, 2, 0),
    "openai_preferences.jsonl": ("openai-finetuning", 1, 1, 0),
    "own_table.csv": ("mapped", 2, 2, 0),
    "phoenix_api.jsonl": ("phoenix", 1, 1, 0),
    "phoenix_dataframe.csv": ("phoenix", 3, 2, 1),
    "phoenix_dataframe.json": ("phoenix", 3, 2, 1),
    "promptlayer.csv": ("promptlayer", 1, 1, 0),
    "promptlayer_requests.jsonl": ("promptlayer", 2, 2, 0),
    "promptlayer_search.json": ("promptlayer", 2, 2, 0),
}


def read(folder: Path, name: str) -> list[Detail]:
    with a_store(folder) as store:
        import_file(store, FILES / name, None, OPTIONS.get(name), actor="tester")
        return kept(store)


def test_every_sample_file_has_its_expectation() -> None:
    assert {file.name for file in FILES.iterdir()} == {*EXPECTED, "openai_batch_input.jsonl"}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_is_recognised_and_stored_once(tmp_path: Path, name: str) -> None:
    format_name, rows, stored, skipped = EXPECTED[name]
    assert preview(FILES / name, None, OPTIONS.get(name)).format == format_name
    with a_store(tmp_path) as store:
        first = import_file(store, FILES / name, None, OPTIONS.get(name), actor="tester")
        again = import_file(store, FILES / name, None, OPTIONS.get(name), actor="someone else")
        details = kept(store)
    assert (first.read, first.stored, first.skipped_rows, first.refused) == (
        rows,
        stored,
        skipped,
        0,
    )
    assert (again.stored, again.duplicates) == (0, stored)
    assert len(details) == stored
    assert {detail.origin for detail in details} == {f"import:{name}"}


@pytest.mark.parametrize(
    "names",
    [
        ("neutral.jsonl", "neutral.csv"),
        ("langsmith_runs.jsonl", "langsmith_runs.csv"),
        ("phoenix_dataframe.json", "phoenix_dataframe.csv"),
        ("helicone.jsonl", "helicone.json"),
    ],
)
def test_the_same_records_in_two_containers_are_the_same(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    with a_store(tmp_path) as store:
        import_file(store, FILES / names[0], actor="tester")
        before = [told(detail) for detail in kept(store)]
        again = import_file(store, FILES / names[1], actor="tester")
        assert again.stored == 0
    with a_store(tmp_path, "other") as store:
        import_file(store, FILES / names[1], actor="tester")
        assert [told(detail) for detail in kept(store)] == before


def test_neutral_rows_have_usage_cost_and_what_was_said(tmp_path: Path) -> None:
    first, second, third, fourth = read(tmp_path, "neutral.jsonl")
    assert first.summary.started_at == datetime(2026, 3, 1, 9, 15, tzinfo=UTC)
    assert first.summary.ended_at - first.summary.started_at == timedelta(milliseconds=1840)
    assert first.input_text.endswith("Wo ist mein Paket?")
    assert first.summary.tags == ["prod", "de"]
    assert first.metadata == {"user_id": "u-17", "session_id": "s-4"}
    assert (first.summary.prompt_name, first.summary.prompt_version) == ("support/answer", 3)
    # 25 fresh tokens at 0.15, 16 cached at 0.075 and 9 at 0.60 dollars a million.
    assert (first.summary.cost, first.cost_source) == (Decimal("0.00001035"), "genai-prices")
    assert first.cached_tokens == 16
    assert (second.summary.cost, second.cost_source) == (Decimal("0.0021"), "caller")
    assert second.input_text == "Translate: 配送は明日です"
    assert third.is_tool_call
    assert third.tool_names == ["track"]
    assert (fourth.summary.status, fourth.summary.error_type) == ("ERROR", "PROVIDER_TIMEOUT")


def test_a_batch_is_paired_by_its_ids_and_costs_less(tmp_path: Path) -> None:
    late, arrived, limited = sorted(
        read(tmp_path, "openai_batch_output.jsonl"), key=lambda one: one.metadata["custom_id"]
    )
    assert (late.input_text, late.output_text) == ("Summarise: the parcel is late.", "It is late.")
    assert arrived.input_text == "Summarise: 荷物 arrived."
    assert late.parameters == {"temperature": 0}
    # The batch price is half: 1000 tokens at 0.075 and 100 at 0.30 dollars a million.
    assert late.summary.cost == Decimal("0.000105")
    assert limited.summary.status == "ERROR"
    assert limited.error_message == "Rate limit reached for gpt-4o-mini."


def test_the_requests_of_a_batch_find_their_answers_too(tmp_path: Path) -> None:
    options = Options(companion=FILES / "openai_batch_output.jsonl")
    with a_store(tmp_path) as store:
        import_file(store, FILES / "openai_batch_input.jsonl", None, options, actor="tester")
        other = OPTIONS["openai_batch_output.jsonl"]
        again = import_file(store, FILES / "openai_batch_output.jsonl", None, other, actor="tester")
    assert (again.stored, again.duplicates) == (0, 3)


def test_requests_of_a_batch_without_answers_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with a_store(tmp_path) as store:
        counts = import_file(store, FILES / "openai_batch_input.jsonl", actor="tester")
    assert (counts.stored, counts.refused) == (0, 3)
    reason = preview(FILES / "openai_batch_input.jsonl").refused[0].reason
    assert "output file" in reason


def test_examples_for_fine_tuning_keep_their_order_and_say_that_times_are_assumed(
    tmp_path: Path,
) -> None:
    base = datetime(2026, 1, 1, tzinfo=UTC)
    with a_store(tmp_path) as store:
        import_file(
            store, FILES / "openai_finetuning.jsonl", None, Options(base=base), actor="tester"
        )
        first, second = kept(store)
    assert first.summary.started_at == base
    assert second.summary.started_at == base + timedelta(milliseconds=1)
    assert first.time_assumed
    assert first.output_text == "I am sorry. A replacement is on its way."
    assert second.prompt["tools"][0]["function"]["name"] == "track"
    assert second.tool_names == ["track"]


def test_langfuse_counts_add_up_and_errors_are_errors(tmp_path: Path) -> None:
    answered, failed = read(tmp_path, "langfuse_observations.jsonl")
    # Langfuse takes cached and reasoning tokens off input and output: 60 + 40 and 20 + 5.
    assert (answered.summary.input_tokens, answered.summary.output_tokens) == (100, 25)
    assert (answered.cached_tokens, answered.reasoning_tokens) == (40, 5)
    assert answered.summary.cost == Decimal("0.0004")
    assert answered.metadata["session_id"] == "sess-1"
    assert answered.summary.started_at == datetime(2026, 4, 1, 10, 1, 0, 250_000, tzinfo=UTC)
    assert not answered.time_assumed
    assert (failed.summary.status, failed.error_message) == ("ERROR", "429 rate limited")


def test_langsmith_messages_lose_their_wrapping(tmp_path: Path) -> None:
    chat, tool, failed = read(tmp_path, "langsmith_runs.jsonl")
    assert [message["role"] for message in chat.prompt["messages"]] == ["system", "user"]
    assert chat.output_text == "Bonjour!"
    assert (chat.summary.provider, chat.summary.model) == ("openai", "gpt-4o-2024-08-06")
    assert chat.cached_tokens == 4
    assert chat.parameters == {"temperature": 0.3}
    assert tool.tool_names == ["weather"]
    assert (failed.summary.status, failed.error_message) == ("ERROR", "OverloadedError('529')")


def test_phoenix_attributes_of_every_shape_become_messages(tmp_path: Path) -> None:
    seen, plain = read(tmp_path, "phoenix_dataframe.json")
    assert seen.image_count == 1
    assert seen.tool_names == ["zoom"]
    assert (seen.summary.input_tokens, seen.cached_tokens) == (200, 128)
    assert seen.parameters == {"temperature": 0.2}
    assert seen.metadata == {"team": "a", "session_id": "sess", "user_id": "u9", "name": "span1"}
    assert seen.summary.tags == ["x", "y"]
    assert (plain.input_text, plain.output_text) == ("plain question", "plain answer")


def test_phoenix_parquet_is_read_like_its_json(tmp_path: Path) -> None:
    rows = json.loads((FILES / "phoenix_dataframe.json").read_text())
    for row in rows:
        for name in ("start_time", "end_time"):
            row[name] = datetime.fromisoformat(row[name])
    table = pa.Table.from_pylist(rows)
    times = table.schema.get_field_index("start_time")
    nanoseconds = table["start_time"].cast(pa.timestamp("ns", "UTC"))
    pq.write_table(table.set_column(times, "start_time", nanoseconds), tmp_path / "s.parquet")
    with a_store(tmp_path) as store:
        counts = import_file(store, tmp_path / "s.parquet", actor="tester")
        found = [told(detail) for detail in kept(store)]
    assert counts.stored == 2
    assert found == [told(one) for one in read_other(tmp_path, "phoenix_dataframe.json")]


def read_other(folder: Path, name: str) -> list[Detail]:
    with a_store(folder, "other") as store:
        import_file(store, FILES / name, actor="tester")
        return kept(store)


def test_helicone_keeps_no_signed_address(tmp_path: Path) -> None:
    answered, limited = read(tmp_path, "helicone.jsonl")
    assert "X-Amz-Signature" not in answered.raw
    assert answered.output_text == "Told 1"
    assert answered.metadata == {"environment": "production", "app": "web", "user_id": "u-h"}
    assert limited.error_message == "Too many requests"


def test_keys_in_spooled_calls_are_removed(tmp_path: Path) -> None:
    (call,) = read(tmp_path, "calls.jsonl")
    assert "pl_0123456789abcdef" not in call.raw
    assert (call.summary.input_tokens, call.cached_tokens) == (108, 100)


def test_promptlayer_requests_have_their_answer_apart(tmp_path: Path) -> None:
    blueprint, call = read(tmp_path, "promptlayer_requests.jsonl")
    assert blueprint.input_text == "Be brief.\n\nCapital of France?"
    assert blueprint.output_text == "Paris."
    assert blueprint.parameters == {"temperature": 0.1}
    assert call.normaliser.startswith("openai.chat")
    assert call.metadata == {"user_id": "7"}
    scored = read_other(tmp_path, "promptlayer_search.json")[0]
    assert [(score.name, score.value) for score in scored.scores] == [("quality", 80.0)]


def test_a_table_of_its_own_is_mapped_by_its_columns(tmp_path: Path) -> None:
    first, second = read(tmp_path, "own_table.csv")
    assert first.summary.model == "mistral-small-latest"
    assert first.output_text == "=cmd|' /C calc'!A0"
    assert first.summary.ended_at - first.summary.started_at == timedelta(milliseconds=812)
    assert second.metadata == {"Customer": "Øre"}


def test_an_answer_that_says_none_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(
        "input,output,started_at,input_tokens,tags\nAny left?,None,2026-01-01,NaN,null\n"
    )
    with a_store(tmp_path) as store:
        import_file(store, tmp_path / "f.csv", actor="tester")
        (only,) = kept(store)
    assert (only.output_text, only.summary.tags) == ("None", ["null"])
    assert only.summary.input_tokens is None
