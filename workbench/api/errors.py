"""Refusals as the API answers them: a status and an object that says what was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.jsontext import FieldError
from workbench.store.errors import Busy, NotFound, Refused, StoreError

# The SDK reads `message`, then `error`; it repeats a call on 429 and 5xx alone.
_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "body_too_large",
    415: "unsupported_encoding",
    422: "invalid_field",
    429: "busy",
    500: "internal_error",
    503: "store_unavailable",
}


class ApiError(Exception):
    """An answer that is not the one hoped for. `message` is a sentence for the caller."""

    def __init__(
        self,
        status: int,
        message: str,
        field: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.field = field
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "success": False,
            "message": self.message,
            "error": _CODES[self.status],
        }
        if self.field:
            body["field"] = self.field
        return body


def unauthorized(*, given: bool = False) -> ApiError:
    """given: whether a key came that is not good, rather than none."""
    return ApiError(
        401,
        "A valid API key is needed: the one that came is unknown or revoked."
        if given
        else "A valid API key is needed, in the header X-API-KEY or in the body as api_key.",
        headers={"WWW-Authenticate": "ApiKey"},
    )


def from_field(error: FieldError, status: int) -> ApiError:
    return ApiError(status, str(error), error.field)


def from_store(error: StoreError) -> ApiError:
    """What the store refused. The reason is for the caller: they can act on it."""
    if isinstance(error, NotFound):
        return ApiError(404, str(error))
    if isinstance(error, Refused):
        return ApiError(422, str(error))
    if isinstance(error, Busy):
        return ApiError(429, str(error), headers={"Retry-After": "1"})
    return ApiError(503, str(error), headers={"Retry-After": "5"})
