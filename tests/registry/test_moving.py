"""Moves of labels as JSON: what is written can be read, and what does not fit is named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.registry.conftest import WHO, Publish, chat
from tests.registry.test_preflight import log
from workbench.jsontext import FieldError
from workbench.registry import ab, labels, moving
from workbench.registry.ab import Release, Segment, Share
from workbench.registry.preflight import preflight
from workbench.store.store import Store

RELEASE = Release(
    "prod",
    (Share(1, Decimal("99.5")), Share(2, Decimal("0.5"))),
    (Segment("staff", {"team": ("internal", "qa"), "plan": ("pro",)}, (Share(2, Decimal(100)),)),),
    "user_id",
)


def test_a_release_is_read_as_it_was_written() -> None:
    assert moving.read_release(moving.release_report(RELEASE)) == RELEASE
    plain = {"label": "prod", "shares": [{"version": 1, "percent": 100}]}
    assert moving.read_release(plain) == Release("prod", (Share(1, Decimal(100)),))
    one = {**plain, "segments": [{"name": "a", "when": {"k": "v"}, "shares": plain["shares"]}]}
    assert moving.read_release(one).segments[0].when == {"k": ("v",)}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"label": None}, "label"),
        ({"shares": None}, "shares"),
        ({"shares": [{"version": 1, "percent": 50}]}, "shares"),
        ({"shares": [{"version": "1", "percent": 100}]}, "shares[0].version"),
        ({"shares": [{"version": True, "percent": 100}]}, "shares[0].version"),
        ({"shares": [{"version": 1, "percent": "much"}]}, "shares[0].percent"),
        ({"shares": [{"version": 1, "percent": "NaN"}]}, "shares[0].percent"),
        ({"segments": {}}, ""),
        ({"segments": "staff"}, "segments"),
        ({"segments": [{"name": "a", "when": [], "shares": []}]}, "segments[0].when"),
        ({"sticky_key": 5}, "sticky_key"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(change: dict[str, Any], place: str) -> None:
    whole = {"label": "prod", "shares": [{"version": 1, "percent": 100}], **change}
    if not place:
        assert moving.read_release(whole).segments == ()
        return
    with pytest.raises(FieldError) as told:
        moving.read_release(whole)
    assert told.value.field == place


def test_a_preflight_says_all_there_is_to_know_also_where_something_fails(
    store: Store, publish_: Publish
) -> None:
    publish_(prompt=chat(("user", "{name} of {city}")), labels=["prod"])
    publish_(prompt=chat(("user", "{year}"), ("user", '{"a": {name}}')))
    log(store, {"name": "Ada", "city": "Bern"}, {"name": "Bob", "city": "Rome"})
    found = moving.preflight_report(preflight(store, "greeting", 2, "prod"))
    assert found["summary"] == "2 of 2 logged requests would not render with version 2."
    assert found["remarks"][:2] == [
        "New variables: year.",
        "Variables that are gone: city.",
    ]
    assert "Without a value: year (2 requests)." in found["remarks"]
    assert (found["failing"], found["newly_failing"], found["lacking"]) == (2, 2, 2)
    assert len(found["failures"]) == 2
    assert not found["clear"]


def test_a_change_that_waits_is_told_with_its_number(store: Store, publish_: Publish) -> None:
    publish_(labels=["prod"])
    publish_()
    labels.protect(store, WHO, "prod", "greeting")
    asked = moving.change_report(labels.move_label(store, WHO, "greeting", "prod", 2, "why"))
    assert asked["waits"]
    [waiting] = labels.waiting(store.connection, "greeting")
    told = moving.described(store.connection, waiting)
    assert told["id"] == asked["request_id"] == labels.request(store.connection, waiting.id).id
    assert (told["prompt_name"], told["from_version"], told["to_version"]) == ("greeting", 1, 2)
    ab.start(store, WHO, "greeting", Release("prod", RELEASE.shares))
    split = labels.waiting(store.connection, "greeting")[0]
    assert moving.described(store.connection, split)["release"]["shares"][1]["percent"] == "0.5"
