"""Fetching pictures given by address, for vendors that take them only by content."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from workbench.logs.remote_image import RemoteImageError, fetch_image
from workbench.messages import Message, Part
from workbench.providers.call import Call
from workbench.providers.errors import ProviderError

Fetch = Callable[[str], bytes]

_MAGIC = ((b"\x89PNG", "image/png"), (b"\xff\xd8", "image/jpeg"), (b"GIF8", "image/gif"))


async def with_content(call: Call, fetch: Fetch = fetch_image) -> Call:
    """The call with each picture at a web address replaced by its content.

    The addresses are fetched as on the log page: public ones only, no large files. Raises
    ProviderError ("bad_request") naming the one that cannot be had.
    """
    wanted = {url for one in call.messages for part in one["content"] if (url := _address(part))}
    if not wanted:
        return call
    found = dict(
        zip(wanted, await asyncio.gather(*(_fetched(u, fetch) for u in wanted)), strict=True)
    )
    messages: list[Message] = [
        {**one, "content": [_replaced(part, found) for part in one["content"]]}
        for one in call.messages
    ]
    return replace(call, messages=messages)


def _address(part: Part) -> str | None:
    if part["type"] != "image_url":
        return None
    url = str(part.get("image_url", {}).get("url", ""))
    return url if url.startswith(("http://", "https://")) else None


async def _fetched(url: str, fetch: Fetch) -> str:
    try:
        data = await asyncio.to_thread(fetch, url)
    except RemoteImageError as error:
        raise ProviderError(
            "bad_request", f"The picture at {url[:200]} cannot be fetched: {error}"
        ) from error
    mime = next((mime for magic, mime in _MAGIC if data.startswith(magic)), "image/webp")
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def _replaced(part: Part, found: dict[str, str]) -> Part:
    url = _address(part)
    if url is None:
        return part
    image = {**part["image_url"], "url": found[url]}
    return cast(Part, {**part, "image_url": image})
