"""The page of exports: the form in the link, the preview, jobs, masking, schedules."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import orjson
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.evals.grids import ACTOR, add_dataset
from tests.export.support import add, chat
from tests.export.test_human_answers import evaluation
from tests.ui.conftest import Open, search, text_of
from tests.ui.test_templates import publish
from workbench.evals import grids
from workbench.evals.rating import rate
from workbench.export import schedules
from workbench.export.jobs import Job, Jobs, jobs_of
from workbench.export.masking import patterns
from workbench.export.masking.patterns import Pattern
from workbench.export.spec import spec_for
from workbench.filters import Condition, Filter, parse_text, to_text
from workbench.jsontext import FieldError
from workbench.logs.bulk import Selection
from workbench.store import exports
from workbench.store.store import Store
from workbench.ui.export_links import MOST_PICKED, filter_of
from workbench.ui.export_masking import pattern_set
from workbench.ui.export_preview import shortened


@pytest.fixture
def jobs(store: Store) -> Iterator[Jobs]:
    made = jobs_of(store)
    yield made
    made.close()


def link_of(app: AppTest, name: str) -> str:
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def options_of(app: AppTest) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(link_of(app, "options"))
    return found


def control(app: AppTest, kind: str, key: str) -> Any:
    return next(each for each in app.get(kind) if each.key == key)


def ended(jobs: Jobs, id_: int) -> Job:
    return jobs.wait(id_)


def conversations(store: Store) -> list[int]:
    """Six examples: a failed one, a twin, one cut off, one with personal data, two plain."""
    return add(
        store,
        chat(1, "What is one?", "One is a number of its own.", tags=("prod",)),
        chat(2, "What is one?", "One is a number of its own.", tags=("prod",)),
        chat(3, "What is two?", "Two is", finish_reason="length", tags=("prod",)),
        chat(4, "Who pays?", "Write to pay@example.com please.", tags=("prod",)),
        chat(5, "What is five?", "", status="ERROR", error_type="timeout", tags=("prod",)),
        chat(6, "What is six?", "Six comes after five, mostly.", tags=("dev",)),
    )


def test_an_empty_store_says_so_and_where_to_begin(open_page: Open) -> None:
    text = text_of(open_page("export"))
    assert "Nothing has been logged yet" in text


def test_the_filter_of_the_link_is_counted_and_previewed(open_page: Open, store: Store) -> None:
    conversations(store)
    app = open_page("export", f="tag:prod")
    assert "**5 requests**" in text_of(app)
    assert app.button(key="start-export").label == "Export 5 requests as CSV"
    shown = app.dataframe[0].value
    assert len(shown) == 5
    assert next(iter(shown["output"])).startswith("[{")


def test_a_search_in_the_box_narrows_the_export(open_page: Open, store: Store) -> None:
    conversations(store)
    app = search(open_page("export"), "tag:dev")
    assert link_of(app, "f") == "tag:dev"
    assert "**1 request**" in text_of(app)


def test_where_nothing_matches_the_page_names_what_excludes(open_page: Open, store: Store) -> None:
    conversations(store)
    app = open_page("export", f="tag:nowhere")
    assert "Nothing matches" in text_of(app)
    assert not [each for each in app.button if each.key == "start-export"]
    app.button(key="drop-filter").click().run()
    assert "**6 requests**" in text_of(app)


def test_every_choice_is_in_the_link_and_comes_back_from_it(open_page: Open, store: Store) -> None:
    conversations(store)
    app = open_page("export", f="tag:prod", format="openai")
    control(app, "select_slider", "export-tuning.validation").set_value(0.2).run()
    app.toggle(key="export-tuning.near_duplicates").set_value(True).run()
    app.number_input(key="export-tuning.seed").set_value(7).run()
    app.selectbox(key="export-tuning.answer").set_value("metadata.user_id").run()
    app.toggle(key="export-mask").set_value(True).run()
    app.text_input(key="export-name").set_value("pack").run()
    assert options_of(app) == {
        "tuning": {
            "validation": 0.2,
            "near_duplicates": 0.8,
            "seed": 7,
            "answer": "metadata.user_id",
        },
        "masking": {},
        "name": "pack",
    }
    again = open_page("export", f="tag:prod", format="openai", options=link_of(app, "options"))
    assert again.number_input(key="export-tuning.seed").value == 7
    assert again.toggle(key="export-mask").value is True
    assert again.text_input(key="export-name").value == "pack"
    # Back to the usual values: nothing of them stays in the link.
    again.number_input(key="export-tuning.seed").set_value(0).run()
    assert "seed" not in options_of(again)["tuning"]


def test_a_file_name_that_is_none_is_said_beside_the_form(open_page: Open, store: Store) -> None:
    conversations(store)
    app = open_page("export")
    app.text_input(key="export-name").set_value("../up").run()
    assert any("name" in each.value for each in app.error)
    assert app.text_input(key="export-name").value == "../up"
    assert not [each for each in app.button if each.key == "start-export"]


@pytest.mark.parametrize(
    "options", ["{", "[]", '{"tuning": {"seed": "x"}}', '{"columns": 3}', '{"other": 1}']
)
def test_a_damaged_link_is_said_and_mended(open_page: Open, store: Store, options: str) -> None:
    conversations(store)
    app = open_page("export", options=options)
    assert any("cannot be read" in each.value for each in app.error)
    next(each for each in app.button if each.label == "The usual options").click().run()
    assert "**6 requests**" in text_of(app)


def test_chosen_columns_are_those_of_the_preview(open_page: Open, store: Store) -> None:
    conversations(store)
    options = orjson.dumps({"columns": ["id", "metadata.user_id"]}).decode()
    app = open_page("export", options=options)
    shown = app.dataframe[0].value
    assert list(shown.columns) == ["id", "metadata.user_id"]
    assert list(shown["metadata.user_id"]) == [f"u{n}" for n in range(1, 7)]


def test_the_reasons_for_what_is_left_out_stand_before_anything_runs(
    open_page: Open, store: Store, jobs: Jobs
) -> None:
    conversations(store)
    app = open_page("export", f="tag:prod", format="openai")
    text = text_of(app)
    assert "3 left out" in text
    for reason in ("Error", "Truncated", "Duplicate"):
        assert f"<td>{reason}</td><td>1</td>" in text
    assert jobs.listed() == []
    control(app, "button_group", "export-leaving").set_value(
        ["errors", "refusals", "duplicates"]
    ).run()
    assert "2 left out" in text_of(app)


def test_the_preview_shows_what_masking_changes(open_page: Open, store: Store) -> None:
    conversations(store)
    app = open_page("export", format="openai", options='{"masking":{}}')
    text = text_of(app)
    assert "<del>pay@example.com</del>" in text
    assert "<ins>[EMAIL]</ins>" in text


def test_an_export_starts_ends_and_offers_its_files(
    open_page: Open, store: Store, jobs: Jobs
) -> None:
    conversations(store)
    app = open_page("export", f="tag:prod", format="openai", options='{"masking":{}}')
    app.button(key="start-export").click().run()
    id_ = int(link_of(app, "export"))
    assert ended(jobs, id_).row.status == exports.DONE
    app.run()
    text = text_of(app)
    assert "**2** of 5 requests written" in text
    for name in ("requests-train.jsonl", "left-out.jsonl", "manifest.json"):
        assert f'download="{name}"' in text
    assert "signature=" in text
    assert "tag has prod" in text
    app.button(key="close").click().run()
    assert "export" not in app.query_params
    table = app.dataframe[-1].value
    assert list(table["State"]) == ["● done"]
    assert list(table["Filter"]) == ["tag has prod"]


def test_an_export_is_asked_for_again_changed_and_removed(
    open_page: Open, store: Store, jobs: Jobs
) -> None:
    conversations(store)
    spec = spec_for(parse_text("tag:dev"), format="jsonl", name="dev", columns=["id"])
    first = jobs.start(spec, "tester")
    ended(jobs, first)
    app = open_page("export", export=str(first))
    app.button(key="again").click().run()
    second = int(link_of(app, "export"))
    assert second != first
    assert ended(jobs, second).row.rows_written == 1
    app.run()
    app.button(key="change").click().run()
    assert (link_of(app, "f"), link_of(app, "format")) == ("tag:dev", "jsonl")
    assert options_of(app) == {"columns": ["id"], "name": "dev"}
    app = open_page("export", export=str(second))
    app.button(key="remove").click().run()
    assert [job.row.id for job in jobs.listed()] == [first]
    gone = open_page("export", export=str(second))
    assert any("not in the list" in each.value for each in gone.warning)


def test_what_waits_is_cancelled(
    open_page: Open, store: Store, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversations(store)
    go = threading.Event()
    monkeypatch.setattr(Jobs, "_run", lambda self, running: go.wait(60))
    jobs.start(spec_for(Filter()), "tester")
    waiting = jobs.start(spec_for(Filter(), name="second"), "tester")
    app = open_page("export")
    app.button(key=f"cancel-{waiting}").click().run()
    go.set()
    assert jobs.get(waiting).row.status == exports.CANCELLED
    assert "Nothing of it is left" in text_of(open_page("export", export=str(waiting)))


def test_a_failure_says_what_happened(open_page: Open, store: Store, jobs: Jobs) -> None:
    conversations(store)
    jobs.folder.parent.mkdir(parents=True, exist_ok=True)
    jobs.folder.write_text("in the way")
    id_ = jobs.start(spec_for(Filter()), "tester")
    assert ended(jobs, id_).row.status == exports.FAILED
    app = open_page("export", export=str(id_))
    assert any("cannot be written to" in each.value.replace("\\", "") for each in app.error)


def test_an_export_repeats_pauses_and_repeats_no_more(
    open_page: Open, store: Store, jobs: Jobs
) -> None:
    conversations(store)
    app = open_page("export", f="tag:prod last:24h")
    # Old requests: nothing of the last day.
    assert "Nothing matches" in text_of(app)
    app = open_page("export", f="tag:prod")
    app.button(key="add-schedule").click().run()
    (made,) = schedules.listed(store.connection)
    assert made.every == "day"
    assert made.spec["filter_group"]
    app.button(key=f"pause-{made.id}").click().run()
    assert schedules.listed(store.connection)[0].paused
    assert "paused" in text_of(app)
    app.button(key=f"remove-{made.id}").click().run()
    assert schedules.listed(store.connection) == []


def test_the_table_of_patterns_is_checked_and_its_empty_lines_are_none() -> None:
    frame = pd.DataFrame(
        [
            {"name": "order", "pattern": "LF-[0-9]+", "mark": None},
            {"name": None, "pattern": None, "mark": None},
        ],
        dtype="string",
    )
    assert pattern_set(frame) == (Pattern("order", "LF-[0-9]+", "[ORDER]"),)
    with pytest.raises(FieldError, match="RE2"):
        pattern_set(pd.DataFrame([{"name": "x", "pattern": "(?=a)", "mark": ""}]))


def test_own_patterns_mask_too(open_page: Open, store: Store) -> None:
    conversations(store)
    patterns.save(store, "tester", [Pattern("numeral", "[Ss]ix")])
    app = open_page("export", format="openai", options='{"masking":{}}')
    assert "<ins>[NUMERAL]</ins>" in text_of(app)
    app.toggle(key="export-masking.patterns").set_value(False).run()
    assert "[NUMERAL]" not in text_of(app)


def test_pairs_are_made_of_scores(open_page: Open, store: Store, jobs: Jobs) -> None:
    add(
        store,
        chat(1, "Same?", "The better answer.", scores=(("helpful", 90.0),)),
        chat(2, "Same?", "The worse answer.", scores=(("helpful", 10.0),)),
        chat(3, "Other?", "Alone.", scores=(("helpful", 50.0),)),
    )
    app = open_page("export", format="openai-preference")
    assert "Used are: helpful" in text_of(app)
    app.selectbox(key="export-tuning.score").set_value("helpful").run()
    assert "1 training example" in text_of(app)
    app.button(key="start-export").click().run()
    job = ended(jobs, int(link_of(app, "export")))
    path = jobs.file(job.row.id, "requests-train.jsonl")
    assert path is not None
    (line,) = [orjson.loads(one) for one in path.read_bytes().splitlines()]
    assert line["preferred_output"][0]["content"] == "The better answer."
    assert line["non_preferred_output"][0]["content"] == "The worse answer."


def test_what_was_picked_becomes_a_filter() -> None:
    some = filter_of(Selection(ids=frozenset({3, 1})))
    assert some is not None
    assert to_text(some) == "id:1,3"
    prod = parse_text("tag:prod")
    rest = filter_of(Selection(filter=prod, without=frozenset({5})))
    assert rest == prod.with_condition(Condition("pl_id", "not_in", (5,)))
    assert filter_of(Selection(filter=prod)) == prod
    assert filter_of(Selection(ids=frozenset(range(MOST_PICKED + 1)))) is None


@pytest.mark.parametrize("page", ["logs"])
def test_the_way_in_keeps_the_filter(open_page: Open, store: Store, page: str) -> None:
    conversations(store)
    app = open_page(page, f="tag:prod")
    links = [each.proto for each in app.get("page_link") if each.proto.label == "Export"]
    assert links
    assert links[0].query_string in ("f=tag%3Aprod", "f=tag:prod")


def test_long_texts_of_a_line_are_cut_in_the_preview_alone() -> None:
    line = {"messages": [{"content": "x" * 5000}], "n": 1}
    cut = shortened(line)
    assert cut["n"] == 1
    assert cut["messages"][0]["content"].endswith("(5,000 characters)")


def test_prompt_templates_leave_with_their_versions(
    open_page: Open, store: Store, jobs: Jobs
) -> None:
    publish(store, "support/answer", "Hello {name}", "Hello {name} in {language}")
    publish(store, "other", "Bye")
    conversations(store)
    app = open_page("export", format="openai")
    control(app, "button_group", "export-source").set_value("prompts").run()
    assert "**3 versions**" in text_of(app)
    assert link_of(app, "format") == "csv"
    app.text_input(key="export-q").set_value("SUPPORT").run()
    assert options_of(app) == {"source": "prompts", "name": "prompts", "q": "SUPPORT"}
    shown = app.dataframe[0].value
    assert list(shown["version"]) == [1, 2]
    assert "Hello {name} in {language}" in shown["prompt"][1]
    app.button(key="start-export").click().run()
    job = ended(jobs, int(link_of(app, "export")))
    assert job.row.rows_written == 2
    assert job.row.manifest is not None
    assert job.row.manifest["filter"]["words"] == 'prompt templates named like "SUPPORT"'
    app.run()
    app.button(key="change").click().run()
    assert app.text_input(key="export-q").value == "SUPPORT"


def test_prompt_templates_leave_from_a_store_without_requests(
    open_page: Open, store: Store
) -> None:
    publish(store, "other", "Bye")
    app = open_page("export", options='{"source": "prompts"}')
    assert "**1 version**" in text_of(app)


def test_options_that_pairs_cannot_take_leave_with_the_kind(open_page: Open, store: Store) -> None:
    conversations(store)
    options = {
        "tuning": {"near_duplicates": 0.9, "train_on": "all", "together": ["near_duplicates"]}
    }
    app = open_page("export", format="openai", options=orjson.dumps(options).decode())
    control(app, "segmented_control", "export-kind").set_value("preference").run()
    assert "options" not in app.query_params
    assert not app.error


@pytest.mark.parametrize("name", ["gemini", "alpaca", "huggingface"])
def test_where_a_format_cannot_say_what_is_learnt_there_is_nothing_to_choose(
    open_page: Open, store: Store, name: str
) -> None:
    conversations(store)
    app = open_page("export", format=name)
    assert control(app, "segmented_control", "export-tuning.train_on").disabled
    assert "Nothing to choose here" in text_of(app)


def test_the_versions_of_one_template_leave_alone(open_page: Open, store: Store) -> None:
    template = publish(store, "greeting", "Hi")
    publish(store, "greeting two", "Hello")
    options = {"source": "prompts", "name": "prompts", "prompt_ids": [template]}
    app = open_page("export", options=orjson.dumps(options).decode())
    assert "**1 version**" in text_of(app)
    next(each for each in app.button if "All templates instead" in each.label).click().run()
    assert "**2 versions**" in text_of(app)


def test_templates_sessions_and_a_request_have_a_link_to_their_export(
    open_page: Open, store: Store
) -> None:
    (id_,) = add(store, chat(1, "q", "a", metadata={"session_id": "s"}))
    template = publish(store, "greeting", "Hi")
    for page, params in (
        ("templates", {}),
        ("templates", {"template": str(template)}),
        ("sessions", {}),
        ("request", {"request": str(id_)}),
    ):
        app = open_page(page, **params)
        labels = [each.proto.label for each in app.get("page_link")]
        assert [each for each in labels if each.startswith("Export")], (page, params, labels)


def test_pairs_from_votes_need_no_score(open_page: Open, store: Store) -> None:
    add(store, chat(1, "Same?", "a"), chat(2, "Same?", "b"))
    app = open_page("export", f="", format="openai-preference")
    assert "no scores yet" in text_of(app)
    control(app, "button_group", "export-tuning.pairs").set_value("votes").run()
    assert options_of(app) == {"tuning": {"pairs": "votes"}}
    assert "no scores yet" not in text_of(app)
    assert "No vote</td><td>2</td>" in text_of(app)


def test_the_grid_of_a_run_is_chosen_by_evaluation_and_run(open_page: Open, store: Store) -> None:
    add(store, chat(1, "Asked?", "a"))
    app = open_page("export", f="")
    control(app, "button_group", "export-source").set_value("evaluations").run()
    assert "There is no evaluation yet" in app.toast[0].value
    made = {}
    for name in ("First", "Second"):
        dataset = add_dataset(store, [{"question": f"of {name}"}], ["question"])
        made[name] = grids.create(store, ACTOR, name, dataset_id=dataset)
    app = open_page("export", f="")
    control(app, "button_group", "export-source").set_value("evaluations").run()
    assert not app.exception
    assert options_of(app)["evaluation_run"] == made["Second"][1]
    control(app, "selectbox", "export-evaluation").set_value(made["First"][0]).run()
    assert not app.exception
    assert options_of(app)["evaluation_run"] == made["First"][1]
    options = {"source": "evaluations", "name": "evaluations", "evaluation_run": 5}
    app = open_page("export", format="csv", options=orjson.dumps(options).decode())
    assert not app.exception
    assert "here is no run 5" in text_of(app)


def test_the_expected_answer_can_be_that_of_a_human_column(open_page: Open, store: Store) -> None:
    ids = conversations(store)
    _, run = evaluation(store, ids[:2], {"better": '{"data_type":"string"}'}, "Reviews")
    second, _ = evaluation(store, ids[:1], {"better": '{"data_type":"string"}'}, "Others")
    rate(store, ACTOR, run, 1, "better", "One is the first number.")
    app = open_page("export", format="openai")
    answer = control(app, "selectbox", "export-tuning.answer")
    assert "Human column better" in answer.options
    app = answer.select("human.better").run()
    assert options_of(app) == {"tuning": {"answer": "human.better"}}
    assert "One is the first number." in app.json[0].value
    assert "<td>No rating</td><td>4</td>" in text_of(app)
    chosen = control(app, "selectbox", "export-tuning.evaluation")
    assert chosen.options == ["The newest rating of any evaluation", "Reviews", "Others"]
    app = chosen.select(second).run()
    assert options_of(app)["tuning"] == {"answer": "human.better", "evaluation": second}
    assert "Nothing is left to train on" in text_of(app)
    # Another answer is in no evaluation.
    app = control(app, "selectbox", "export-tuning.answer").select("output").run()
    assert "options" not in app.query_params
