"""An analyst's way: filter, preview, a masked fine-tuning pack, its manifest, its files."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_first_visit import log
from tests.server import Server, log_body

pytestmark = pytest.mark.browser
MAIL, PHONE = "anna.schmidt@example.com", "+49 30 901820"


def fill(server: Server) -> None:
    """Twelve requests of prod in French (one a twin, one cut off), and some of others."""
    for number in range(16):
        response = log_body()["request_response"]
        choice = response["choices"][0]
        choice["message"]["content"] = f"Votre colis {number} est en route. Appelez {PHONE}."
        asked = f"Où est mon colis {number} ? Écrivez à {MAIL}."
        if number == 10:
            choice["finish_reason"] = "length"
        if number == 11:
            choice["message"]["content"] = f"Votre colis 0 est en route. Appelez {PHONE}."
            asked = f"Où est mon colis 0 ? Écrivez à {MAIL}."
        log(
            server,
            kwargs={"model": "gpt-4o", "messages": [{"role": "user", "content": asked}]},
            request_response=response,
            tags=["prod" if number != 12 else "dev"],
            metadata={"language": "fr" if number < 13 else "de", "user_id": f"u{number % 4}"},
        )


def download(page: Page, name: str, folder: Path) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    assert path.name == name
    return path.read_bytes()


def test_filter_preview_masked_pack_manifest_and_valid_files(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    fill(server)
    visitor = visit(accept_downloads=True)
    page = visitor.goto("/logs?f=tag:prod metadata.language:fr")
    expect(page.get_by_text("12 requests ·")).to_be_visible()
    visitor.settle()
    page.get_by_role("link", name="Export").last.click()
    expect(page.get_by_role("button", name="Export 12 requests as CSV")).to_be_visible()
    assert parse_qs(urlsplit(page.url).query)["f"] == ["tag:prod metadata.language:fr"]
    visitor.settle()
    page.get_by_role("radio", name="Fine-tuning").click()
    expect(page.get_by_text("12 requests · about")).to_contain_text("2 left out")
    visitor.settle()
    page.get_by_text("Mask personal data and secrets").click()
    expect(page.locator(".wb-changes")).to_contain_text(MAIL)
    expect(page.locator(".wb-changes")).to_contain_text("[EMAIL]")
    visitor.settle()
    link = page.url
    page.get_by_role("button", name="Export 12 requests as OpenAI chat, masked").click()
    expect(page.get_by_text(re.compile("10 of 12 requests written"))).to_be_visible()
    visitor.settle()

    manifest = json.loads(download(page, "manifest.json", tmp_path))
    data = download(page, "requests-train.jsonl", tmp_path)
    left_out = download(page, "left-out.jsonl", tmp_path).splitlines()
    listed = {file["name"]: file for file in manifest["files"]}
    assert listed["requests-train.jsonl"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert manifest["rows"] == {"expected": 12, "written": 10}
    assert manifest["filter"]["words"] == "tag has prod and metadata language is fr"
    assert manifest["masking"]["masked"]["email"] >= 10
    lines = [json.loads(line) for line in data.splitlines()]
    assert len(lines) == 10
    for line in lines:
        assert [message["role"] for message in line["messages"]] == ["user", "assistant"]
        assert all("[" in message["content"] for message in line["messages"])
    assert MAIL.encode() not in data
    assert PHONE.encode() not in data
    assert {json.loads(line)["reason"] for line in left_out} == {"truncated", "duplicate"}
    assert not visitor.foreign

    # The same link shows the same form to somebody else, with the export listed and not opened.
    other = visit().goto(link)
    expect(
        other.get_by_role("button", name="Export 12 requests as OpenAI chat, masked")
    ).to_be_visible()
    expect(other.get_by_text("● done")).to_be_attached()
    expect(other.locator(".wb-files")).to_have_count(0)


def test_picked_requests_are_exported(visit: Visit, server: Server) -> None:
    fill(server)
    visitor = visit()
    page = visitor.goto("/logs")
    expect(page.get_by_text("16 requests ·")).to_be_visible()
    visitor.settle()
    for line in (0, 2):
        visitor.click_table(16, line)
        visitor.settle()
    expect(page.get_by_text("2 requests picked")).to_be_visible()
    page.locator(".st-key-bulk").get_by_role("link", name="Export").click()
    expect(page.get_by_role("button", name="Export 2 requests as CSV")).to_be_visible()
