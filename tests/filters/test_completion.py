"""Completing and mending the text syntax."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.filters.strategies import filters, texts
from workbench.filters import Filter, FilterError, parse_text, to_text
from workbench.filters.completion import fixed_options, key_option, place_at, value_option
from workbench.filters.mending import marked, mended


def at(text: str) -> tuple[str, int]:
    """The text without its | and where that stood."""
    caret = text.index("|")
    return text.replace("|", "", 1), caret


@pytest.mark.parametrize(
    ("text", "kind", "typed", "field", "key", "replaced"),
    [
        ("|", "name", "", None, None, ""),
        ("mod|", "name", "mod", None, None, "mod"),
        ("tag:a mo|d", "name", "mo", None, None, "mod"),
        ("-mod|", "name", "mod", None, None, "mod"),
        ("(tag:a OR mo|)", "name", "mo", None, None, "mo"),
        ("model:|", "value", "", "engine", None, ""),
        ("model:gpt|-4o tag:x", "value", "gpt", "engine", None, "gpt-4o"),
        ("model:a,b|", "value", "b", "engine", None, "b"),
        ("model:a|,b", "value", "a", "engine", None, "a"),
        ('prompt:"support an|', "value", "support an", "prompt_name", None, '"support an'),
        ('prompt:"a, b|"', "value", "a, b", "prompt_name", None, '"a, b"'),
        ("metadata.us|", "key", "us", "metadata", None, "us"),
        ('metadata."user i|', "key", "user i", "metadata", None, '"user i'),
        ("metadata.user_id:4|", "value", "4", "metadata", "user_id", "4"),
        ('metadata."user id":4|', "value", "4", "metadata", "user id", "4"),
        ("output.sta|", "key", "sta", "output", None, "sta"),
        ("output:sor|", "value", "sor", "output_text", None, "sor"),
        ("output.a:x|", "value", "x", "output", "a", "x"),
        ("score.ac|", "key", "ac", "score", None, "ac"),
        ("has:c|", "presence", "c", None, None, "c"),
        ("is:js|", "shape", "js", None, None, "js"),
        ("last:|", "duration", "", None, None, ""),
        ('"some wor|', "nothing", '"some wor', None, None, '"some wor'),
        ("nothing:x|", "nothing", "", None, None, ""),
        ("model.x|", "nothing", "", None, None, ""),
    ],
)
def test_it_knows_what_is_being_typed(
    text: str, kind: str, typed: str, field: str | None, key: str | None, replaced: str
) -> None:
    source, caret = at(text)
    place = place_at(source, caret)
    assert (place.kind, place.typed, place.key) == (kind, typed, key)
    assert (place.field.name if place.field else None) == field
    assert source[place.start : place.end] == replaced


def offered(text: str) -> list[str]:
    return [each.insert for each in fixed_options(place_at(*at(text)))]


def test_names_are_offered_by_use_and_by_what_was_typed() -> None:
    assert offered("|")[:4] == ["model:", "provider:", "status:", "tag:"]
    assert offered("mo|")[0] == "model:"
    assert offered("user|") == []
    assert offered("tok|")[0] == "tokens>"
    assert set(offered("tok|")) == {"tokens>", "input_tokens>", "output_tokens>"}
    assert "metadata." in offered("met|")
    assert offered("json|") == ["is:json"]


def test_a_number_whose_name_is_whole_is_asked_how_to_compare() -> None:
    assert offered("latency|")[:3] == ["latency>", "latency<", "latency:"]


def test_fixed_values_are_offered() -> None:
    assert offered("status:|") == ["success", "warning", "error"]
    assert offered("status:err|") == ["error"]
    assert offered("is:|") == ["json", "tool_call", "plain_text"]
    assert "7d" in offered("last:|")
    assert "cost" in offered("has:|")
    assert "metadata." in offered("has:|")


def test_every_name_that_is_offered_leads_to_a_filter() -> None:
    endings = {":": "x", ">": "3", ".": "k:x"}
    special = {"id:": "1", "time:": "7d", "end:": "7d", "last:": "7d", "session:": "1"}
    special |= {"after:": "2026-11-01", "before:": "2026-11-01", "prompt_id:": "1"}
    special |= {"status:": "error", "has:": "cost", "is:": "json"}
    for option in fixed_options(place_at("", 0)):
        text = option.insert
        if not option.is_final:
            text += special.get(text) or endings[text[-1]]
        assert parse_text(text) != Filter(), text


@given(texts.filter(bool))
def test_a_value_from_the_store_is_read_back_as_it_was(value: str) -> None:
    option = value_option(value, 3)
    source = f"tag:{option.insert}"
    (condition,) = parse_text(source).conditions
    assert condition.value == value
    (condition,) = parse_text(f"metadata.{key_option(value, 1, ':').insert}x").conditions
    assert condition.key == value


@given(st.text('abmodel:.,"\\()-<> OR', max_size=30), st.integers(-3, 40))
def test_any_text_has_a_place_at_any_caret(text: str, caret: int) -> None:
    place = place_at(text, caret)
    assert 0 <= place.token_start <= place.start <= place.end <= place.token_end <= len(text)
    assert all(option.insert for option in fixed_options(place))


@given(filters)
def test_every_end_of_a_written_filter_has_a_place(filter_: Filter) -> None:
    text = to_text(filter_)
    for caret in range(0, len(text) + 1, 3):
        place = place_at(text, caret)
        assert place.start <= place.end


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("modle:gpt-4o tag:a", "model:gpt-4o tag:a"),
        ("tga:prod", "tag:prod"),
        ('tag:"a b', 'tag:"a b"'),
        ("(tag:a OR tag:b", "(tag:a OR tag:b)"),
        ("tag:a)", "tag:a"),
        ("tag:a OR", "tag:a"),
        ("tag:a, b", "tag:a,b"),
        ("zzzzz:x refund", '"zzzzz:x" refund'),
        ("f(x)", '"f"x'),
    ],
)
def test_a_mistake_is_mended_with_a_small_change(source: str, wanted: str) -> None:
    with pytest.raises(FilterError) as raised:
        parse_text(source)
    found = mended(source, raised.value)
    if source == "f(x)":
        # Any reading will do here, as long as it is one.
        assert found is not None
    else:
        assert found == wanted


@given(st.text('tagmodel:.,"\\()-<>5s OR', max_size=24))
@example("-(a b)")
@example("latency>soon tag:a")
@example("status:broken")
def test_what_is_offered_instead_can_always_be_read(source: str) -> None:
    try:
        parse_text(source)
    except FilterError as error:
        refused = error
    else:
        return
    found = mended(source, refused)
    assert found is None or parse_text(found) is not None
    shown, caret = marked(source, refused.column or 0)
    assert len(caret) <= len(shown) + 1


def test_the_caret_stands_under_the_mistake() -> None:
    assert marked("tag:a modle:x", 7) == ("tag:a modle:x", "      ^")
    shown, caret = marked("x" * 200 + " modle:x", 202)
    assert shown[caret.index("^")] == "m"
