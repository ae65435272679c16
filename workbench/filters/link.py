"""The filter in a link: one parameter `f` that holds the text syntax."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from urllib.parse import parse_qs, quote

from workbench.filters.errors import FilterError
from workbench.filters.model import Filter
from workbench.filters.text_reader import parse_text
from workbench.filters.text_writer import to_text

PARAMETER = "f"
# Signs that RFC 3986 allows in a query and that keep the filter readable there.
_READABLE = ":,()/$!~*@"


def to_params(filter_: Filter) -> dict[str, str]:
    """The query parameters of the filter, not yet encoded; {} for the empty filter."""
    text = to_text(filter_)
    return {PARAMETER: text} if text else {}


def from_params(params: Mapping[str, str], zone: tzinfo = UTC) -> Filter:
    """The filter of query parameters, decoded. Raises FilterError with a column."""
    return parse_text(params.get(PARAMETER, ""), zone)


def to_url(filter_: Filter) -> str:
    """The encoded query, without "?": "f=model:gpt-4o%20tag:prod"; "" for the empty filter."""
    text = to_text(filter_)
    return f"{PARAMETER}={quote(text, safe=_READABLE)}" if text else ""


def from_url(query: str, zone: tzinfo = UTC) -> Filter:
    """The filter of an encoded query, with or without "?"; other parameters are left alone."""
    try:
        found = parse_qs(query.removeprefix("?"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise FilterError("The link is damaged: its text is not UTF-8.", PARAMETER) from None
    values = found.get(PARAMETER, [""])
    if len(values) > 1:
        raise FilterError("The link has the filter twice.", PARAMETER)
    return parse_text(values[0], zone)
