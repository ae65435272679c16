"""Fetching an image that a logged text names: public addresses and pixels alone."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from workbench.logs.remote_image import RemoteImageError, fetch_image, public_address


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "10.0.0.5", "192.168.1.1", "169.254.169.254", "::1", "0.0.0.0"],
)
def test_private_addresses_are_refused(host: str) -> None:
    with pytest.raises(RemoteImageError, match="private address"):
        public_address(host, 80)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/a.png",
        "javascript:alert(1)",
        "http://",
        "http://[::1",
        "//example.com/a.png",
        "http://example.com:notaport/",
    ],
)
def test_only_well_formed_http_addresses_are_asked(url: str) -> None:
    with pytest.raises(RemoteImageError):
        fetch_image(url)


def test_a_name_with_one_private_address_among_public_ones_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))
            for address in ("93.184.216.34", "127.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(RemoteImageError, match="private address"):
        fetch_image("http://rebinding.example/a.png")
