"""Photos for warranty claims: template vision/receipt, versions 1 to 3, and its regressions."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from data.sample_text.models import DAY, HOUR, MODELS, Failure, Model, failure
from data.sample_text.pictures import Picture, pictures
from data.sample_text.support import prompt_text
from data.sample_text.texts import texts
from data.sample_text.traffic import arrivals
from data.sample_text.wire import (
    Json,
    Prompted,
    Record,
    Sender,
    anthropic_answer,
    ident,
    logged,
    message,
    openai_answer,
    text_block,
    tracked,
)
from data.sample_text.world import PRODUCTS, Customer

VERSION_2, VERSION_3 = -19.8 * DAY, -8.1 * DAY
# The models in use, by version; and the language of a note, by its first letters.
READERS = (
    ("gpt-4o",),
    ("gpt-4o", "gemini-2.5-flash"),
    ("gpt-4.1-mini", "claude-sonnet-4-5", "gemini-2.5-flash"),
)
LANGUAGES = (("Kauf", "de"), ("So ", "de"), ("Voici", "fr"), ("El ", "es"), ("領", "ja"))
REFUSAL = (
    "I'm sorry, but I can't read or process identity documents. Please upload the receipt or a "
    "photo of the product instead."
)


def _nullable(kind: str) -> Json:
    return {"type": [kind, "null"]}


_FIELDS: Json = {
    "kind": {"type": "string", "enum": ["receipt", "shipping_label", "damage", "other"]},
    "merchant": _nullable("string"),
    "date": _nullable("string"),
    "currency": _nullable("string"),
    "total": _nullable("number"),
    "items": {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "quantity", "price"],
            "properties": {
                "name": {"type": "string"},
                "quantity": {"type": "integer"},
                "price": {"type": "number"},
            },
        },
    },
    "carrier": _nullable("string"),
    "tracking_number": _nullable("string"),
    "part": _nullable("string"),
    "damage": _nullable("string"),
    "likely_cause": {"type": ["string", "null"], "enum": ["wear", "fault", "transport", None]},
}
SCHEMA: Json = {
    "type": "json_schema",
    "json_schema": {
        "name": "claim_image",
        "strict": True,
        "schema": {
            "type": "object",
            "additionalProperties": False,
            "required": list(_FIELDS),
            "properties": _FIELDS,
        },
    },
}


def uploads(rng: Random, people: list[Customer], count: int) -> list[Record]:
    """What customers upload: some sent on as bytes, some as an address."""
    records = []
    *named, identity = pictures().values()
    for number, at in enumerate(arrivals(rng, count, last_day=-0.01)):
        claim = rng.randint(20_100, 29_900)
        picture: Picture | None = named[number] if number < 14 else rng.choice(named)
        if at < VERSION_3 and picture is not None and picture.kind != "receipt":
            picture = named[number % 8]
        if at >= VERSION_3 and number % 7 == 4:
            picture = identity
        url = None
        if number > 14 and picture is not identity and rng.random() < 0.4:
            url = f"https://images.example.com/uploads/{ident(rng, '', 12)}.jpg"
            picture = None
        facts = picture.facts if picture else seen(rng)
        kind = picture.kind if picture else "receipt"
        version = 1 + (at >= VERSION_2) + (at >= VERSION_3)
        model = MODELS[rng.choice(READERS[version - 1])]
        if kind == "identity":
            model = MODELS["gpt-4.1-mini"]
        broken = failure(rng, model, at, 0.02)
        if url and model.provider == "openai" and rng.random() < 0.14:
            broken = bad_image(rng, url)
        image = url or (picture.url if picture else "")
        note = rng.choice(texts("receipts")["notes"][kind])
        spoken = next((code for start, code in LANGUAGES if note.startswith(start)), "en")
        customer = rng.choice([one for one in people if one.language == spoken])
        sender = Sender(["prod"], {"user_id": customer.user_id, "claim_id": f"W-{claim}"})
        records.append(
            read(
                rng,
                model,
                at,
                version,
                kind,
                image,
                note.format(claim=claim),
                mistaken(rng, facts, version),
                sender,
                broken,
            )
        )
    return records


def regressions(rng: Random) -> list[Record]:
    """Before each release the team reads the same receipts with every candidate model."""
    records = []
    receipts = [picture for picture in pictures().values() if picture.kind == "receipt"]
    for version, start, names in (
        (2, VERSION_2 - 5 * HOUR, ("gpt-4o", "gemini-2.5-flash")),
        (3, VERSION_3 - 4 * HOUR, ("gpt-4.1-mini", "claude-sonnet-4-5", "gemini-2.5-flash")),
    ):
        at = start
        run = ident(rng, "receipts-", 6, "0123456789abcdef")
        for name in names:
            for picture in receipts:
                said = mistaken(rng, picture.facts, version)
                metadata = {"run": run, "dataset": "receipts-golden", "case": picture.name}
                record = read(
                    rng, MODELS[name], at, version, "receipt", picture.url, "", said,
                    Sender(["eval", "dev"], metadata), None,
                )  # fmt: skip
                right = sum(said.get(key) == value for key, value in picture.facts.items())
                score = round(100 * right / len(picture.facts))
                record.scores.append({"name": "receipt_match", "value": score})
                records.append(record)
                at = round(at + rng.uniform(1.2, 4.5), 3)
    return records


def seen(rng: Random) -> Json:
    products = rng.sample(PRODUCTS, rng.randint(1, 3))
    items = [
        {"name": product.name.upper(), "quantity": 1, "price": float(product.price)}
        for product in products
    ]
    return {
        "merchant": rng.choice(texts("receipts")["shops"]),
        "date": f"20{rng.randint(22, 24)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
        "currency": "EUR",
        "total": float(sum(product.price for product in products)),
        "items": items,
    }


def mistaken(rng: Random, facts: Json, version: int) -> Json:
    """What the model makes of it: earlier prompts misread more."""
    said = dict(facts)
    if facts.get("total") is None or rng.random() > (0.3, 0.16, 0.07)[version - 1]:
        return said
    slip = rng.randrange(3)
    if slip == 0:
        said["date"] = None
    elif slip == 1:
        said["total"] = round(said["total"] * 10)
    else:
        said["items"] = said["items"][:-1] or [
            {**said["items"][0], "name": said["items"][0]["name"].replace("0", "O")}
        ]
    return said


def bad_image(rng: Random, url: str) -> Failure:
    if rng.random() < 0.6:
        text, code = f"Timeout while downloading {url}.", "invalid_image_url"
    else:
        text = (
            "You uploaded an unsupported image. Please make sure your image has of one the "
            "following formats: ['png', 'jpeg', 'gif', 'webp']."
        )
        code = "invalid_image_format"
    message = (
        f"Error code: 400 - {{'error': {{'message': \"{text}\", 'type': 'invalid_request_error', "
        f"'param': None, 'code': '{code}'}}}}"
    )
    return Failure("PROVIDER_ERROR", message, round(rng.uniform(0.9, 10.2), 3))


def read(
    rng: Random,
    model: Model,
    at: float,
    version: int,
    kind: str,
    image: str,
    note: str,
    facts: Json,
    sender: Sender,
    broken: Failure | None,
) -> Record:
    system = prompt_text(f"vision_receipt_v{version}")
    said = json.dumps(shaped(facts, kind, version), ensure_ascii=False)
    prompted = Prompted("vision/receipt", version, {"note": note, "image": image})
    if model.provider == "google":
        part = {"type": "image_url", "image_url": {"url": image}}
        user = message("user", *([note] if note else []), part)
        parameters = {"temperature": 0, "response_mime_type": "application/json"}
        messages = [message("system", system), user]
        return logged(rng, model, at, messages, broken or said, parameters, prompted, sender)
    content: list[Any] = [{"type": "text", "text": note}] if note else []
    if model.provider == "anthropic":
        source = {"type": "url", "url": image}
        if image.startswith("data:"):
            mime, _, data = image[5:].partition(";base64,")
            source = {"type": "base64", "media_type": mime, "data": data}
        kwargs: Json = {
            "model": model.name,
            "max_tokens": 1_024,
            "temperature": 0,
            "system": system,
            "messages": [
                {"role": "user", "content": [{"type": "image", "source": source}, *content]}
            ],
            "stream": False,
        }
        fenced = f"```json\n{said}\n```" if rng.random() < 0.3 else said
        answer = broken or anthropic_answer(rng, model, kwargs, content=[text_block(fenced)])
        return tracked(rng, model, at, kwargs, answer, prompted, sender)
    content.append({"type": "image_url", "image_url": {"url": image, "detail": "high"}})
    kwargs = {
        "model": model.name,
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": content},
        ],
        "temperature": 0,
        "max_tokens": 700,
    }
    if version > 1:
        kwargs["response_format"] = SCHEMA if version == 3 else {"type": "json_object"}
    kwargs["stream"] = False
    refused = kind == "identity"
    openai = broken or openai_answer(
        rng, model, kwargs, content=None if refused else said, refusal=REFUSAL if refused else None
    )
    return tracked(rng, model, at, kwargs, openai, prompted, sender)


def shaped(facts: Json, kind: str, version: int) -> Json:
    if version == 3:
        empty: Json = {key: [] if key == "items" else None for key in _FIELDS}
        return {**empty, "kind": kind, **facts}
    if version == 1:
        return {key: facts[key] for key in ("merchant", "date", "total", "currency")}
    return {**facts, "confidence": 0.93 if all(facts.values()) else 0.58}
