"""Values with counts beside the list; a click on one asks for it, leaves it out, or takes it back.

Streamlit's own widgets would be two hundred buttons, so the panel is a component of our own. It
draws logged text as text and knows values by the names that it was given.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import streamlit as st

from workbench.filters import Filter, field_named, to_text
from workbench.filters.facet_values import Chosen, chosen, toggled
from workbench.store import facets, preferences, text_search
from workbench.store.facets import COLUMNS, METADATA, TAGS, Facet, Name
from workbench.store.store import Store, open_store
from workbench.store.suggestions import suggestions
from workbench.ui.access import actor, person

SHOWN = 8
MAX_KEYS = 8
KEY = "facets-panel"
_KEYS = "facet-keys"
_OFFERED_KEYS = 100
# Counts are kept this long where nothing has changed: opening a request counts nothing again.
KEPT_SECONDS = 30
# Open from the start; the others show their heading.
_OPEN = ("status", "engine", TAGS, "prompt_name")
# With one value alone these say nothing.
_QUIET = ("source", "provider_type", "finish_reason", "error_type", "prompt_name")
_ORDER = ("status", "engine", TAGS, "prompt_name", *(c for c in COLUMNS if c not in _OPEN))
_LABELS = {"engine": "Model", "prompt_name": "Prompt template", TAGS: "Tags"}
_HERE = Path(__file__)
_PANEL = st.components.v2.component(
    "workbench_facets",
    html=_HERE.with_suffix(".html").read_text(encoding="utf-8"),
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)
Write = Callable[[Filter], None]


def are_shown() -> bool:
    return bool(_kept().get("shown", True))


def metadata_keys() -> list[str]:
    """The metadata keys that this person has values counted of."""
    kept = _kept().get("keys")
    found = kept if isinstance(kept, list) else []
    return [key for key in found if isinstance(key, str) and key][:MAX_KEYS]


def _kept() -> dict[str, Any]:
    kept = preferences.get(open_store().connection, _preference(), {})
    return kept if isinstance(kept, dict) else {}


def _keep(**changes: Any) -> None:
    store, who, name = open_store(), actor(), _preference()
    value = {**_kept(), **changes}
    store.change(lambda cursor: store.preferences.put(cursor, who, name, value)).result()


def _preference() -> str:
    return f"facets:{person()}"


def draw_switch() -> None:
    """The button that shows and hides the panel."""
    shown = are_shown()
    st.button(
        "",
        icon=":material/left_panel_close:" if shown else ":material/left_panel_open:",
        key="facets-switch",
        type="tertiary",
        help="Hide the values beside the list" if shown else "Show values beside the list",
        on_click=lambda: _keep(shown=not shown),
    )


def places(*, beside: bool) -> tuple[Any, Any]:
    """Where the panel goes, None where it is not shown, and where the list goes.

    beside: whether there is room for it beside the list.
    """
    if not beside or not are_shown():
        return None, st.container()
    with st.container(key="with-facets"):
        panel, main = st.columns([1, 5], gap="small")
    return panel, main


def draw_facets(filter_: Filter, now: datetime, up_to: int, write: Write) -> None:
    """The panel; `write` puts a filter into the link."""
    names = [Name(field) for field in _ORDER]
    names += [Name(METADATA, key) for key in metadata_keys()]
    found = _facets(filter_, names, now, up_to)
    with st.container(key="facets", gap="xsmall"):
        _PANEL(
            key=KEY,
            data={"facets": [_shown(facet, filter_) for facet in found if _says(facet, filter_)]},
            on_pick_change=lambda: _picked(filter_, names, write),
            on_drop_change=lambda: _dropped(names),
        )
        _draw_keys(now)


def _facets(filter_: Filter, names: list[Name], now: datetime, up_to: int) -> list[Facet]:
    store = open_store()
    if text_search.reads_texts(filter_, now):
        # It counts what the search has found so far, which the next run knows better.
        return facets.facets(store.connection, filter_, names, now=now, up_to=up_to, limit=SHOWN)
    place = f"{store.settings.database} {id(store.connection)}"
    key = (place, store.connection.changes, to_text(filter_), tuple(names), up_to)
    return _counted(key, store, filter_, names, now)


@st.cache_data(ttl=KEPT_SECONDS, max_entries=100, show_spinner=False)
def _counted(
    key: tuple[Any, ...], _store: Store, _filter: Filter, _names: list[Name], _now: datetime
) -> list[Facet]:
    return facets.facets(_store.connection, _filter, _names, now=_now, up_to=key[-1], limit=SHOWN)


def _says(facet: Facet, filter_: Filter) -> bool:
    name = facet.name
    if name.field not in _QUIET or facet.distinct > 1:
        return bool(facet.values) or name.key is not None
    has_both = facet.distinct == 1 and any(value.value is None for value in facet.values)
    return has_both or chosen(filter_, name.field, name.key) != Chosen((), ())


def _shown(facet: Facet, filter_: Filter) -> dict[str, Any]:
    name, picked = facet.name, chosen(filter_, facet.name.field, facet.name.key)
    counts = {each.value: each.requests for each in facet.values}
    # What the filter speaks of is listed even where nothing has it now.
    values = list(dict.fromkeys([*counts, *picked.asked, *picked.left_out]))
    hidden = facet.distinct - sum(value is not None for value in counts)
    return {
        "id": _id(name),
        "label": name.key or _LABELS.get(name.field) or field_named(name.field).label.capitalize(),
        "note": f"{facet.distinct:,}" if facet.distinct > SHOWN else "",
        "folded": name.key is None and name.field not in _OPEN and picked == Chosen((), ()),
        "removable": name.key is not None,
        "more": f"{hidden:,} more" if hidden > 0 else "",
        "values": [
            {
                "value": value,
                "label": _label(name, value),
                "count": counts.get(value, 0),
                "state": "in"
                if value in picked.asked
                else "out"
                if value in picked.left_out
                else "",
            }
            for value in values
        ],
    }


def _label(name: Name, value: str | None) -> str:
    if value is None:
        return "none" if name.field == TAGS else "unknown"
    return value.lower() if name.field == "status" else value or "(empty)"


def _id(name: Name) -> str:
    return name.field if name.key is None else f"{name.field}.{name.key}"


def _picked(filter_: Filter, names: list[Name], write: Write) -> None:
    picked = st.session_state[KEY].get("pick")
    if not isinstance(picked, dict):
        return
    name = next((each for each in names if _id(each) == picked.get("facet")), None)
    value = picked.get("value")
    if name is None or not (value is None or isinstance(value, str)):
        return
    leave_out = picked.get("leave_out") is True
    write(toggled(filter_, name.field, value, name.key, leave_out=leave_out))


def _dropped(names: list[Name]) -> None:
    dropped = st.session_state[KEY].get("drop")
    facet = dropped.get("facet") if isinstance(dropped, dict) else None
    gone = next((each.key for each in names if each.key and _id(each) == facet), None)
    if gone is not None:
        _keep(keys=[key for key in metadata_keys() if key != gone])


def _draw_keys(now: datetime) -> None:
    """The menu of metadata keys to count values of."""
    menu = st.popover(
        "Metadata", icon=":material/add:", key="facet-keys-menu", type="tertiary", on_change="rerun"
    )
    if not menu.open:
        return
    keys = metadata_keys()
    listed = suggestions(
        open_store().connection, "metadata_keys", Filter(), now=now, limit=_OFFERED_KEYS
    )
    offered = [each.value for each in listed.values]
    st.session_state[_KEYS] = keys
    with menu:
        st.multiselect(
            "Count the values of",
            list(dict.fromkeys([*keys, *offered])),
            key=_KEYS,
            max_selections=MAX_KEYS,
            placeholder="Metadata keys",
            on_change=lambda: _keep(keys=list(st.session_state[_KEYS])),
        )
