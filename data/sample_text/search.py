"""Shop searches turned into catalogue filters: template search/rewrite, versions 3 and 4."""

from __future__ import annotations

import json
from random import Random

from data.sample_text.models import MODELS, failure
from data.sample_text.support import prompt_text
from data.sample_text.texts import texts
from data.sample_text.traffic import arrivals
from data.sample_text.wire import (
    Json,
    Prompted,
    Record,
    Sender,
    ident,
    logged,
    message,
    openai_answer,
    tracked,
)
from data.sample_text.world import Customer

VERSION_4 = -13.4 * 86_400
TAIL = (-258.3, -131.0, -47.7, -12.4)
FITTING = {
    "waterproof": ("jackets", "boots", "backpacks", "tents", "trousers", "headlamps"),
    "insulated": ("jackets", "sleeping_bags", "fleece", "boots"),
    "breathable": ("jackets", "boots", "trousers"),
    "windproof": ("jackets", "fleece"),
    "packable": ("jackets", "backpacks"),
    "wide-fit": ("boots",),
    "recycled": ("jackets", "fleece", "backpacks", "trousers"),
}
NOUN_FIRST = ("fr", "es", "pt", "ar", "he")
SIZES = {
    "boots": [str(size) for size in range(36, 47)],
    "backpacks": ["20 l", "28 l", "34 l", "45 l", "60 l"],
    "jackets": ["S", "M", "L", "XL"],
    "fleece": ["S", "M", "L", "XL"],
}
# Limits are drawn in euros; this makes them round numbers of the language's usual currency.
LIMIT_SCALE = {"ja": 150, "ko": 1_500, "zh": 8, "hi": 90, "th": 35, "ru": 500}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "catalogue_filter",
        "strict": True,
        "schema": {
            "type": "object",
            "additionalProperties": False,
            "required": [
                "category", "attributes", "gender", "price_max", "size", "query", "language",
            ],
            "properties": {
                "category": {"type": ["string", "null"]},
                "attributes": {"type": "array", "items": {"type": "string"}},
                "gender": {"type": ["string", "null"], "enum": ["women", "men", "kids", None]},
                "price_max": {"type": ["number", "null"]},
                "size": {"type": ["string", "null"]},
                "query": {"type": "string"},
                "language": {"type": "string"},
            },
        },
    },
}  # fmt: skip


def searches(rng: Random, people: list[Customer], count: int) -> list[Record]:
    starts = arrivals(rng, count, last_day=-0.002, tail=TAIL)
    return [search_one(rng, rng.choice(people), at) for at in starts]


def typed(rng: Random, language: str) -> tuple[str, Json]:
    """What a shopper types, and the filter it means."""
    lists = texts("search")
    wanted: Json = {
        "category": None, "attributes": [], "gender": None, "price_max": None, "size": None,
        "query": "", "language": language,
    }  # fmt: skip
    if language == "en" and rng.random() < 0.12:
        name = rng.choice(lists["models"])
        colour = rng.choice(("", " green", " black", " mustard", " size m", " spare parts"))
        return name + colour, wanted | {"query": name + colour.replace(" size m", "")}
    own = [sentence for sentence in lists["sentences"] if sentence["language"] == language]
    if own and rng.random() < 0.2:
        sentence = rng.choice(own)
        known = {key: sentence[key] for key in ("category", "gender", "price_max", "query")}
        attribute = sentence["attribute"]
        return sentence["text"], wanted | known | {"attributes": [attribute] if attribute else []}
    return composed(rng, language, wanted)


def composed(rng: Random, language: str, wanted: Json) -> tuple[str, Json]:
    """A noun, perhaps with an adjective, a gender, a size and a limit."""
    lists = texts("search")
    category = rng.choice(list(lists["nouns"][language]))
    words = [rng.choice(lists["nouns"][language][category])]
    wanted["category"] = category
    fits = [
        (attribute, forms)
        for attribute, forms in lists["adjectives"][language].items()
        if category in FITTING.get(attribute, (category,))
    ]
    if fits and rng.random() < 0.6:
        attribute, forms = rng.choice(fits)
        after = language in NOUN_FIRST or (language == "de" and rng.random() < 0.6)
        words.insert(len(words) if after else 0, rng.choice(forms))
        wanted["attributes"] = [attribute]
    worn = category in ("jackets", "boots", "fleece", "trousers")
    if worn and language in lists["genders"] and rng.random() < 0.45:
        gender, forms = rng.choice(list(lists["genders"][language].items()))
        words.insert(rng.randrange(len(words) + 1), rng.choice(forms))
        wanted["gender"] = gender
    if rng.random() < 0.3 and category in SIZES:
        wanted["size"] = rng.choice(SIZES[category])
        words.append(wanted["size"].replace(" ", ""))
    if language in lists["limits"] and rng.random() < 0.25:
        limit = rng.choice((80, 100, 120, 150, 200, 250, 300)) * LIMIT_SCALE.get(language, 1)
        words.append(rng.choice(lists["limits"][language]).format(n=limit))
        wanted["price_max"] = limit
    gap = "" if language in ("zh", "th") and rng.random() < 0.6 else " "
    query = gap.join(words)
    return (query.lower() if rng.random() < 0.3 else query), wanted


def search_one(rng: Random, customer: Customer, at: float) -> Record:
    version = 4 if at >= VERSION_4 else 3
    language = customer.language
    query, wanted = typed(rng, language)
    name = "gpt-4o-mini" if version == 3 else rng.choice(("gpt-4.1-mini", "gemini-2.5-flash"))
    model = MODELS[name]
    said = json.dumps(wanted, ensure_ascii=False, separators=(",", ":") if version == 4 else None)
    broken = failure(rng, model, at, 0.02)
    prompted = Prompted("search/rewrite", version, {"query": query, "locale": customer.locale})
    metadata = {
        "user_id": customer.user_id if rng.random() < 0.4 else ident(rng, "anon_", 10),
        "locale": customer.locale,
        "page": rng.choice(("home", "category", "search", "product")),
    }
    sender = Sender(["prod"], metadata)
    system = prompt_text(f"search_rewrite_v{version}")
    if model.provider == "google":
        messages = [message("system", system), message("user", query)]
        parameters = {"temperature": 0, "response_mime_type": "application/json"}
        return logged(rng, model, at, messages, broken or said, parameters, prompted, sender)
    kwargs: Json = {
        "model": model.name,
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": [{"type": "text", "text": query}]},
        ],
        "temperature": 0,
        "response_format": SCHEMA if version == 4 else {"type": "json_object"},
        "stream": False,
    }
    answer = broken or openai_answer(rng, model, kwargs, content=said)
    return tracked(rng, model, at, kwargs, answer, prompted, sender)
