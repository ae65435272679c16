"""PNG and JPEG files made without a library, so that their bytes are the same everywhere.

PNG: RFC 2083 with a fixed-Huffman deflate stream (RFC 1951, 3.2.6). JPEG: ITU T.81 baseline, with
integer arithmetic and a Huffman table of our own.
"""

from __future__ import annotations

import struct
import zlib
from math import cos, pi, sqrt

_LENGTHS = [(3 + i, 0, 257 + i) for i in range(8)]
for _bits in range(1, 6):
    for _i in range(4):
        _LENGTHS.append((_LENGTHS[-1][0] + (1 << _LENGTHS[-1][1]), _bits, 261 + 4 * _bits + _i))
_LENGTHS.append((258, 0, 285))
_DISTANCES = [(1 + i, 0, i) for i in range(4)]
for _bits in range(1, 14):
    for _i in range(2):
        _DISTANCES.append((_DISTANCES[-1][0] + (1 << _DISTANCES[-1][1]), _bits, 2 + 2 * _bits + _i))


class _Bits:
    def __init__(self) -> None:
        self.out, self.held, self.count = bytearray(), 0, 0

    def low(self, value: int, width: int) -> None:
        """Least significant bit first, as deflate's extra bits go."""
        self.held |= value << self.count
        self.count += width
        while self.count >= 8:
            self.out.append(self.held & 255)
            self.held >>= 8
            self.count -= 8

    def code(self, value: int, width: int) -> None:
        """Most significant bit first, as Huffman codes go."""
        for bit in range(width - 1, -1, -1):
            self.low(value >> bit & 1, 1)

    def symbol(self, value: int) -> None:
        if value < 144:
            self.code(0x30 + value, 8)
        elif value < 256:
            self.code(0x190 + value - 144, 9)
        elif value < 280:
            self.code(value - 256, 7)
        else:
            self.code(0xC0 + value - 280, 8)


def deflate(data: bytes) -> bytes:
    """A zlib stream: greedy matches, fixed codes."""
    bits = _Bits()
    bits.low(3, 3)
    last: dict[bytes, list[int]] = {}
    at = 0
    while at < len(data):
        length, distance = 0, 0
        for start in reversed(last.get(data[at : at + 3], [])[-24:]):
            size = 3
            while size < 258 and at + size < len(data) and data[start + size] == data[at + size]:
                size += 1
            if size > length and at - start <= 32_768:
                length, distance = size, at - start
        if length >= 3:
            base, extra, symbol = [entry for entry in _LENGTHS if entry[0] <= length][-1]
            bits.symbol(symbol)
            bits.low(length - base, extra)
            base, extra, symbol = [entry for entry in _DISTANCES if entry[0] <= distance][-1]
            bits.code(symbol, 5)
            bits.low(distance - base, extra)
        else:
            length = 1
            bits.symbol(data[at])
        for step in range(at, at + length):
            last.setdefault(data[step : step + 3], []).append(step)
        at += length
    bits.symbol(256)
    if bits.count:
        bits.low(0, 8 - bits.count)
    return b"\x78\x01" + bytes(bits.out) + struct.pack(">I", zlib.adler32(data))


def png(rows: list[list[int]]) -> bytes:
    """A black and white picture; 1 is black."""
    width = len(rows[0])
    raw = bytearray()
    for row in rows:
        raw.append(0)
        for left in range(0, width, 8):
            byte = 0
            for bit in range(8):
                ink = row[left + bit] if left + bit < width else 0
                byte = byte << 1 | (1 - ink)
            raw.append(byte)
    header = struct.pack(">IIBBBBB", width, len(rows), 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", deflate(bytes(raw))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


_ZIGZAG = sorted(
    range(64),
    key=lambda i: (i // 8 + i % 8, i // 8 if (i // 8 + i % 8) % 2 else i % 8),
)
_COS = [
    [
        round((sqrt(0.125) if u == 0 else 0.5) * cos((2 * x + 1) * u * pi / 16) * 8_192)
        for x in range(8)
    ]
    for u in range(8)
]
_QUANT = [12 + 5 * (i // 8 + i % 8) for i in range(64)]
# End of block in two bits, the commonest run in four, every other in eight: not the shortest
# table, but a valid one that needs no list of 162 numbers.
_AC = [0x00, 0x01, 0xF0] + [
    run << 4 | size for run in range(16) for size in range(1, 11) if (run, size) != (0, 1)
]
_AC_CODES = {0x00: (0, 2), 0x01: (4, 4)} | {
    symbol: (0x50 + number, 8) for number, symbol in enumerate(_AC[2:])
}


def _blocks(plane: list[list[int]]) -> list[list[list[int]]]:
    return [
        [
            [plane[top + y][left + x] - 128 for x in range(8)]
            for y in range(8)
        ]
        for top in range(0, len(plane), 8)
        for left in range(0, len(plane[0]), 8)
    ]  # fmt: skip


def _transform(block: list[list[int]]) -> list[int]:
    rows = [[sum(row[x] * _COS[u][x] for x in range(8)) for u in range(8)] for row in block]
    out = []
    for place in _ZIGZAG:
        v, u = divmod(place, 8)
        value = sum(rows[y][u] * _COS[v][y] for y in range(8))
        step = _QUANT[place] << 26
        out.append((abs(value) + step // 2) // step * (1 if value >= 0 else -1))
    return out


def jpeg(red: list[list[int]], green: list[list[int]], blue: list[list[int]]) -> bytes:
    """A colour picture, width and height multiples of eight, channels 0 to 255."""
    height, width = len(red), len(red[0])
    planes: list[list[list[int]]] = [[], [], []]
    for r_row, g_row, b_row in zip(red, green, blue, strict=True):
        pairs = list(zip(r_row, g_row, b_row, strict=True))
        planes[0].append([(299 * r + 587 * g + 114 * b) // 1000 for r, g, b in pairs])
        planes[1].append([128 + (-169 * r - 331 * g + 500 * b) // 1000 for r, g, b in pairs])
        planes[2].append([128 + (500 * r - 419 * g - 81 * b) // 1000 for r, g, b in pairs])
    text, before = [], [0, 0, 0]
    for triple in zip(*(_blocks(plane) for plane in planes), strict=True):
        for number, block in enumerate(triple):
            values = _transform(block)
            text.append(_coded(values, values[0] - before[number]))
            before[number] = values[0]
    bits = "".join(text)
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
    dc = bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12))
    ac = bytes([0, 1, 0, 1, 0, 0, 0, len(_AC) - 2] + [0] * 8) + bytes(_AC)
    return b"\xff\xd8" + b"".join(
        struct.pack(">BBH", 255, kind, len(body) + 2) + body
        for kind, body in (
            (0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
            (0xDB, b"\x00" + bytes(min(255, _QUANT[place]) for place in _ZIGZAG)),
            (0xC0, struct.pack(">BHHB", 8, height, width, 3) + bytes.fromhex("011100021100031100")),
            (0xC4, b"\x00" + dc),
            (0xC4, b"\x10" + ac),
            (0xDA, bytes.fromhex("03010002000300003f00")),
        )
    ) + scan + b"\xff\xd9"  # fmt: skip


def _coded(values: list[int], difference: int) -> str:
    size = abs(difference).bit_length()
    text = [f"{size:04b}", _magnitude(difference, size)]
    run = 0
    for value in values[1:]:
        if not value:
            run += 1
            continue
        while run > 15:
            text.append("{:0{}b}".format(*_AC_CODES[0xF0]))
            run -= 16
        size = abs(value).bit_length()
        text += ["{:0{}b}".format(*_AC_CODES[run << 4 | size]), _magnitude(value, size)]
        run = 0
    if run:
        text.append("00")
    return "".join(text)


def _magnitude(value: int, size: int) -> str:
    if not size:
        return ""
    return f"{value if value > 0 else value + (1 << size) - 1:0{size}b}"
