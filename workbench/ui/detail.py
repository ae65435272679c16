"""One request with everything that is known of it, beside the list or on its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
import streamlit as st

from workbench.logs.sessions import prompt_messages
from workbench.store import requests
from workbench.store.rows import Detail
from workbench.store.store import open_store
from workbench.ui import snippets, words
from workbench.ui.annotate import draw_annotations
from workbench.ui.conversation import (
    Look,
    draw_conversation,
    draw_marked,
    hits_in,
    json_text,
    shown_json,
)
from workbench.ui.cost import draw_cost
from workbench.ui.highlight import hits, terms_of
from workbench.ui.hits import draw_hits
from workbench.ui.hostile import draw_text, escaped
from workbench.ui.request_actions import draw_actions, linked_filter
from workbench.ui.zones import exact

VIEWS = ("Conversation", "Details", "Raw")
# More than this is not put into the page, only offered as a file.
RAW_SHOWN = 200_000


def draw_detail(request_id: int, toolbar: Callable[[], None], *, is_alone: bool = False) -> None:
    """`toolbar` draws previous, next and close at the right of the heading.

    is_alone: the request has the page to itself: its details stand beside its conversation.
    """
    detail = requests.get(open_store().connection, request_id)
    if detail is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Request {request_id}**", width="stretch")
            toolbar()
        st.info("There is no such request: it was deleted, or the link is from another store.")
        return
    _draw_heading(detail, toolbar)
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        view = st.segmented_control(
            "View",
            VIEWS,
            default=VIEWS[0],
            required=True,
            key="view",
            label_visibility="collapsed",
            bind="query-params",
        )
        with st.container(
            horizontal=True, vertical_alignment="center", gap="xsmall", width="content"
        ):
            draw_actions(detail, is_alone=is_alone)
    if detail.summary.status != "SUCCESS":
        _draw_problem(detail)
    if view == "Details":
        _draw_details(detail)
    elif view == "Raw":
        _draw_raw(detail)
    elif is_alone:
        conversation, details = st.columns([1.7, 1], gap="medium")
        with conversation:
            _draw_conversation(detail)
        with details:
            _draw_details(detail)
    else:
        _draw_conversation(detail)


def _draw_heading(detail: Detail, toolbar: Callable[[], None]) -> None:
    summary = detail.summary
    usage = (summary.input_tokens or 0) + (summary.output_tokens or 0)
    known = summary.input_tokens is not None or summary.output_tokens is not None
    facts = [
        words.latency(summary.latency_ms),
        words.plural(usage, "token") if known else "tokens unknown",
        words.money(summary.cost) if summary.cost is not None else "cost unknown",
    ]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.html(
            f'<p class="wb-head"><strong>{escaped(summary.model or "unknown model")}</strong> '
            f"· {escaped(' · '.join(facts))}</p>",
            width="stretch",
        )
        toolbar()


def _draw_problem(detail: Detail) -> None:
    kind = detail.summary.error_type or detail.summary.status.capitalize()
    icon = ":material/error:" if detail.summary.status == "ERROR" else ":material/warning:"
    draw = st.error if detail.summary.status == "ERROR" else st.warning
    draw(kind.replace("_", " ").capitalize(), icon=icon)
    if detail.error_message:
        draw_text(detail.error_message, f"error-{detail.summary.id}")


def _draw_conversation(detail: Detail) -> None:
    id_ = detail.summary.id
    terms = terms_of(linked_filter())
    output = detail.output or []
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        markdown = st.toggle(
            "Markdown", key="markdown", help="Draw texts as Markdown, without HTML"
        )
        if terms:
            found = hits_in([*prompt_messages(detail.prompt), *output], terms)
            draw_hits(found, in_markdown=terms if markdown else ())
    if detail.prompt is None and not output:
        st.info("Nothing here understood this call; it stands whole under Raw.")
        return
    draw_conversation(detail.prompt, output, f"c{id_}", Look(markdown, terms))
    if detail.finish_reason:
        st.caption(f"Finished: {escaped(detail.finish_reason)}")
    offered = detail.prompt or {}
    tools = [*(offered.get("tools") or ()), *(offered.get("functions") or ())]
    if tools:
        with st.expander(f"{words.plural(len(tools), 'tool')} offered to the model"):
            st.json(shown_json(tools), expanded=1)


def _draw_details(detail: Detail) -> None:
    summary = detail.summary
    draw_annotations(detail)
    st.subheader("Cost and tokens", anchor=False)
    draw_cost(detail)
    st.subheader("Timing", anchor=False)
    _facts(
        {
            "Started": exact(summary.started_at)
            + (" (sent without a zone)" if detail.time_assumed else ""),
            "Ended": exact(summary.ended_at),
            "Took": words.latency(summary.latency_ms),
            "Logged": exact(detail.received_at),
        }
    )
    st.subheader("Call", anchor=False)
    _facts(
        {
            "Request": str(summary.id),
            "Provider": summary.provider,
            "Model": summary.model,
            "Function": detail.function_name,
            "API type": detail.api_type,
            "Finish reason": detail.finish_reason,
            "Prompt template": _template(detail),
            "Group": str(detail.group_id) if detail.group_id else None,
            "Trace": detail.trace_id,
            "Span": detail.span_id,
            "Logged through": f"{detail.source} by {detail.actor}",
            "Read by": detail.normaliser,
        }
    )
    for title, value in (("Settings", detail.parameters), ("Variables", detail.input_variables)):
        if value:
            st.subheader(title, anchor=False)
            st.json(shown_json(value), expanded=2)


def _template(detail: Detail) -> str | None:
    summary = detail.summary
    if not summary.prompt_name:
        return None
    version = f" version {summary.prompt_version}" if summary.prompt_version else ""
    label = f" ({detail.prompt_label})" if detail.prompt_label else ""
    return f"{summary.prompt_name}{version}{label}"


def _facts(facts: dict[str, str | None]) -> None:
    rows = "".join(
        f"<dt>{escaped(name)}</dt><dd dir='auto'>{escaped(value)}</dd>"
        for name, value in facts.items()
        if value
    )
    st.html(f'<dl class="wb-facts">{rows}</dl>')


def _draw_raw(detail: Detail) -> None:
    id_ = detail.summary.id
    call: dict[str, Any] = orjson.loads(detail.raw) if detail.raw else {}
    kwargs = call.get("kwargs")
    if isinstance(kwargs, dict) and kwargs:
        _draw_repeat(detail, kwargs)
    st.caption("The call as it was logged, without its API key.")
    terms = terms_of(linked_filter())
    shown = json_text(shown_json(call)) if terms and len(detail.raw) <= RAW_SHOWN else ""
    if found := hits([shown], terms):
        draw_hits(found)
        draw_marked(shown, terms)
    elif len(detail.raw) <= RAW_SHOWN:
        st.json(shown_json(call), expanded=1)
    else:
        st.info(f"{words.size(len(detail.raw))} are too much to draw; the file has it all.")
    st.download_button(
        "Download JSON",
        detail.raw,
        f"request-{id_}.json",
        "application/json",
        icon=":material/download:",
        on_click="ignore",
    )


def _draw_repeat(detail: Detail, kwargs: dict[str, Any]) -> None:
    provider = detail.summary.provider
    if len(json.dumps(kwargs)) > RAW_SHOWN:
        return
    for title, text, language in (
        ("Copy as cURL", snippets.repeat_curl(provider, kwargs), "bash"),
        ("Copy as Python", snippets.repeat_python(provider, kwargs), "python"),
    ):
        if text:
            with st.expander(title, icon=":material/content_copy:"):
                st.code(text, language=language)
