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


def whole(place: Path) -> str:
    """Everything that leaves: all files with the manifest, Parquet as its rows and columns."""
    import pyarrow.parquet as pq

    return "".join(
        str(pq.read_table(path).to_pydict()) if path.suffix == ".parquet" else path.read_text()
        for path in sorted(place.iterdir())
    )


@pytest.mark.parametrize("format_", ["jsonl", "parquet"])
def test_names_are_masked_in_tags_too(store: Store, folder: Path, format_: str) -> None:
    add(store, chat(1, "q", "a", metadata={"customer": "Ada Lovelace"}, tags=("for Lovelace",)))
    masking = {"name_fields": ["customer"]}
    _, place = export(store, folder, {"format": format_, "masking": masking})
    assert "Lovelace" not in whole(place)
    assert "for [NAME]" in whole(place)


def test_a_corrected_answer_is_masked_with_the_names_of_its_request(
    store: Store, folder: Path
) -> None:
    metadata = {"customer": "Ada Lovelace", "right": "Dear Ada, write to a@example.com"}
    add(store, chat(1, "q", "a", metadata=metadata))
    spec = {
        "format": "openai",
        "masking": {"name_fields": ["customer"]},
        "tuning": {"answer": "metadata.right"},
    }
    _, place = export(store, folder, spec)
    assert "Dear [NAME], write to [EMAIL]" in whole(place)
    assert not [word for word in ("Ada", "a@example.com") if word in whole(place)]


@pytest.mark.parametrize("by", ["tags", "metadata.customer", "metadata.mail"])
def test_the_classes_of_a_balanced_pack_are_masked_in_its_manifest(
    store: Store, folder: Path, by: str
) -> None:
    metadata = {"customer": "Ada Lovelace", "mail": "a@example.com"}
    add(store, chat(1, "q", "a", metadata=metadata, tags=("Lovelace", "a@example.com")))
    spec = {
        "format": "openai",
        "masking": {"name_fields": ["customer"]},
        "tuning": {"balance_by": by},
    }
    made, place = export(store, folder, spec)
    assert sum(made.manifest["fine_tuning"]["balance"]["classes"].values()) == 1
    assert not [word for word in ("Lovelace", "a@example.com") if word in whole(place)]


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet"])
def test_keys_that_become_columns_are_masked_and_kept_apart(
    store: Store, folder: Path, format_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.export.tables.writing.MAX_FLAT", 3)
    keys = [f"{name}@example.com" for name in ("ada", "bob", "eve", "zoe")]
    add(store, chat(1, "q", "a", metadata={key: f"of {key[0]}" for key in keys}))
    made, place = export(store, folder, {"format": format_, "flatten": True, "masking": {}})
    assert "@example.com" not in whole(place)
    names = [column["name"] for column in made.manifest["columns"]]
    flat = ["metadata.[EMAIL]", "metadata.[EMAIL] 2", "metadata.[EMAIL] 3"]
    assert [name for name in names if name.startswith("metadata.")] == flat
    assert made.manifest["notes"]["keys_without_a_column"] == ["[EMAIL]"]
    if format_ == "jsonl":
        row = orjson.loads((place / "requests.jsonl").read_bytes())
        assert [row[name] for name in flat] == ["of a", "of b", "of e"]


def test_what_was_searched_for_is_masked_in_the_manifest(store: Store, folder: Path) -> None:
    (id_,) = add(store, chat(1, "write to ada@example.com", "a", metadata={"m": "ada@example.com"}))
    group = {
        "filters": [
            {
                "field": "metadata",
                "nested_key": "m",
                "operator": "key_equals",
                "value": "ada@example.com",
            },
            # An id is no card, whatever its check digit says.
            {"field": "pl_id", "operator": "in", "value": [id_, 4111111111111111]},
        ]
    }
    spec = {"filter_group": group, "q": "ada@example.com", "format": "jsonl", "masking": {}}
    made, place = export(store, folder, spec)
    assert made.rows == 1
    assert "ada@example.com" not in whole(place)
    told = made.manifest["filter"]
    assert told["masked"] is True
    assert told["link"] is None
    assert "[EMAIL]" in told["words"]
    assert "4111111111111111" in str(told["json"])
    plain, place = export(store, folder, {**spec, "masking": None})
    assert "ada@example.com" in plain.manifest["filter"]["words"]
    assert "masked" not in plain.manifest["filter"]
