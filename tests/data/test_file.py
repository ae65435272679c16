"""The file: made by the script, valid where it claims a vendor's schema, nothing twice."""

from __future__ import annotations

import gzip
import io
import json
import re
from base64 import b64decode
from collections import Counter
from typing import Any

import anthropic.types
import openai.types
import openai.types.chat
import pytest
from PIL import Image

from data.make_sample import lines, month
from data.sample_text.pixels import deflate, jpeg
from data.sample_text.talk import LANGUAGES, talk
from tests.data.facts import strings, tokens
from workbench.logs.sample import SAMPLE_PATH, SampleRequest

Lines = list[dict[str, Any]]


def test_the_script_writes_the_committed_file(stored: Lines) -> None:
    made = [json.loads(line) for line in lines(month())]
    assert made == stored


def test_the_file_holds_no_time_of_its_making_and_is_small() -> None:
    raw = SAMPLE_PATH.read_bytes()
    assert raw[4:8] == b"\0\0\0\0"
    assert len(raw) < 1_500_000


def test_no_two_bodies_are_alike(stored: Lines) -> None:
    bodies = Counter(json.dumps(line["body"], sort_keys=True) for line in stored)
    assert [body for body, number in bodies.items() if number > 1] == []


def test_no_two_answers_share_an_id(stored: Lines) -> None:
    ids = [line["body"]["request_response"]["id"] for line in stored
           if line["body"].get("request_response")]  # fmt: skip
    assert len(set(ids)) == len(ids)


def test_bodies_hold_neither_key_nor_times(stored: Lines) -> None:
    for line in stored:
        assert not {"api_key", "request_start_time", "request_end_time"} & set(line["body"])
        assert line["offset_seconds"] < 0 < line["duration_seconds"]


def test_bodies_have_the_fields_the_client_sends(stored: Lines) -> None:
    track = {"function_name", "provider_type", "args", "kwargs", "tags", "metadata", "span_id",
             "request_response"}  # fmt: skip
    log = {"provider", "model", "input", "output", "parameters", "tags", "metadata", "price",
           "input_tokens", "output_tokens", "status"}  # fmt: skip
    for line in stored:
        assert (log if line["path"] == "/log-request" else track) <= set(line["body"])
    assert {line["path"] for line in stored} == {"/log-request", "/track-request"}


def test_metadata_values_are_strings(stored: Lines) -> None:
    for line in stored:
        assert all(isinstance(value, str) for value in (line["body"]["metadata"] or {}).values())


def test_openai_answers_are_chat_completions(requests: list[SampleRequest]) -> None:
    seen = 0
    for request in requests:
        answer = request.body.get("request_response")
        if answer and answer.get("object") == "chat.completion":
            parsed = openai.types.chat.ChatCompletion.model_validate(answer, strict=True)
            usage = parsed.usage
            assert usage is not None
            assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
            assert abs(parsed.created - request.body["request_start_time"]) <= 1
            seen += 1
        elif answer and answer.get("object") == "text_completion":
            openai.types.Completion.model_validate(answer, strict=True)
    assert seen > 1_000


def test_anthropic_answers_are_messages(requests: list[SampleRequest]) -> None:
    seen = Counter[str | None]()
    for request in requests:
        answer = request.body.get("request_response")
        if answer and answer.get("type") == "message":
            parsed = anthropic.types.Message.model_validate(answer, strict=True)
            seen[parsed.stop_reason] += 1
    assert seen["end_turn"] > 150
    assert {"end_turn", "tool_use", "refusal", "max_tokens"} == set(seen)


def test_no_answer_exceeds_its_limit_and_no_cache_its_input(
    requests: list[SampleRequest],
) -> None:
    for request in requests:
        sent, out, cached = tokens(request)
        kwargs = request.body.get("kwargs", {})
        limit = kwargs.get("max_tokens") or kwargs.get("max_completion_tokens")
        assert cached <= sent
        assert limit is None or out <= limit


def test_caches_are_read_by_both_vendors(requests: list[SampleRequest]) -> None:
    readers = Counter(
        request.body["provider_type"] for request in requests if tokens(request)[2] > 0
    )
    assert readers["openai"] >= 50
    assert readers["anthropic"] >= 15


def test_reasoning_is_counted(requests: list[SampleRequest]) -> None:
    thought = [
        answer["usage"]["completion_tokens_details"]["reasoning_tokens"]
        for request in requests
        if (answer := request.body.get("request_response"))
        and answer["model"].startswith("gpt-5-mini")
    ]
    assert thought
    assert min(thought) > 0


def images(stored: Lines) -> Counter[str]:
    """Every image that was sent as bytes, as base64, with how often."""
    found = Counter[str]()
    for line in stored:
        sent = line["body"].get("kwargs") or line["body"]["input"]
        for text in strings(sent):
            if text.startswith("data:image/"):
                found[text.partition(";base64,")[2]] += 1
            elif re.match(r"iVBOR|/9j/", text):
                found[text] += 1
    return found


def test_images_open_and_are_reused(stored: Lines) -> None:
    found = images(stored)
    formats = Counter[str | None]()
    for text in found:
        raw = b64decode(text, validate=True)
        assert 300 < len(raw) < 6_500
        picture = Image.open(io.BytesIO(raw))
        picture.load()
        formats[picture.format] += 1
    assert set(formats) == {"PNG", "JPEG"}
    assert len(found) >= 12
    assert found.total() > 4 * len(found)


def test_some_images_are_sent_by_address(stored: Lines) -> None:
    addresses = {
        text
        for line in stored
        for text in strings(line["body"].get("kwargs") or line["body"]["input"])
        if text.startswith("https://images.example.com/")
    }
    assert len(addresses) >= 10


def test_addresses_in_the_texts_are_reserved_names_or_a_vendors(stored: Lines) -> None:
    hosts = {
        host
        for line in stored
        for text in strings(line["body"])
        for host in re.findall(r"https?://([a-z.]+)", text)
    }
    assert hosts == {"images.example.com", "platform.openai.com", "docs.claude.com"}


def test_retries_say_so(stored: Lines) -> None:
    attempts = Counter((line["body"]["metadata"] or {}).get("attempt") for line in stored)
    assert attempts["2"] >= 15


@pytest.mark.parametrize("data", [b"", b"a", b"abcabcabcabc" * 40, bytes(range(256)) * 3])
def test_the_own_deflate_is_read_by_zlib(data: bytes) -> None:
    import zlib

    assert zlib.decompress(deflate(data)) == data


def test_the_own_jpeg_shows_the_colours_it_was_given() -> None:
    def plane(value: int) -> list[list[int]]:
        return [[value] * 16 for _ in range(8)]

    picture = Image.open(io.BytesIO(jpeg(plane(200), plane(60), plane(90)))).convert("RGB")
    shown = picture.getpixel((5, 5))
    assert isinstance(shown, tuple)
    assert all(abs(got - wanted) <= 10 for got, wanted in zip(shown, (200, 60, 90), strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_questions_answers_and_thanks(language: str) -> None:
    told = talk(language)
    assert told.thanks
    assert all(intent.questions and intent.answers for intent in told.intents.values())


def test_every_slot_of_every_conversation_is_filled(stored: Lines) -> None:
    slot = re.compile(r"\{[a-z_]+\}")
    left = [
        text
        for line in stored
        if line["body"].get("prompt_name") in ("support/answer", "support/triage", "agent/refund")
        for text in strings(line["body"])
        if slot.search(text)
    ]
    assert left == []


def test_the_file_is_gzip_of_lines(stored: Lines) -> None:
    assert gzip.decompress(SAMPLE_PATH.read_bytes()).count(b"\n") == len(stored)
