"""Any two answers against each other: word by word, or as JSON, path by path."""

from __future__ import annotations

import streamlit as st

from workbench.playground.outputs import Output, output
from workbench.store import playground_runs
from workbench.store.playground_runs import DONE
from workbench.store.store import open_store
from workbench.ui import state
from workbench.ui.compare import LAYOUTS
from workbench.ui.diff import draw_json_diff, draw_text_diff
from workbench.ui.playground_view import View, shown_of

_WORDS, _JSON = "Words", "JSON"


def draw_compare(view: View) -> None:
    if sum(1 for thread in view.threads.values() if thread) < 2 and len(view.briefs) < 2:
        return
    part = st.expander(
        "Compare two answers",
        icon=":material/difference:",
        expanded=state.LEFT in st.query_params,
        key=f"compare-{view.session.id}",
        on_change="rerun",
    )
    if part.open:
        with part:
            _draw_inside(view)


def _draw_inside(view: View) -> None:
    found = {one.id: one for one in _outputs(view)}
    if len(found) < 2:
        st.caption("There are no two answers yet.")
        return
    left, right = _chosen(view, found)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for name, one in ((state.LEFT, left), (state.RIGHT, right)):
            _draw_choice(view, found, name, one, (left, right))
        can_json = left.is_json and right.is_json
        how = _WORDS
        if can_json:
            how = st.segmented_control(
                "Compare as",
                (_JSON, _WORDS),
                default=_JSON,
                required=True,
                key=f"compare-as-{view.session.id}",
            )
        layout = st.segmented_control(
            "Layout",
            list(LAYOUTS),
            default="Side by side",
            required=True,
            key=state.LAYOUT,
            bind="query-params",
        )
    if how == _JSON:
        draw_json_diff(left.value, right.value)
    elif left.text == right.text:
        st.caption("The same on both sides.")
    else:
        draw_text_diff(left.text, right.text, layout=LAYOUTS[layout])


def _draw_choice(
    view: View, found: dict[str, Output], name: str, one: Output, both: tuple[Output, Output]
) -> None:
    signs = _signs(view, found)
    widget = f"compare-{name}-{view.session.id}-{view.is_hidden}-{signs[one.id]}"

    def choose() -> None:
        ids = {state.LEFT: both[0].id, state.RIGHT: both[1].id, name: st.session_state[widget]}
        # A link with both: the other side is what stood there, whatever comes later.
        st.query_params.update({side: signs[id_] for side, id_ in ids.items()})

    st.selectbox(
        "Left" if name == state.LEFT else "Right",
        list(found),
        index=list(found).index(one.id),
        format_func=lambda id_: found[id_].label,
        key=widget,
        on_change=choose,
    )


def _chosen(view: View, found: dict[str, Output]) -> tuple[Output, Output]:
    """What the link names, where it is there; else the last answers of the first two columns."""
    ends = [last.id for one in view.columns if (last := view.last.get(one.id)) is not None]
    ids = list(dict.fromkeys([*(id_ for id_ in ends if id_ in found), *found]))
    by_sign = {sign: id_ for id_, sign in _signs(view, found).items()}
    named = [by_sign.get(st.query_params.get(name, "")) for name in (state.LEFT, state.RIGHT)]
    left = found.get(named[0] or "") or found[ids[0]]
    right = found.get(named[1] or "") or found[next(id_ for id_ in ids if id_ != left.id)]
    return left, right


def _signs(view: View, found: dict[str, Output]) -> dict[str, str]:
    """How the page and its link call each answer: by its id, or by its place where names are
    hidden, since an id tells an answer of the logs from the others."""
    if not view.is_hidden:
        return {id_: id_ for id_ in found}
    return {id_: f"answer-{number}" for number, id_ in enumerate(found, 1)}


def _outputs(view: View) -> list[Output]:
    """All whole answers of what stands in the columns and of their press of Run."""
    result: dict[str, Output] = {}
    for column in view.columns:
        title = view.title(column)
        turns = [entry for entry in view.threads[column.id] if "messages" not in entry]
        for turn, entry in enumerate(turns):
            one = shown_of(entry, view.kept)
            if one.status == "done" and one.messages is not None:
                label = f"{title} · answer {turn + 1}" if len(turns) > 1 else title
                result[one.id] = output(one.id, label, one.messages)
    if len(view.briefs) > len(view.columns) and not view.is_hidden:
        titles = {one.id: view.title(one) for one in view.columns}
        for run in playground_runs.of_batch(open_store().connection, view.place.batch):
            begun, ended = run.begun, run.ended
            if ended is None or run.status != DONE or begun.column_id not in titles:
                continue
            place = f"row {begun.row + 1}, repeat {begun.repeat + 1}"
            label = f"{titles[begun.column_id]} · {place}"
            result[begun.id] = output(begun.id, label, ended.answer)
    return list(result.values())
