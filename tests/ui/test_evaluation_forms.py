"""Every type of column has a form that renders and gives back what stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from streamlit.testing.v1 import AppTest

from workbench.evals.columns import TABLE, column_type
from workbench.providers.host import close_host
from workbench.store.store import Store


@pytest.fixture(autouse=True)
def _no_host_outlives_its_store(store: Store) -> Iterator[None]:
    yield
    close_host()


def form(name: str, is_new: bool) -> None:
    """The script that AppTest runs: it has to be whole in itself."""
    import orjson
    import streamlit as st

    from workbench.evals.columns import AllLeft, column_type
    from workbench.ui.evaluation_fields import Form, draw_fields

    kind = column_type(name)
    spec = {} if is_new else dict(kind.example)
    sources = kind.sources(kind.read(kind.example))
    left = [] if is_new or isinstance(sources, AllLeft) else list(sources)
    drawn = Form(left, "form", is_new=is_new)
    found = draw_fields(kind.fields(), spec, drawn)
    st.session_state["found"] = orjson.dumps(found).decode()
    st.session_state["wrong"] = list(drawn.wrong)


def drawn(name: str, *, is_new: bool) -> tuple[dict[str, Any], list[str]]:
    app = AppTest.from_function(form, default_timeout=30, kwargs={"name": name, "is_new": is_new})
    app.run()
    assert not app.exception, app.exception
    return orjson.loads(app.session_state["found"]), app.session_state["wrong"]


@pytest.mark.parametrize("name", TABLE)
def test_a_form_gives_back_the_configuration_that_stands_in_it(store: Store, name: str) -> None:
    kind = column_type(name)
    found, wrong = drawn(name, is_new=False)
    assert wrong == []
    assert kind.write(kind.read(found)) == kind.write(kind.read(kind.example))


@pytest.mark.parametrize("name", TABLE)
def test_the_form_of_a_new_column_renders_without_columns_to_its_left(
    store: Store, name: str
) -> None:
    drawn(name, is_new=True)
