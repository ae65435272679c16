"""Names: any script, slashes, colons and spaces; never what an address or a reader trips over."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.registry.conftest import WHO, Publish, chat
from workbench.jsontext import FieldError
from workbench.registry import finding, templates
from workbench.registry.names import check_label, check_name
from workbench.store.errors import NotFound, Refused
from workbench.store.store import Store

GOOD = [
    "a/b",
    "a:b",
    "team / greeting v1.0",
    "приветствие",
    "挨拶",
    "مرحبا",
    "é",
    "17",
    "a.b",
    "😀",
]


@pytest.mark.parametrize("name", GOOD)
def test_a_name_of_any_script_is_found_again(store: Store, publish_: Publish, name: str) -> None:
    made = publish_(name)
    assert made.template.name == name
    assert finding.template(store.connection, name).id == made.template.id
    assert finding.template(store.connection, made.template.id).name == name
    assert finding.template(store.connection, str(made.template.id)).name == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "it is empty"),
        ("   ", "it is empty"),
        (" a", "begins or ends with a space"),
        ("a ", "begins or ends with a space"),
        ("..", '".."'),
        ("a/../b", '".."'),
        (".", '".."'),
        ("a\x00b", "character 2 is a control character (U+0000)"),
        ("a\nb", "control character"),
        ("a\u2028b", "control character"),
        ("a\u202eb", "character 2 is a control character (U+202E)"),
        ("a\ud800b", "control character"),
        ("x" * 513, "512 characters are the limit"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused_with_the_reason(
    publish_: Publish, name: str, reason: str
) -> None:
    with pytest.raises(FieldError) as caught:
        publish_(name)
    assert caught.value.field == "prompt_name"
    assert reason in str(caught.value)


def test_two_spellings_of_one_name_are_one_template(store: Store, publish_: Publish) -> None:
    composed, taken_apart = "Café", unicodedata.normalize("NFD", "Café")
    assert composed != taken_apart
    first = publish_(composed)
    second = publish_(taken_apart)
    assert second.template.id == first.template.id
    assert second.version.number == 2
    assert finding.template(store.connection, taken_apart).name == composed


def test_a_name_wins_over_an_id(store: Store, publish_: Publish) -> None:
    first = publish_("first")
    second = publish_(str(first.template.id))
    assert finding.template(store.connection, str(first.template.id)).id == second.template.id
    assert finding.template(store.connection, first.template.id).id == first.template.id


@given(st.text(max_size=30))
def test_a_name_is_kept_as_it_is_or_refused(name: str) -> None:
    try:
        kept = check_name(name)
    except FieldError:
        return
    assert kept == name
    assert ".." not in name
    assert not any(unicodedata.category(each) in ("Cc", "Cs") for each in name)


def test_a_release_label_cannot_hold_what_ends_it_in_a_reference() -> None:
    with pytest.raises(FieldError, match='cannot hold "@"'):
        check_label("prod@2")


@pytest.mark.parametrize("identifier", ["nothing", "0", "9" * 30, "", 5, 2**70, "a\x00"])
def test_what_is_not_there_is_not_found(store: Store, identifier: str | int) -> None:
    with pytest.raises(NotFound):
        finding.template(store.connection, identifier)


def test_a_name_can_be_changed_and_is_then_free(store: Store, publish_: Publish) -> None:
    made = publish_("old")
    templates.rename(store, WHO, "old", "new")
    assert finding.template(store.connection, "new").id == made.template.id
    publish_("old")
    with pytest.raises(Refused, match="already"):
        templates.rename(store, WHO, "new", "old")
    assert publish_("new", chat(("user", "x"))).version.number == 2
