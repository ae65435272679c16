"""What an export would hold: count, size, the first rows, what is masked and what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import pandas as pd
import streamlit as st

from workbench.export.masking import patterns
from workbench.export.preview import Change, Preview, preview
from workbench.export.sources import REQUESTS
from workbench.export.spec import Spec, read_spec
from workbench.jsontext import FieldError
from workbench.store import search
from workbench.store.errors import StoreError
from workbench.store.store import open_store
from workbench.ui import words
from workbench.ui.export_masking import labels
from workbench.ui.export_words import masked_line, noun, pack_line, reasons_table
from workbench.ui.hostile import escaped
from workbench.ui.importing_words import plain

# Beyond it the rest of a cell says nothing more.
_CELL = 300
# A preview is looked at for as long as it is built upon; what was deleted must leave it soon.
_SECONDS = 30
_SHOWN_CHANGES = 12


def read_preview(spec: Spec, now: datetime) -> Preview | None:
    """The preview, remembered for a moment; None where the store cannot be read, which is said."""
    store = open_store()
    asked = {**spec.to_json(), "name": "requests", "keep_days": 7}
    own = [each.to_json() for each in patterns.saved(store.connection)]
    try:
        with st.spinner(f"Looking through the {noun(asked)}s"):
            return _previewed(
                orjson.dumps(asked).decode(),
                orjson.dumps(own).decode() if spec.masking else "",
                f"{store.settings.database} {search.newest_id(store.connection)} "
                f"{0 if spec.source == REQUESTS else store.connection.changes}",
                f"{now:%Y-%m-%d %H:%M}",
            )
    except (StoreError, FieldError) as error:
        st.error(f"The preview failed: {plain(str(error))}", icon=":material/error:")
        return None


@st.cache_data(ttl=_SECONDS, max_entries=16, show_spinner=False)
def _previewed(spec: str, own: str, newest: str, minute: str) -> Preview:  # noqa: ARG001
    # All of them tell one preview from another; only the spec is read.
    return preview(open_store().connection, read_spec(orjson.loads(spec)), datetime.now(UTC))


def draw_preview(spec: Spec, found: Preview) -> None:
    left = sum(found.left_out.values())
    is_part = found.sampled < found.rows
    facts = [
        f"**{words.plural(found.rows, noun(spec.to_json()))}**",
        f"about {words.size(found.bytes)}",
    ]
    if spec.is_table:
        facts.append(words.plural(len(found.columns), "column"))
    elif left:
        of = f" of the first {found.sampled:,}" if is_part else ""
        facts.append(f"{left:,} left out{of}")
    st.markdown(" · ".join(facts))
    if found.problem:
        st.error(plain(found.problem), icon=":material/error:")
    if spec.is_table:
        _draw_rows(found)
    else:
        _draw_pack(spec, found, is_part)
    if spec.masking is not None:
        _draw_changes(found)


def _draw_rows(found: Preview) -> None:
    rows = [{name: _cell(value) for name, value in row.items()} for row in found.sample]
    st.dataframe(
        pd.DataFrame(rows, columns=found.columns),
        hide_index=True,
        row_height=30,
        placeholder="",
        alt="The first rows as they leave",
    )
    if found.rows > len(rows):
        st.caption(f"The first {len(rows):,}, in the order of the file.")


def _cell(value: Any) -> Any:
    """A value as a cell of the preview: numbers stay numbers."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    text = orjson.dumps(value).decode() if isinstance(value, list | dict) else str(value)
    return text if len(text) <= _CELL else f"{text[:_CELL]}…"


def _draw_pack(spec: Spec, found: Preview, is_part: bool) -> None:
    told: Mapping[str, Any] = found.report
    if told and found.sample:
        before = f"Of the first {found.sampled:,} {noun(spec.to_json())}s: " if is_part else ""
        st.markdown(plain_dollars(f"{before}{pack_line(told)}"))
        for warning in told["warnings"]:
            st.warning(plain(warning), icon=":material/warning:")
    if found.left_out:
        st.html(reasons_table(found.left_out, found.sampled, noun(spec.to_json())))
        st.caption("The export lists each of them with its reason in left-out.jsonl.")
    if not found.sample:
        more = "widen the filter" if spec.source == REQUESTS else "choose other columns"
        st.info(f"Nothing is left to train on: leave less out, or {more}.")
        return
    st.markdown("**The first lines as they leave**")
    number = st.segmented_control(
        "Line",
        list(range(1, len(found.sample) + 1)),
        default=1,
        required=True,
        key=f"export-line-{spec.format}",
        label_visibility="collapsed",
    )
    line = found.sample[min(number or 1, len(found.sample)) - 1]
    st.json(shortened(line), expanded=4)


def plain_dollars(text: str) -> str:
    """Two dollar signs in Markdown would make a formula."""
    return text.replace("$", "\\$")


def shortened(value: Any) -> Any:
    """A line with its longest texts cut: an image is a megabyte of base64."""
    if isinstance(value, str) and len(value) > 4000:
        return f"{value[:4000]}… ({len(value):,} characters)"
    if isinstance(value, dict):
        return {key: shortened(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shortened(each) for each in value]
    return value


def _draw_changes(found: Preview) -> None:
    st.markdown("**What masking changes**")
    if not found.changes:
        st.caption("Nothing in these rows is masked.")
        return
    names = labels()
    changes = found.changes[:_SHOWN_CHANGES]
    rows = "".join(_change_row(each, names) for each in changes)
    st.html(
        '<div class="wb-scroll"><table class="wb-changes"><tr><th class="wb-where">Found as</th>'
        f"<th>What it was</th><th>What leaves</th></tr>{rows}</table></div>"
    )
    more = len(found.changes) - len(changes)
    beyond = f" {words.plural(more, 'other')} not shown." if more else ""
    st.caption(f"{plain(masked_line(found.masked, names))} in what was looked at.{beyond}")


def _change_row(change: Change, names: Mapping[str, str]) -> str:
    kind = escaped(names.get(change.kind, change.kind))
    return (
        f'<tr><td class="wb-where">{kind}</td><td><del>{escaped(change.before)}</del></td>'
        f"<td><ins>{escaped(change.after)}</ins></td></tr>"
    )
