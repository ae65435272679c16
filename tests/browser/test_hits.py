"""Hits of a search inside of Markdown, in a real browser."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, Visitor
from tests.browser.test_first_visit import log
from tests.server import Server
from workbench.ui.highlight import spans

pytestmark = pytest.mark.browser

MARKED = """(name) => [...(CSS.highlights.get(name) || [])].map((each) => {
  const range = document.createRange();
  range.setStart(each.startContainer, each.startOffset);
  range.setEnd(each.endContainer, each.endOffset);
  return range.toString();
})"""
EVIL = "<img src=x onerror=alert(1)>"
# Letters that fold to several, to one of several, that are put together or lie beyond the BMP.
TEXTS = (
    "Hohe Straße, STRASSE, straẞe, strasse",
    "ΟΔΟΣ und οδος, Οδός",
    "İstanbul, istanbul, ISTANBUL, ıstanbul, i\u0307stanbul",
    "caf\u00e9, cafe\u0301, CAFÉ, cafe, 😀café😀",
    "\u1112\u1161\u11ab 한 ﬁrst FIRST 𐐨𐐀 Ꭰꭰ",
    "mass maß",
)
TERMS = ("strasse", "οδος", "istanbul", "CAFÉ", "한", "first", "𐐀", "ꭰ", "s")


def marked(page: Page, name: str = "wb-hit") -> list[str]:
    found = page.evaluate(MARKED, name)
    assert isinstance(found, list)
    return found


def wait_for(page: Page, count: int) -> list[str]:
    page.wait_for_function(f"() => (CSS.highlights.get('wb-hit')?.size ?? 0) === {count}")
    return marked(page)


def ask(server: Server, question: str, answer: str = "", arguments: str = "") -> int:
    messages = [{"role": "user", "content": question}]
    call = {"id": "1", "type": "function", "function": {"name": "find", "arguments": arguments}}
    message = {
        "role": "assistant",
        "content": answer,
        **({"tool_calls": [call]} if arguments else {}),
    }
    return log(
        server,
        kwargs={"model": "gpt-4o", "messages": messages},
        request_response={"object": "chat.completion", "choices": [{"message": message}]},
    )


def open_markdown(visitor: Visitor, id_: int, search: str) -> Page:
    page = visitor.goto(f"/request?request={id_}&f={quote(search)}")
    expect(page.get_by_role("radio", name="Conversation")).to_be_visible()
    visitor.settle()
    page.get_by_text("Markdown", exact=True).click()
    visitor.settle()
    return page


def test_hits_in_markdown_are_marked_counted_and_gone_through(visit: Visit, server: Server) -> None:
    question = (
        "# Parcel\n\nA par**cel**, a\nPARCEL, `parcel`\n\n- par\n- cel\n\n```\nparcel = 1\n```"
    )
    id_ = ask(server, question, "| parcel | par |\n|---|---|\n| cel | x |", '{"parcel": 1}')
    page = open_markdown(visit(), id_, "parcel")
    found = wait_for(page, 6)
    assert found == ["Parcel", "parcel", "PARCEL", "parcel", "parcel", "parcel"]
    expect(page.locator("strong", has_text="cel")).to_have_count(1)
    expect(page.locator("mark.wb-hit")).to_have_text(["parcel"])
    expect(page.locator(".wb-count")).to_have_text("7 hits")
    expect(page.get_by_text("in plain text only")).to_be_hidden()
    page.keyboard.press("n")
    expect(page.locator(".wb-at")).to_have_text("1 of 7")
    assert marked(page, "wb-now") == ["Parcel"]
    page.get_by_role("button", name="Previous hit").click()
    expect(page.locator(".wb-at")).to_have_text("7 of 7")
    expect(page.locator("mark.wb-now")).to_have_text("parcel")
    page.keyboard.press("n")
    page.keyboard.press("n")
    expect(page.locator(".wb-at")).to_have_text("2 of 7")
    assert marked(page, "wb-now") == ["parcel"]
    expect(page.locator("mark.wb-now")).to_have_count(0)
    page.get_by_text("Markdown", exact=True).click()
    wait_for(page, 0)
    expect(page.locator("mark.wb-hit")).to_have_count(6)


def test_markdown_is_marked_as_the_search_finds(visit: Visit, server: Server) -> None:
    id_ = ask(server, "\n\n".join(TEXTS))
    page = open_markdown(visit(), id_, " ".join(TERMS))
    expected = [text[start:end] for text in TEXTS for start, end in spans(text, TERMS)]
    assert wait_for(page, len(expected)) == expected


def test_hits_in_the_signs_of_markdown_are_counted_as_not_marked(
    visit: Visit, server: Server
) -> None:
    id_ = ask(server, "A **word** and \\*\\*word\\*\\*", "**word**")
    page = open_markdown(visit(), id_, '"**word**"')
    expect(page.locator(".wb-count")).to_have_text("1 of 2 hits marked")
    assert marked(page) == ["**word**"]


def test_hostile_terms_and_texts_are_marked_as_text(visit: Visit, server: Server) -> None:
    term = f"{EVIL} --> ]> </style> ' \""
    id_ = ask(server, f"Before {term} after")
    visitor = visit()
    page = open_markdown(visitor, id_, '"{}"'.format(term.replace('"', '\\"')))
    assert wait_for(page, 1) == [term]
    assert page.locator("img[src=x]").count() == 0
    assert visitor.dialogs == []
    assert visitor.foreign == []
