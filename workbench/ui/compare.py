"""Two requests beside each other: figures, settings, prompt and output, differences marked."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.diff import json_diff
from workbench.logs.comparing import (
    Figure,
    Pair,
    fact_changes,
    figures,
    message_value,
    message_words,
    output_pairs,
    prompt_pairs,
)
from workbench.store import requests
from workbench.store.rows import Detail
from workbench.store.store import open_store
from workbench.ui import state, words
from workbench.ui.diff import Layout, changes_html, draw_changes, text_diff_html
from workbench.ui.hostile import escaped
from workbench.ui.request_actions import (
    COMPARE_PAGE,
    REQUEST_PAGE,
    compare_params,
    id_in,
    read_id,
)
from workbench.ui.zones import exact

LAYOUTS: dict[str, Layout] = {"Side by side": "side", "Together": "together"}
_WHOLE_SHOWN = 160


def draw_compare_link(ids: Sequence[int]) -> None:
    """A link that compares two requests, for a list in which two were picked."""
    left, right = ids
    st.page_link(
        COMPARE_PAGE,
        label="Compare",
        icon=":material/compare_arrows:",
        query_params=compare_params(left, right),
    )


def draw_compare() -> None:
    """The requests that the link names; a form to name them where it does not."""
    ids = [read_id(name) for name in (state.LEFT, state.RIGHT)]
    found = [None if id_ is None else requests.get(open_store().connection, id_) for id_ in ids]
    left, right = found
    if left is None or right is None:
        _draw_form(ids, found)
        return
    layout = _draw_heading(left, right)
    _draw_figures(figures(left, right))
    st.subheader("Settings, tools, tags and metadata", anchor=False)
    draw_changes(fact_changes(left, right))
    for title, pairs in (
        ("Prompt", prompt_pairs(left, right)),
        ("Output", output_pairs(left, right)),
    ):
        st.subheader(title, anchor=False)
        _draw_pairs(pairs, layout)


def _draw_form(ids: Sequence[int | None], found: Sequence[Detail | None]) -> None:
    st.title("Compare two requests", anchor=False)
    for id_, detail in zip(ids, found, strict=True):
        if id_ is not None and detail is None:
            st.warning(f"There is no request {id_}: it was deleted, or is in another store.")
    st.markdown("Open a request and choose Compare with, or name two requests here.")
    with st.form("compare", width=560):
        given = [
            st.text_input(
                label,
                value="" if id_ is None or detail is None else str(id_),
                placeholder="Number of the request, or a link to it",
            )
            for label, id_, detail in zip(("Left", "Right"), ids, found, strict=True)
        ]
        if st.form_submit_button("Compare", type="primary"):
            named = [id_in(text) for text in given]
            if named[0] is None or named[1] is None:
                st.error("Name both: the number of a request stands under Details, as Request.")
            else:
                st.switch_page(COMPARE_PAGE, query_params=compare_params(named[0], named[1]))


def _draw_heading(left: Detail, right: Detail) -> Layout:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Compare two requests", anchor=False, width="stretch")
        layout = st.segmented_control(
            "Layout",
            list(LAYOUTS),
            default="Side by side",
            required=True,
            key=state.LAYOUT,
            bind="query-params",
            label_visibility="collapsed",
        )
        st.button(
            "Swap",
            icon=":material/swap_horiz:",
            on_click=_show,
            args=(right.summary.id, left.summary.id),
        )
    for side, detail in zip(st.columns(2, gap="small"), (left, right), strict=True):
        with side, st.container(border=True, gap="xsmall"):
            _draw_head(detail, "Left" if detail is left else "Right")
    return LAYOUTS[layout]


def _show(left: int, right: int) -> None:
    st.query_params[state.LEFT] = str(left)
    st.query_params[state.RIGHT] = str(right)


def _draw_head(detail: Detail, side: str) -> None:
    summary = detail.summary
    template = summary.prompt_name or ""
    if template and summary.prompt_version:
        template += f" version {summary.prompt_version}"
    told = [summary.status.lower(), exact(summary.started_at)[:19], template]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(
            f'<p class="wb-role">{side}</p><p class="wb-head"><strong>'
            f"{escaped(summary.model or 'unknown model')}</strong></p>"
            f'<p class="wb-note">{escaped(" · ".join(each for each in told if each))}</p>',
            width="stretch",
        )
        st.page_link(
            REQUEST_PAGE,
            label="Open",
            icon=":material/open_in_full:",
            query_params={state.REQUEST: str(summary.id)},
        )


def _draw_figures(found: Sequence[Figure]) -> None:
    rows = [
        f"<tr><td>{figure.name}</td><td>{_number(figure, figure.left)}</td>"
        f"<td>{_number(figure, figure.right)}</td><td>{_difference(figure)}</td></tr>"
        for figure in found
        if figure.left is not None or figure.right is not None
    ]
    if rows:
        head = "<tr><th></th><th>Left</th><th>Right</th><th>Difference</th></tr>"
        st.html(f'<table class="wb-sum">{head}{"".join(rows)}</table>')


def _number(figure: Figure, value: float | None) -> str:
    if value is None:
        return words.UNKNOWN
    if figure.name == "Cost":
        return escaped(words.money(value))
    return escaped(words.latency(value) if figure.name == "Latency" else f"{value:,.0f}")


def _difference(figure: Figure) -> str:
    difference = figure.difference
    if difference is None:
        return ""
    if not difference:
        return "none"
    sign = "+" if difference > 0 else "−"
    percent = f" ({100 * difference / figure.left:+.0f} %)" if figure.left else ""
    return f"{sign}{_number(figure, abs(difference))}{escaped(percent.replace('-', '−'))}"


def _draw_pairs(pairs: Sequence[Pair], layout: Layout) -> None:
    if not pairs:
        st.caption("Neither request has any.")
        return
    st.html("".join(_pair_html(pair, layout) for pair in pairs))


def _pair_html(pair: Pair, layout: Layout) -> str:
    message = pair.left or pair.right or {}
    role = escaped(str(message.get("role") or "unknown"))
    left, right = message_words(pair.left), message_words(pair.right)
    if pair.is_same:
        first = " ".join(left[: 2 * _WHOLE_SHOWN].split())[:_WHOLE_SHOWN]
        body = (
            f'<details class="wb-same"><summary>the same on both sides: {escaped(first)}'
            f'</summary><div class="wb-text" dir="auto">{escaped(left[:200_000])}</div></details>'
        )
        return f'<div class="wb-pair"><p class="wb-role">{role}</p>{body}</div>'
    one, other = message_value(pair.left), message_value(pair.right)
    only = "" if pair.left and pair.right else f" · only {'left' if pair.left else 'right'}"
    if one is not None and other is not None and (changes := json_diff(one, other)):
        note = f'<p class="wb-note">JSON: {words.plural(len(changes), "difference")}</p>'
        body = note + changes_html(changes[:400])
    else:
        body = text_diff_html(left, right, layout=layout)
    return f'<div class="wb-pair"><p class="wb-role">{role}{only}</p>{body}</div>'
