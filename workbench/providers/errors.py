"""What can go wrong with a call: one set of kinds for all vendors, with the vendor's own text."""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from workbench.logs.normalise.shape import mapping, text

Kind = Literal[
    "authentication",
    "rate_limit",
    "quota",
    "context_length",
    "content_filter",
    "timeout",
    "unavailable",
    "bad_request",
    "bad_answer",
    "unsupported",
    "internal",
]

#: What a person reads over the vendor's own text.
TITLES: dict[Kind, str] = {
    "authentication": "No valid key",
    "rate_limit": "Too many requests for now",
    "quota": "The quota is used up",
    "context_length": "The prompt is too long for this model",
    "content_filter": "Blocked by the content filter",
    "timeout": "No answer in time",
    "unavailable": "The provider is not reachable or overloaded",
    "bad_request": "The provider refused the request",
    "bad_answer": "The answer broke off or cannot be read",
    "unsupported": "Not sent: this model cannot take it",
    "internal": "The workbench failed",
}

#: Kinds that another try may mend.
RETRIED: frozenset[Kind] = frozenset({"rate_limit", "unavailable"})

#: The documented `error_type` of a log record (PromptLayer's list).
ERROR_TYPES: dict[Kind, str] = {
    "authentication": "PROVIDER_AUTH_ERROR",
    "rate_limit": "PROVIDER_RATE_LIMIT",
    "quota": "PROVIDER_QUOTA_LIMIT",
    "timeout": "PROVIDER_TIMEOUT",
    "internal": "UNKNOWN_ERROR",
}
PARTIAL = "PROVIDER_PARTIAL_RESPONSE"

_CONTEXT = (
    "context_length",
    "context length",
    "context window",
    "context size",
    "prompt is too long",
    "input is too long",
    "too many tokens",
    "maximum number of tokens",
    "input token count",
    "exceed_context_size",
    "too large for model",
)
_FILTER = (
    "content_filter",
    "content management policy",
    "content_policy",
    "responsibleai",
    "usage policies",
    "safety system",
    "prohibited_content",
)
_QUOTA = ("insufficient_quota", "billing", "credit", "out of funds", "servicequotaexceeded")
_KEY = (
    "api key not valid",
    "api_key_invalid",
    "api key expired",
    "invalid api key",
    "expiredtoken",
)


@dataclass(eq=False)
class ProviderError(Exception):
    """A call that failed.

    message: the vendor's own text, or ours where there is none.
    status: the HTTP status, where one came.
    code: the vendor's own code or type of it.
    retry_after: seconds after which the vendor says to try again.
    """

    kind: Kind
    message: str
    status: int | None = None
    code: str | None = None
    retry_after: float | None = None
    body: Any = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{TITLES[self.kind]}: {self.message}"

    @property
    def may_be_retried(self) -> bool:
        return self.kind in RETRIED

    @property
    def error_type(self) -> str:
        """What a log record says in `error_type`."""
        return ERROR_TYPES.get(self.kind, "PROVIDER_ERROR")


class Unsupported(ProviderError):
    """Refused before sending: the text says what cannot be taken and why."""

    def __init__(self, message: str) -> None:
        ProviderError.__init__(self, "unsupported", message)


def of_status(
    status: int,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    fallback: str = "",
) -> ProviderError:
    """The error that an HTTP answer means. `body`: its JSON value, or its text."""
    if isinstance(body, str | bytes):
        try:
            body = orjson.loads(body)
        except orjson.JSONDecodeError:
            fallback = fallback or (
                body if isinstance(body, str) else body.decode("utf-8", "replace")
            )
    code, message = code_and_message(body)
    message = message or fallback.strip()[:2000] or f"status {status}"
    wait = retry_after(headers or {}, body)
    return ProviderError(kind_of(status, code, message, wait), message, status, code, wait, body)


def code_and_message(body: Any) -> tuple[str | None, str]:
    """The code and the text in the shapes that vendors use for an error's body."""
    if isinstance(body, list) and body:
        body = body[0]
    source = mapping(body)
    inner = source.get("error", source.get("Error", source))
    if isinstance(inner, str):
        return None, inner
    source = mapping(inner)
    code = next(
        (
            str(source[key])
            for key in ("code", "status", "type", "Code")
            if isinstance(source.get(key), str) and source[key]
        ),
        None,
    )
    said = source.get("message") or source.get("Message") or source.get("detail")
    if isinstance(said, list | dict):
        # Whole numbers of any length may stand in it.
        said = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    kind = text(source.get("type"))
    return (f"{code} {kind}" if code and kind and kind != code else code), text(said)


def kind_of(status: int | None, code: str | None, message: str, wait: float | None) -> Kind:
    """The kind of an error from what the vendor said."""
    said = f"{code or ''} {message}".lower()
    if any(word in said for word in _KEY):
        return "authentication"
    if any(word in said for word in _QUOTA) or status == 402:
        return "quota"
    if status in (401, 403):
        return "authentication"
    if status == 429:
        return "quota" if "quota" in said and wait is None else "rate_limit"
    if status == 408 or (status == 504 and "deadline" in said):
        return "timeout"
    if status is not None and (status >= 500 or status in (409, 425)):
        return "unavailable"
    if any(word in said for word in _CONTEXT) or status == 413:
        return "context_length"
    if any(word in said for word in _FILTER):
        return "content_filter"
    if status is None:
        return _kind_of_words(said)
    return "bad_request"


def _kind_of_words(said: str) -> Kind:
    """For errors inside of an answer that came with status 200."""
    if "rate_limit" in said or "throttling" in said or "resource_exhausted" in said:
        return "rate_limit"
    if (
        "overloaded" in said
        or "unavailable" in said
        or "server_error" in said
        or "internal" in said
    ):
        return "unavailable"
    if "safety" in said or "blocked" in said or "prohibited" in said or "blocklist" in said:
        return "content_filter"
    if "auth" in said:
        return "authentication"
    return "timeout" if "timeout" in said else "bad_request"


def retry_after(headers: Mapping[str, str], body: Any = None) -> float | None:
    """Seconds that the vendor asks to wait: a header, or Google's RetryInfo."""
    low = {str(name).lower(): value for name, value in headers.items()}
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return max(0.0, float(low[name]) / unit)
        except (KeyError, ValueError):
            continue
    when = email.utils.parsedate_to_datetime(low["retry-after"]) if _is_date(low) else None
    if when is not None:
        return max(0.0, when.timestamp() - time.time())
    details = mapping(mapping(body).get("error")).get("details")
    for one in details if isinstance(details, list) else ():
        delay = text(mapping(one).get("retryDelay"))
        if delay.endswith("s") and delay[:-1].replace(".", "", 1).isdigit():
            return float(delay[:-1])
    return None


def _is_date(headers: Mapping[str, str]) -> bool:
    return email.utils.parsedate_tz(headers.get("retry-after", "")) is not None
