"""Packs of a dataset's rows and of a grid: columns, reasons, splits, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.evals.grids import ACTOR
from tests.export import vendor_rules
from tests.export.support import (
    NOON,
    add,
    call,
    chat,
    export,
    lines,
    message,
    with_image,
    with_tools,
)
from tests.export.test_human_answers import TEXT, evaluation
from tests.export.test_tables import HARD
from tests.export.test_tuning import CHECKS, LEFT, PREFERRED, TUNED, alike, texts_of
from workbench.datasets.adding import Opened, Target, add_by_hand, open_target
from workbench.datasets.from_logs import USUAL, start_adding
from workbench.evals import rating
from workbench.export.preview import preview
from workbench.export.spec import Spec, read_spec
from workbench.jsontext import FieldError
from workbench.logs.bulk import Selection
from workbench.store.datasets import NewRow
from workbench.store.store import Store

TOOLS = [{"type": "function", "function": {"name": "clock", "description": "The time"}}]


def dataset(store: Store, *rows: NewRow | dict[str, Any], name: str = "Cases") -> Opened:
    kept = [row if isinstance(row, NewRow) else NewRow(row) for row in rows]
    return add_by_hand(store, ACTOR, Target(name=name), kept)


def pack(
    store: Store, folder: Path, of: Opened, format_: str = "openai", **tuning: Any
) -> dict[str, Any]:
    """The lines by file, and the manifest."""
    spec = {
        "source": "datasets",
        "dataset": of.dataset_id,
        "version": of.number,
        "format": format_,
        "name": "p",
        "tuning": tuning,
    }
    return packed(store, folder, spec)


def packed(store: Store, folder: Path, spec: dict[str, Any]) -> dict[str, Any]:
    made, place = export(store, folder, spec)
    found: dict[str, Any] = {"manifest": made.manifest, "told": made.manifest["fine_tuning"]}
    for name in ("p-train", "p-validation", "left-out"):
        path = place / f"{name}.jsonl"
        found[name] = lines(path) if path.exists() else None
    return found


def answers(found: Sequence[dict[str, Any]]) -> list[Any]:
    return [line["messages"][-1].get("content") for line in found]


def left(found: dict[str, Any]) -> dict[int, tuple[str, str]]:
    return {one["id"]: (one["reason"], one.get("detail", "")) for one in found["left-out"]}


def from_logs(store: Store, ids: list[int]) -> Opened:
    target = open_target(store, ACTOR, Target(name="From the logs"))
    job = start_adding(store, ACTOR, target, Selection(ids=frozenset(ids)), USUAL)
    assert job.wait(60)
    assert job.error is None
    return target


@pytest.mark.parametrize("name", TUNED)
def test_a_dataset_made_from_logs_packs_as_the_logs_themselves(
    store: Store, folder: Path, name: str
) -> None:
    turns = [
        message("system", "You help."),
        message("user", "First?"),
        message("assistant", "The first."),
        message("user", HARD),
    ]
    made = add(
        store,
        chat(1, "Where is it?", "It is here."),
        chat(2, HARD, HARD),
        chat(3, "", "The second.", prompt={"type": "chat", "messages": turns}),
        with_tools(4),
        with_image(5),
    )
    found = pack(store, folder, from_logs(store, made), name)
    # The tools that were offered are in no column; all else is.
    logged = packed(store, folder, {"format": name, "name": "p"})
    for one in logged["p-train"]:
        for key in ("tools", "toolConfig", "system"):
            if key in one and key not in json.dumps(found["p-train"]):
                del one[key]
    assert len(found["p-train"]) == 5 - LEFT.get(name, 0), left(found)
    for line in found["p-train"]:
        CHECKS[name](json.loads(json.dumps(line)))
    assert texts_of([one["messages"] for one in logged["p-train"] if "messages" in one]) == (
        texts_of([one["messages"] for one in found["p-train"] if "messages" in one])
    )
    assert any(HARD in value for value in texts_of(found["p-train"])), "a text was changed"
    assert found["told"]["columns"] == {
        "prompt": "messages",
        "system": None,
        "answer": "output",
        "rejected": None,
        "tools": None,
    }


def test_variables_of_a_prompt_are_not_taken_for_what_was_said(store: Store, folder: Path) -> None:
    variables = {"answer": "a variable", "question": "a variable", "system": "a variable"}
    of = from_logs(store, add(store, chat(1, "Where?", "Here.", input_variables=variables)))
    (line,) = pack(store, folder, of)["p-train"]
    assert [one["content"] for one in line["messages"]] == ["You help.", "Where?", "Here."]


@pytest.mark.parametrize("name", TUNED)
def test_columns_of_text_make_examples_in_every_format(
    store: Store, folder: Path, name: str
) -> None:
    of = dataset(
        store,
        {"question": "Where is it?", "system": "You help.", "expected": "It is here.", "n": 1},
        {"question": HARD, "system": "", "expected": HARD, "n": 2},
    )
    found = pack(store, folder, of, name)
    assert len(found["p-train"]) == 2, left(found)
    for line in found["p-train"]:
        CHECKS[name](json.loads(json.dumps(line)))
    texts = texts_of(found["p-train"])
    for text in ("Where is it?", "You help.", "It is here.", HARD):
        assert any(text in one for one in texts), text


@pytest.mark.parametrize("name", PREFERRED)
def test_a_row_with_two_answers_is_a_pair(store: Store, folder: Path, name: str) -> None:
    rows = [
        {"prompt": f"q{n % 4}", "chosen": f"good {n}", "rejected": f"bad {n}"} for n in range(8)
    ]
    same = {"prompt": "q", "chosen": "same", "rejected": "same"}
    of = dataset(store, *rows, rows[0], same, {**same, "rejected": None})
    found = pack(store, folder, of, name)
    good, bad = (
        ("preferred_output", "non_preferred_output")
        if name == "openai-preference"
        else ("chosen", "rejected")
    )
    for line in found["p-train"]:
        vendor_rules.check(name, line)
    pairs = [(one[good][-1]["content"], one[bad][-1]["content"]) for one in found["p-train"]]
    assert pairs == [(f"good {n}", f"bad {n}") for n in range(8)]
    assert left(found) == {
        9: ("duplicate", ""),
        10: ("failed schema", "both answers are the same"),
        11: ("missing value", 'column "rejected" holds nothing'),
    }
    assert found["manifest"]["rows"] == {"expected": 11, "written": 8}
    assert found["told"]["pairs"] == {"from": "columns"}
    # The same input is on one side, whatever its answers.
    split = pack(store, folder, of, name, validation=0.5)
    asked = [
        {texts_of(one.get("input", one.get("prompt")))[-1] for one in split[side]}
        for side in ("p-train", "p-validation")
    ]
    assert asked[0]
    assert asked[1]
    assert not asked[0] & asked[1]


def test_every_row_that_is_left_out_has_a_reason_that_names_the_column(
    store: Store, folder: Path
) -> None:
    ok = {"role": "user", "content": "Hello?"}
    of = dataset(
        store,
        {"messages": [ok], "answer": "Fine."},
        {"messages": [ok]},
        {"messages": None, "answer": "x"},
        {"messages": [ok, "text"], "answer": "x"},
        {"messages": [{"content": "no role"}], "answer": "x"},
        {"messages": [{"role": "king", "content": "x"}], "answer": "x"},
        {"messages": [{"role": "user", "content": 5}], "answer": "x"},
        {"messages": [ok], "answer": [{"role": "user", "content": "x"}]},
        {"messages": [ok], "answer": "  "},
        {"messages": [ok], "answer": "x", "tools": [{"type": "function"}]},
        {"messages": [ok], "answer": "x", "tools": "clock"},
        {"messages": [{"role": "system", "content": "x"}], "answer": "x"},
        {"messages": [ok], "answer": "I'm sorry, but I can't help with that."},
        {"messages": [ok], "answer": "Fine."},
    )
    found = pack(store, folder, of)
    ill, missing = "ill-formed value", "missing value"
    assert left(found) == {
        2: (missing, 'column "answer" holds nothing'),
        3: (missing, 'column "messages" holds nothing'),
        4: (ill, 'column "messages": message 2 is no object'),
        5: (ill, 'column "messages": message 1 has no role'),
        6: (ill, "column \"messages\": message 1 has the role 'king'"),
        7: (ill, 'column "messages": message 1 has a content that is neither text nor a list'),
        8: (ill, 'column "answer" ends with a message that is not the assistant\'s'),
        9: (missing, 'column "answer" holds nothing'),
        10: (ill, 'column "tools": tool 1 has no name'),
        11: (ill, 'column "tools" holds no list of tools'),
        12: ("empty", "there is no message of a user"),
        13: ("refusal", ""),
        14: ("duplicate", ""),
    }
    assert answers(found["p-train"]) == ["Fine."]
    assert found["manifest"]["rows"] == {"expected": 14, "written": 1}
    assert set(found["told"]["reasons"]) == set(found["told"]["left_out"])
    assert answers(pack(store, folder, of, refusals=False)["p-train"])[1].startswith("I'm sorry")


def test_an_answer_is_text_a_message_messages_a_number_or_an_object(
    store: Store, folder: Path
) -> None:
    called = {"role": "assistant", "content": None, "tool_calls": [call("c", "clock", "{}")]}
    told = {"role": "tool", "tool_call_id": "c", "content": "noon"}
    said = {"role": "assistant", "content": "It is noon."}
    of = dataset(
        store,
        *(
            {"question": f"q{n}", "expected": expected, "tools": orjson.dumps(TOOLS).decode()}
            for n, expected in enumerate(
                [
                    "text",
                    said,
                    [said],
                    [called, told, said],
                    called,
                    42,
                    True,
                    {"mood": "good"},
                    json.dumps([called, told, said]),
                ]
            )
        ),
    )
    found = pack(store, folder, of)
    assert left(found) == {}
    assert answers(found["p-train"]) == [
        "text",
        "It is noon.",
        "It is noon.",
        "It is noon.",
        None,
        "42",
        "true",
        '{"mood":"good"}',
        "It is noon.",
    ]
    roles = [[one["role"] for one in line["messages"]] for line in found["p-train"]]
    assert roles[3] == roles[8] == ["user", "assistant", "tool", "assistant"]
    assert [line["tools"] for line in found["p-train"]] == [TOOLS] * 9
    for line in found["p-train"]:
        CHECKS["openai"](line)


def test_a_conversation_may_hold_its_own_answer(store: Store, folder: Path) -> None:
    of = dataset(
        store,
        {"messages": [message("user", "One?"), message("assistant", "One.")]},
        {"messages": [message("user", "Two?")]},
    )
    found = pack(store, folder, of)
    assert answers(found["p-train"]) == ["One."]
    assert left(found) == {
        2: (
            "ill-formed value",
            'column "messages" holds no conversation that ends with an answer',
        )
    }


def test_columns_are_chosen_and_told_in_the_manifest(store: Store, folder: Path) -> None:
    row = {"frage": "Wo?", "ziel": "Hier.", "rolle": "Hilf.", "row id": "a", "question": "?"}
    of = dataset(store, row)
    chosen = {"prompt_column": "frage", "answer_column": "ziel", "system_column": "rolle"}
    found = pack(store, folder, of, together=["column.row id"], validation=0.1, **chosen)
    assert [one["content"] for one in found["p-train"][0]["messages"]] == ["Hilf.", "Wo?", "Hier."]
    told, manifest = found["told"], found["manifest"]
    assert told["dataset"] == {"id": of.dataset_id, "version": of.number}
    assert told["columns"] == {
        "prompt": "frage",
        "system": "rolle",
        "answer": "ziel",
        "rejected": None,
        "tools": None,
    }
    assert manifest["filter"]["json"] == {"dataset": of.dataset_id, "version": of.number}
    # What the manifest keeps makes the same pack again.
    again = packed(store, folder, json.loads(json.dumps(manifest["spec"])))
    assert again["p-train"] == found["p-train"]
    assert {one["name"] for one in manifest["columns"]} == {"frage", "ziel", "rolle", "row id"}


@pytest.mark.parametrize(
    ("tuning", "format_", "field", "said"),
    [
        ({"prompt_column": "nope"}, "openai", "prompt_column", 'no column "nope"; columns are q'),
        (
            {"prompt_column": "q", "answer_column": "nope"},
            "openai",
            "answer_column",
            "columns are q, n",
        ),
        ({}, "openai", "prompt_column", "holds the prompt is to be said"),
        ({"prompt_column": "q"}, "openai", "answer_column", "holds the expected answer is to be"),
        (
            {"prompt_column": "q", "answer_column": ""},
            "openai-preference",
            "answer_column",
            "holds the expected answer is to be",
        ),
        (
            {"prompt_column": "q", "answer_column": "n"},
            "openai-preference",
            "rejected_column",
            "not preferred is to be said",
        ),
        ({"together": ["column.x"]}, "openai", "together", 'no column "x"'),
        ({"balance_by": "column.x"}, "openai", "balance_by", 'no column "x"'),
        ({"answer": "metadata.x"}, "openai", "answer", "answer_column"),
        ({"errors": False}, "openai", "errors", "no status"),
        ({"together": ["group_id"]}, "openai", "together", "column.NAME alone"),
        ({"balance_by": "model"}, "openai", "balance_by", "column.NAME alone"),
        ({"rejected_column": "n"}, "openai", "rejected_column", "preference pairs alone"),
        ({"train_on": "all"}, "openai-preference", "train_on", "two answers alone"),
        ({"pairs": "votes"}, "openai-preference", "pairs", "holds both answers"),
        ({"split": "own", "validation": 0.1}, "openai", "validation", "own splits decide"),
        ({"validation_splits": ["a"]}, "openai", "validation_splits", 'split is "own"'),
        (
            {"split": "own", "validation_splits": ["a"], "training_splits": ["a"]},
            "openai",
            "validation_splits",
            '"a" is among what is trained on',
        ),
    ],
)
def test_what_cannot_be_packed_is_refused_with_its_place(
    store: Store, folder: Path, tuning: dict[str, Any], format_: str, field: str, said: str
) -> None:
    of = dataset(store, {"q": "a", "n": 1}, {"q": "b", "n": 2})
    if "together" in tuning or "balance_by" in tuning:
        tuning = {"prompt_column": "q", "answer_column": "n", **tuning}
    with pytest.raises(FieldError) as refused:
        pack(store, folder, of, format_, **tuning)
    assert refused.value.field == f"tuning.{field}"
    assert said in refused.value.reason
    assert not list(folder.rglob("*"))


def test_what_is_not_chosen_is_guessed_of_what_is_left(store: Store, folder: Path) -> None:
    of = dataset(store, {"frage": "Where?", "gold": "Here."})
    told = pack(store, folder, of, answer_column="gold")["told"]
    assert (told["columns"]["prompt"], told["columns"]["answer"]) == ("frage", "gold")
    # "output" is what is expected, by its name: so the other column is what is asked.
    of = dataset(store, {"frage": "Where?", "output": "Here."}, name="Others")
    told = pack(store, folder, of)["told"]
    assert (told["columns"]["prompt"], told["columns"]["answer"]) == ("frage", "output")


@pytest.mark.parametrize(
    "tuning",
    [{"prompt_column": "x"}, {"split": "own"}, {"together": ["column.x"]}],
)
def test_requests_have_no_columns_and_no_splits(tuning: dict[str, Any]) -> None:
    with pytest.raises(FieldError, match="requests"):
        read_spec({"format": "openai", "tuning": tuning})


def in_splits(*names: str | None) -> list[NewRow]:
    return [
        NewRow({"question": f"q{n}", "answer": f"a{n}"}, split=name) for n, name in enumerate(names)
    ]


def test_the_datasets_own_splits_are_kept(store: Store, folder: Path) -> None:
    of = dataset(store, *in_splits("train", "validation", "test", None, "Val", "train"))
    found = pack(store, folder, of, split="own")
    assert answers(found["p-train"]) == ["a0", "a3", "a5"]
    assert answers(found["p-validation"]) == ["a1", "a4"]
    assert left(found) == {3: ("other split", 'split "test"')}
    assert found["told"]["split"] == {
        "share": None,
        "own": {"training": None, "validation": None},
    }
    chosen = pack(
        store, folder, of, split="own", training_splits=["train"], validation_splits=["test"]
    )
    assert answers(chosen["p-train"]) == ["a0", "a5"]
    assert answers(chosen["p-validation"]) == ["a2"]
    assert left(chosen)[4] == ("other split", "it is in no split")
    # By chance all of them count alike.
    assert len(pack(store, folder, of)["p-train"]) == 6


def test_an_input_on_both_sides_of_the_own_splits_is_warned_of(store: Store, folder: Path) -> None:
    rows = [
        NewRow({"question": "Same?", "answer": "one"}, split="train"),
        NewRow({"question": "Same?", "answer": "two"}, split="dev"),
    ]
    told = pack(store, folder, dataset(store, *rows), split="own")["told"]
    assert any("1 input stands in training and in validation" in one for one in told["warnings"])


def test_alike_rows_and_a_columns_value_stay_on_one_side(store: Store, folder: Path) -> None:
    of = dataset(
        store,
        *(
            {"question": alike(n, k), "answer": f"a{n}", "user": f"u{n % 10}"}
            for n in range(20)
            for k in range(3)
        ),
    )
    for together in (["near_duplicates"], ["column.user"]):
        found = pack(store, folder, of, validation=0.3, together=together, duplicates=False)
        sides = [
            {
                text if together == ["near_duplicates"] else int(text[1:]) % 10
                for text in answers(found[name])
            }
            for name in ("p-train", "p-validation")
        ]
        assert sides[0]
        assert sides[1]
        assert not sides[0] & sides[1], together
    near = pack(store, folder, of, near_duplicates=0.8)
    assert near["told"]["left_out"] == {"near duplicate": 40}


def test_classes_of_tags_and_columns_are_balanced(store: Store, folder: Path) -> None:
    of = dataset(
        store,
        *(
            NewRow(
                {"question": f"q{n}", "answer": f"a{n}", "topic": "even" if n % 3 else "odd"},
                tags=("hard",) if n < 2 else (),
            )
            for n in range(9)
        ),
    )
    told = pack(store, folder, of, balance_by="column.topic")["told"]
    assert told["balance"]["classes"] == {"even": 3, "odd": 3}
    told = pack(store, folder, of, balance_by="tag.hard")["told"]
    assert told["balance"]["classes"] == {"hard": 2, "without hard": 2}
    told = pack(store, folder, of, balance_by="tags", balance_to=4)["told"]
    assert told["balance"]["classes"] == {"": 4, "hard": 2}


def test_what_is_masked_stands_in_no_file(store: Store, folder: Path) -> None:
    of = dataset(
        store,
        {"question": "Write to ada@example.com", "expected": "Done, ada@example.com.", "n": 1},
        {"question": "x", "expected": [{"role": "ada@example.com", "content": "x"}]},
    )
    spec = {
        "source": "datasets",
        "dataset": of.dataset_id,
        "version": 1,
        "format": "openai",
        "masking": {},
        "tuning": {"balance_by": "column.question", "balance_to": 5},
    }
    _, place = export(store, folder, spec)
    written = b"".join(file.read_bytes() for file in place.iterdir())
    assert b"ada@example.com" not in written
    assert b"Write to [EMAIL]" in written


def test_a_preview_tells_the_first_lines_and_reasons(store: Store) -> None:
    of = dataset(store, {"question": "q", "answer": "a"}, {"question": "q"})
    spec = Spec(source="datasets", dataset=of.dataset_id, version=1, format="openai")
    found = preview(store.connection, spec, NOON)
    assert (found.rows, found.left_out) == (2, {"missing value": 1})
    assert found.sample[0]["messages"][-1]["content"] == "a"


@pytest.mark.parametrize("name", TUNED)
def test_a_grid_packs_with_what_people_wrote_into_it(store: Store, folder: Path, name: str) -> None:
    ids = add(store, chat(1, "x", "y"), chat(2, "x", "z"))
    _, run = evaluation(store, ids, {"better": TEXT})
    rating.rate(store, ACTOR, run, 1, "better", "Better now.")
    spec = {
        "source": "evaluations",
        "evaluation_run": run,
        "format": name,
        "name": "p",
        "tuning": {"answer_column": "better"},
    }
    found = packed(store, folder, spec)
    (line,) = found["p-train"]
    CHECKS[name](json.loads(json.dumps(line)))
    assert "Better now." in texts_of(line)
    assert left(found) == {2: ("missing value", 'column "better" holds nothing')}
    assert found["told"]["columns"]["answer"] == "better"
