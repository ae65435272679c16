"""One session as one conversation: its turns in time, each with what is new in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from workbench.filters import Filter, to_params
from workbench.logs.sessions import LOOK_BACK, Run, Turn, prompt_messages, turns
from workbench.store import requests, sessions
from workbench.store.blobs import MARK
from workbench.store.rows import Detail
from workbench.store.session_rows import Session, SessionId
from workbench.store.store import open_store
from workbench.ui import state, words
from workbench.ui.chips import label_of
from workbench.ui.conversation import Look, draw_messages
from workbench.ui.export_links import draw_export_link
from workbench.ui.hostile import draw_text, escaped
from workbench.ui.keys_help import draw_keys_help
from workbench.ui.request_actions import REQUEST_PAGE, request_params
from workbench.ui.sessions import duration
from workbench.ui.zones import exact, local

TURNS = 25
# A shorter pause is none.
PAUSE = timedelta(seconds=1)


def draw_session(id_: SessionId) -> None:
    """A session with its figures and turns; Esc goes back to the list."""
    session = sessions.get(open_store().connection, id_)
    _draw_heading(id_, session)
    if session is None:
        st.info("No request belongs to this session: they were deleted, or the link is of another.")
        return
    start = _first_turn(session.requests)
    # The turns before tell what is repeated in the first one shown.
    back = min(start, LOOK_BACK)
    found = sessions.requests_of(
        open_store().connection, id_, start=start - back, limit=TURNS + back
    )
    look = Look(markdown=bool(st.session_state.get("markdown")))
    with st.container(key="turns"):
        for turn in turns(found, first=start - back)[back:]:
            _draw_turn(turn, look)
        _draw_pager(start, session.requests)


def _draw_heading(id_: SessionId, session: Session | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Sessions",
            icon=":material/arrow_back:",
            key="close",
            type="tertiary",
            shortcut="Esc",
            help="Back to the list",
            on_click=_close,
        )
        st.html(
            f'<p class="wb-head">{escaped(id_.key.label)} '
            f"<strong>{escaped(id_.value)}</strong></p>",
            width="stretch",
        )
        condition = id_.condition
        if session is not None and condition is not None:
            st.page_link(
                "pages/logs.py",
                label="Show in Logs",
                icon=":material/list_alt:",
                query_params=to_params(Filter().with_condition(condition)),
            )
            draw_export_link(Filter().with_condition(condition))
        draw_keys_help()
    if session is not None:
        st.html(f'<p class="wb-note">{escaped(_figures(session))}</p>')
        st.toggle("Markdown", key="markdown", help="Draw texts as Markdown, without HTML")


def _figures(session: Session) -> str:
    cost = "cost unknown" if session.cost is None else words.money(session.cost)
    if session.cost is not None and session.unpriced:
        cost += f" (without {session.unpriced:,} of unknown cost)"
    return " · ".join(
        [
            words.plural(session.requests, "request"),
            duration(session.duration),
            words.plural(session.tokens, "token") if session.tokens else "tokens unknown",
            cost,
            words.plural(session.errors, "error"),
            f"from {exact(session.first_at)[:19]}",
            ", ".join(session.models[:4]) or "model unknown",
        ]
    )


def _close() -> None:
    for name in (state.SESSION, state.TURNS_FROM):
        st.query_params.pop(name, None)


def _first_turn(number: int) -> int:
    """The place of the first turn to draw, from the link; within the session."""
    text = st.query_params.get(state.TURNS_FROM, "")
    asked = int(text) - 1 if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    return max(min(asked, number - 1), 0)


def _draw_turn(turn: Turn, look: Look) -> None:
    if turn.pause is not None:
        st.html(f'<p class="wb-pause">{_pause(turn.pause)}</p>')
    summary = turn.request.summary
    key = f"t{summary.id}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(_turn_line(turn), width="stretch")
        st.page_link(
            REQUEST_PAGE,
            label="Open",
            icon=":material/open_in_full:",
            query_params=request_params(summary.id),
        )
    runs, output = _whole(turn)
    for number, run in enumerate(runs):
        if run.is_new:
            draw_messages(run.messages, f"{key}-r{number}", look)
        else:
            st.html(f'<p class="wb-again">{_repeats(turn, run)}</p>')
    draw_messages(output, f"{key}-out", look)
    if summary.status != "SUCCESS":
        _draw_problem(turn)
    elif not output and not turn.new:
        st.caption("Nothing came back that could be read; the request has it raw.")


def _turn_line(turn: Turn) -> str:
    summary = turn.request.summary
    usage = (summary.input_tokens or 0) + (summary.output_tokens or 0)
    facts = [
        f"{local(summary.started_at):%H:%M:%S}",
        summary.model or "unknown model",
        summary.prompt_name or "",
        words.latency(summary.latency_ms),
        words.plural(usage, "token") if usage else "",
        "" if summary.cost is None else words.money(summary.cost),
    ]
    told = " · ".join(escaped(fact) for fact in facts if fact)
    return (
        f'<p class="wb-turn" title="{escaped(exact(summary.started_at))}">'
        f"<strong>{turn.place + 1}</strong> {told}</p>"
    )


def _pause(pause: timedelta) -> str:
    if pause < -PAUSE:
        return "started while the one before was running"
    return f"{duration(pause)} later" if pause >= PAUSE else "at once"


def _repeats(turn: Turn, run: Run) -> str:
    count = len(run.messages)
    message = "message" if count == 1 else "messages"
    where = f"turn {turn.repeats + 1}" if turn.repeats is not None else "an earlier turn"
    if not turn.new:
        return f"sent the {count:,} {message} of {where} again"
    return f"{count:,} {message} as in {where}"


def _whole(turn: Turn) -> tuple[Sequence[Run], Sequence[Mapping[str, Any]]]:
    """The runs and the answer with their images: read whole only where there are some."""
    if not any(_has_mark(each) for each in (*turn.new, *turn.output)):
        return turn.runs, turn.output
    detail: Detail | None = requests.get(open_store().connection, turn.request.summary.id)
    if detail is None:
        return turn.runs, turn.output
    messages = prompt_messages(detail.prompt)
    runs = [
        Run(tuple(messages[run.start : run.start + len(run.messages)]), run.start, run.is_new)
        for run in turn.runs
    ]
    return runs, [each for each in detail.output or [] if isinstance(each, Mapping)]


def _has_mark(value: Any) -> bool:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if MARK in each:
                return True
        elif isinstance(each, Mapping):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return False


def _draw_problem(turn: Turn) -> None:
    summary = turn.request.summary
    kind = (summary.error_type or summary.status).replace("_", " ").capitalize()
    draw = st.error if summary.status == "ERROR" else st.warning
    draw(label_of(kind), icon=":material/error:")
    if turn.request.error_message:
        draw_text(turn.request.error_message, f"t{summary.id}-error")


def _draw_pager(start: int, number: int) -> None:
    if start == 0 and number <= TURNS:
        return
    last = min(start + TURNS, number)
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, icon, target, there in (
            ("Earlier", "chevron_left", max(start - TURNS, 0), start > 0),
            ("Later", "chevron_right", start + TURNS, last < number),
        ):
            st.button(
                label,
                icon=f":material/{icon}:",
                icon_position="left" if label == "Earlier" else "right",
                disabled=not there,
                on_click=_go,
                args=(target,),
            )
        st.caption(f"Turns {start + 1:,} to {last:,} of {number:,}")


def _go(start: int) -> None:
    st.query_params[state.TURNS_FROM] = str(start + 1)
