"""No key is kept, and nothing else is changed."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.logs.key_removal import REMOVED, SHORTEST, without_keys

KEY = "wb_abcdefghijklmnopqrstuv"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
pieces = st.lists(texts | st.just(KEY) | st.just("api_key") | st.just("\\"), max_size=3)
strings = pieces.map("".join)
values = st.recursive(
    st.none() | st.integers(-9, 9) | strings,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strings, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(strings, values, max_size=4)


def removed(text: str, *given: str) -> str:
    cut, value = without_keys(text, orjson.loads(text), given)
    assert orjson.loads(cut) == value
    return cut


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ('{"api_key":"K"}', "{}"),
        ('{"api_key": "K", "a": 1}', '{"a": 1}'),
        ('{"a": 1, "api_key": "K"}', '{"a": 1}'),
        ('{"a": 1 , "api_key" : "K" , "b": 2}', '{"a": 1  , "b": 2}'),
        ('{\n "a": 1,\n "api_key": "K"\n}', '{\n "a": 1\n}'),
        ('{"a": "api_key", "api_key": "K"}', '{"a": "api_key"}'),
        ('{"api_key": null, "a": 1}', '{"a": 1}'),
        ('{"api_key": [1, {"b": 2}], "a": 1}', '{"a": 1}'),
        ('{"api_key": "x", "api_key": "K", "a": 1}', '{"a": 1}'),
        ('{"a": 1, "api_key": "K", "api_key": 2}', '{"a": 1}'),
        ('{"api\\u005fkey": "K", "a": "\\u00e9"}', '{"a": "\\u00e9"}'),
        ('{"b": {"api_key": "other"}, "api_key": "K"}', '{"b": {"api_key": "other"}}'),
        ('{"a": "says K.", "api_key": "K"}', f'{{"a": "says {REMOVED}."}}'),
        ('{"K": 1, "api_key": "K"}', f'{{"{REMOVED}": 1}}'),
        ('{"a": "\\u0077b_abcdefghijklmnopqrstuv", "api_key": "K"}', f'{{"a": "{REMOVED}"}}'),
        ('{"kwargs": {"api_key": "sk-vendor"}}', f'{{"kwargs": {{"api_key": "{REMOVED}"}}}}'),
        ('{"a": 1}', '{"a": 1}'),
    ],
)
def test_the_key_goes_and_the_rest_stays(text: str, cut: str) -> None:
    assert removed(text.replace("K", KEY), KEY) == cut


@pytest.mark.parametrize(
    "key", ['quo"te-quo"te', "back\\slash-long", "über-schlüssel", "a/b/c/d/e"]
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_keys_that_json_writes_in_several_ways_go_too(key: str, ascii_only: bool) -> None:
    text = json.dumps({"a": f"<{key}>", "api_key": key}, ensure_ascii=ascii_only)
    assert removed(text.replace("/", "\\/")) == json.dumps({"a": f"<{REMOVED}>"})


def test_a_short_value_is_cut_as_the_member_only() -> None:
    assert removed('{"a": "banana", "api_key": "an"}', "an") == '{"a": "banana"}'


def replaced(value: Any, secrets: list[str]) -> Any:
    """A plain reading of the rule: in every string, each secret as a whole, the longest first."""
    if isinstance(value, dict):
        return {replaced(key, secrets): replaced(one, secrets) for key, one in value.items()}
    if isinstance(value, list):
        return [replaced(one, secrets) for one in value]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, REMOVED)
    return value


# The member's own value is a secret as well, also where it holds the given key twice.
@example({KEY * 2: None, "api_key": KEY * 2}, False, False, 0)
@given(objects, st.booleans(), st.booleans(), st.integers(0, 4))
def test_no_key_survives_and_nothing_else_changes(
    value: dict[str, Any], ascii_only: bool, in_body: bool, place: int
) -> None:
    members = list(value.items())
    if in_body:
        members.insert(place, ("api_key", KEY))
    text = json.dumps(dict(members), ensure_ascii=ascii_only)
    cut = removed(text, KEY)
    assert KEY not in json.dumps(json.loads(cut), ensure_ascii=False)
    body = dict(members)
    kwargs = body.get("kwargs")
    own = [body.pop("api_key", None), kwargs.get("api_key") if isinstance(kwargs, dict) else None]
    secrets = {KEY, *(one for one in own if isinstance(one, str) and len(one) >= SHORTEST)}
    assert json.loads(cut) == replaced(body, sorted(secrets, key=len, reverse=True))


@given(objects.filter(lambda value: KEY not in json.dumps(value) and "api_key" not in value))
def test_a_body_without_a_key_stays_byte_for_byte(value: dict[str, Any]) -> None:
    value.pop("kwargs", None)
    text = json.dumps(value, indent=1)
    assert removed(text, KEY) == text
