"""Packs of datasets and grids on the page of exports: columns, splits, what applies to rows."""

from __future__ import annotations

from typing import Any

import orjson

from tests.evals.grids import ACTOR, add_dataset
from tests.export.support import add, chat
from tests.export.test_human_answers import TEXT, evaluation
from tests.export.test_row_packs import dataset, from_logs, in_splits
from tests.ui.conftest import Open, text_of
from tests.ui.test_export import control, ended, link_of, options_of
from workbench.datasets.adding import Opened
from workbench.evals import rating
from workbench.export.jobs import jobs_of
from workbench.store import exports
from workbench.store.datasets import NewRow
from workbench.store.store import Store


def link(of: Opened, **tuning: Any) -> str:
    options = {
        "source": "datasets",
        "name": "datasets",
        "dataset": of.dataset_id,
        "version": of.number,
        **({"tuning": tuning} if tuning else {}),
    }
    return orjson.dumps(options).decode()


def test_a_dataset_made_from_logs_is_packed_without_a_choice(open_page: Open, store: Store) -> None:
    of = from_logs(store, add(store, chat(1, "Where is it?", "It is here."), chat(2, "q", "a")))
    app = open_page("export", format="csv", options=link(of))
    control(app, "button_group", "export-kind").set_value("fine-tuning").run()
    assert not app.exception
    assert link_of(app, "format") == "openai"
    assert control(app, "selectbox", "export-tuning.prompt_column").value == "messages"
    assert control(app, "selectbox", "export-tuning.answer_column").value == "output"
    assert control(app, "selectbox", "export-tuning.system_column").value == ""
    assert app.button(key="start-export").label == "Export 2 rows as OpenAI chat"
    # What is guessed is in no link.
    assert "tuning" not in options_of(app)
    jobs = jobs_of(store)
    app.button(key="start-export").click().run()
    assert ended(jobs, int(link_of(app, "export"))).row.status == exports.DONE
    app.run()
    assert not app.exception
    assert "**2** of 2 rows written" in text_of(app)
    assert "<dd>prompt: messages, answer: output</dd>" in text_of(app)
    app.button(key="change").click().run()
    assert link_of(app, "format") == "openai"
    assert control(app, "selectbox", "export-tuning.prompt_column").value == "messages"
    jobs.close()


def test_a_column_that_must_be_said_is_asked_for_and_chosen(open_page: Open, store: Store) -> None:
    of = dataset(store, {"frage": "q", "gold": "a", "hint": "h"}, {"frage": "r", "gold": None})
    app = open_page("export", format="openai", options=link(of))
    assert [each.value for each in app.info] == ["Choose the column that holds the prompt."]
    assert control(app, "selectbox", "export-tuning.prompt_column").value is None
    control(app, "selectbox", "export-tuning.prompt_column").set_value("frage").run()
    assert [each.value for each in app.info] == [
        "Choose the column that holds the expected answer."
    ]
    assert not app.error
    control(app, "selectbox", "export-tuning.answer_column").set_value("gold").run()
    assert not app.error
    assert "<td>Missing value</td><td>1</td>" in text_of(app)
    assert "<th>Rows</th>" in text_of(app)
    assert "One conversation for each row" in text_of(app)
    control(app, "selectbox", "export-tuning.system_column").set_value("hint").run()
    assert options_of(app)["tuning"] == {
        "prompt_column": "frage",
        "answer_column": "gold",
        "system_column": "hint",
    }


def test_only_what_applies_to_rows_can_be_chosen(open_page: Open, store: Store) -> None:
    add(store, chat(1, "q", "a", tags=("prod",), metadata={"user": "u"}))
    of = dataset(store, {"question": "q", "answer": "a"})
    app = open_page("export", format="openai", options=link(of, validation=0.2))
    assert control(app, "button_group", "export-leaving").options == [
        "Refusals",
        "Exact duplicates",
    ]
    assert control(app, "multiselect", "export-tuning.together").options == [
        "Near duplicates",
        "Column question",
        "Column answer",
    ]
    assert control(app, "selectbox", "export-tuning.balance_by").options == [
        "Nothing",
        "Column question",
        "Column answer",
    ]
    keys = [each.key for each in app.selectbox]
    assert "export-tuning.answer" not in keys
    hard = dataset(store, NewRow({"question": "q", "answer": "a"}, tags=("hard",)), name="Hard")
    tagged = open_page("export", format="openai", options=link(hard))
    assert control(tagged, "selectbox", "export-tuning.balance_by").options[1:3] == [
        "Tags",
        "Tag hard",
    ]
    # There are no splits to keep, either.
    assert "export-tuning.split" not in [each.key for each in app.get("button_group")]


def test_the_datasets_own_splits_are_chosen_by_name(open_page: Open, store: Store) -> None:
    of = dataset(store, *in_splits("train", "dev", "test", None))
    app = open_page("export", format="openai", options=link(of, validation=0.2))
    control(app, "button_group", "export-tuning.split").set_value("own").run()
    assert not app.exception
    assert options_of(app)["tuning"] == {"split": "own"}
    trained = control(app, "multiselect", "export-tuning.training_splits")
    assert trained.value == ["", "train"]
    assert control(app, "multiselect", "export-tuning.validation_splits").value == ["dev"]
    assert "<td>Other split</td><td>1</td>" in text_of(app)
    assert "2 training examples · 1 validation example" in text_of(app)
    control(app, "multiselect", "export-tuning.validation_splits").set_value(["dev", "test"]).run()
    assert "2 training examples · 2 validation examples" in text_of(app)
    control(app, "multiselect", "export-tuning.training_splits").set_value(["train"]).run()
    assert options_of(app)["tuning"] == {
        "split": "own",
        "training_splits": ["train"],
        "validation_splits": ["dev", "test"],
    }
    control(app, "button_group", "export-tuning.split").set_value("chance").run()
    assert "tuning" not in options_of(app)


def test_a_column_named_split_holds_the_splits(open_page: Open, store: Store) -> None:
    of = dataset(
        store,
        *({"question": f"q{n}", "answer": "a", "split": name} for n, name in enumerate("ab")),
    )
    app = open_page(
        "export", format="openai", options=link(of, split="own", validation_splits=["b"])
    )
    assert control(app, "multiselect", "export-tuning.training_splits").value == ["a"]
    assert "1 training example · 1 validation example" in text_of(app)


def test_a_row_with_two_answers_is_a_pair_on_the_page(open_page: Open, store: Store) -> None:
    of = dataset(store, {"prompt": "q", "chosen": "good", "rejected": "bad"})
    app = open_page("export", format="openai", options=link(of, train_on="all"))
    control(app, "button_group", "export-kind").set_value("preference").run()
    assert not app.error
    assert "tuning" not in options_of(app)
    assert control(app, "selectbox", "export-tuning.rejected_column").value == "rejected"
    assert "1 training example" in text_of(app)
    assert "export-tuning.pairs" not in [each.key for each in app.get("button_group")]
    # Another column, and back to single answers: it has no place there.
    control(app, "selectbox", "export-tuning.rejected_column").set_value("prompt").run()
    assert options_of(app)["tuning"] == {"rejected_column": "prompt"}
    control(app, "button_group", "export-kind").set_value("fine-tuning").run()
    assert "tuning" not in options_of(app)
    assert not app.error


def test_a_conversations_last_message_is_the_answer_but_not_of_pairs(
    open_page: Open, store: Store
) -> None:
    said = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    of = dataset(store, {"messages": said, "answer": "other"})
    app = open_page("export", format="openai", options=link(of))
    control(app, "selectbox", "export-tuning.answer_column").set_value("").run()
    assert options_of(app)["tuning"] == {"answer_column": ""}
    assert app.json[0].value.count("other") == 0
    control(app, "button_group", "export-kind").set_value("preference").run()
    assert not app.exception
    assert "tuning" not in options_of(app)
    stale = open_page("export", format="openai-preference", options=link(of, answer_column=""))
    assert not stale.exception
    assert control(stale, "selectbox", "export-tuning.answer_column").value is None
    assert any("expected answer is to be said" in each.value for each in stale.error)


def test_another_dataset_begins_with_its_own_columns(open_page: Open, store: Store) -> None:
    of = dataset(store, NewRow({"frage": "q", "gold": "a"}))
    other = add_dataset(store, [{"question": "q", "answer": "a"}], ["question", "answer"], "Two")
    app = open_page(
        "export",
        format="openai",
        options=link(of, prompt_column="frage", answer_column="gold", seed=3),
    )
    assert not app.error
    control(app, "selectbox", "export-dataset").set_value(other).run()
    assert not app.error
    assert options_of(app)["tuning"] == {"seed": 3}
    assert control(app, "selectbox", "export-tuning.prompt_column").value == "question"


def test_a_grid_is_packed_with_what_people_wrote(open_page: Open, store: Store) -> None:
    _, run = evaluation(store, add(store, chat(1, "q", "a")), {"better": TEXT})
    rating.rate(store, ACTOR, run, 1, "better", "Better now.")
    options = {"source": "evaluations", "evaluation_run": run}
    app = open_page("export", format="openai", options=orjson.dumps(options).decode())
    control(app, "selectbox", "export-tuning.answer_column").set_value("better").run()
    assert not app.error
    assert "Better now." in app.json[0].value


def test_a_dataset_that_is_gone_is_said_beside_the_form(open_page: Open, store: Store) -> None:
    app = open_page("export", format="openai", options='{"source":"datasets","dataset":7}')
    assert not app.exception
    assert any("of dataset 7" in each.value for each in app.error)


def test_a_column_of_the_link_that_is_not_there_is_an_error(open_page: Open, store: Store) -> None:
    of = dataset(store, {"question": "q", "answer": "a"})
    app = open_page("export", format="openai", options=link(of, prompt_column="gone"))
    assert any('no column "gone"' in each.value.replace("\\", "") for each in app.error)
    control(app, "selectbox", "export-tuning.prompt_column").set_value("question").run()
    assert not app.error
    assert "tuning" not in options_of(app)
