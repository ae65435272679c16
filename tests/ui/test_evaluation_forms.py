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
    from workbench.ui.evaluation_fields import Form
    from workbench.ui.evaluation_form import draw_fields

    kind = column_type(name)
    spec = {} if is_new else dict(kind.example)
    sources = kind.sources(kind.read(kind.example))
    left = [] if is_new or isinstance(sources, AllLeft) else list(sources)
    drawn = Form(left, "form", is_new=is_new)
    found = draw_fields(kind.fields(), spec, drawn)
    st.session_state["found"] = orjson.dumps(found).decode()
    st.session_state["wrong"] = list(drawn.wrong)


def opened(name: str, *, is_new: bool) -> AppTest:
    app = AppTest.from_function(form, default_timeout=30, kwargs={"name": name, "is_new": is_new})
    app.run()
    assert not app.exception, app.exception
    return app


def drawn(name: str, *, is_new: bool) -> tuple[dict[str, Any], list[str]]:
    app = opened(name, is_new=is_new)
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


@pytest.mark.parametrize("name", ["PROMPT_TEMPLATE", "FOR_LOOP", "WHILE_LOOP"])
def test_a_prompt_is_either_a_template_or_written_in_the_form(store: Store, name: str) -> None:
    app = opened(name, is_new=False)
    assert "Prompt template" in [one.label for one in app.selectbox]
    assert "System" not in [one.label for one in app.text_area]


def test_a_variable_is_asked_for_in_one_place(store: Store) -> None:
    app = opened("WHILE_LOOP", is_new=False)
    assert [one.label.split(" (")[0] for one in app.selectbox].count("history") == 1


def test_a_text_that_is_the_same_in_every_row_is_written_as_it_is(store: Store) -> None:
    app = opened("VARIABLE", is_new=False)
    app.text_area[0].set_value("Dear {name},").run()
    assert orjson.loads(app.session_state["found"])["value"]["value"] == "Dear {name},"
    assert app.session_state["wrong"] == []


def test_columns_are_chosen_by_the_person_and_not_by_the_form(store: Store) -> None:
    found, _ = drawn("APPLY_DIFF", is_new=True)
    assert found == {}
