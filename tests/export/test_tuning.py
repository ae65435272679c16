"""Fine-tuning packs: lines as the vendors' packages read them, reasons, duplicates, the split."""

from __future__ import annotations

import json
import random
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from google.genai import types as gemini
from mistralai.client import models as mistral
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import BaseModel, TypeAdapter

from tests.export import vendor_rules
from tests.export.support import NOON, add, chat, export, lines, message, with_image, with_tools
from tests.export.test_tables import HARD
from workbench.export.formats import FORMATS, PREFERENCE, TUNING
from workbench.export.output import Output
from workbench.export.running import Control, Stopped, run
from workbench.export.spec import read_spec
from workbench.export.tuning.minhash import SHINGLE
from workbench.filters import parse_text, to_api
from workbench.jsontext import FieldError
from workbench.store.export_staging import Staging
from workbench.store.playground_votes import Answered, Place
from workbench.store.rows import NewRequest
from workbench.store.store import Store

# What of `varied` a format cannot carry: tools, and images outside of the vendor's storage.
TEXT_ONLY = {"anthropic": 2, "cohere": 2, "alpaca": 2}
LEFT = {**TEXT_ONLY, "mistral": 2, "huggingface": 1, "bedrock": 1, "gemini": 1, "sharegpt": 2}
LEFT["huggingface-completion"] = 1
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


CHECKS: dict[str, Any] = {
    "openai": check_openai,
    "bedrock": check_bedrock,
    "gemini": check_gemini,
    "mistral": check_mistral,
    **{name: partial(vendor_rules.check, name) for name in vendor_rules.SCHEMAS},
}


@pytest.mark.parametrize("name", TUNED)
def test_the_vendors_own_packages_read_every_line(store: Store, folder: Path, name: str) -> None:
    varied(store)
    found = pack(store, folder, name)
    assert len(found["p-train"]) == 5 - LEFT.get(name, 0), reasons(found)
    told = {one["reason"] for one in found["left-out"]}
    # There a person cannot speak right after a tool.
    is_strict = name in ("sharegpt", "mistral")
    assert told <= {"unsupported content", *(["failed schema"] if is_strict else [])}
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
    vendor_rules.check(name, line)
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
    assert told["tokens"]["counted_by_another_vendor"] == 0
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


def test_tokens_that_another_vendor_counted_are_told_apart(store: Store, folder: Path) -> None:
    add(
        store,
        *(chat(n, f"q{n}", f"a{n}") for n in range(10)),
        chat(20, "q20", "a20", provider="anthropic", model="claude-sonnet-4-5"),
        chat(21, "q21", "a21", input_tokens=None),
    )
    told = pack(store, folder, "openai")["told"]
    names = ("counted_by_the_vendor", "counted_by_another_vendor", "estimated")
    assert [told["tokens"][name] for name in names] == [10, 1, 1]
    assert any("another vendor" in warning for warning in told["warnings"])
    told = pack(store, folder, "mistral")["told"]
    assert [told["tokens"][name] for name in names] == [0, 11, 1]


@pytest.mark.parametrize("name", TUNED)
def test_what_is_learnt_of_a_conversation_is_told_for_every_format(
    store: Store, folder: Path, name: str
) -> None:
    turns = [
        message("user", "First?"),
        message("assistant", "The first."),
        message("user", "Second?"),
    ]
    add(store, chat(1, "", "The second.", prompt={"type": "chat", "messages": turns}))
    told = pack(store, folder, name)["told"]
    says_which = not FORMATS[name].every_answer
    assert told["learnt"] == ("the last answer" if says_which else "every answer")
    assert any("learnt too" in warning for warning in told["warnings"]) is not says_which
    if name == "huggingface-completion":
        found = pack(store, folder, name, train_on="all")
        assert reasons(found) == {"unsupported content": 1}
    else:
        told = pack(store, folder, name, train_on="all")["told"]
        assert told["learnt"] == "every answer"


@pytest.mark.parametrize("name", PREFERRED)
@pytest.mark.parametrize(
    "tuning",
    [
        {"near_duplicates": 0.8},
        {"balance_by": "tags"},
        {"duplicates": False},
        {"train_on": "all"},
        {"together": ["near_duplicates"]},
    ],
)
def test_what_pairs_cannot_do_is_refused(name: str, tuning: dict[str, Any]) -> None:
    with pytest.raises(FieldError) as refused:
        read_spec({"format": name, "tuning": tuning})
    assert refused.value.field == f"tuning.{next(iter(tuning))}"


@pytest.mark.parametrize("name", PREFERRED)
def test_both_sides_of_a_pair_are_told_with_their_scores(
    store: Store, folder: Path, name: str
) -> None:
    scores = ((90.0, 20.0), (70.0, 60.0))
    ids = add(
        store,
        *(
            chat(2 * n + k, f"q{n}", f"a{k}", scores=(("helpful", scores[n][k]),))
            for n in (0, 1)
            for k in (0, 1)
        ),
    )
    made, place = export(store, folder, {"format": name, "tuning": {"score": "helpful"}})
    assert "pairs.jsonl" in [file["name"] for file in made.manifest["files"]]
    assert lines(place / "pairs.jsonl") == [
        {
            "preferred": ids[2 * n],
            "other": ids[2 * n + 1],
            "score": "helpful",
            "preferred_score": scores[n][0],
            "other_score": scores[n][1],
            "side": "training",
        }
        for n in (0, 1)
    ]


def vote(store: Store, actor: str, preferred: int | None, *answers: int) -> None:
    """One vote of the playground on the answers of these requests; None: a tie."""
    shown = [Answered(f"run {each}", each) for each in answers]
    change = partial(
        store.playground_votes.vote,
        actor=actor,
        session_id=5,
        place=Place(batch=answers[0], row=answers[-1] % 1000),
        answers=shown,
        preferred=None if preferred is None else Answered(f"run {preferred}", preferred),
        is_blind=True,
    )
    store.change(change).result()


@pytest.mark.parametrize("name", PREFERRED)
def test_pairs_that_people_voted_for_are_taken_and_every_other_vote_has_its_reason(
    store: Store, folder: Path, name: str
) -> None:
    prod = {"tags": ("prod",)}
    ids = add(
        store,
        chat(1, "Same?", "worse", **prod),
        chat(2, "Same?", "better", **prod),
        chat(3, "Same?", "another", **prod),
        chat(4, "Else?", "of another input", **prod),
        chat(5, "Fails?", "", status="ERROR", **prod),
        chat(6, "Even?", "one", **prod),
        chat(7, "Even?", "other", **prod),
        chat(8, "Tie?", "one", **prod),
        chat(9, "Tie?", "other", **prod),
        chat(10, "Found?", "yes", **prod),
        chat(11, "Found?", "no"),
        chat(12, "Fails?", "fine", **prod),
    )
    worse, better, another, else_, fails, even, odd, tie, tied, inside, outside, fine = ids
    vote(store, "user:ada", better, worse, better)
    vote(store, "user:bob", better, worse, better)
    vote(store, "user:cyd", worse, worse, better)
    vote(store, "user:ada", better, another, better)
    vote(store, "user:bob", another, another, better)
    vote(store, "user:ada", worse, else_, worse)
    vote(store, "user:ada", even, even, odd)
    vote(store, "user:bob", odd, even, odd)
    vote(store, "user:ada", None, tie, tied)
    vote(store, "user:ada", inside, inside, outside)
    vote(store, "user:ada", fine, fails, fine)
    spec = {**to_api(parse_text("tag:prod")), "format": name, "tuning": {"pairs": "votes"}}
    made, place = export(store, folder, spec)
    (line,) = lines(place / "requests-train.jsonl")
    vendor_rules.check(name, line)
    good, bad = (
        ("preferred_output", "non_preferred_output") if "input" in line else ("chosen", "rejected")
    )
    assert line[good][-1]["content"] == "better"
    assert line[bad][-1]["content"] == "worse"
    assert lines(place / "pairs.jsonl") == [
        {"preferred": better, "other": worse, "side": "training"}
    ]
    left = {
        one["id"]: (one["reason"], one.get("detail")) for one in lines(place / "left-out.jsonl")
    }
    other = "the other one of its vote,"
    assert left.pop(fails)[0] == "error"
    assert left == {
        another: ("no pair", f"as many preferred request {better}"),
        else_: ("no pair", f"request {worse}, {other} was asked otherwise"),
        even: ("no pair", f"as many preferred request {odd}"),
        odd: ("no pair", f"as many preferred request {even}"),
        tie: ("no vote", None),
        tied: ("no vote", None),
        inside: ("no pair", f"request {outside}, {other} was not found"),
        fine: ("no pair", f"request {fails}, {other} is left out: error"),
    }
    assert made.manifest["fine_tuning"]["pairs"] == {"from": "votes"}


@pytest.mark.parametrize("name", PREFERRED)
def test_without_any_vote_nothing_is_paired_whatever_the_scores_say(
    store: Store, folder: Path, name: str
) -> None:
    add(
        store,
        chat(1, "Same?", "worse", scores=(("default", 20.0),)),
        chat(2, "Same?", "better", scores=(("default", 90.0),)),
    )
    found = pack(store, folder, name, pairs="votes")
    assert found["p-train"] == []
    assert reasons(found) == {"no vote": 2}


def test_a_tag_alone_makes_two_classes(store: Store, folder: Path) -> None:
    add(
        store,
        *(chat(n, f"q{n}", f"a{n}", tags=("prod", f"t{n}")) for n in range(9)),
        *(chat(20 + n, f"p{n}", f"b{n}", tags=(f"t{n}",)) for n in range(3)),
    )
    found = pack(store, folder, "openai", balance_by="tag.prod")
    assert found["told"]["balance"]["classes"] == {"prod": 3, "without prod": 3}
    with pytest.raises(FieldError, match="is none of"):
        read_spec({"format": "openai", "tuning": {"balance_by": "tag."}})


def alike(number: int, which: int) -> str:
    """Two of the same number differ in one word of two hundred."""
    told = [f"word{number}x{each}" for each in range(200)]
    told[which] = "other"
    return " ".join(told)


def test_near_duplicates_stay_on_one_side_without_being_left_out(
    store: Store, folder: Path
) -> None:
    add(store, *(chat(4 * n + k, alike(n, k), f"a{n}") for n in range(30) for k in range(4)))
    found = pack(
        store, folder, "openai", validation=0.3, together=["near_duplicates"], duplicates=False
    )
    sides = [
        {line["messages"][-1]["content"] for line in found[name]}
        for name in ("p-train", "p-validation")
    ]
    assert reasons(found) == {}
    assert sides[0]
    assert sides[1]
    assert not sides[0] & sides[1]
    loose = pack(store, folder, "openai", validation=0.3, duplicates=False)
    sides = [
        {line["messages"][-1]["content"] for line in loose[name]}
        for name in ("p-train", "p-validation")
    ]
    assert sides[0] & sides[1], "without it they would be parted"


def jaccard(one: str, other: str) -> float:
    """Of the runs of nine letters, counted one by one."""
    sets = [
        {text[at : at + SHINGLE] for at in range(len(text) - SHINGLE + 1)} for text in (one, other)
    ]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def test_near_duplicates_are_those_that_brute_force_finds(store: Store, folder: Path) -> None:
    """Recall and precision against every pair compared, with likenesses all over the scale."""
    source = random.Random(5)
    texts: list[str] = []
    for number in range(60):
        base = [f"w{number}x{source.randrange(10**6)}" for _ in range(120)]
        texts.append(" ".join(base))
        for _ in range(3):
            share = source.choice([0.005, 0.02, 0.05, 0.1, 0.3])
            kept = [word if source.random() > share else "changed" for word in base]
            texts.append(" ".join(kept))
    ids = add(store, *(chat(n, text, "Yes.") for n, text in enumerate(texts)))
    found = pack(store, folder, "openai", near_duplicates=0.8, duplicates=False)
    left = {one["id"]: one for one in found["left-out"]}
    spoken = dict(zip(ids, (f"{text}\nYes.".replace("\n", " ") for text in texts), strict=True))
    # Precision: what was left out is about as alike to its twin as is told.
    for id_, one in left.items():
        true = jaccard(spoken[id_], spoken[one["twin"]])
        assert abs(true - one["likeness"]) < 0.16, (true, one["likeness"])
    right = sum(jaccard(spoken[id_], spoken[one["twin"]]) >= 0.75 for id_, one in left.items())
    assert right >= 0.97 * len(left)
    # Recall: whoever is clearly like an earlier one is gone, or that one is.
    clear = missed = 0
    for at, id_ in enumerate(ids):
        twins = [
            other
            for other in ids[:at]
            if other not in left and jaccard(spoken[id_], spoken[other]) >= 0.87
        ]
        clear += bool(twins)
        missed += bool(twins) and id_ not in left
    assert clear > 60
    assert missed <= 0.03 * clear


def test_cancelling_interrupts_what_the_staging_runs(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, *(chat(n, f"q{n}", f"a{n}") for n in range(20)))
    control = Control()

    def slow(staging: Staging, _reason: str) -> None:
        threading.Timer(0.3, control.stop).start()
        staging._run("SELECT count(*) FROM range(10000000) a, range(10000000) b")

    monkeypatch.setattr(Staging, "mark_duplicates", slow)
    start = time.monotonic()
    with pytest.raises(Stopped):
        run(
            store.connection,
            read_spec({"format": "openai"}),
            Output(folder, 1),
            id_=1,
            now=NOON,
            control=control,
        )
    assert time.monotonic() - start < 20
    assert list(folder.iterdir()) == []


def test_the_manifest_of_a_pack_tells_what_was_read_and_by_which_versions(
    store: Store, folder: Path
) -> None:
    add(store, chat(1, "q", "a", normaliser="openai.chat/1"), chat(2, "p", "a", normaliser="raw/1"))
    made, _ = export(store, folder, {"format": "openai", "tuning": {"together": ["group_id"]}})
    told = made.manifest
    assert {"name": "input", "kind": "json"} in told["columns"]
    assert {"name": "group_id", "kind": "whole"} in told["columns"]
    assert told["normalisers"] == {"openai.chat/1": 1, "raw/1": 1}
    assert told["versions"]["rules"] == f"openai/{FORMATS['openai'].rules}"


def test_preferences_of_openai_have_no_images(store: Store, folder: Path) -> None:
    for number, value in enumerate((1.0, 5.0)):
        changes: dict[str, Any] = {
            "scores": (("default", value),),
            "output": [message("assistant", f"a{number}")],
        }
        add(store, with_image(7, **changes))
    found = pack(store, folder, "openai-preference")
    assert reasons(found) == {"unsupported content": 2}


@pytest.mark.parametrize(
    ("format_", "limits", "told"),
    [
        ("anthropic", {"MOST_VALIDATION": 3}, "no validation file of more than 3 examples"),
        ("gemini", {"MAX_BYTES": 1}, "no file of more than"),
        ("openai", {"MOST_WITH_IMAGES": 1}, "no file with more than 1 examples that hold images"),
    ],
)
def test_what_the_vendor_takes_of_whole_files_is_told(
    store: Store,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    format_: str,
    limits: dict[str, int],
    told: str,
) -> None:
    # A text that names the part of an image is none.
    add(store, *(chat(n, f'"type":"image_url" {n}', f"It is {n}.") for n in range(20)))
    add(store, *(with_image(n) for n in range(30, 33)))
    share = 0.5 if "MOST_VALIDATION" in limits else 0.0
    quiet = pack(store, folder, format_, validation=share)["told"]["warnings"]
    for name, value in limits.items():
        monkeypatch.setattr(FORMATS[format_].load(), name, value)
    warned = pack(store, folder, format_, validation=share)["told"]["warnings"]
    assert [one for one in warned if told in one]
    assert not [one for one in quiet if told in one]


def test_a_tool_whose_parameters_are_no_object_leaves_its_request_out(
    store: Store, folder: Path
) -> None:
    tools = [{"type": "function", "function": {"name": "clock", "parameters": True}}]
    prompt = {"type": "chat", "messages": [message("user", "q")], "tools": tools}
    add(store, chat(1, "", "a", prompt=prompt), chat(2, "q", "a"))
    found = pack(store, folder, "bedrock")
    assert reasons(found) == {"unsupported content": 1}
    assert found["left-out"][0]["detail"] == "parameters of clock that are no JSON object"
