"""What the columns answered: drawn by one fragment, five times a second while something runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from workbench.playground import running, shown
from workbench.playground.session import Column, Session
from workbench.playground.shown import ELSEWHERE, GONE, INTERRUPTED, Shown
from workbench.providers.host import open_host
from workbench.store import requests
from workbench.store.playground_runs import KeptRun
from workbench.store.store import open_store
from workbench.ui import state, words
from workbench.ui.conversation import Look, draw_messages
from workbench.ui.hostile import draw_text, escaped
from workbench.ui.playground_run import failure_of
from workbench.ui.playground_tools import draw_tool_results

SECONDS = 0.2
_SAID = {
    "waiting": "waiting for its turn",
    "running": "running",
    "retrying": "trying again",
    "done": "done",
    "failed": "failed",
    "stopped": "stopped",
    INTERRUPTED: "interrupted",
    ELSEWHERE: "running in another process",
    GONE: "deleted from the logs",
}
_MARKS = {
    "done": "on",
    "failed": "bad",
    "stopped": "held",
    INTERRUPTED: "held",
}
_NOTES = {
    INTERRUPTED: "The server ended before this answer did. Run the column again.",
    GONE: "Its request was deleted from the logs, and with it the answer.",
}


def draw_answers(session: Session) -> None:
    """The answers beside each other, under the heads of their columns."""
    goes_on = running.is_running(open_host(), session.columns)
    st.fragment(_draw, run_every=SECONDS if goes_on else None)(session, goes_on)


def _draw(session: Session, was_running: bool) -> None:
    host = open_host()
    if was_running and not running.is_running(host, session.columns):
        # Nothing goes on any more: the page stops looking, and its buttons change.
        st.rerun()
    kept = shown.kept_runs(open_store().connection, session.columns)
    last = {
        column.id: found for column in session.columns if (found := _last(column, kept)) is not None
    }
    best = shown.best(last)
    markdown = bool(st.session_state.get("playground-markdown"))
    places = st.columns(max(len(session.columns), 1), gap="small")
    for column, place in zip(session.columns, places, strict=False):
        with place, st.container(key=f"answer-{column.id}", gap="xsmall"):
            _draw_column(session, column, last.get(column.id), best.get(column.id, set()))
            _draw_thread(column, kept, Look(markdown))
            if column.id in last:
                draw_tool_results(session, column, last[column.id])


def _last(column: Column, kept: Mapping[str, KeptRun]) -> Shown | None:
    entries = [entry for entry in column.thread if "messages" not in entry]
    return _shown(entries[-1], kept) if entries else None


def _shown(entry: Mapping[str, Any], kept: Mapping[str, KeptRun]) -> Shown:
    if "request" in entry:
        return _logged(int(entry["request"]), open_store().connection.changes)
    return shown.of_run(open_host(), kept, str(entry["run"]))


@st.cache_data(max_entries=16, show_spinner=False)
def _logged(request_id: int, changes: int) -> Shown:
    """Read once, not five times a second; again when anything in the store changed."""
    del changes
    detail = requests.get(open_store().connection, request_id)
    return shown.of_request(detail, request_id)


def _draw_column(session: Session, column: Column, last: Shown | None, best: set[str]) -> None:
    title = session.title(column)
    failure = failure_of(column)
    if last is None:
        said = "Not run yet" if failure is None else "Not run"
        st.html(f'<p class="wb-note"><strong>{escaped(title)}</strong> · {said}</p>')
    else:
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.html(_status(title, column, last), width="stretch")
            if last.is_running:
                st.button(
                    "",
                    icon=":material/stop_circle:",
                    key=f"stop-{column.id}",
                    type="tertiary",
                    help=f"Stop {title}",
                    on_click=lambda: running.stop(open_host(), [column]),
                )
            elif last.request_id is not None:
                st.page_link(
                    "pages/request.py",
                    label="",
                    icon=":material/open_in_new:",
                    help="The request in the logs",
                    query_params={state.REQUEST: str(last.request_id)},
                )
        st.html(_measures(last, best))
    if failure is not None:
        st.error(escaped(failure), icon=":material/error:")


def _status(title: str, column: Column, last: Shown) -> str:
    word = "logged" if last.is_logged and last.status == "done" else _SAID[last.status]
    light = _MARKS.get(last.status, "now")
    again = f" · attempt {last.attempt}" if last.attempt > 1 else ""
    return (
        f'<p class="wb-note"><strong>{escaped(title)}</strong> '
        f'<span class="wb-narrow">{escaped(column.model)}</span> '
        f'<span class="wb-light {light}"></span>{word}{again}</p>'
    )


def _measures(last: Shown, best: set[str]) -> str:
    tokens = " + ".join(
        words.count(number)
        for number in (last.input_tokens, last.output_tokens)
        if number is not None
    )
    speed = last.tokens_per_second
    rows = (
        ("First token", _known(last.first_token_ms, words.latency), "first_token_ms"),
        ("Speed", None if speed is None else f"{speed:.0f} tokens/s", "tokens_per_second"),
        ("Total", _known(last.elapsed_ms, words.latency), "elapsed_ms"),
        ("Tokens", tokens or None, ""),
        ("Cost", _known(last.cost, words.money), "cost"),
    )
    cells = []
    for name, value, measure in rows:
        mark = ' <span class="wb-best">best</span>' if measure in best else ""
        cells.append(f"<span><small>{name}</small> {escaped(value or '–')}{mark}</span>")
    return f'<p class="wb-measures">{"".join(cells)}</p>'


def _known(value: Any, said: Any) -> str | None:
    return None if value is None else str(said(value))


def _draw_thread(column: Column, kept: Mapping[str, KeptRun], look: Look) -> None:
    """Everything that was said in a column, in order."""
    waiting: list[Any] = []
    for number, entry in enumerate(column.thread):
        if "messages" in entry:
            waiting += entry["messages"]
            continue
        one = _shown(entry, kept)
        waiting += one.messages or ()
        note = one.error or _NOTES.get(one.status)
        if note or one.messages is None:
            draw_messages(waiting, f"said-{column.id}-{number}", look)
            waiting = []
        if one.is_running:
            _draw_live(one, f"live-{column.id}")
        if note:
            _draw_note(one, note, f"note-{column.id}-{number}")
        _draw_ignored(one)
    draw_messages(waiting, f"said-{column.id}", look)


def _draw_live(one: Shown, key: str) -> None:
    with st.container(border=True, gap="xsmall"):
        st.html('<p class="wb-role">assistant</p>')
        if one.thinking:
            draw_text(one.thinking[-2000:], f"{key}-thinking")
        draw_text(one.text or ("" if one.tool_calls or one.thinking else "…"), f"{key}-text")
        for call in one.tool_calls:
            name, arguments = call["function"]["name"], call["function"]["arguments"]
            st.html(
                f'<p class="wb-role">tool call · {escaped(name)}</p>'
                f'<div class="wb-text wb-mono">{escaped(arguments)}</div>'
            )


def _draw_note(one: Shown, note: str, key: str) -> None:
    if one.status == "failed":
        st.error("Failed", icon=":material/error:")
        draw_text(note, key)
    elif one.status == "retrying":
        st.warning("Trying again", icon=":material/refresh:")
        draw_text(note, key)
    else:
        st.caption(escaped(note))


def _draw_ignored(one: Shown) -> None:
    for sentence in one.ignored:
        st.caption(f":material/block: {escaped(sentence)}")


def has_answers(columns: Sequence[Column]) -> bool:
    return any(column.thread for column in columns)
