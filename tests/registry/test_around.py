"""What stands around templates: lists, folders, variable sets, addresses, use, links."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.registry.conftest import WHO, Publish, chat, completion, model, publisher
from tests.store.samples import NOON, some_request
from workbench.jsontext import FieldError
from workbench.registry import base_urls, folders, listing, templates, usage, variable_sets
from workbench.registry.links import Links, link_of
from workbench.registry.listing import Query
from workbench.store.errors import NotFound, Refused
from workbench.store.store import Store

NOW = datetime.now(UTC)


def found(store: Store, **query: Any) -> list[str]:
    page = listing.search(store.connection, Query(**query), now=NOW)
    assert page.total == len(page.items)
    return [one.template.name for one in page.items]


# Lists


def test_templates_are_found_by_name_text_tag_kind_label_and_folder(both: Store) -> None:
    publish = publisher(both)
    folder = folders.create(both, WHO, "Support")
    publish("Straße", completion("Grüße"), tags=["a", "b"], folder_id=folder.id)
    publish("mail", chat(("system", "ΟΔΟΣ")), labels=["prod"], tags=["a"])
    publish("mail", chat(("system", "newest text")))
    assert found(both, name="STRASSE") == ["Straße"]
    assert found(both, text="grüsse") == ["Straße"]
    assert found(both, text="οδος") == []
    assert found(both, text="οδος", in_all_versions=True) == ["mail"]
    assert found(both, tags=("a",), sort_by="name", descending=False) == ["mail", "Straße"]
    assert found(both, tags=("a", "b")) == ["Straße"]
    assert found(both, kind="completion") == ["Straße"]
    assert found(both, label="prod") == ["mail"]
    assert found(both, folder_id=folder.id) == ["Straße"]
    assert found(both, folder_id=None) == ["mail"]
    assert found(both, name="%") == []
    templates.delete(both, WHO, "mail")
    assert found(both) == ["Straße"]
    assert found(both, status="deleted") == ["mail"]
    assert sorted(found(both, status="all")) == ["Straße", "mail"]
    assert listing.tags(both.connection) == ["a", "b"]


def test_a_list_tells_labels_versions_folder_and_use(store: Store, publish_: Publish) -> None:
    inner = folders.create(store, WHO, "Inner", folders.create(store, WHO, "Outer").id)
    made = publish_(labels=["prod", "dev"], folder_id=inner.id, metadata=model())
    publish_()
    for index, days in enumerate((0, 3, 30)):
        at = NOW - timedelta(days=days, minutes=1)
        by = {"prompt_id": made.template.id} if index else {"prompt_name": "greeting"}
        row = some_request(raw=str(index), started_at=at, ended_at=at, **by)
        store.add(row).result()
    [item] = listing.search(store.connection, Query(), now=NOW).items
    assert (item.versions, item.version.number, item.requests) == (2, 2, 2)
    assert [one.name for one in item.labels] == ["dev", "prod"]
    assert item.folder == ("Outer", "Inner")
    labelled = listing.search(store.connection, Query(label="prod"), now=NOW).items[0]
    assert (labelled.version.number, labelled.version.model_name) == (1, "gpt-4o")


def test_pages_of_a_list_hold_every_template_once(store: Store, publish_: Publish) -> None:
    for number in range(7):
        publish_(f"t{number}")
    seen = [
        one.template.name
        for offset in range(0, 9, 3)
        for one in listing.search(store.connection, Query(), now=NOW, limit=3, offset=offset).items
    ]
    assert seen == [f"t{number}" for number in reversed(range(7))]


# Folders


def test_folders_are_a_tree_of_unique_names(both: Store) -> None:
    outer = folders.create(both, WHO, "Outer")
    inner = folders.create(both, WHO, "Inner", outer.id)
    folders.create(both, WHO, "Outer", outer.id)
    with pytest.raises(Refused, match="There is a folder 'Inner' there already"):
        folders.create(both, WHO, "Inner", outer.id)
    with pytest.raises(Refused, match="cannot be moved into itself"):
        folders.move(both, WHO, outer.id, inner.id)
    with pytest.raises(NotFound):
        folders.create(both, WHO, "x", 5)
    assert folders.at_path(both.connection, ["Outer", "Inner"]).id == inner.id
    folders.move(both, WHO, inner.id, None)
    folders.rename(both, WHO, inner.id, "Renamed")
    assert folders.paths(both.connection)[inner.id] == ("Renamed",)
    assert folders.ensure(both, WHO, ["Outer", "New", "Deep"]) is not None
    assert folders.ensure(both, WHO, ["Outer"]) == outer.id
    assert folders.ensure(both, WHO, []) is None


def test_a_folder_that_holds_something_goes_only_with_it(store: Store, publish_: Publish) -> None:
    outer = folders.create(store, WHO, "Outer")
    inner = folders.create(store, WHO, "Inner", outer.id)
    made = publish_(folder_id=inner.id)
    with pytest.raises(folders.FolderNotEmpty, match="it holds 2"):
        folders.delete(store, WHO, outer.id)
    assert folders.delete(store, WHO, outer.id, cascade=True) == 3
    assert folders.listed(store.connection) == []
    back = templates.restore(store, WHO, made.template.id)
    assert back.folder_id is None


def test_a_template_goes_into_no_folder_that_is_not_there(store: Store, publish_: Publish) -> None:
    with pytest.raises(NotFound, match="There is no folder 5"):
        publish_(folder_id=5)
    publish_()
    with pytest.raises(NotFound):
        folders.move_template(store, WHO, "greeting", 5)


# Variable sets and addresses


def test_variable_sets_are_saved_replaced_and_filled_from_a_request(
    both: Store,
) -> None:
    publisher(both)()
    first = variable_sets.save(both, WHO, "greeting", "short", {"name": "Ada"})
    again = variable_sets.save(both, WHO, "greeting", "short", {"name": "Bob", "n": [1, {"a": 2}]})
    assert again.id == first.id
    row = some_request(input_variables={"name": "Cy"})
    request = both.add(row).result().id
    variable_sets.from_request(both, WHO, "greeting", "logged", request)
    assert [
        (one.name, one.values, one.source)
        for one in variable_sets.listed(both.connection, "greeting")
    ] == [
        ("logged", {"name": "Cy"}, f"request/{request}"),
        ("short", {"name": "Bob", "n": [1, {"a": 2}]}, None),
    ]
    variable_sets.remove(both, WHO, first.id)
    with pytest.raises(NotFound):
        variable_sets.remove(both, WHO, first.id)
    bare = both.add(some_request(raw="other")).result().id
    for id_ in (bare, 5):
        with pytest.raises(NotFound):
            variable_sets.values_of_request(both.connection, id_)


@pytest.mark.parametrize("data", [b"[1]", b"{", b"\xff", b"", b"null"])
def test_a_file_that_holds_no_values_is_refused(data: bytes) -> None:
    with pytest.raises(FieldError):
        variable_sets.values_of_file(data)


def test_values_come_from_a_json_file() -> None:
    assert variable_sets.values_of_file('\ufeff{"a": "é"}'.encode()) == {"a": "é"}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a.example",
        "models.example",
        "http://",
        "http://user:secret@a.example",
        "http://a:x",
    ],
)
def test_an_address_that_is_none_or_holds_a_password_is_refused(store: Store, url: str) -> None:
    with pytest.raises(FieldError) as caught:
        base_urls.save(store, WHO, "inside", "openai", url)
    assert caught.value.field == "url"
    assert "secret" not in str(caught.value)
    assert base_urls.listed(store.connection) == []


# Use


def test_use_is_told_by_version_over_time_and_with_scores(both: Store) -> None:
    template = publisher(both)().template
    for index, (version, status, cost) in enumerate(
        [(1, "SUCCESS", "0.5"), (2, "SUCCESS", "1"), (2, "ERROR", None), (None, "SUCCESS", None)]
    ):
        row = some_request(
            raw=str(index),
            prompt_name="greeting",
            prompt_version=version,
            status=status,
            cost=None if cost is None else Decimal(cost),
            started_at=NOON + timedelta(days=index),
            ended_at=NOON + timedelta(days=index, seconds=2),
            input_tokens=10,
            scores=(("tone", 80.0 - index),),
        )
        both.add(row).result()
    both.add(some_request(raw="not ours", prompt_name="other")).result()
    told = usage.usage(both.connection, template.id, NOON, NOON + timedelta(days=10))
    assert (told.requests, told.errors, told.cost) == (4, 1, Decimal("1.5"))
    assert [
        (one.version, one.requests, one.errors, one.mean_ms, one.input_tokens)
        for one in told.versions
    ] == [(2, 2, 1, 2000.0, 20), (1, 1, 0, 2000.0, 10), (None, 1, 0, 2000.0, 10)]
    assert [(one.version, one.scores, one.mean) for one in told.scores] == [
        (2, 2, 78.5),
        (1, 1, 80.0),
        (None, 1, 77.0),
    ]
    assert [(one.start.day, one.version, one.mean_score) for one in told.over_time] == [
        (1, 1, 80.0),
        (2, 2, 79.0),
        (3, 2, 78.0),
        (4, None, 77.0),
    ]
    nothing = usage.usage(both.connection, template.id, NOON - timedelta(days=1), NOON)
    assert (nothing.requests, nothing.cost) == (0, None)


# Links


def test_a_request_gets_the_name_for_an_id_and_the_id_for_a_name(
    store: Store, publish_: Publish
) -> None:
    links = Links()
    assert links.linked(store, some_request(prompt_name="greeting")).prompt_id is None
    made = publish_()
    by_id = links.linked(store, some_request(prompt_id=made.template.id))
    assert by_id.prompt_name == "greeting"
    by_name = links.linked(store, some_request(prompt_name="greeting"))
    assert by_name.prompt_id == made.template.id
    assert links.linked(store, some_request(prompt_id=5)).prompt_name is None
    templates.rename(store, WHO, "greeting", "hello")
    assert links.linked(store, some_request(prompt_id=made.template.id)).prompt_name == "hello"
    templates.delete(store, WHO, "hello")
    assert links.linked(store, some_request(prompt_id=made.template.id)).prompt_name == "hello"
    plain = some_request()
    assert links.linked(store, plain) is plain


def test_a_link_by_label_is_to_the_version_that_it_points_at(
    store: Store, publish_: Publish
) -> None:
    made = publish_(labels=["prod"])
    publish_()
    assert link_of(store, "greeting", None, "prod").version == 1
    assert link_of(store, "greeting", None, None).version == 2
    assert link_of(store, "greeting", 7, "prod").version == 7
    assert link_of(store, "greeting", None, "dev").version is None
    assert link_of(store, str(made.template.id), None, None).name == "greeting"
    nobody = link_of(store, "nobody", 3, "x")
    assert (nobody.template_id, nobody.version, nobody.label) == (None, 3, "x")
