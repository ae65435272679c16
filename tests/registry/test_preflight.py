"""Before a label moves: logged inputs are tried on the version to come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.registry.conftest import Publish, chat, completion
from tests.store.samples import NOON, some_request
from workbench.registry.preflight import preflight
from workbench.store.store import Store
from workbench.templates import RenderPool
from workbench.templates.limits import PoolLimits


def log(store: Store, *values: dict[str, Any] | None, **more: Any) -> list[int]:
    return [
        store.add(
            some_request(
                raw=f"{number}",
                started_at=NOON + timedelta(seconds=number),
                ended_at=NOON + timedelta(seconds=number + 1),
                prompt_name="greeting",
                input_variables=each,
                **more,
            )
        )
        .result()
        .id
        for number, each in enumerate(values)
    ]


def test_missing_and_unused_variables_and_lengths_are_counted(
    store: Store, publish_: Publish
) -> None:
    publish_(prompt=chat(("user", "Hello {name} of {city}")), labels=["prod"])
    publish_(prompt=chat(("user", "Good day {name}, born {year}")))
    log(
        store,
        {"name": "Ada", "city": "Bern", "year": 1815},
        {"name": "Bob", "city": "Rome"},
        {"name": "Cy", "city": "Oslo", "other": 1},
        input_tokens=10,
    )
    found = preflight(store, "greeting", 2, "prod")
    assert found.before is not None
    assert (found.before.number, found.after.number, found.tried) == (1, 2, 3)
    assert found.variables.added == ("year",)
    assert found.variables.removed == ("city",)
    assert found.missing == (("year", 2),)
    assert found.unused == (("city", 3),)
    assert found.failing == 0
    newest, _, oldest = found.outcomes
    assert (newest.missing, newest.unused) == (("year",), ("city",))
    assert oldest.chars_before == len("Hello Ada of Bern")
    assert oldest.chars_after == len("Good day Ada, born 1815")
    assert oldest.tokens_after == round(10 * oldest.chars_after / oldest.chars_before)
    assert found.chars is not None
    assert found.tokens is not None
    assert not found.is_clear
    assert found.sentence == (
        "2 of 3 logged requests lack a value for year: it would be filled with nothing."
    )


def test_what_does_not_render_any_more_is_told_from_what_never_did(
    store: Store, publish_: Publish
) -> None:
    publish_(prompt=chat(("user", "{name}")), labels=["prod"])
    publish_(prompt=chat(("user", '{"a": {name}}')))
    log(store, {"name": "Ada"}, {"name": "Bob"})
    found = preflight(store, "greeting", 2, "prod")
    assert (found.failing, found.newly_failing) == (2, 2)
    assert found.sentence == "2 of 2 logged requests would not render with version 2."
    back = preflight(store, "greeting", 1)
    assert back.before is None
    assert back.sentence == "All 2 logged requests render with version 1."
    assert back.is_clear
    again = preflight(store, "greeting", 2)
    assert again.failing == 2


def test_the_newest_requests_that_have_inputs_are_tried(store: Store, publish_: Publish) -> None:
    publish_()
    ids = log(store, {"name": "a"}, None, {"name": "b"}, {"name": "c"})
    found = preflight(store, "greeting", 1, last=2)
    assert [one.request_id for one in found.outcomes] == [ids[3], ids[2]]
    nothing = preflight(store, publish_("new").template.id, 1)
    assert nothing.sentence == "No logged request of this template has input variables to try."
    assert not nothing.is_clear


def test_requests_are_found_by_the_id_of_their_template(store: Store, publish_: Publish) -> None:
    made = publish_("renamed since")
    log(store, {"name": "a"}, prompt_id=made.template.id)
    assert preflight(store, made.template.id, 1).tried == 1


def test_snippets_are_in_place(store: Store, publish_: Publish) -> None:
    publish_("signature", completion("Yours, {who}"))
    publish_(prompt=chat(("user", "Hi @@@signature@@@")))
    log(store, {"name": "a"})
    assert preflight(store, "greeting", 1).missing == (("who", 1),)


def test_a_template_without_an_end_is_a_failure_and_nothing_more(
    store: Store, publish_: Publish
) -> None:
    loop = "{% for a in range(99999) %}{% for b in range(99999) %}{{ x }}{% endfor %}{% endfor %}"
    publish_(prompt=chat(("user", loop), template_format="jinja2"))
    log(store, {"x": "y"})
    with RenderPool(1, PoolLimits(cpu_seconds=0.3, wall_seconds=2)) as pool:
        found = preflight(store, "greeting", 1, pool=pool)
    assert found.failing == 1
    assert "seconds of CPU time" in (found.outcomes[0].problem or "")


def test_a_preflight_ends_when_its_time_is_over(store: Store, publish_: Publish) -> None:
    publish_()
    log(store, *({"name": str(number)} for number in range(5)))
    found = preflight(store, "greeting", 1, seconds=-1)
    assert (found.found, found.tried) == (5, 0)


def test_values_are_opaque(store: Store, publish_: Publish) -> None:
    publish_(labels=["prod"])
    publish_(prompt=chat(("user", "{{ name }}"), template_format="jinja2"))
    hostile = "{{ 7*7 }} {name} {% raw %} @@@greeting@@@"
    log(store, {"name": hostile})
    found = preflight(store, "greeting", 2, "prod")
    assert found.failing == 0
    assert found.outcomes[0].chars_after == len(hostile)
