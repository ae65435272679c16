"""Sessions from elsewhere: from nothing, from a logged request, from the registry's editor."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import orjson

from workbench.logs.normalise.shape import mapping, text
from workbench.playground.session import Session, TemplateChoice
from workbench.providers.table import find
from workbench.registry import editing as editings
from workbench.registry.editing import Editing
from workbench.store.errors import Refused
from workbench.store.rows import Detail
from workbench.store.store import Store

FIRST_MODEL = "echo/echo"


def blank(store: Store, models: tuple[str, ...] = (FIRST_MODEL, "echo/echo-slow")) -> Session:
    """An empty prompt and one column a model."""
    session = Session(id=0, shared=editings.blank("", "chat"), columns=[])
    for model in models:
        session.add(model)
    session.settle(store.make_id())
    return session


def from_request(store: Store, detail: Detail) -> Session:
    """A logged request: its messages, tools, model and settings exactly, its answer in a first,
    locked column, and beside that a column that runs it again.

    Texts are taken as they are: no parser reads their braces. Raises Refused where nothing
    understood the request.
    """
    if not isinstance(detail.prompt, dict):
        raise Refused("Nothing here understood this call, so there are no messages to run again.")
    shared = editings.blank("", "chat")
    shared.put(detail.prompt)
    shared.is_changed = False
    session = Session(id=0, shared=shared, columns=[], is_plain=True)
    session.source_request = detail.summary.id
    model = model_of(detail)
    logged = session.add(model)
    logged.name, logged.is_locked = "Logged", True
    logged.parameters = deepcopy(detail.parameters)
    logged.thread = [{"request": detail.summary.id}]
    session.duplicate(logged)
    session.settle(store.make_id())
    return session


def model_of(detail: Detail) -> str:
    """ "provider/model" of a logged request: as it was asked for, where that is known, since
    answers name a dated model."""
    kwargs = mapping(mapping(_value(detail.raw)).get("kwargs"))
    name = text(kwargs.get("model")) or text(kwargs.get("modelId")) or detail.summary.model or ""
    name = name.removeprefix("models/")
    provider = detail.summary.provider or ""
    known = find(provider) if provider else None
    if known is not None:
        provider = known.name
    if provider == "openai" and "responses" in (detail.function_name or ""):
        provider = "openai-responses"
    return f"{provider}/{name}" if provider and name else name


def _value(raw: str) -> Any:
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return None


def from_editing(store: Store, editing: Editing) -> Session:
    """What stands in the registry's editor, saved or not, with the model that it names; where it
    is changed, beside the newest saved version."""
    shared = editings.from_json(deepcopy(editing.to_json()))
    assert shared is not None
    model = shared.model
    parameters = mapping(model.get("parameters"))
    form = parameters.get("response_format")
    session = Session(id=0, shared=shared, columns=[], name="")
    named = _named(text(model.get("provider")), text(model.get("name")))
    column = session.add(named or FIRST_MODEL)
    column.parameters = {
        name: value for name, value in deepcopy(parameters).items() if name != "response_format"
    }
    # The shared structured output is all that stays with the messages.
    shared.metadata["model"] = {"parameters": {} if form is None else {"response_format": form}}
    if editing.template_id is not None and editing.is_changed:
        saved = session.duplicate(column)
        saved.template = TemplateChoice(editing.template_id, editing.name)
    session.name = editing.name
    session.settle(store.make_id())
    return session


def _named(provider: str, name: str) -> str:
    known = find(provider) if provider else None
    return f"{known.name if known else provider}/{name}" if provider and name else ""
