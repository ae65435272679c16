"""What may be reached over the network, and what may not."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from workbench.guarded_http import FetchError, Limits, checked_address, fetch, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "239.255.255.250",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f000001", "localhost", "127.0.0.1.", "[::1]".strip("[]")]
)
def test_other_spellings_of_this_machine_are_refused_all_the_same(host: str) -> None:
    with pytest.raises(FetchError) as found:
        checked_address(host, 80)
    assert found.value.kind == "address"


def test_the_checked_address_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    connected: list[str] = []

    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 80)) for one in next(answers)]

    def connect(address: Any, *_: Any) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(FetchError):
        fetch("http://rebinding.example/")
    assert connected == ["93.184.216.34"]


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://example.com/", "http://", "http://a:b", "//example.com"]
)
def test_only_web_addresses_are_asked(url: str) -> None:
    with pytest.raises(FetchError) as found:
        fetch(url, limits=Limits(allow_private=True))
    assert found.value.kind == "address"
