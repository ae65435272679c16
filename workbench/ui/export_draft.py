"""The form of the Export page as its link holds it; every widget is drawn from it and writes to it.

`f` is the filter, as on the Logs page; `format` and `options` are the rest of the spec: what is
left out has its usual value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
import streamlit as st

from workbench.export.formats import FORMATS
from workbench.export.sources import DATASETS, EVALUATIONS, REQUESTS, SOURCES, check_columns
from workbench.export.spec import Masking, Spec, read_spec
from workbench.export.tuning_options import NEAR, NOT_OF_PAIRS, NOT_OF_REQUESTS, Tuning
from workbench.filters import Filter, to_api
from workbench.jsontext import FieldError
from workbench.store import datasets, evaluations
from workbench.store.export_ratings import HUMAN
from workbench.store.store import open_store
from workbench.ui import state
from workbench.ui.filter_bar import write_filter

Options = dict[str, Any]
_USUAL = Spec().model_dump(mode="json")
_USUAL_TUNING = Tuning().model_dump(mode="json")
_USUAL_MASKING = Masking().model_dump(mode="json")
# What the link says in words of its own.
_APART = ("filter_group", "q", "format")
# Fields that hold what somebody typed, with a value of their type.
_TYPED: dict[str, Any] = {
    "name": "",
    "columns": [],
    "tuning.score": "",
    "masking.name_fields": [],
}


def read_options() -> Options:
    """The options of the link. Raises FieldError for what is no JSON object."""
    text = st.query_params.get(state.EXPORT_OPTIONS, "")
    if not text:
        return {}
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise FieldError("", f"the link's options are no JSON: {error}") from None
    if not isinstance(found, dict):
        raise FieldError("", "the link's options are no JSON object")
    apart = _APART if found.get("source", REQUESTS) == REQUESTS else ("filter_group", "format")
    return {name: value for name, value in found.items() if name not in apart}


def read_format() -> str:
    """The format of the link, put into it where it names none."""
    name = st.query_params.get(state.EXPORT_FORMAT, "")
    if name not in FORMATS:
        name = "csv"
        st.query_params[state.EXPORT_FORMAT] = name
    return name


def read_source() -> str:
    """What leaves, as the link says it; a damaged one is told by `read_draft`."""
    try:
        name = read_options().get("source")
    except FieldError:
        return REQUESTS
    return name if isinstance(name, str) and name in SOURCES else REQUESTS


def read_draft(filter_: Filter) -> tuple[Options, Spec | None, FieldError | None]:
    """The options, what they ask for, and what is wrong with what was typed into the form.

    Raises FieldError for what only a damaged link can hold: no form can be drawn from it.
    """
    options = read_options()
    format_ = read_format()
    typed = {path: value_at(options, path) for path in _TYPED}
    for path, usual in _TYPED.items():
        is_right = isinstance(typed[path], type(usual))
        if isinstance(typed[path], list):
            is_right = is_right and all(isinstance(each, str) for each in typed[path])
        if not is_right:
            raise FieldError(path, "this is of the wrong type")
    asked = _asked(filter_, options)
    try:
        read_spec({**asked, "format": format_, **_without_typed(options)})
    except FieldError as error:
        # Rows that are still to be chosen are asked for by the form.
        if error.field not in SOURCES[read_source()].choice:
            raise
        return options, None, error
    try:
        spec = read_spec({**asked, "format": format_, **options})
        check_columns(open_store().connection, spec)
    except FieldError as error:
        return options, None, error
    return options, spec, None


def _asked(filter_: Filter, options: Options) -> dict[str, Any]:
    """The filter is of requests."""
    return to_api(filter_) if value_at(options, "source") == REQUESTS else {}


def _without_typed(options: Options) -> Options:
    """The options without what people type freely."""
    rest: Options = {}
    for head, value in options.items():
        if isinstance(value, dict):
            rest[head] = {
                name: one for name, one in value.items() if f"{head}.{name}" not in _TYPED
            }
        elif head not in _TYPED:
            rest[head] = value
    return rest


def clear() -> None:
    """Every option back to its usual value."""
    st.query_params.pop(state.EXPORT_OPTIONS, None)


def show_spec(saved: Mapping[str, Any]) -> None:
    """Put an export's spec back into the form, so that it can be changed and asked for again."""
    spec = read_spec(dict(saved))
    st.query_params.pop(state.EXPORT_JOB, None)
    st.query_params[state.EXPORT_FORMAT] = spec.format
    given = spec.to_json()
    if spec.source != REQUESTS:
        write_options({name: value for name, value in given.items() if name != "format"})
        return
    write_options({name: value for name, value in given.items() if name not in _APART})
    write_filter(spec.filter)


def choose_source(source: str) -> None:
    """Begin a form for another source: it has other columns."""
    if source == REQUESTS:
        clear()
        return
    options: Options = {"source": source, "name": source}
    if source == DATASETS:
        newest = datasets.listed(open_store().connection, limit=1)
        if not newest:
            st.session_state[state.SAID] = "There is no dataset yet."
            return
        options["dataset"] = newest[0].id
        # Of a dataset that was never published its draft leaves.
        if newest[0].newest is None and newest[0].draft is not None:
            options["version"] = newest[0].draft
    if source == EVALUATIONS:
        found = evaluations.listed(open_store().connection, "", deleted=False, limit=1, offset=0)
        if not found:
            st.session_state[state.SAID] = "There is no evaluation yet."
            return
        options["evaluation_run"] = found[0][1].id
    write_options(options)
    names = [each.name for each in FORMATS.values() if each.kind in SOURCES[source].kinds]
    if st.query_params.get(state.EXPORT_FORMAT) not in names:
        st.query_params[state.EXPORT_FORMAT] = names[0]


def value_at(options: Options, path: str) -> Any:
    """The value of an option, such as "tuning.seed", or its usual one."""
    head, _, rest = path.partition(".")
    if not rest:
        return options.get(head, _USUAL[head])
    part = options.get(head)
    return (part if isinstance(part, dict) else {}).get(rest, _usual_of(head)[rest])


def _usual_of(head: str) -> dict[str, Any]:
    return _USUAL_MASKING if head == "masking" else _USUAL_TUNING


def put(path: str, value: Any) -> None:
    """Change one option in the link. A usual value leaves it, so that links stay short."""
    options = read_options()
    head, _, rest = path.partition(".")
    if rest:
        part = dict(options.get(head) or {})
        _set(part, rest, value, _usual_of(head)[rest])
        # Masking is asked for by its being there, even where all of it is as usual.
        options[head] = part
        if not part and head != "masking":
            del options[head]
    else:
        _set(options, head, value, _USUAL[head])
    write_options(options)


def drop_what_pairs_cannot_take() -> None:
    """Options of packs of single answers, which are refused for pairs and cannot be seen there."""
    if read_source() != REQUESTS:
        put("tuning.train_on", _USUAL_TUNING["train_on"])
        if value_at(read_options(), "tuning.answer_column") == "":
            put("tuning.answer_column", None)
        return
    for name in NOT_OF_PAIRS:
        put(f"tuning.{name}", _USUAL_TUNING[name])
    if str(value_at(read_options(), "tuning.answer")).startswith(HUMAN):
        choose_answer(_USUAL_TUNING["answer"])
    together = value_at(read_options(), "tuning.together")
    put("tuning.together", [name for name in together if name != NEAR])


def choose_split(by: str) -> None:
    """By chance, or the dataset's own: each has options that the other does not take."""
    for name in ("validation", "together", "training_splits", "validation_splits"):
        put(f"tuning.{name}", _USUAL_TUNING[name])
    put("tuning.split", by)


def drop_what_rows_are_mapped_by() -> None:
    """Another dataset has other columns."""
    for name in (*_USUAL_TUNING.keys() & NOT_OF_REQUESTS.keys(), "together", "balance_by"):
        put(f"tuning.{name}", _USUAL_TUNING[name])


def choose_answer(name: str) -> None:
    """Another expected answer: evaluations have other columns."""
    put("tuning.evaluation", None)
    put("tuning.answer", name)


def _set(part: dict[str, Any], name: str, value: Any, usual: Any) -> None:
    if value == usual and type(value) is type(usual):
        part.pop(name, None)
    else:
        part[name] = value


def write_options(options: Options) -> None:
    if options:
        st.query_params[state.EXPORT_OPTIONS] = orjson.dumps(options).decode()
    else:
        clear()


def bound(
    options: Options,
    path: str,
    shown: Callable[[Any], Any] = lambda value: value,
    kept: Callable[[Any], Any] = lambda value: value,
) -> dict[str, Any]:
    """The arguments that tie a widget to an option. shown, kept: from the option to the widget's
    value and back."""
    key = f"export-{path}"
    st.session_state[key] = shown(value_at(options, path))
    return {"key": key, "on_change": _changed, "args": (path, key, kept)}


def _changed(path: str, key: str, kept: Callable[[Any], Any]) -> None:
    put(path, kept(st.session_state[key]))
