"""Masking: what is found, what only looks alike, and that nothing found leaves in any format."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.export.support import add, chat, export
from tests.export.test_tables import HARD
from workbench.export.masking.detectors import luhn, mod97
from workbench.export.masking.masker import Masker
from workbench.export.masking.patterns import Pattern, save, saved
from workbench.export.preview import preview
from workbench.export.spec import read_spec
from workbench.jsontext import FieldError
from workbench.store import clock
from workbench.store.store import Store

FOUND = {
    "email": ["a.b+c@mail.example.co.uk", "müller@bücher.example", "x_1@example.org"],
    "phone": ["+49 30 901820", "0049 (30) 123 456", "555-234-5678", "06 12 34 56 78"],
    "card": ["4111 1111 1111 1111", "5500005555555559", "3782-822463-10005"],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819"],
    "secret": [
        "sk-proj-abcdefghijklmnopqrstuvwx",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    ],
}
KEPT = [
    "2026-03-01 12:00:00",
    "order 4111 1111 1111 1112",
    "GB30NWBK60161331926819",
    "version 1.2.3.4",
    "a price of 1,234,567.89",
    "user @ home",
    "skeleton key",
    "123456789012",
]


@pytest.mark.parametrize(("name", "text"), [(k, t) for k, each in FOUND.items() for t in each])
def test_it_is_found_in_a_sentence(name: str, text: str) -> None:
    masker = Masker()
    shown = masker.text(f"Please note {text} for later.")
    assert shown == f"Please note [{name.upper()}] for later."
    assert masker.counts == {name: 1}


@pytest.mark.parametrize("text", KEPT)
def test_what_only_looks_alike_stays(text: str) -> None:
    assert Masker().text(text) == text


def test_a_text_that_begins_like_an_image_is_looked_through() -> None:
    assert Masker().text("data: mail ada@example.com") == "data: mail [EMAIL]"
    assert Masker().text("data:a/b;base64,xx ada@example.com").endswith("[EMAIL]")
    image = "data:image/png;base64,4111111111111111"
    assert Masker().text(image) == image


def test_the_first_find_of_a_pattern_is_told() -> None:
    assert Pattern("order", "LF-[0-9]+|#").first("a\nb LF-12 and LF-3") == "LF-12"
    assert Pattern("case", "(?i)ab+").first("xABBy") == "ABB"


def test_a_password_is_masked_and_its_name_stays() -> None:
    assert Masker().text("password: hunter2hunter2") == "password: [SECRET]"


@given(some.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    masker = Masker()
    once = masker.text(text)
    assert Masker().text(once) == once


@given(some.from_regex(r"[0-9]{12,18}", fullmatch=True))
def test_every_check_digit_but_one_is_wrong(digits: str) -> None:
    assert sum(luhn(f"{digits}{last}") for last in range(10)) == 1


def test_the_check_digits_of_an_iban() -> None:
    assert mod97("DE89370400440532013000")
    assert not mod97("DE89370400440532013001")


@pytest.mark.parametrize("sign", ["a@", "+1 ", "sk-", "4111 ", "DE00 ", "password=", "eyJ", "0"])
def test_a_long_text_takes_no_longer_than_its_length_asks(sign: str) -> None:
    """Ten times the text must not take a hundred times as long."""
    took = []
    for size in (20_000, 200_000):
        text = sign * (size // len(sign))
        start = time.process_time()
        Masker().text(text)
        took.append(time.process_time() - start)
    assert took[1] < 40 * max(took[0], 0.005)


SECRETS = ["ada@example.com", "+49 30 901820", "4111 1111 1111 1111", "Ada Lovelace", "LF-1234"]
TEXT = f"Write to {', '.join(SECRETS)}. {HARD}"


def private(store: Store) -> None:
    """A request with all of them in every place that a person or a model writes into."""
    metadata = {"customer": "Ada Lovelace", "note": TEXT, "deep": {"a": [TEXT]}}
    prompt = {
        "type": "chat",
        "messages": [{"role": "user", "content": [{"type": "text", "text": TEXT}]}],
        "tools": [
            {"type": "function", "function": {"name": "f", "description": TEXT, "parameters": {}}}
        ],
    }
    add(
        store,
        chat(
            1,
            TEXT,
            TEXT,
            prompt=prompt,
            metadata=metadata,
            tags=("ada@example.com",),
            error_message=TEXT,
            input_variables={"q": TEXT},
            raw=orjson.dumps({"body": TEXT}).decode(),
        ),
    )
    save(store, "tester", [Pattern("order", "LF-[0-9]+")])


@pytest.mark.parametrize(
    "format_", ["csv", "jsonl", "parquet", "excel", "openai", "huggingface", "mistral"]
)
def test_nothing_that_is_found_leaves(store: Store, folder: Path, format_: str) -> None:
    private(store)
    spec: dict[str, Any] = {"format": format_, "masking": {"name_fields": ["customer"]}}
    if format_ in ("csv", "jsonl", "parquet", "excel"):
        from workbench.store.export_columns import COLUMNS

        spec["columns"] = [*COLUMNS, "metadata.note"]
    made, place = export(store, folder, spec)
    data = b""
    for file in made.manifest["files"]:
        path = place / file["name"]
        if format_ == "parquet":
            import pyarrow.parquet as pq

            data += str(pq.read_table(path).to_pylist()).encode()
        elif format_ == "excel":
            import openpyxl

            sheet = openpyxl.load_workbook(path).active
            data += str([[cell.value for cell in row] for row in sheet.iter_rows()]).encode()
        else:
            data += path.read_bytes()
    assert b"[EMAIL]" in data
    for secret in SECRETS:
        assert secret.encode() not in data, secret
    told = made.manifest["masking"]
    assert told["name_fields"] == ["customer"]
    assert set(told["masked"]) >= {"email", "phone", "card", "name", "order"}


def test_the_preview_tells_what_is_changed_and_the_store_keeps_it(store: Store) -> None:
    private(store)
    spec = read_spec({"format": "jsonl", "masking": {}})
    found = preview(store.connection, spec, clock.from_stored(clock.now()))
    changes = {(change.before, change.after) for change in found.changes}
    assert ("ada@example.com", "[EMAIL]") in changes
    assert ("LF-1234", "[ORDER]") in changes
    plain = preview(store.connection, read_spec({}), clock.from_stored(clock.now()))
    assert "ada@example.com" in str(plain.sample)


@pytest.mark.parametrize("pattern", ["(?=a)", r"(a)\1", "(", "", "a*", "x" * 501])
def test_a_pattern_that_cannot_be_run_is_refused(pattern: str) -> None:
    with pytest.raises(FieldError):
        Pattern("name", pattern)


def test_patterns_are_kept_and_a_name_is_there_once(store: Store) -> None:
    save(store, "tester", [Pattern("order", "LF-[0-9]+"), Pattern("ticket", "#[0-9]+", "<T>")])
    assert [each.mark for each in saved(store.connection)] == ["[ORDER]", "<T>"]
    with pytest.raises(FieldError, match="same name"):
        save(store, "tester", [Pattern("a", "b"), Pattern("a", "c")])
