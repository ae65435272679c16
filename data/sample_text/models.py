"""How the models behave: speed, token counts, caches and the ways their services fail."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from random import Random

DAY = 86_400.0
HOUR = 3_600.0
# The incident: OpenAI answers eight times slower for three hours, nine days before the newest
# request, and what takes longer than the client's minute is a timeout.
INCIDENT = (-9 * DAY - 1.6 * HOUR, -9 * DAY + 1.4 * HOUR)
SLOWDOWN = 8.0
CLIENT_TIMEOUT = 60.0


@dataclass(frozen=True)
class Model:
    """first: seconds to the first token; rate: output tokens a second."""

    provider: str
    name: str
    first: float
    rate: float
    fingerprint: str | None = None


MODELS = {
    "gpt-4o": Model("openai", "gpt-4o-2024-08-06", 0.62, 74, "fp_07871e2ad8"),
    "gpt-4o-mini": Model("openai", "gpt-4o-mini-2024-07-18", 0.5, 88, "fp_34a54ae93c"),
    "gpt-4.1": Model("openai", "gpt-4.1-2025-04-14", 0.7, 68, "fp_b3f1157249"),
    "gpt-4.1-mini": Model("openai", "gpt-4.1-mini-2025-04-14", 0.46, 86, "fp_6f2eabb9a5"),
    "gpt-5-mini": Model("openai", "gpt-5-mini-2025-08-07", 1.1, 105),
    "gpt-3.5-turbo": Model("openai", "gpt-3.5-turbo-0125", 0.41, 96),
    "claude-sonnet-4-5": Model("anthropic", "claude-sonnet-4-5-20250929", 1.15, 61),
    "claude-haiku-4-5": Model("anthropic", "claude-haiku-4-5-20251001", 0.62, 118),
    "gemini-2.5-flash": Model("google", "gemini-2.5-flash", 0.52, 165),
    "mistral-small-latest": Model("mistral", "mistral-small-latest", 0.36, 112),
    "command-r": Model("cohere", "command-r", 0.72, 60),
    "llama3.1:8b": Model("ollama", "llama3.1:8b", 1.5, 27),
}


@lru_cache(maxsize=65_536)
def tokens(text: str) -> int:
    """About what a modern tokenizer makes of a text: four Latin letters, one ideograph."""
    weight = 0.0
    for char in text:
        point = ord(char)
        if point < 0x80:
            weight += 0.235
        elif point < 0x250:
            weight += 0.45
        elif point < 0xE00:
            weight += 0.42
        elif 0x2E80 <= point < 0xFB00:
            weight += 0.78
        elif unicodedata.category(char).startswith("S"):
            weight += 1.6
        else:
            weight += 0.55
    return max(1, round(weight))


def latency(rng: Random, model: Model, at: float, input_tokens: int, output_tokens: int) -> float:
    """Seconds until the whole answer was there, at `at` seconds before the newest request."""
    seconds = model.first + input_tokens / 9_000 + output_tokens / model.rate
    seconds *= rng.lognormvariate(0, 0.28)
    if rng.random() < 0.012:
        seconds *= rng.uniform(2.5, 5)
    if in_incident(model, at):
        seconds *= SLOWDOWN * rng.uniform(0.8, 1.25)
    return round(seconds, 3)


def in_incident(model: Model, at: float) -> bool:
    return model.provider == "openai" and INCIDENT[0] <= at < INCIDENT[1]


@dataclass(frozen=True)
class Failure:
    """An exception of the vendor's package, as the client library reports it."""

    kind: str
    message: str
    seconds: float


def failure(rng: Random, model: Model, at: float, rate: float) -> Failure | None:
    """What went wrong with a request, if anything did; `rate` is the share of a quiet day."""
    if in_incident(model, at):
        if rng.random() < 0.36:
            return Failure("PROVIDER_TIMEOUT", "Request timed out.", timeout_seconds(rng))
        if rng.random() < 0.06:
            return server_error(rng, model)
        return None
    if model.provider == "ollama" or rng.random() >= rate:
        return None
    pick = rng.random()
    if pick < 0.42:
        return rate_limit(rng, model)
    if pick < 0.64:
        return Failure("PROVIDER_TIMEOUT", "Request timed out.", timeout_seconds(rng))
    if pick < 0.74:
        return Failure("PROVIDER_ERROR", "Connection error.", round(rng.uniform(0.1, 2.4), 3))
    return server_error(rng, model)


def timeout_seconds(rng: Random) -> float:
    return round(CLIENT_TIMEOUT + rng.uniform(0.02, 0.4), 3)


def request_id(rng: Random) -> str:
    return "req_011C" + "".join(
        rng.choices("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnop", k=20)
    )


def rate_limit(rng: Random, model: Model) -> Failure:
    wanted = rng.randint(1_200, 5_200)
    over = rng.randint(60, wanted - 200)
    used = 200_000 - wanted + over
    wait = over * 60_000 // 200_000
    if model.provider == "anthropic":
        message = (
            "Error code: 429 - {'type': 'error', 'error': {'type': 'rate_limit_error', 'message': "
            "\"This request would exceed your organization's rate limit of 80,000 input tokens per "
            'minute. For details, refer to: https://docs.claude.com/en/api/rate-limits"}, '
            f"'request_id': '{request_id(rng)}'}}"
        )
    elif model.provider == "openai":
        message = (
            "Error code: 429 - {'error': {'message': 'Rate limit reached for "
            f"{model.name.rsplit('-20', 1)[0]} in organization org-Lf7Qk2xVb9TnR4 on tokens per "
            f"min (TPM): Limit 200000, Used {used}, Requested {wanted}. Please try again in "
            f"{wait}ms. Visit https://platform.openai.com/account/rate-limits to learn more.', "
            "'type': 'tokens', 'param': None, 'code': 'rate_limit_exceeded'}}"
        )
    elif model.provider == "mistral":
        message = (
            'API error occurred: Status 429. Body: {"object":"error","message":"Service tier '
            'capacity exceeded for this model.","type":"service_tier_capacity_exceeded",'
            '"param":null,"code":"3505"}'
        )
    elif model.provider == "cohere":
        message = "status_code: 429, body: {'message': 'Please wait and try again later'}"
    else:
        message = (
            "429 RESOURCE_EXHAUSTED. {'error': {'code': 429, 'message': 'Resource has been "
            "exhausted (e.g. check quota).', 'status': 'RESOURCE_EXHAUSTED'}}"
        )
    return Failure("PROVIDER_RATE_LIMIT", message, round(rng.uniform(0.08, 0.6), 3))


def server_error(rng: Random, model: Model) -> Failure:
    if model.provider == "anthropic":
        message = (
            "Error code: 529 - {'type': 'error', 'error': {'type': 'overloaded_error', 'message': "
            f"'Overloaded'}}, 'request_id': '{request_id(rng)}'}}"
        )
    elif model.provider == "openai":
        message = (
            "Error code: 500 - {'error': {'message': 'The server had an error while processing "
            "your request. Sorry about that!', 'type': 'server_error', 'param': None, "
            "'code': None}}"
        )
    elif model.provider != "google":
        message = "Server error: 503 Service Unavailable"
    else:
        message = (
            "503 UNAVAILABLE. {'error': {'code': 503, 'message': 'The model is overloaded. Please "
            "try again later.', 'status': 'UNAVAILABLE'}}"
        )
    return Failure("PROVIDER_ERROR", message, round(rng.uniform(0.3, 9.5), 3))


def wrong_key(rng: Random) -> Failure:
    message = (
        "Error code: 401 - {'error': {'message': 'Incorrect API key provided: sk-proj-"
        "************************************************Zk0A. You can find your API key at "
        "https://platform.openai.com/account/api-keys.', 'type': 'invalid_request_error', 'param': "
        "None, 'code': 'invalid_api_key'}}"
    )
    return Failure("PROVIDER_AUTH_ERROR", message, round(rng.uniform(0.12, 0.3), 3))
