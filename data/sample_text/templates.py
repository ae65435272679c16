"""The prompt templates behind the sample's requests, with the versions that the requests name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from data.sample_text import receipts, search, triage
from data.sample_text.support import prompt_text
from data.sample_text.texts import texts

Json = dict[str, Any]
_JUDGED = "## Order record\n{order_record}\n\n## Customer\n{question}\n\n## Answer\n{answer}"


def templates() -> list[Json]:
    """One entry a template: name, tags, and versions in their order, each with message,
    prompt_template, metadata and labels."""
    return [
        _template("support/answer", ["support"], _answers()),
        _template("support/triage", ["support", "json"], _triages()),
        _template("search/rewrite", ["search", "json"], _rewrites()),
        _template("agent/refund", ["support", "agent"], _refunds()),
        _template("vision/receipt", ["claims", "json"], _receipts()),
        _template("billing/summary", ["billing"], _summaries()),
        _template("reviews/digest", ["catalogue"], _digests()),
        _template("catalog/translate", ["catalogue"], _translations()),
        _template("eval/judge", ["evaluation", "json"], _judges()),
    ]


def _template(name: str, tags: list[str], versions: Iterator[Json]) -> Json:
    return {"name": name, "tags": tags, "versions": list(versions)}


def _version(
    message: str,
    model: str,
    messages: list[Json],
    parameters: Json | None = None,
    *,
    labels: tuple[str, ...] = (),
    tools: list[Json] | None = None,
) -> Json:
    vendor = (
        "anthropic" if model.startswith("claude") else "google" if model.startswith("gem") else ""
    )
    vendor = vendor or ("cohere" if model.startswith("command") else "openai")
    prompt: Json = {"type": "chat", "messages": messages}
    if tools:
        prompt["tools"] = tools
    return {
        "message": message,
        "prompt_template": prompt,
        "metadata": {"model": {"provider": vendor, "name": model, "parameters": parameters or {}}},
        "labels": list(labels),
    }


def _said(role: str, text: str, template_format: str = "f-string") -> Json:
    return {
        "role": role,
        "template_format": template_format,
        "content": [{"type": "text", "text": text}],
    }


def _asked(system: str, user: str, template_format: str = "f-string") -> list[Json]:
    return [_said("system", system, template_format), _said("user", user, template_format)]


def _answers() -> Iterator[Json]:
    told = {
        1: ("First version of the chat assistant", "gpt-4o"),
        2: ("Facts only from the order record", "gpt-4o-mini"),
        3: ("Hand over what is not in the record", "claude-haiku-4-5"),
        4: ("Rules as a list, limits for promises", "gpt-4.1-mini"),
        5: ("Answer first, then the reason", "gpt-4.1-mini"),
        6: ("Returns policy and examples in the prompt: watch the cost", "claude-sonnet-4-5"),
    }
    labels = {5: ("staging",), 6: ("prod",)}
    for number, (message, model) in told.items():
        system = prompt_text(f"support_answer_v{number}")
        messages = _asked(system, "{question}")
        if number >= 4:
            messages.insert(1, {"role": "placeholder", "name": "history"})
        parameters = {"temperature": 0.3, "max_tokens": 400}
        yield _version(message, model, messages, parameters, labels=labels.get(number, ()))


def _triages() -> Iterator[Json]:
    told: tuple[tuple[str, str, Json], ...] = (
        ("Sort emails into queues", "gpt-3.5-turbo", {}),
        ("Keys spelled out", "gpt-4o-mini", {"response_format": {"type": "json_object"}}),
        ("A schema instead of an example", "gpt-4.1-mini", {"response_format": triage.SCHEMA}),
    )
    for number, (message, model, more) in enumerate(told, 1):
        messages = _asked(prompt_text(f"support_triage_v{number}"), "{email}")
        labels = ("prod",) if number == 3 else ()
        yield _version(message, model, messages, {"temperature": 0, **more}, labels=labels)


def _rewrites() -> Iterator[Json]:
    first = "Rewrite the shopper's search into keywords for the product catalogue."
    yield _version("Keywords only", "gpt-3.5-turbo", _asked(first, "{query}"), {"temperature": 0})
    second = f"{first} Queries come in many languages; answer in English."
    yield _version("Any language", "gpt-4o-mini", _asked(second, "{query}"), {"temperature": 0})
    for number, form in ((3, {"type": "json_object"}), (4, search.SCHEMA)):
        yield _version(
            "Filters as JSON" if number == 3 else "A schema, and only attributes that exist",
            "gpt-4o-mini" if number == 3 else "gpt-4.1-mini",
            _asked(prompt_text(f"search_rewrite_v{number}"), "{query}"),
            {"temperature": 0, "response_format": form},
            labels=("prod",) if number == 4 else (),
        )


def _refunds() -> Iterator[Json]:
    tools = [{"type": "function", "function": tool} for tool in texts("refund")["tools"]]
    rules = (
        "You resolve refund requests for Larkfield with the tools you are given.",
        "You resolve refund and replacement requests for Larkfield with the tools you are given."
        "\n\nLook up the order before you decide. Never refund more than was paid.",
        prompt_text("agent_refund_v3"),
        prompt_text("agent_refund_v4"),
    )
    told = (
        "Refunds with tools",
        "Look up first",
        "Limits, several look-ups at once",
        "When to stop",
    )
    for number, (message, system) in enumerate(zip(told, rules, strict=True), 1):
        model = "claude-sonnet-4-5" if number == 4 else "claude-haiku-4-5"
        labels = ("prod",) if number == 4 else ()
        messages = _asked(system, "{request}")
        yield _version(message, model, messages, {"max_tokens": 4000}, labels=labels, tools=tools)


def _receipts() -> Iterator[Json]:
    told = ("Read a receipt", "For warranty claims, exact keys", "Labels and damage as well")
    forms: tuple[Json | None, ...] = (None, {"type": "json_object"}, receipts.SCHEMA)
    for number, (message, form) in enumerate(zip(told, forms, strict=True), 1):
        messages = _asked(prompt_text(f"vision_receipt_v{number}"), "{note}")
        messages[1]["content"].append({"type": "media_variable", "name": "image"})
        parameters: Json = {"temperature": 0, "max_tokens": 800}
        if form is not None:
            parameters["response_format"] = form
        model = "gpt-4.1-mini" if number == 3 else "gpt-4o"
        labels = ("prod",) if number == 3 else ()
        yield _version(message, model, messages, parameters, labels=labels)


def _summaries() -> Iterator[Json]:
    for number, message in ((1, "Statements in plain words"), (2, "Amount first, then changes")):
        text = prompt_text(f"billing_summary_v{number}")
        model = "gpt-4o-mini" if number == 1 else "claude-haiku-4-5"
        labels = ("prod",) if number == 2 else ()
        parameters = {"temperature": 0.2, "max_tokens": 300}
        yield _version(message, model, [_said("user", text)], parameters, labels=labels)


def _digests() -> Iterator[Json]:
    messages = _asked(prompt_text("reviews_digest_v1"), "{reviews}")
    parameters = {"temperature": 0.3, "max_tokens": 220}
    yield _version("Digest of reviews", "command-r", messages, parameters, labels=("prod",))


def _translations() -> Iterator[Json]:
    first = _asked("Translate the product text into {language}.", "{text}")
    yield _version("Product texts", "gpt-4o-mini", first, {"temperature": 0.4})
    second = _asked(prompt_text("catalog_translate_v2"), "{text}")
    parameters = {"temperature": 0.4}
    yield _version("As a copywriter", "gemini-2.5-flash", second, parameters, labels=("prod",))


def _judges() -> Iterator[Json]:
    first = "Grade this answer of a customer support assistant from 0 to 100."
    yield _version("First grades", "gpt-4o", _asked(first, _JUDGED), {"temperature": 0})
    # Its example of the answer is JSON, which an f-string would take for a variable.
    judged = _JUDGED.replace("{", "{{ ").replace("}", " }}")
    messages = _asked(prompt_text("eval_judge_v2"), judged, "jinja2")
    messages[0]["role"] = "developer"
    parameters = {"reasoning_effort": "low", "response_format": {"type": "json_object"}}
    yield _version("Points by criterion", "gpt-5-mini", messages, parameters, labels=("prod",))
