"""One request on its own page; hits of the search marked in it."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.seed import row
from tests.ui.conftest import Open, text_of
from workbench.messages import text_part
from workbench.store.store import Store


def test_a_link_without_a_request_says_what_it_needs(open_page: Open, store: Store) -> None:
    assert "No request is named" in text_of(open_page("request"))
    assert "There is no such request" in text_of(open_page("request", request="12"))


@pytest.mark.parametrize("name", ["request", "id"])
def test_conversation_and_details_stand_beside_each_other(
    open_page: Open, seeded: list[int], name: str
) -> None:
    shown = text_of(open_page("request", **{name: str(seeded[20])}))
    assert "Where is my parcel? #20" in shown
    assert "Cost and tokens" in shown
    assert "support/answer version 1" in shown


def test_next_and_previous_follow_the_filter_of_the_link(
    open_page: Open, seeded: list[int]
) -> None:
    app = open_page("request", request=str(seeded[19]), f="status:error")
    app = app.button(key="go-j").click().run()
    assert app.query_params["request"] == str(seeded[29])
    app = app.button(key="go-k").click().run()
    assert app.query_params["request"] == str(seeded[19])
    assert app.query_params["f"] == "status:error"


def test_a_filter_that_cannot_be_read_still_shows_the_request(
    open_page: Open, seeded: list[int]
) -> None:
    shown = text_of(open_page("request", request=str(seeded[20]), f="latency>soon"))
    assert "Where is my parcel? #20" in shown


def marked(store: Store, text: str, arguments: str = "{}") -> str:
    call = {"id": "1", "type": "function", "function": {"name": "find", "arguments": arguments}}
    messages: list[Any] = [
        {"role": "system", "content": [text_part("Long. " * 100 + text)]},
        {"role": "user", "content": [text_part(text)]},
    ]
    answer = {"role": "assistant", "content": [], "tool_calls": [call]}
    changes = {"prompt": {"type": "chat", "messages": messages}, "output": [answer]}
    return str(store.add(row(1, datetime.now(UTC), **changes)).result().id)


def test_hits_of_the_search_are_marked_and_counted(open_page: Open, store: Store) -> None:
    id_ = marked(store, "Die STRASSE", '{"street": "Hohe Straße"}')
    for page in ("logs", "request"):
        shown = text_of(open_page(page, request=id_, f="straße"))
        assert shown.count('<mark class="wb-hit">STRASSE</mark>') == 2
        assert 'Hohe <mark class="wb-hit">Straße</mark>' in shown
        assert "3 hits" in shown
    assert "<mark" not in text_of(open_page("request", request=id_))


def test_in_markdown_the_browser_is_handed_the_terms(open_page: Open, store: Store) -> None:
    term = 'par<cel --> "'
    id_ = marked(store, f"a {term} b", '{"parcel": "par"}')
    search = '"{}" par'.format(term.replace('"', '\\"'))
    app = open_page("request", request=id_, f=search)
    assert "data-wb-terms=" not in text_of(app)
    app = app.toggle(key="markdown").set_value(True).run()
    line = next(each.proto.body for each in app.get("html") if "data-wb-terms=" in each.proto.body)
    # What cleans the page's HTML would drop an attribute that ends a comment.
    assert "<cel" not in line
    assert "--&gt;" not in line
    found = re.search('data-wb-terms="([^"]*)"', line)
    assert found is not None
    assert json.loads(html.unescape(found[1])) == [term, "par"]
    assert "4 hits" in line
    # Tool calls are drawn alike in both looks.
    assert '<mark class="wb-hit">par</mark>cel' in text_of(app)


def test_hits_in_the_raw_record_are_marked(open_page: Open, seeded: list[int]) -> None:
    shown = text_of(open_page("request", request=str(seeded[0]), view="Raw", f="GPT-4O"))
    assert '<mark class="wb-hit">gpt-4o</mark>' in shown


def test_a_hit_far_down_a_long_text_is_shown(open_page: Open, store: Store) -> None:
    shown = text_of(open_page("request", request=marked(store, "x " * 9000 + "needle"), f="needle"))
    assert '<mark class="wb-hit">needle</mark>' in shown


def test_from_a_request_one_gets_to_its_sessions_and_its_own_link(
    open_page: Open, seeded: list[int]
) -> None:
    app = open_page("logs", request=str(seeded[20]))
    links = [each.proto for each in app.get("page_link")]
    targets = {link.label: link.query_string for link in links}
    assert targets["session\\_id s2"] == "session=metadata.session_id%3As2"
    assert targets["Open on its own"] == f"request={seeded[20]}"
    assert any(f"/request?request={seeded[20]}" in each.value for each in app.code)
