"""Fields of a column's form that speak of prompts: which one, its model, what fills it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from workbench.evals.columns.loops import INDEX, ITEM, PREVIOUS
from workbench.evals.forms import FormField
from workbench.registry import fetching, labels, listing
from workbench.registry.listing import Query
from workbench.store.errors import StoreError
from workbench.store.store import open_store
from workbench.templates import analyse_prompt
from workbench.ui.hostile import escaped
from workbench.ui.playground_models import choices

NONE = "—"
NEWEST, FROZEN, LABEL = "newest", "frozen", "label"
_HOW = {
    NEWEST: "The newest when the run starts",
    FROZEN: "A version, frozen",
    LABEL: "Where a label stands",
}
_ROLES = ("system", "user")
#: A variable of a judge's question.
_NAMED = re.compile(r"\{([^{}]+)\}")


def draw_template(each: FormField, given: Any, key: str) -> dict[str, Any] | None:
    """{name, version_number?, label?}"""
    connection = open_store().connection
    page = listing.search(connection, Query(), now=datetime.now(UTC), limit=listing.MAX_PAGE)
    numbers = {one.template.name: one.versions for one in page.items}
    now = dict(given or {})
    names = list(dict.fromkeys([*([now["name"]] if now.get("name") else []), *numbers]))
    if not names:
        st.info(
            "There are no prompt templates yet: make one on the Prompts page, or write one here."
        )
        return None
    name = st.selectbox(each.label, names, key=f"{key}-name", help=each.help)
    how = FROZEN if now.get("version_number") else LABEL if now.get("label") else NEWEST
    chosen = st.segmented_control(
        "Version",
        tuple(_HOW),
        default=how,
        format_func=_HOW.__getitem__,
        required=True,
        key=f"{key}-how",
    )
    if chosen == FROZEN:
        newest = numbers.get(name, 1)
        first = min(int(now.get("version_number") or newest), max(newest, 1))
        number = st.number_input("Version", 1, max(newest, 1), first, key=f"{key}-number")
        return {"name": name, "version_number": int(number)}
    if chosen == LABEL:
        try:
            known = [one.name for one in labels.labels(connection, name)]
        except StoreError:
            known = []
        options = list(dict.fromkeys([*([now["label"]] if now.get("label") else []), *known]))
        if not options:
            st.caption("No label points at a version of it yet.")
            return {"name": name}
        return {"name": name, "label": st.selectbox("Label", options, key=f"{key}-label")}
    return {"name": name}


def draw_inline(each: FormField, given: Any, key: str) -> dict[str, Any] | None:
    """{inline, prompt_template, metadata?}: a system and a user message, and a model."""
    now = dict(given or {})
    prompt = now.get("prompt_template") or {}
    texts = dict.fromkeys(_ROLES, "")
    for message in prompt.get("messages") or ():
        if message.get("role") in texts:
            parts = message.get("content") or ()
            texts[message["role"]] = "\n".join(str(part.get("text") or "") for part in parts)
    formats = ("f-string", "jinja2")
    first = (prompt.get("messages") or [{}])[0].get("template_format") or "f-string"
    st.caption(escaped(each.help))
    format_ = st.segmented_control(
        "Parser", formats, default=first, required=True, key=f"{key}-format"
    )
    written = {
        role: st.text_area(role.capitalize(), texts[role], key=f"{key}-{role}", height=100)
        for role in _ROLES
    }
    metadata = now.get("metadata") or {}
    model = _draw_model("Model", metadata.get("model") or {}, f"{key}-model", needed=True)
    messages = [
        {
            "role": role,
            "template_format": format_,
            "content": [{"type": "text", "text": text}],
        }
        for role, text in written.items()
        if text
    ]
    if not messages:
        return None
    found: dict[str, Any] = {
        "inline": True,
        "prompt_template": {"type": "chat", "messages": messages},
    }
    if model is not None:
        provider, name = model
        parameters = (metadata.get("model") or {}).get("parameters") or {}
        found["metadata"] = {
            "model": {"provider": provider, "name": name, "parameters": parameters}
        }
    return found


def _draw_model(
    label: str, now: Mapping[str, Any], key: str, *, needed: bool = False
) -> tuple[str, str] | None:
    name = now.get("name") or now.get("model")
    given = f"{now.get('provider')}/{name}" if name else None
    options = list(dict.fromkeys([*([given] if given else []), *choices()]))
    if not needed:
        options = [NONE, *options]
    chosen = st.selectbox(
        label,
        options,
        index=options.index(given) if given else 0,
        key=key,
        accept_new_options=True,
        help="provider/model; any other may be typed",
    )
    provider, slash, model = str(chosen or "").partition("/")
    return (provider, model) if slash and model else None


def draw_engine(each: FormField, given: Any, key: str, wrong: list[str]) -> dict[str, Any] | None:
    """{provider, model, parameters?}"""
    now = dict(given or {})
    model = _draw_model(f"{each.label} (may be left out)", now, f"{key}-model")
    st.caption(escaped(each.help))
    if model is None:
        return None
    found: dict[str, Any] = {"provider": model[0], "model": model[1]}
    parameters = now.get("parameters") or {}
    text = st.text_input(
        "Its settings, as JSON",
        json.dumps(parameters, ensure_ascii=False) if parameters else "",
        key=f"{key}-parameters",
        placeholder='{"temperature": 0}',
    )
    if text.strip():
        try:
            found["parameters"] = json.loads(text)
        except ValueError as error:
            wrong.append(f"The settings of the model are no JSON: {error}.")
    return found


def draw_mapping(
    given: Any,
    key: str,
    left: Sequence[str],
    found: Mapping[str, Any],
    elsewhere: set[str] | None,
    *,
    fills: bool = False,
) -> dict[str, str] | None:
    """{variable: column}: a choice for each input variable of the prompt that was drawn before.

    elsewhere: variables that another mapping fills; None where it asks for all but these. fills: a
    variable takes the column of its name at first; not where a configuration is edited,
    which must not change by being looked at.
    """
    now = dict(given or {})
    variables, problem = variables_of(found.get("prompt_config") or found)
    others = (ITEM, INDEX, PREVIOUS) if "prompt_config" in found else ()
    asked = [] if elsewhere is None else [one for one in variables if one not in elsewhere]
    names = list(dict.fromkeys([*asked, *now]))
    if problem:
        st.caption(escaped(problem))
    elif not names:
        st.caption("The prompt has none.")
    mapped: dict[str, str] = {}
    with st.container(horizontal=True, key=f"{key}-mapping"):
        for name in names:
            kept = [now[name]] if name in now else []
            options = list(dict.fromkeys([NONE, *left, *others, *kept]))
            first = now.get(name) or (name if fills and name in left else NONE)
            chosen = st.selectbox(
                name if name in variables else f"{name} (not in this prompt)",
                options,
                index=options.index(first),
                key=f"{key}-{name}",
                width=220,
            )
            if chosen != NONE:
                mapped[name] = chosen
    empty = [name for name in asked if name not in mapped]
    if empty:
        said = f"Left empty, since no column fills them: {', '.join(empty)}."
        st.html(f'<p class="wb-note wb-held">{escaped(said)}</p>')
    return mapped or None


def variables_of(found: Mapping[str, Any]) -> tuple[list[str], str]:
    """The input variables of the prompt in a configuration, and why they are not known."""
    prompt: Mapping[str, Any] | None = None
    if found.get("template"):
        chosen = found["template"]
        ask = fetching.Ask(
            version=chosen.get("version_number"),
            label=chosen.get("label"),
            render=False,
            kwargs=False,
        )
        try:
            prompt = fetching.fetch(open_store(), chosen["name"], ask).prompt
        except StoreError as error:
            return [], str(error)
    elif isinstance(found.get("prompt"), str):
        names = [name for name in _NAMED.findall(found["prompt"]) if name.isidentifier()]
        return list(dict.fromkeys(names)), ""
    elif found.get("inline_template"):
        prompt = found["inline_template"]["prompt_template"]
    if prompt is None:
        return [], ""
    return [one.name for one in analyse_prompt(prompt).variables], ""
