"""Incoming emails sorted into queues: template support/triage, versions 1 to 3."""

from __future__ import annotations

import json
from random import Random

from data.sample_text.models import MODELS, Failure, failure, rate_limit
from data.sample_text.support import prompt_text
from data.sample_text.talk import Intent, Talk, as_typed, fill, first_turn, talk
from data.sample_text.texts import texts
from data.sample_text.traffic import arrivals, day_of
from data.sample_text.wire import Json, Prompted, Record, Sender, openai_answer, tracked
from data.sample_text.world import Customer, make_order, slots

RELEASES = ((1, -30.0, "gpt-3.5-turbo"), (2, -23.6, "gpt-4o-mini"), (3, -9.6, "gpt-4.1-mini"))
TAIL = (-222.8, -98.1, -29.5)
# Emails that quote their whole history, too long for the model of version 1.
ENDLESS = (9, 23, 41)
CATEGORIES = (
    "delivery", "orders", "returns", "billing", "account", "products", "privacy", "abuse", "other",
)  # fmt: skip
ANGRY = {
    "late_delivery", "not_received", "complaint", "double_charge", "damaged_item", "wrong_item",
}  # fmt: skip
URGENT = ("trip", "flying", "leave on", "Urlaub", "viaje", "next week", "旅行", "徒步", "lawyer")
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "triage",
        "strict": True,
        "schema": {
            "type": "object",
            "additionalProperties": False,
            "required": [
                "category", "priority", "language", "sentiment", "order_id", "needs_human",
                "summary",
            ],
            "properties": {
                "category": {"type": "string", "enum": list(CATEGORIES)},
                "priority": {"type": "string", "enum": ["low", "normal", "high", "urgent"]},
                "language": {"type": "string"},
                "sentiment": {"type": "string", "enum": ["negative", "neutral", "positive"]},
                "order_id": {"type": ["string", "null"]},
                "needs_human": {"type": "boolean"},
                "summary": {"type": "string"},
            },
        },
    },
}  # fmt: skip
SIGNATURES = ("\n\n{name}", "\n\n--\n{name}", "\n\nSent from my iPhone", "", "\n\n{name}\n{city}",
              "\n\nSent from Outlook for Android", "\n\n{name}\n{phone}")  # fmt: skip


def sort_emails(rng: Random, people: list[Customer], count: int) -> list[Record]:
    starts = arrivals(rng, count, last_day=-0.002, surge=1.8, tail=TAIL)
    return [
        sort_one(rng, rng.choice(people), at, endless=number in ENDLESS)
        for number, at in enumerate(starts)
    ]


def sort_one(rng: Random, customer: Customer, at: float, *, endless: bool = False) -> Record:
    version, _, name = [release for release in RELEASES if at >= release[1] * 86_400][-1]
    told = talk(customer.language)
    intent = told.intents["where_is_order" if endless else rng.choice(list(told.intents))]
    day = day_of(at)
    order = make_order(rng, customer, intent.product(rng), intent.status, day)
    words = slots(rng, customer, order, day) | {"item": order.product.name}
    prefix = {"en-GB": "+44 7700 900", "en-US": "+1 802 555 0"}.get(customer.locale)
    words["phone"] = f"{prefix}{rng.randint(100, 199)}" if prefix else customer.city
    email = write(rng, told, intent, words)
    if endless:
        email = quoted(email, words)
    model = MODELS[name]
    kwargs: Json = {
        "model": model.name,
        "messages": [
            {"role": "system", "content": prompt_text(f"support_triage_v{version}")},
            {"role": "user", "content": [{"type": "text", "text": email}]},
        ],
        "temperature": 0,
    }
    if version == 2:
        kwargs["response_format"] = {"type": "json_object"}
    elif version == 3:
        kwargs["response_format"] = SCHEMA
    kwargs["stream"] = False
    label = label_of(intent, told, email, words, version)
    said = json.dumps(label, ensure_ascii=False, indent=2 if version == 1 else None)
    if version == 1 and rng.random() < 0.14:
        said = f"```json\n{said}\n```"
    broken: Failure | None = failure(rng, model, at, 0.024)
    if endless:
        broken = too_long(rng)
    elif not broken and rng.random() < 0.004:
        broken = rate_limit(rng, model)
    answer = broken or openai_answer(rng, model, kwargs, content=said)
    metadata = {
        "ticket_id": f"T-{rng.randint(81_000, 99_999)}",
        "user_id": customer.user_id,
        "mailbox": rng.choice(("help", "help", "help", "returns", "billing")),
    }
    variables = {"email": email}
    prompted = Prompted("support/triage", version, variables)
    tags = ["prod", "vip"] if customer.vip else ["prod"]
    return tracked(rng, model, at, kwargs, answer, prompted, Sender(tags, metadata))


def write(rng: Random, told: Talk, intent: Intent, words: dict[str, str]) -> str:
    question, _, _ = first_turn(rng, intent)
    body = as_typed(rng, told, question)
    subjects = texts("triage")["subjects"][told.language]
    subject = rng.choice(subjects)
    if "{order}" in subject and intent.status == "none":
        subject = subjects[1]
    return fill(f"Subject: {subject}\n\n{body}{rng.choice(SIGNATURES)}", words)


def quoted(email: str, words: dict[str, str]) -> str:
    """A reply that quotes the whole exchange before it, and that one the one before."""
    thread = (
        "We have received your message and will answer within two working days. Please do not "
        "reply to this email. Larkfield Customer Care, 14 Tarn Road. This message is confidential "
        "and intended only for the person it is addressed to."
    )
    for turn in range(1, 16):
        mark = f"\n\nOn {words['shipped']}, {words['name']} wrote ({turn}):\n> "
        thread = f"Still no answer about {words['order']}.{mark}" + thread.replace("\n", "\n> ")
        thread += "\n> Larkfield Customer Care: thank you, we are looking into it. " * 26
    return f"{email}\n\n{thread}"


def too_long(rng: Random) -> Failure:
    sent = rng.randint(16_800, 19_400)
    message = (
        "Error code: 400 - {'error': {'message': \"This model's maximum context length is 16385 "
        f"tokens. However, your messages resulted in {sent} tokens. Please reduce the length of "
        "the messages.\", 'type': 'invalid_request_error', 'param': 'messages', 'code': "
        "'context_length_exceeded'}}"
    )
    return Failure("PROVIDER_ERROR", message, round(rng.uniform(0.15, 0.4), 3))


def label_of(
    intent: Intent, told: Talk, email: str, words: dict[str, str], version: int
) -> dict[str, object]:
    urgent = any(word in email for word in URGENT)
    angry = intent.name in ANGRY or "!!" in email or "😡" in email
    priority = "urgent" if urgent else "high" if angry else "normal"
    if intent.status == "none" and not urgent and not angry:
        priority = "low"
    if version == 1:
        return {
            "category": intent.category,
            "priority": "high" if priority == "urgent" else priority,
            "language": told.language,
        }
    sentiment = "negative" if angry else "positive" if "thank" in email.lower() else "neutral"
    label: dict[str, object] = {
        "category": intent.category,
        "priority": priority,
        "language": told.language,
        "sentiment": sentiment,
        "order_id": words["order"] if words["order"] in email else None,
    }
    if version == 3:
        label["needs_human"] = intent.name in ("human", "delete_account", "complaint")
        summary = texts("triage")["summaries"].get(
            intent.name, f"Question about {intent.category}: {{item}}."
        )
        label["summary"] = fill(summary, words)
    return label
