"""The playground page: empty, run, refused, restored, gone on, shared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, send, text_of
from workbench.playground import opening, sessions
from workbench.playground.session import Session
from workbench.providers.host import close_host, open_host
from workbench.registry import finding, publishing
from workbench.registry.publishing import Draft
from workbench.store import drafts, playground, playground_runs, requests
from workbench.store.connections import Connected
from workbench.store.playground_runs import NewRun
from workbench.store.store import Store
from workbench.templates import render_prompt
from workbench.ui.playground_save import to_save
from workbench.ui.template_cards import part_of_file

TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}},
}


@pytest.fixture(autouse=True)
def _host(store: Store) -> Iterator[None]:
    yield
    close_host()


def kept(store: Store, text: str, *models: str, **prompt: Any) -> Session:
    session = opening.blank(store, models or ("echo/echo", "echo/echo"))
    session.shared.remove(0)
    session.shared.set_text(0, 0, text)
    session.shared.prompt |= prompt
    sessions.keep(store, "page", session)
    return session


def opened(open_page: Open, session: Session) -> AppTest:
    return open_page("playground", session=str(session.id))


def click(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click()
    app.run()
    assert not app.exception, app.exception
    return app


def run_all(app: AppTest, session: Session, store: Store) -> AppTest:
    """Run to the end of all runs, and draw the page as it is then."""
    click(app, "run-all")
    return ended(app, store)


def ended(app: AppTest, store: Store) -> AppTest:
    for run in list(open_host()._runs.values()):
        run.result(20)
    store.change(lambda cursor: None).result()
    app.run()
    assert not app.exception, app.exception
    return app


def type_text(app: AppTest, text: str) -> AppTest:
    box = next(
        each for each in app.get("bidi_component") if str(each.key).startswith("text-playground")
    )
    return send(app, str(box.key), "edit", {"text": text, "number": 1})


def test_the_first_visit_is_ready_to_run_and_keeps_nothing(open_page: Open, store: Store) -> None:
    app = open_page("playground")
    assert [one.value for one in app.selectbox if "Model of" in one.label] == [
        "echo/echo",
        "echo/echo-slow",
    ]
    assert "New comparison" in text_of(app)
    assert playground.listed(store.connection) == []


def test_what_is_typed_is_kept_and_the_link_names_it(open_page: Open, store: Store) -> None:
    app = type_text(open_page("playground"), "Hello there")
    (info,) = playground.listed(store.connection)
    assert app.query_params["session"] in (str(info.id), [str(info.id)])
    assert info.name == "Hello there"
    again = open_page("playground", session=str(info.id))
    assert "Hello there" in text_of(again)


def test_all_columns_answer_and_the_best_is_marked(open_page: Open, store: Store) -> None:
    session = kept(store, "Hello", "echo/echo", "echo/echo-slow")
    shown = text_of(run_all(opened(open_page, session), session, store))
    assert shown.count("[user · about") == 2
    assert "best" in shown
    assert shown.count("</span>done") == 2


def test_a_missing_variable_stops_the_run_until_told_to_go_on(
    open_page: Open, store: Store
) -> None:
    session = kept(store, "Hello {name}")
    app = click(opened(open_page, session), "run-all")
    shown = text_of(app)
    assert "Nothing was sent yet" in shown
    assert "1 variable has no value: name." in shown
    assert open_host().runs() == []
    shown = text_of(ended(click(app, "run-anyway"), store))
    assert "Nothing was sent yet" not in shown
    assert shown.count("</span>done") == 2


def test_an_error_is_its_columns_own(open_page: Open, store: Store) -> None:
    session = kept(store, "Hello", "nowhere/model", "echo/echo", "no-model")
    shown = text_of(run_all(opened(open_page, session), session, store))
    assert "There is no provider" in shown
    assert "names no model" in shown
    assert shown.count("</span>done") == 1


def test_a_locked_column_is_not_run_with_the_others(open_page: Open, store: Store) -> None:
    session = kept(store, "Hello")
    app = click(opened(open_page, session), "lock-c1")
    shown = text_of(run_all(app, session, store))
    assert shown.count("</span>done") == 1
    assert "Not run yet" in shown
    shown = text_of(ended(click(app, "run-c1"), store))
    assert shown.count("</span>done") == 2


def test_columns_are_added_up_to_six(open_page: Open, store: Store) -> None:
    app = opened(open_page, kept(store, "Hello"))
    for _ in range(4):
        next(one for one in app.button if one.label == "Add column").click()
        app.run()
    assert next(one for one in app.button if one.label == "Add column").disabled
    assert len([one for one in app.selectbox if "Model of" in one.label]) == 6


def test_the_conversation_goes_on_in_all_columns(open_page: Open, store: Store) -> None:
    session = kept(store, "First")
    app = run_all(opened(open_page, session), session, store)
    app.chat_input(key="playground-next").set_value("Second question")
    app.run()
    shown = text_of(ended(app, store))
    assert shown.count("[assistant · about") == 2
    assert "Second question" in shown


def test_a_tool_call_is_answered_with_the_mock_and_goes_on(open_page: Open, store: Store) -> None:
    session = kept(store, "Weather?", "echo/echo", tools=[TOOL], tool_choice="required")
    session.mocks["get_weather"] = "21 degrees"
    sessions.keep(store, "page", session)
    app = run_all(opened(open_page, session), session, store)
    field = next(one for one in app.text_area if one.label == "Result of get_weather")
    assert field.value == "21 degrees"
    held = app.session_state["playground"]
    held.shared.prompt["tool_choice"] = "none"
    next(one for one in app.button if one.label == "Send results").click()
    app.run()
    assert "answers call_echo" in text_of(ended(app, store))


def test_settings_that_are_ignored_are_shown_as_ignored(open_page: Open, store: Store) -> None:
    session = kept(store, "Hello", "echo/echo")
    session.columns[0].parameters = {"temperature": 0.25, "thinking": {"budget_tokens": 100}}
    sessions.keep(store, "page", session)
    shown = text_of(run_all(opened(open_page, session), session, store))
    assert "temperature 0.25" in shown
    assert re.search("(?i)thinking", shown)


def test_a_logged_request_opens_with_its_answer_locked(
    open_page: Open, seeded: list[int], store: Store
) -> None:
    detail = requests.get(store.connection, seeded[0])
    assert detail is not None
    app = open_page("request", request=str(seeded[0]))
    app.button(key="open-in-playground").click()
    app.run()
    (info,) = playground.listed(store.connection)
    assert info.source_request == seeded[0]
    shown = text_of(open_page("playground", session=str(info.id)))
    assert "Logged" in shown
    assert "Sent as it is written" in shown
    assert detail.summary.output_preview[:20] in shown


def test_a_session_that_is_gone_says_so_with_a_way_on(open_page: Open, store: Store) -> None:
    for text in ("12345", "nonsense"):
        app = open_page("playground", session=text)
        assert "There is no such session" in text_of(app)
        assert any(one.label == "New session" for one in app.button)


def test_two_who_change_one_session_lose_nothing(open_page: Open, store: Store) -> None:
    session = kept(store, "Shared text")
    mine, theirs = opened(open_page, session), opened(open_page, session)
    type_text(theirs, "Theirs")
    type_text(mine, "Mine")
    names = {one.name for one in playground.listed(store.connection)}
    assert names == {"Theirs", "Mine (copy)"}
    assert mine.query_params["session"] != theirs.query_params["session"]


def test_a_column_is_saved_as_a_version_with_its_model_and_settings(
    open_page: Open, store: Store
) -> None:
    session = kept(store, "Hello {name}", "echo/echo")
    session.columns[0].parameters = {"temperature": 0.5}
    session.shared.name = "greet"
    sessions.keep(store, "page", session)
    app = opened(open_page, session)
    next(one for one in app.button if one.label == "Save as version…").click()
    app.run()
    assert any(one.label == "Save version 1" for one in app.button)
    done = publishing.publish(
        store, "page", to_save(session, session.columns[0], "greet").draft("")
    )
    _, version = finding.version(store.connection, "greet")
    assert version.prompt["messages"][0]["content"][0]["text"] == "Hello {name}"
    assert version.model == {
        "provider": "echo",
        "name": "echo",
        "parameters": {"temperature": 0.5},
    }
    session.shared.set_text(0, 0, "Bye {name}")
    again = to_save(session, session.columns[0], "greet")
    assert (again.template_id, again.base) == (done.template.id, 1)


@pytest.mark.parametrize("text", ['Say {"a": 1}', "{name} {{x}} {% if %}", "}{"])
def test_plain_text_is_saved_as_a_template_that_gives_the_same_text(
    store: Store, text: str
) -> None:
    session = kept(store, text, "echo/echo")
    session.is_plain = True
    saved = to_save(session, session.columns[0], "json")
    done = render_prompt(saved.prompt, {})
    assert done.ok
    assert done.prompt["messages"][0]["content"][0]["text"] == text


def test_the_editor_opens_its_draft_beside_the_saved_version(open_page: Open, store: Store) -> None:
    prompt: dict[str, Any] = {"type": "chat", "messages": [{"role": "user", "content": "Saved"}]}
    done = publishing.publish(store, "user:ada", Draft(name="greet", prompt=prompt))
    app = open_page("templates", template=str(done.template.id))
    box = next(
        each for each in app.get("bidi_component") if str(each.key).startswith("text-template")
    )
    send(app, str(box.key), "edit", {"text": "Changed", "number": 1})
    app.button(key="open-in-playground").click()
    app.run()
    (info,) = playground.listed(store.connection)
    session = sessions.load(store.connection, info.id)
    assert session is not None
    app = run_all(opened(open_page, session), session, store)
    shown = text_of(app)
    assert "Changed" in shown
    assert "Saved" in shown
    assert "messages of greet · newest" in shown


def test_hostile_texts_are_drawn_as_text(open_page: Open, store: Store) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    session = kept(store, hostile, f"echo/{hostile}", "echo/echo")
    session.name = session.columns[0].name = hostile
    session.columns[0].values[hostile] = hostile
    sessions.keep(store, "page", session)
    assert "<img" not in text_of(run_all(opened(open_page, session), session, store))


def test_two_sessions_open_one_after_the_other_in_one_tab(open_page: Open, store: Store) -> None:
    first, second = kept(store, "First text"), kept(store, "Second text")
    app = opened(open_page, first)
    assert "First text" in text_of(app)
    app.query_params["session"] = str(second.id)
    app.run()
    assert "Second text" in text_of(app)
    assert "First text" not in text_of(app)


def test_a_connected_endpoint_offers_its_models_here_and_in_the_editor(
    open_page: Open, store: Store
) -> None:
    one = Connected(
        name="own-vllm", kind="openai", base_url="http://127.0.0.1:9/v1", models=("a/b", "c")
    )
    store.change(lambda cursor: store.connections.put(cursor, "page", one)).result()
    app = open_page("playground")
    (box, *_) = (each for each in app.selectbox if "Model of" in each.label)
    assert {"own-vllm/a/b", "own-vllm/c"} <= set(box.options)
    app = open_page("templates", template="new")
    box = next(each for each in app.selectbox if each.label == "Provider")
    assert "own-vllm" in box.options
    box.set_value("own-vllm").run()
    box = next(each for each in app.selectbox if each.label == "Model")
    assert box.options == ["a/b", "c"]


def test_the_history_lists_runs_with_their_session_and_request_and_what_was_interrupted(
    open_page: Open, store: Store
) -> None:
    app = open_page("playground-runs")
    assert "Nothing was run in the playground yet." in text_of(app) + str(app.info[0].value)
    session = kept(store, "Hello", "echo/echo", "nowhere/model")
    run_all(opened(open_page, session), session, store)
    lost = NewRun(
        id="lost",
        session_id=session.id,
        column_id="c1",
        batch=1,
        row=0,
        repeat=2,
        turn=0,
        model="echo/echo",
        process=store.settings.process_id,
        actor="user:ada",
    )
    store.change(lambda cursor: playground_runs.begin(cursor, [lost])).result()
    (table,) = open_page("playground-runs").dataframe
    lines = table.value
    assert lines["Status"][0] == "interrupted"
    assert lines["Which"][0] == "repeat 3"
    # The two of one press of Run began at the same time.
    assert sorted(lines["Status"][1:]) == ["done", "failed"]
    for number in (1, 2):
        assert f"playground?session={session.id}" in lines["Open session"][number]
        assert "request?request=" in lines["Request"][number]
    (table,) = open_page("playground-runs", actor="user:ada").dataframe
    assert list(table.value["Status"]) == ["interrupted"]
    app = open_page("playground-runs", status="failed", model="echo/echo")
    assert "No run of the playground fits these filters." in str(app.info[0].value)


def test_a_logged_run_leads_back_to_its_session(open_page: Open, store: Store) -> None:
    session = kept(store, "Hello", "echo/echo")
    run_all(opened(open_page, session), session, store)
    (found,) = sessions.finished(store.connection, session)
    app = open_page("request", request=str(found.request_id))
    links = [each.proto for each in app.get("page_link")]
    (back,) = [one for one in links if "session in the playground" in one.help]
    assert back.query_string == f"session={session.id}"


def test_a_column_opens_in_the_editor_with_its_model_settings_and_values(
    open_page: Open, store: Store
) -> None:
    session = kept(store, "Hello {name}", "echo/echo")
    session.columns[0].parameters = {"temperature": 0.5}
    session.shared.values["name"] = "Ada"
    sessions.keep(store, "page", session)
    app = opened(open_page, session)
    app.session_state["menu-c1"] = True
    app.run()
    next(one for one in app.button if one.label == "Open in editor").click()
    app.run()
    draft = drafts.kept(store.connection, "page", "template/new")
    assert draft is not None
    assert draft.value["metadata"]["model"] == {
        "provider": "echo",
        "name": "echo",
        "parameters": {"temperature": 0.5},
    }
    assert draft.value["values"] == {"name": "Ada"}
    app = open_page("templates", template="new")
    assert "nothing to remark: 1 input variable" in text_of(app)
    assert "unsaved changes" in text_of(app)


def press(app: AppTest, label: str, at: int = 0) -> AppTest:
    [one for one in app.button if one.label == label][at].click()
    app.run()
    assert not app.exception, app.exception
    return app


def test_a_tool_call_and_its_result_are_written_by_hand(open_page: Open, store: Store) -> None:
    session = kept(store, "Weather?", "echo/echo", tools=[TOOL])
    app = press(opened(open_page, session), "Add assistant")
    app = press(app, "Tool call", 0)
    app = press(app, "Add tool")
    next(one for one in app.text_input if one.label == "Answers the call").set_value("call_1").run()
    again = sessions.load(store.connection, session.id)
    assert again is not None
    roles = [one["role"] for one in again.shared.messages]
    assert roles == ["user", "assistant", "tool"]
    (call,) = again.shared.messages[1]["tool_calls"]
    assert (call["id"], call["function"]["name"]) == ("call_1", "get_weather")
    assert again.shared.messages[2]["tool_call_id"] == "call_1"
    box = next(one for one in app.text_area if one.label == "Tool calls")
    box.set_value('[{"id": "x", "function": {"name": "a", "arguments": {}}}]').run()
    assert "arguments: a text of JSON is needed" in text_of(app)
    again = sessions.load(store.connection, session.id)
    assert again is not None
    assert again.shared.messages[1]["tool_calls"] == [call]
    shown = text_of(run_all(app, session, store))
    assert "calls get_weather({})" in shown
    assert "answers call_1" in shown


def test_a_pdf_becomes_a_file_part_and_anything_else_is_refused() -> None:
    part = part_of_file("paper.pdf", b"%PDF-1.7 ...")
    assert part is not None
    assert part["media"]["type"] == "application/pdf"
    assert part["media"]["url"].startswith("data:application/pdf;base64,JVBERi0x")
    assert part_of_file("paper.pdf", b"PK\x03\x04") is None
    picture = part_of_file("a.png", b"\x89PNG...")
    assert picture is not None
    assert picture["type"] == "image_url"


def test_settings_that_a_model_ignores_are_told_before_anything_is_written(
    open_page: Open, store: Store
) -> None:
    session = kept(store, "", "anthropic/claude-sonnet-4-5")
    session.columns[0].parameters = {"seed": 5}
    sessions.keep(store, "page", session)
    app = opened(open_page, session)
    app.session_state["settings-c1"] = True
    app.run()
    assert re.search("(?i)seed", "".join(str(one.value) for one in app.caption))


def test_a_session_from_scratch_keeps_sets_of_values_and_runs_over_them(
    open_page: Open, store: Store
) -> None:
    session = kept(store, "Hello {name}", "echo/echo")
    app = opened(open_page, session)
    for name in ("Ada", "Grace"):
        app.text_area[0].set_value(name).run()
        next(one for one in app.text_input if one.label == "Name of the set").set_value(name).run()
        press(app, "Keep")
    again = sessions.load(store.connection, session.id)
    assert again is not None
    assert again.sets == {"Ada": {"name": "Ada"}, "Grace": {"name": "Grace"}}
    box = next(one for one in app.selectbox if one.label == "Fill from a set")
    box.set_value("Ada").run()
    assert app.text_area[0].value == "Ada"
    press(app, "Remove Grace")
    press(app, "Undo: bring Grace back")
    app.session_state["playground-repeats"] = True
    app.run()
    press(app, "All variable sets of this session")
    again = sessions.load(store.connection, session.id)
    assert again is not None
    assert again.rows == [{"name": "Ada"}, {"name": "Grace"}]


def test_a_column_with_messages_of_its_own_has_tools_and_mocks_of_its_own(
    open_page: Open, store: Store
) -> None:
    session = kept(store, "Weather?", "echo/echo")
    session.take_own(session.columns[0])
    own = session.columns[0].own
    assert own is not None
    own.prompt |= {"tools": [TOOL], "tool_choice": "required"}
    sessions.keep(store, "page", session)
    app = opened(open_page, session)
    app.session_state["menu-c1"] = True
    app.run()
    app = press(app, "Edit its messages…")
    assert "get_weather" in [one.value for one in app.text_input]
    labels = [one.label for one in app.text_area]
    assert "Result of get_weather when a model calls it" in labels
    shown = text_of(run_all(opened(open_page, session), session, store))
    assert "tool call · get_weather" in shown
