"""Nightly work on the catalogue: reviews/digest and catalog/translate, on the cheaper models."""

from __future__ import annotations

from random import Random

from data.sample_text.models import DAY, HOUR, MODELS, Failure, failure, rate_limit, tokens
from data.sample_text.support import prompt_text
from data.sample_text.talk import fill
from data.sample_text.texts import texts
from data.sample_text.wire import Prompted, Record, Sender, ident, logged, message
from data.sample_text.world import PRODUCTS, Product

# Nights of the digest, two in the morning, and of the translations.
DIGEST_NIGHTS = tuple(-day * DAY - 13.2 * HOUR for day in (27, 20, 13, 6))
TRANSLATION_NIGHTS = tuple(-day * DAY - 12.1 * HOUR for day in (18, 4))
THEMES = {
    "fit": ("the fit", "sizing"), "warm": ("warmth",), "light": ("the low weight", "its weight"),
    "dry": ("how dry it stays", "rain protection"), "zip": ("the zip", "zip quality"),
    "price": ("the price",), "durable": ("durability", "how well it lasts"),
    "setup": ("easy setup", "how quickly it pitches"), "comfort": ("comfort", "wearing comfort"),
    "battery": ("battery life",), "colour": ("colours that differ from the photos",),
    "delivery": ("delivery",),
}  # fmt: skip


def digests(rng: Random) -> list[Record]:
    records = []
    for number, night in enumerate(DIGEST_NIGHTS):
        at = night
        for product in rng.sample(PRODUCTS, 9):
            name = "command-r" if number < 2 else "mistral-small-latest"
            record = digest(rng, at, product, name)
            records.append(record)
            at = round(record.end + rng.uniform(0.3, 2), 3)
    at = DIGEST_NIGHTS[2] - 2 * DAY + 15 * HOUR
    for product in rng.sample(PRODUCTS, 6):
        record = digest(rng, at, product, "llama3.1:8b")
        records.append(record)
        at = round(record.end + rng.uniform(4, 40), 3)
    return records


def digest(rng: Random, at: float, product: Product, name: str) -> Record:
    """Reviews in, two sentences of praise and criticism out; the local model is on trial."""
    model = MODELS[name]
    local = model.provider == "ollama"
    fitting = [
        review
        for review in texts("catalogue")["reviews"]
        if not review["kinds"] or product.kind in review["kinds"]
    ]
    long = local and rng.random() < 0.4
    chosen = rng.sample(fitting, min(len(fitting), rng.randint(5, 9)))
    shown = fitting * 9 if long else chosen
    text = "\n".join(f"- {review['stars']}/5: {review['text']}" for review in shown)
    liked: dict[str, int] = {}
    disliked: dict[str, int] = {}
    for review in chosen:
        side = liked if review["stars"] >= 4 else disliked
        side[review["theme"]] = side.get(review["theme"], 0) + 1
    said = summary(rng, product, liked, disliked, len(chosen))
    system = fill(prompt_text("reviews_digest_v1"), {"product": product.name})
    prompted = Prompted("reviews/digest", 1, {"product": product.name, "reviews": text})
    broken: Failure | None = failure(rng, model, at, 0.03)
    if long:
        limit = "input length exceeds the context length (status code: 400)"
        broken = Failure("PROVIDER_ERROR", limit, round(rng.uniform(0.4, 0.9), 3))
    tags = ["dev"] if local else ["prod", "batch"]
    metadata = {"job": "reviews-digest", "product": product.name, "run": ident(rng, "", 6)}
    parameters = {"temperature": 0.3, "max_tokens": 220}
    if local:
        parameters = {"temperature": 0.3, "num_predict": 220, "num_ctx": 4_096}
    messages = [message("system", system), message("user", text)]
    sender = Sender(tags, metadata)
    return logged(rng, model, at, messages, broken or said, parameters, prompted, sender)


def summary(
    rng: Random, product: Product, liked: dict[str, int], disliked: dict[str, int], count: int
) -> str:
    def listed(side: dict[str, int]) -> str:
        ranked = sorted(side.items(), key=lambda item: -item[1])[:3]
        words = [f"{rng.choice(THEMES[key])} ({number})" for key, number in ranked]
        return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]

    pieces = []
    if liked:
        praise = (
            f"Customers like {{}} of the {product.name}.",
            "Reviewers praise {}.",
            "Most often praised: {}.",
        )
        pieces.append(rng.choice(praise).format(listed(liked)))
    if disliked:
        blame = (
            "Criticism concerns {}.",
            "Some are less happy with {}.",
            "Named as weak points: {}.",
        )
        pieces.append(rng.choice(blame).format(listed(disliked)))
    if not disliked:
        pieces.append("No criticism was mentioned.")
    if rng.random() < 0.5:
        pieces.append(f"Based on {count} reviews.")
    return " ".join(pieces)


def translations(rng: Random) -> list[Record]:
    records = []
    for number, night in enumerate(TRANSLATION_NIGHTS):
        at = night
        for product in texts("catalogue")["descriptions"][number * 2 : number * 2 + 2]:
            english = product["english"]
            for language, text in product["translations"].items():
                name = ("gemini-2.5-flash", "mistral-small-latest")[number]
                model = MODELS[name]
                given = {"language": language, "text": english}
                prompted = Prompted("catalog/translate", 2, given)
                system = fill(prompt_text("catalog_translate_v2"), given)
                messages = [message("system", system), message("user", english)]
                sender = Sender(["prod", "batch"], {"job": "translate", "target": language})
                parameters = {"temperature": 0.4, "max_tokens": 4 * tokens(english)}
                failing = rate_limit(rng, model) if rng.random() < 0.05 else None
                for answer in (failing, text):
                    if answer is None:
                        continue
                    record = logged(rng, model, at, messages, answer, parameters, prompted, sender)
                    records.append(record)
                    at = round(record.end + rng.uniform(0.2, 1), 3)
    return records
