"""Fine-tuning packs: lines as the vendors' packages read them, reasons, duplicates, the split."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from google.genai import types as gemini
from mistralai.client import models as mistral
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import BaseModel, TypeAdapter

from tests.export.support import add, chat, export, lines, message, with_image, with_tools
from tests.export.test_tables import HARD
from workbench.export.formats import FORMATS, PREFERENCE, TUNING
from workbench.store.export_staging import Staging
from workbench.store.rows import NewRequest
from workbench.store.store import Store

# What of `varied` a format cannot carry: tools, and images outside of the vendor's storage.
TEXT_ONLY = {"anthropic": 2, "cohere": 2, "alpaca": 2}
LEFT = {**TEXT_ONLY, "mistral": 1, "huggingface": 1, "bedrock": 1, "gemini": 1, "sharegpt": 2}
TUNED = [each.name for each in FORMATS.values() if each.kind == TUNING]
PREFERRED = [each.name for each in FORMATS.values() if each.kind == PREFERENCE]


def pack(store: Store, folder: Path, format_: str, **tuning: Any) -> dict[str, Any]:
    """The lines by file, and the manifest's report."""
    made, place = export(store, folder, {"format": format_, "name": "p", "tuning": tuning})
    found: dict[str, Any] = {"told": made.manifest["fine_tuning"], "rows": made.manifest["rows"]}
    for name in ("p-train", "p-validation", "left-out"):
        path = place / f"{name}.jsonl"
        found[name] = lines(path) if path.exists() else None
    return found


def varied(store: Store) -> None:
    turns = [
        message("system", "You help."),
        message("user", "First?"),
        message("assistant", "The first."),
        message("user", HARD),
    ]
    add(
        store,
        chat(1, "Where is it?", "It is here."),
        chat(2, HARD, HARD),
        chat(3, "", "The second.", prompt={"type": "chat", "messages": turns}),
        with_tools(4),
        with_image(5),
    )


def reasons(found: dict[str, Any]) -> dict[str, int]:
    told: dict[str, int] = found["told"]["left_out"]
    return told


def check_openai(line: dict[str, Any]) -> None:
    messages = [{k: v for k, v in one.items() if k != "weight"} for one in line["messages"]]
    adapter = TypeAdapter(ChatCompletionMessageParam)
    for one in messages:
        adapter.validate_python(one, strict=False)
    for tool in line.get("tools", []):
        TypeAdapter(ChatCompletionToolParam).validate_python(tool)
    assert line["messages"][-1]["role"] == "assistant"
    assert set(line) <= {"messages", "tools", "parallel_tool_calls"}


def check_bedrock(line: dict[str, Any]) -> None:
    model = botocore.session.get_session().get_service_model("bedrock-runtime")
    shape = model.operation_model("Converse").input_shape
    assert line.pop("schemaVersion") == "bedrock-conversation-2024"
    for one in line["messages"]:
        for part in one["content"]:
            if "image" in part and isinstance(part["image"]["source"].get("bytes"), str):
                part["image"]["source"]["bytes"] = part["image"]["source"]["bytes"].encode()
    report = ParamValidator().validate({"modelId": "m", **line}, shape)
    assert not report.has_errors(), report.generate_report()


def check_gemini(line: dict[str, Any]) -> None:
    for one in [*line["contents"], *filter(None, [line.get("systemInstruction")])]:
        assert gemini.Content.model_validate(one).parts
    for tool in line.get("tools", []):
        assert gemini.Tool.model_validate(tool).function_declarations
    assert [one["role"] for one in line["contents"]][-1] == "model"


def check_mistral(line: dict[str, Any]) -> None:
    kinds: dict[str, type[BaseModel]] = {
        "system": mistral.SystemMessage,
        "user": mistral.UserMessage,
        "assistant": mistral.AssistantMessage,
        "tool": mistral.ToolMessage,
    }
    for one in line["messages"]:
        given = {k: v for k, v in one.items() if k != "weight"}
        kinds[one["role"]].model_validate(given)
    for tool in line.get("tools", []):
        mistral.Tool.model_validate(tool)
    assert line["messages"][-1]["role"] == "assistant"


def check_roles(name: str, role: str, last: str) -> Any:
    def check(line: dict[str, Any]) -> None:
        spoken = [one[role] for one in line[name]]
        assert spoken[-1] == last
        assert all(isinstance(value, str) for one in line[name] for value in one.values())

    return check


def check_alpaca(line: dict[str, Any]) -> None:
    assert {"instruction", "input", "output"} <= set(line)
    assert set(line) <= {"instruction", "input", "output", "system", "history"}
    assert line["instruction"]
    assert line["output"]


def check_huggingface(line: dict[str, Any]) -> None:
    assert line["messages"][-1]["role"] == "assistant"
    assert {one["role"] for one in line["messages"]} <= {"system", "user", "assistant", "tool"}


CHECKS: dict[str, Any] = {
    "openai": check_openai,
    "bedrock": check_bedrock,
    "gemini": check_gemini,
    "mistral": check_mistral,
    "anthropic": check_roles("messages", "role", "assistant"),
    "cohere": check_roles("messages", "role", "Chatbot"),
    "sharegpt": check_roles("conversations", "from", "gpt"),
    "alpaca": check_alpaca,
    "huggingface": check_huggingface,
}


@pytest.mark.parametrize("name", TUNED)
def test_the_vendors_own_packages_read_every_line(store: Store, folder: Path, name: str) -> None:
    varied(store)
    found = pack(store, folder, name)
    assert len(found["p-train"]) == 5 - LEFT.get(name, 0), reasons(found)
    told = {one["reason"] for one in found["left-out"]}
    # In ShareGPT a person cannot speak right after a tool.
    assert told <= {"unsupported content", *(["failed schema"] if name == "sharegpt" else [])}
    for line in found["p-train"]:
        CHECKS[name](json.loads(json.dumps(line)))
    assert any(HARD in value for value in texts_of(found["p-train"])), "a text was changed"


def texts_of(value: Any) -> list[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for each in value for text in texts_of(each)] if isinstance(value, list) else []


def test_openai_keeps_tools_parallel_calls_images_and_weights(store: Store, folder: Path) -> None:
    varied(store)
    found = pack(store, folder, "openai")["p-train"]
    tools = next(line for line in found if "tools" in line)
    calls = [one for one in tools["messages"] if one.get("tool_calls")]
    assert [call["function"]["name"] for call in calls[0]["tool_calls"]] == ["weather", "clock"]
    assert calls[0]["weight"] == 0
    assert "weight" not in calls[1]
    images = [part for part in texts_of(found) if part.startswith("data:image/png;base64,")]
    assert len(images) == 1
    every = pack(store, folder, "openai", train_on="all")["p-train"]
    assert not any("weight" in one for line in every for one in line["messages"])


def bad_ones() -> list[NewRequest]:
    return [
        chat(1, "Same?", "The same answer as before."),
        chat(2, "Same?", "The same answer as before."),
        chat(3, "Fails", "", status="ERROR", error_type="timeout"),
        chat(4, "Cut", "It goes on and", finish_reason="length"),
        chat(5, "Declined", "I'm sorry, but I can't help with that.", finish_reason="refusal"),
        chat(6, "Nothing", ""),
        chat(7, "Long", "x", input_tokens=90_000, output_tokens=10),
        chat(8, "Good", "A good answer."),
    ]


def test_every_request_that_is_left_out_has_a_reason(store: Store, folder: Path) -> None:
    ids = add(store, *bad_ones())
    found = pack(store, folder, "openai")
    told = {one["id"]: one["reason"] for one in found["left-out"]}
    assert [told.get(id_) for id_ in ids] == [
        None,
        "duplicate",
        "error",
        "truncated",
        "refusal",
        "empty",
        "too long",
        None,
    ]
    twin = next(one for one in found["left-out"] if one["reason"] == "duplicate")
    assert twin["twin"] == ids[0]
    assert found["rows"] == {"expected": 8, "written": 2}
    assert sum(reasons(found).values()) + found["rows"]["written"] == 8
    assert set(found["told"]["reasons"]) == set(reasons(found))


def test_what_breaks_a_rule_of_the_format_is_left_out_with_the_rule(
    store: Store, folder: Path
) -> None:
    output = [
        {
            "role": "assistant",
            "content": [],
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "no name", "arguments": "{}"}}
            ],
        }
    ]
    add(store, chat(1, "q", "", output=output), chat(2, "q", "fine"))
    (left,) = pack(store, folder, "openai")["left-out"]
    assert left["reason"] == "failed schema"
    assert "'no name'" in left["detail"]


def test_a_corrected_answer_takes_the_place_of_the_output(store: Store, folder: Path) -> None:
    add(
        store,
        chat(1, "One?", "Wrong", metadata={"right": "Right"}, finish_reason="length"),
        chat(2, "Two?", "As logged"),
    )
    found = pack(store, folder, "openai", answer="metadata.right")["p-train"]
    assert [line["messages"][-1]["content"] for line in found] == ["Right", "As logged"]


def test_near_duplicates_are_found_and_the_seed_decides(store: Store, folder: Path) -> None:
    base = " ".join(f"word{each}" for each in range(200))
    add(
        store,
        chat(1, base, "An answer."),
        chat(2, base.replace("word7", "thing"), "An answer."),
        chat(3, " ".join(f"other{each}" for each in range(200)), "Another."),
    )
    found = pack(store, folder, "openai", near_duplicates=0.8, seed=3)
    assert reasons(found) == {"near duplicate": 1}
    (left,) = found["left-out"]
    assert 0.8 <= left["likeness"] < 1
    assert pack(store, folder, "openai", near_duplicates=0.8, seed=3) == found
    assert reasons(pack(store, folder, "openai")) == {}


def test_users_and_equal_inputs_stay_on_one_side(store: Store, folder: Path) -> None:
    add(
        store,
        *(
            chat(n, f"Question {n // 2}", f"Answer {n}", metadata={"user_id": f"u{n % 20}"})
            for n in range(200)
        ),
    )
    found = pack(store, folder, "openai", validation=0.2, together=["metadata.user_id"], seed=1)
    asked = [
        {line["messages"][-2]["content"] for line in found[name]}
        for name in ("p-train", "p-validation")
    ]
    assert asked[1]
    assert not asked[0] & asked[1]
    answers = [
        {int(line["messages"][-1]["content"].split()[1]) % 20 for line in found[name]}
        for name in ("p-train", "p-validation")
    ]
    assert not answers[0] & answers[1]
    assert len(found["p-train"]) + len(found["p-validation"]) == 200
    assert 10 <= len(found["p-validation"]) <= 80


def test_no_class_is_larger_than_the_smallest(store: Store, folder: Path) -> None:
    add(
        store,
        *(chat(n, f"q{n}", f"a{n}", tags=("prod",) if n < 9 else ("dev",)) for n in range(12)),
    )
    found = pack(store, folder, "openai", balance_by="tags")
    assert reasons(found) == {"over the class limit": 6}
    assert found["told"]["balance"]["most"] == 3
    assert len(found["p-train"]) == 6


@pytest.mark.parametrize("name", PREFERRED)
def test_pairs_have_the_better_answer_first(store: Store, folder: Path, name: str) -> None:
    add(
        store,
        chat(1, "Same?", "worse", scores=(("helpful", 20.0),)),
        chat(2, "Same?", "better", scores=(("helpful", 90.0),)),
        chat(3, "Near?", "a", scores=(("helpful", 50.0),)),
        chat(4, "Near?", "b", scores=(("helpful", 52.0),)),
        chat(5, "Unscored?", "c"),
    )
    found = pack(store, folder, name, score="helpful", min_gap=10.0)
    (line,) = found["p-train"]
    good, bad = (
        ("preferred_output", "non_preferred_output")
        if "input" in line
        else (
            "chosen",
            "rejected",
        )
    )
    assert line[good][-1]["content"] == "better"
    assert line[bad][-1]["content"] == "worse"
    assert reasons(found) == {"no pair": 2, "no score": 1}


def test_tokens_and_cost_are_told(store: Store, folder: Path) -> None:
    add(store, *(chat(n, f"q{n}", f"a{n}") for n in range(10)))
    told = pack(store, folder, "openai", epochs=2, price_per_million="500")["told"]
    assert told["tokens"]["training"] == 300
    assert told["tokens"]["counted_by_the_vendor"] == 10
    assert float(told["cost"]["dollars"]) == 300 * 2 * 500 / 1e6
    assert told["warnings"] == []


@pytest.mark.parametrize("name", PREFERRED)
def test_every_broken_pair_is_left_out_with_its_rule_in_one_step(
    store: Store, folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add(
        store,
        *(
            # Of every other input both answers say the same.
            chat(2 * n + k, f"q{n}", f"a{n if n % 2 else (n, k)}", scores=(("default", k * 90.0),))
            for n in range(40)
            for k in (0, 1)
        ),
    )
    statements: list[str] = []
    real = Staging._run

    def noted(staging: Staging, text: str, *rest: Any) -> Any:
        statements.append(text)
        return real(staging, text, *rest)

    monkeypatch.setattr(Staging, "_run", noted)
    found = pack(store, folder, name)
    assert len(found["p-train"]) == 20
    assert reasons(found) == {"failed schema": 40}
    left = {one["id"]: one["detail"] for one in found["left-out"]}
    assert left == dict.fromkeys(
        (id_ for n in range(1, 40, 2) for id_ in ids[2 * n : 2 * n + 2]),
        "both answers are the same",
    )
    assert len([text for text in statements if text.startswith(("UPDATE", "DELETE"))]) < 6
