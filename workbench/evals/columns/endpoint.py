"""Endpoint: what a web service answers to a row."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

from workbench.evals.cells import CellFailed, CellResult, Detail
from workbench.evals.columns.base import ALL_LEFT, AllLeft, ColumnType, Config, Problem
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.values import parse_json, shown, to_json
from workbench.guarded_http import Fetched, FetchError, fetch

MAX_HEADERS = 30


class EndpointConfig(Config):
    url: str = field(
        "text",
        "Address",
        "Where each row is posted to: http or https.",
        min_length=1,
        max_length=2000,
    )
    headers: dict[str, str] = field(
        "headers",
        "Headers",
        "Sent along. They are kept with the column and everyone who sees it can read them.",
        default_factory=dict,
        max_length=MAX_HEADERS,
    )


class Endpoint(ColumnType[EndpointConfig]):
    name = "ENDPOINT"
    title = "Endpoint"
    help = (
        'Posts all columns to the left as {"data": {column: value}} to a web service; its answer '
        "is the value. Private addresses need the setting WORKBENCH_PRIVATE_ENDPOINTS."
    )
    group = "Run"
    result = "the answer: JSON where it is JSON, else its text"
    config = EndpointConfig
    example: ClassVar[Mapping[str, Any]] = {
        "url": "https://example.com/check",
        "headers": {"Authorization": "Bearer …"},
    }

    def sources(self, config: EndpointConfig) -> AllLeft:
        return ALL_LEFT

    def problems(self, config: EndpointConfig) -> Sequence[Problem]:
        found = []
        try:
            parts = urlsplit(config.url)
            good = parts.scheme in {"http", "https"} and bool(parts.hostname)
            _ = parts.port
        except ValueError:
            good = False
        if not good:
            found.append(
                Problem("url", f"{shown(config.url)} is no address with http:// or https://.")
            )
        if any(
            sign in text for pair in config.headers.items() for text in pair for sign in "\r\n\0"
        ):
            found.append(Problem("headers", "A header cannot hold a line break."))
        return found

    async def cell(
        self, config: EndpointConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        sent = {"Accept": "application/json", "Content-Type": "application/json"}
        body = to_json({"data": dict(values)}).encode("utf-8", "replace")
        try:
            answer = await asyncio.to_thread(
                fetch,
                config.url,
                method="POST",
                headers={**sent, **config.headers},
                body=body,
                limits=context.http,
            )
        except FetchError as error:
            raise _failure(error) from None
        if not 200 <= answer.status < 300:
            raise CellFailed(
                "endpoint",
                f"The endpoint answered with status {answer.status}: {shown(_text(answer))}.",
                retryable=answer.status >= 500 or answer.status in {408, 429},
            )
        detail = Detail(data={"status": answer.status})
        try:
            return CellResult(parse_json(_text(answer)), detail=detail)
        except ValueError:
            return CellResult(_text(answer), detail=detail)


def _failure(error: FetchError) -> CellFailed:
    said = str(error)
    message = f"The endpoint was not reached: {said}"
    if error.kind == "time":
        return CellFailed("timeout", message, retryable=True)
    if error.kind in {"size", "redirects"}:
        return CellFailed("limit", message)
    if said.endswith("is a private address."):
        return CellFailed(
            "refused",
            f"{message} An administrator allows such addresses with WORKBENCH_PRIVATE_ENDPOINTS.",
        )
    return CellFailed("endpoint", message, retryable=error.kind == "answer")


def _text(answer: Fetched) -> str:
    return answer.body.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
