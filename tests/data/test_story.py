"""The sample tells its story: who calls what, what went wrong, and what became dear."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from statistics import mean, median

import pytest

from data.sample_text.models import INCIDENT
from tests.data.conftest import ANCHOR
from tests.data.facts import (
    failed,
    messages,
    model,
    parts,
    provider,
    seconds,
    strings,
    template,
    tokens,
)
from workbench.logs.sample import SampleRequest

Requests = list[SampleRequest]


def at(request: SampleRequest) -> float:
    """Seconds after the anchor (negative)."""
    start: float = request.body["request_start_time"]
    return start - ANCHOR.timestamp()


def test_about_two_thousand_requests_of_thirty_days_up_to_now(requests: Requests) -> None:
    assert 1_950 <= len(requests) <= 2_200
    assert -30 * 86_400 <= at(requests[0]) < -29 * 86_400
    ends = [at(request) + seconds(request) for request in requests]
    assert max(ends) <= 0
    assert sum(end > -300 for end in ends) >= 5


def test_requests_stand_in_order(requests: Requests) -> None:
    starts = [at(request) for request in requests]
    assert starts == sorted(starts)


def test_traffic_grows_and_rests_at_weekends(requests: Requests) -> None:
    days = Counter(int(-at(request) // 86_400) for request in requests)
    assert sum(days[day] for day in range(7)) > 1.3 * sum(days[day] for day in range(21, 28))
    # The anchor is a Thursday afternoon, as the story's: days 4 and 5 back are a weekend.
    for week in range(3):
        weekend = days[4 + 7 * week] + days[5 + 7 * week]
        assert weekend < days[1 + 7 * week] + days[2 + 7 * week]


def test_customers_write_by_day(requests: Requests) -> None:
    hours = Counter(
        (ANCHOR + timedelta(seconds=at(request))).hour
        for request in requests
        if template(request)[0] == "support/answer"
    )
    assert sum(hours[hour] for hour in range(9, 21)) > 6 * sum(hours[hour] for hour in range(6))


@pytest.mark.parametrize(
    ("name", "least"),
    [("openai", 1_000), ("anthropic", 300), ("google", 80), ("mistral", 25), ("cohere", 10),
     ("ollama", 10)],
)  # fmt: skip
def test_every_provider_is_there(requests: Requests, name: str, least: int) -> None:
    assert sum(provider(request) == name for request in requests) >= least


def test_nine_templates_most_in_several_versions(requests: Requests) -> None:
    versions: dict[str, set[int]] = defaultdict(set)
    for request in requests:
        name, version = template(request)
        if name is not None and version is not None:
            versions[name].add(version)
    assert versions["support/answer"] == {1, 2, 3, 4, 5, 6}
    assert len(versions) == 9
    assert sum(len(found) > 1 for found in versions.values()) >= 5


def test_a_few_tags_and_many_users(requests: Requests) -> None:
    tags = Counter(tag for request in requests for tag in request.body["tags"] or [])
    assert set(tags) == {"prod", "staging", "dev", "eval", "batch", "vip"}
    assert min(tags.values()) >= 5
    values: dict[str, set[str]] = defaultdict(set)
    for request in requests:
        for key, value in (request.body["metadata"] or {}).items():
            values[key].add(value)
    assert len(values["user_id"]) > 300
    assert len(values["session_id"]) > 300
    assert len(values["locale"]) > 15


def test_three_to_five_requests_in_a_hundred_fail(requests: Requests) -> None:
    errors = [request for request in requests if failed(request)]
    assert 0.03 <= len(errors) / len(requests) <= 0.05
    kinds = Counter(request.body["error_type"] for request in errors)
    assert set(kinds) == {
        "PROVIDER_RATE_LIMIT", "PROVIDER_TIMEOUT", "PROVIDER_ERROR", "PROVIDER_AUTH_ERROR",
    }  # fmt: skip
    said = "\n".join(request.body["error_message"] for request in errors)
    assert "context_length_exceeded" in said
    assert "overloaded_error" in said


def test_some_requests_warn(requests: Requests) -> None:
    kinds = Counter(
        request.body["error_type"]
        for request in requests
        if request.body.get("status") == "WARNING"
    )
    assert set(kinds) == {"PROVIDER_PARTIAL_RESPONSE", "VARIABLE_MISSING_OR_EMPTY"}
    assert min(kinds.values()) >= 5


def test_the_incident_is_visible_at_one_provider_only(requests: Requests) -> None:
    during = [request for request in requests if INCIDENT[0] <= at(request) < INCIDENT[1]]
    hit = [request for request in during if provider(request) == "openai"]
    spared = [request for request in during if provider(request) != "openai"]
    usual = median(seconds(request) for request in requests if provider(request) == "openai")
    answered = [seconds(request) for request in hit if not failed(request)]
    assert median(answered) > 6 * usual
    assert sum(request.body.get("error_type") == "PROVIDER_TIMEOUT" for request in hit) >= 8
    assert median(seconds(request) for request in spared) < 4


def test_version_six_costs_far_more_than_version_five(requests: Requests) -> None:
    sent: dict[int | None, list[int]] = defaultdict(list)
    for request in requests:
        name, version = template(request)
        if name == "support/answer" and not failed(request):
            sent[version].append(tokens(request)[0])
    assert mean(sent[6]) > 4 * mean(sent[5])
    assert max(mean(sent[version]) for version in range(1, 5)) < mean(sent[5])


def test_version_six_went_live_six_days_ago(requests: Requests) -> None:
    production = [
        (at(request), template(request)[1])
        for request in requests
        if template(request)[0] == "support/answer" and "prod" in request.body["tags"]
    ]
    assert {version for when, version in production if when > -5.9 * 86_400} == {6}
    assert 6 not in {version for when, version in production if when < -6.1 * 86_400}


def test_graders_find_version_six_better(requests: Requests) -> None:
    grades: dict[int | None, list[float]] = defaultdict(list)
    for request in requests:
        for score in request.scores:
            assert 0 <= score["value"] <= 100
            if score["name"] == "judge":
                grades[template(request)[1]].append(score["value"])
    assert mean(grades[6]) > mean(grades[5])
    names = {score["name"] for request in requests for score in request.scores}
    assert names == {"thumbs", "judge", "receipt_match"}


@pytest.mark.parametrize(
    "script",
    ["LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "THAI", "HIRAGANA",
     "CJK", "HANGUL"],
)  # fmt: skip
def test_every_script_is_asked_and_answered_in(requests: Requests, script: str) -> None:
    def writes(value: object) -> bool:
        return any(
            unicodedata.name(char, "").startswith(script)
            for text in strings(value)
            for char in text
        )

    asked = [
        request
        for request in requests
        if template(request)[0] == "support/answer" and writes(messages(request)[-1])
    ]
    assert len(asked) >= 6
    assert any(writes(request.body.get("request_response") or {}) for request in asked)


def test_emoji_stand_in_what_users_write(requests: Requests) -> None:
    with_emoji = [
        request
        for request in requests
        if any(ord(char) > 0x1F300 for text in strings(messages(request)[-1:]) for char in text)
    ]
    assert len(with_emoji) >= 40


def test_hardly_any_two_questions_are_alike(requests: Requests) -> None:
    first = Counter(
        json.dumps(messages(request)[-1], ensure_ascii=False)
        for request in requests
        if template(request)[0] == "support/answer"
        and "history" not in request.body["prompt_input_variables"]
        and "attempt" not in request.body["metadata"]
    )
    assert len(first) > 0.9 * first.total()


def test_conversations_grow_within_their_group(requests: Requests) -> None:
    groups: dict[int, list[SampleRequest]] = defaultdict(list)
    for request in requests:
        if request.group is not None:
            groups[request.group].append(request)
    assert len(groups) > 200
    longer = 0
    for group in groups.values():
        lengths = [len(messages(request)) for request in group]
        assert lengths == sorted(lengths)
        longer += lengths[-1] > lengths[0]
        keys = ("session_id", "run_id")
        assert len({request.body["metadata"].get(key) for request in group for key in keys}) == 2
    assert longer > 0.9 * len(groups)


def test_tools_are_called_in_parallel_and_answered(requests: Requests) -> None:
    several, failing = 0, 0
    for request in requests:
        calls = [
            call["id"]
            for message in messages(request)
            if message["role"] == "assistant"
            for call in message.get("tool_calls") or []
        ] + [part["id"] for part in parts(request, "tool_use")]
        results = [
            message["tool_call_id"] for message in messages(request) if message["role"] == "tool"
        ] + [part["tool_use_id"] for part in parts(request, "tool_result")]
        assert calls == results
        several += len(calls) > 1
        failing += any(part.get("is_error") for part in parts(request, "tool_result"))
    assert several >= 30
    assert failing >= 3


def test_older_calls_use_functions(requests: Requests) -> None:
    roles = Counter(message["role"] for request in requests for message in messages(request))
    assert roles["function"] >= 15
    assert roles["developer"] >= 50


def test_models_think_refuse_and_answer_in_json(requests: Requests) -> None:
    answers = [request.body.get("request_response") or {} for request in requests]
    kinds = Counter(block["type"] for answer in answers for block in answer.get("content", []))
    assert kinds["thinking"] >= 30
    choices = [choice for answer in answers for choice in answer.get("choices", [])]
    assert sum(bool(choice.get("message", {}).get("refusal")) for choice in choices) >= 2
    schemas = [
        request.body["kwargs"].get("response_format", {}).get("type")
        for request in requests
        if "kwargs" in request.body
    ]
    assert schemas.count("json_schema") >= 150
    triaged = [
        answer["choices"][0]["message"]["content"]
        for request, answer in zip(requests, answers, strict=True)
        if template(request) == ("support/triage", 3) and answer
    ]
    assert all("category" in json.loads(text) for text in triaged)


def test_only_the_local_model_has_no_price(requests: Requests) -> None:
    from genai_prices import Usage, calc_price

    when = datetime(2026, 1, 1, tzinfo=UTC)
    unknown = set()
    for name, vendor in {(model(request), provider(request)) for request in requests}:
        try:
            usage = Usage(input_tokens=1_000, output_tokens=1_000)
            assert calc_price(usage, name, provider_id=vendor, genai_request_timestamp=when)
        except LookupError:
            unknown.add(name)
    assert unknown == {"llama3.1:8b"}
