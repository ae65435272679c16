"""The OpenAPI document: it is one, it tells of what is served, and nothing it allows breaks us."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from tests.api.conftest import Track, kept
from tests.api.test_logging import neutral
from tests.server import KEY, application, log_body
from workbench.api.routes import OPERATIONS
from workbench.filters import FIELDS
from workbench.settings import ROOT
from workbench.store.errors import store_failed
from workbench.store.store import Store, open_store

POSTS = [each.path for each in OPERATIONS if each.method == "POST"]
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def test_the_document_lists_what_is_served(anyone: TestClient) -> None:
    document = anyone.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    served = {(each.method.lower(), each.path) for each in OPERATIONS}
    told = {(method, path) for path, entry in document["paths"].items() for method in entry}
    assert told == served | {("get", "/healthz")}
    assert anyone.get("/healthz").json() == {"status": "ok"}


def test_healthz_says_what_to_do_about_a_store_that_has_failed(
    anyone: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = store_failed("failed to pin block of size 588.0 KiB", "320MB")
    monkeypatch.setattr(open_store().connection, "failed", failed)
    answer = anyone.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (503, "failed")
    assert "WORKBENCH_MEMORY_LIMIT, 320MB, does not suffice" in answer.json()["message"]


def test_the_documentation_tells_of_every_operation() -> None:
    text = (ROOT / "docs" / "api.md").read_text()
    for each in OPERATIONS:
        assert f"`{each.method} {each.path}`" in text


def test_every_reference_in_the_document_leads_somewhere(anyone: TestClient) -> None:
    document = anyone.get("/openapi.json").json()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                assert (
                    value["$ref"].removeprefix("#/components/schemas/")
                    in (document["components"]["schemas"])
                )
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


def checks_of(case: Any) -> list[Any]:
    """Those that hold for a call: a key that the call was to lack is put in, and parameters that
    nothing tells of are passed over, so only a wrong path or body has to be refused."""
    wrong = {
        location
        for location, one in case.meta.components.items()
        if one.mode == GenerationMode.NEGATIVE
    }
    if wrong and not wrong & {ParameterLocation.PATH, ParameterLocation.BODY}:
        return [each for each in CHECKS if each is not negative_data_rejection]
    return CHECKS


def explore(examples: int) -> int:
    """Ask every operation for what its schema allows and forbids; the number of calls made."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", application())
    calls = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        # What takes nothing cannot be asked wrongly.
        takes = operation.path_parameters or operation.body
        for mode in GenerationMode if takes else [GenerationMode.POSITIVE]:

            @settings(
                max_examples=examples,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
                derandomize=True,
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def run(case: Any) -> None:
                nonlocal calls
                calls += 1
                case.call_and_validate(headers={"X-API-KEY": KEY}, checks=checks_of(case))

            run()
    return calls


def test_what_the_document_allows_is_answered_and_what_it_forbids_is_refused(store: Store) -> None:
    assert explore(5) > 50


@pytest.mark.slow
def test_thousands_of_calls_that_the_document_allows_or_forbids_break_nothing(store: Store) -> None:
    assert explore(100) > 1000


@pytest.mark.parametrize("path", POSTS)
@settings(max_examples=15)
@given(value=anything)
def test_any_json_is_answered_with_an_object(client: TestClient, path: str, value: Any) -> None:
    answer = client.post(path, json=value)
    assert answer.status_code < 500
    assert isinstance(answer.json(), dict)


PAIRS = [(field.name, each.name) for field in FIELDS.values() for each in field.operators]
plain = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.datetimes().map(lambda moment: moment.isoformat() + "Z")
    | st.sampled_from(["SUCCESS", "frustrated", True, None, "%", "_", "'", "(", "a.b[0]"])
)


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    """A filter whose operator its field has; the value may fit or not."""
    field, operator = draw(st.sampled_from(PAIRS))
    value = draw(plain | st.lists(plain, max_size=3))
    condition = {"field": field, "operator": operator, "value": value}
    if draw(st.booleans()):
        condition["nested_key"] = draw(st.text(st.characters(exclude_categories=["Cs"])))
    return condition


@settings(max_examples=300)
@given(st.lists(conditions(), max_size=3), st.none() | plain)
def test_any_search_finds_or_is_refused(
    client: TestClient, track: Track, filters: list[dict[str, Any]], q: Any
) -> None:
    track()
    body = {"filter_group": {"logic": "OR", "filters": filters}, "q": q}
    answer = client.post("/api/public/v2/requests/search", content=orjson.dumps(body))
    assert answer.status_code in (200, 400), answer.text


@pytest.mark.parametrize("path", ["/track-request", "/log-request"])
@settings(max_examples=60)
@given(fields=st.dictionaries(st.sampled_from(sorted({**log_body(), **neutral()})), anything))
def test_any_field_of_a_logged_call_may_hold_anything(
    client: TestClient, path: str, fields: dict[str, Any]
) -> None:
    body = {**log_body(), **neutral(), **fields}
    answer = client.post(path, content=orjson.dumps(body))
    assert answer.status_code < 500, answer.text
    if answer.status_code in (200, 201):
        del body["api_key"]
        raw = kept(answer.json()["request_id"]).raw
        assert orjson.loads(raw) == body
    else:
        assert answer.json()["field"].partition(".")[0].partition("[")[0] in fields
