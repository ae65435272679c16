"""One export: how far it is, its files with their links, the reasons, the manifest."""

from __future__ import annotations

import time
from typing import Any

import orjson
import streamlit as st

from workbench.export import links
from workbench.export.jobs import Job
from workbench.export.output import MANIFEST
from workbench.export.sources import REQUESTS
from workbench.export.spec import read_spec
from workbench.filters import to_text
from workbench.jsontext import FieldError
from workbench.store import exports
from workbench.store.errors import NotFound, StoreError
from workbench.ui import state, words
from workbench.ui.access import actor
from workbench.ui.export_draft import show_spec
from workbench.ui.export_list import all_exports, draw_bar, draw_cancel, filter_words, show_export
from workbench.ui.export_masking import labels
from workbench.ui.export_preview import plain_dollars, shortened
from workbench.ui.export_words import (
    STATES,
    label_of_format,
    masked_line,
    noun,
    pack_line,
    reasons_table,
)
from workbench.ui.hostile import escaped
from workbench.ui.importing_words import plain
from workbench.ui.saying import say_at_once
from workbench.ui.zones import exact

_SECONDS = 0.5
# Links are drawn anew well before they end.
_LINK_SECONDS = links.SECONDS / 2


def opened_export() -> Job | None:
    """The export that the link names."""
    text = st.query_params.get(state.EXPORT_JOB, "")
    if not text:
        return None
    try:
        if not (text.isascii() and text.isdecimal() and len(text) <= 16):
            raise NotFound("")
        return all_exports().get(int(text))
    except NotFound:
        st.warning("This export is not in the list any more: it was removed.")
        return None


def draw_export(job: Job) -> None:
    row = job.row
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Exports",
            icon=":material/arrow_back:",
            key="close",
            type="tertiary",
            shortcut="Esc",
            help="Back to the form and the list",
            on_click=_close,
        )
        st.html(
            f'<p class="wb-head" dir="auto"><b>{escaped(row.name)}</b> · '
            f"{escaped(label_of_format(row.spec.get('format', 'csv')))} · began "
            f"{escaped(exact(row.created_at)[:19])} · {escaped(row.created_by)}</p>",
            width="stretch",
        )
    st.html(f'<p class="wb-note">{escaped(filter_words(job))}</p>')
    if row.status in exports.UNFINISHED:
        _draw_progress(row.id)
        return
    _draw_state(job)
    if row.status == exports.DONE:
        _draw_files(row.id)
    _draw_actions(job)
    if row.manifest is not None:
        _draw_pack(row.manifest)
        _draw_manifest(row.manifest)


@st.fragment(run_every=_SECONDS)
def _draw_progress(id_: int) -> None:
    say_at_once()
    try:
        job = all_exports().get(id_)
    except NotFound:
        st.rerun()
    if job.row.status not in exports.UNFINISHED:
        st.rerun()
    draw_bar(job)
    draw_cancel(id_)
    st.caption("It goes on when this page is left or reloaded.")


def _draw_state(job: Job) -> None:
    row = job.row
    if row.status == exports.DONE:
        written, expected = row.rows_written or 0, row.rows_expected or 0
        until = f" · kept until {exact(row.expires_at)[:16]}" if row.expires_at else ""
        mark, _, said = STATES[row.status].partition(" ")
        st.markdown(
            f":green[{mark}] {said} · **{written:,}** of {words.plural(expected, noun(row.spec))} "
            f"written · {words.size(row.bytes or 0)}{until}"
        )
    elif row.status == exports.EXPIRED:
        st.info("The time of its files is over and they were removed. Export again to have them.")
    elif row.status == exports.FAILED:
        st.error(plain(row.error or "The export failed."), icon=":material/error:")
    elif row.status == exports.CANCELLED:
        st.warning(
            f"It was cancelled. {plain(row.error)}"
            if row.error
            else "It was cancelled. Nothing of it is left."
        )
    else:
        st.warning("The workbench ended while it ran. Nothing of it is left: export again.")


@st.fragment(run_every=_LINK_SECONDS)
def _draw_files(id_: int) -> None:
    """The files. Links are good for some minutes and for one file each."""
    try:
        job = all_exports().get(id_)
    except NotFound:
        return
    files: list[dict[str, Any]] = [*job.files, {"name": MANIFEST}]
    now = time.time()
    rows = "".join(_file_row(id_, file, now) for file in files)
    st.html(
        '<div class="wb-scroll"><table class="wb-files"><tr><th>File</th><th>Rows</th>'
        f"<th>Size</th><th>SHA-256</th></tr>{rows}</table></div>"
    )
    minutes = links.SECONDS // 60
    st.caption(
        f"A link is good for {minutes} minutes and needs no login: reload the page for new ones. "
        "A download that broke off goes on where it was."
    )


def _file_row(id_: int, file: dict[str, Any], now: float) -> str:
    name, link = file["name"], links.signed(id_, file["name"], now)
    rows = f"{file['rows']:,}" if "rows" in file else ""
    size = words.size(file["bytes"]) if "bytes" in file else ""
    digest = file.get("sha256", "")
    return (
        f'<tr><td><a href="{escaped(link)}" download="{escaped(name)}">{escaped(name)}</a></td>'
        f"<td>{rows}</td><td>{size}</td>"
        f'<td class="wb-mono">{escaped(digest)}</td></tr>'
    )


def _draw_actions(job: Job) -> None:
    row = job.row
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Export again",
            icon=":material/replay:",
            key="again",
            on_click=_again,
            args=(row.id,),
            help="With the requests of now",
        )
        st.button(
            "Change and export",
            icon=":material/edit:",
            key="change",
            on_click=_change,
            args=(row.spec,),
            help="Put its filter and options back into the form",
        )
        _draw_logs_link(job)
        with st.popover("Remove", icon=":material/delete:"):
            st.markdown("The files and their manifest go for good. The requests stay.")
            st.button("Remove it", type="primary", key="remove", on_click=_remove, args=(row.id,))


def _draw_logs_link(job: Job) -> None:
    try:
        spec = read_spec(job.row.spec)
    except FieldError:
        return
    if spec.source != REQUESTS:
        return
    st.page_link(
        "pages/logs.py",
        label="Its requests in the logs",
        icon=":material/list_alt:",
        query_params={state.FILTER: to_text(spec.filter)},
    )


def _draw_pack(manifest: dict[str, Any]) -> None:
    told = manifest.get("fine_tuning")
    masking = manifest.get("masking")
    if told is not None:
        st.markdown(plain_dollars(pack_line(told)))
        for warning in told["warnings"]:
            st.warning(plain(warning), icon=":material/warning:")
        if told["left_out"]:
            st.html(reasons_table(told["left_out"], manifest["rows"]["expected"], noun(manifest)))
            st.caption("left-out.jsonl names each of them, and a duplicate's twin.")
    if masking is not None:
        st.markdown(plain(masked_line(masking["masked"], labels())))


def _draw_manifest(manifest: dict[str, Any]) -> None:
    st.subheader("Manifest", anchor=False)
    facts = {
        "Snapshot": f"{manifest['snapshot']['taken_at']}, "
        f"the newest being {manifest['snapshot']['newest_request']}",
        "Holds": manifest["filter"]["words"] or "all requests",
        "Rows": f"{manifest['rows']['written']:,} of {manifest['rows']['expected']:,} written",
        "Made with": ", ".join(f"{name} {text}" for name, text in manifest["versions"].items()),
    }
    columns = manifest.get("fine_tuning", {}).get("columns")
    if columns:
        named = (f"{what}: {name}" for what, name in columns.items() if name is not None)
        facts["Columns"] = ", ".join(named)
    if "bucket" in manifest:
        facts["Bucket"] = manifest["bucket"]
    lines = "".join(
        f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>" for name, value in facts.items()
    )
    st.html(f'<dl class="wb-facts">{lines}</dl>')
    with st.expander("The filter as SQL"):
        chosen = manifest["filter"]
        if "condition" in chosen:
            st.code(chosen["condition"], language="sql", wrap_lines=True)
            st.caption("In full, as a statement that finds the same rows in the store:")
        st.code(chosen["sql"], language="sql", wrap_lines=True)
    with st.expander("The whole manifest, to copy", key="whole-manifest"):
        text = orjson.dumps(shortened(manifest), option=orjson.OPT_INDENT_2).decode()
        st.code(text, language="json", height=420)


def _close() -> None:
    st.query_params.pop(state.EXPORT_JOB, None)


def _again(id_: int) -> None:
    try:
        show_export(all_exports().again(id_, actor()))
    except (StoreError, FieldError) as error:
        st.session_state[state.SAID] = str(error)


def _change(spec: dict[str, Any]) -> None:
    try:
        show_spec(spec)
    except FieldError as error:
        st.session_state[state.SAID] = f"It was asked for by another version: {error}"


def _remove(id_: int) -> None:
    try:
        all_exports().remove(id_, actor())
    except StoreError as error:
        st.session_state[state.SAID] = str(error)
        return
    _close()
    st.session_state[state.SAID] = "Removed the export"
