"""The images customers send: receipts, labels, photos of damage, and one identity card."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from data.sample_text.pixels import jpeg, png

# A 5 x 7 dot-matrix alphabet, five columns a character, lowest bit on top.
_FONT = (
    " 0000000000 !00005F0000 #147F147F14 $242A7F2A12 %2313086462 &3649562050 '0008070300 "
    "(001C224100 )0041221C00 *2A1C7F1C2A +08083E0808 ,0080703000 -0808080808 .0000606000 "
    "/2010080402 03E5149453E 100427F4000 27249494946 32141494D33 41814127F10 52745454539 "
    "63C4A494931 74121110907 83649494936 9464949291E :0000140000 =1414141414 @3E415D594E "
    "A7C1211127C B7F49494936 C3E41414122 D7F4141413E E7F49494941 F7F09090901 G3E41415173 "
    "H7F0808087F I00417F4100 J2040413F01 K7F08142241 L7F40404040 M7F021C027F N7F0408107F "
    "O3E4141413E P7F09090906 Q3E4151215E R7F09192946 S2649494932 T03017F0103 U3F4040403F "
    "V1F2040201F W3F4038403F X6314081463 Y0304780403 Z6159494D43"
)
_GLYPHS = {_FONT[at]: bytes.fromhex(_FONT[at + 1 : at + 11]) for at in range(0, len(_FONT), 12)}


class Page:
    """A white page that is written on in black."""

    def __init__(self, width: int, height: int) -> None:
        self.rows = [[0] * width for _ in range(height)]

    def write(self, text: str, left: int, top: int, scale: int = 2) -> None:
        for number, char in enumerate(text.upper()):
            for column, dots in enumerate(_GLYPHS[char]):
                for row in range(8):
                    if dots >> row & 1:
                        x, y = left + (number * 6 + column) * scale, top + row * scale
                        self.fill(x, y, scale, scale)

    def fill(self, left: int, top: int, width: int, height: int) -> None:
        for row in self.rows[top : top + height]:
            row[left : left + width] = [1] * len(row[left : left + width])


@dataclass(frozen=True)
class Picture:
    """kind: receipt, shipping_label, damage or identity; facts: what a careful reader finds."""

    name: str
    kind: str
    mime: str
    data: bytes
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def base64(self) -> str:
        return b64encode(self.data).decode()

    @property
    def url(self) -> str:
        return f"data:{self.mime};base64,{self.base64}"


_Items = tuple[tuple[str, int, float], ...]
RECEIPTS: tuple[tuple[str, str, str, str, _Items], ...] = (
    ("Larkfield Leeds", "14 Tarn Road", "2024-03-16", "GBP",
     (("Tarn Shell 3L M", 1, 207.90), ("Merino socks 2p", 1, 20.90))),
    ("Larkfield Koeln", "Ehrenstr. 41", "2023-11-04", "EUR",
     (("Ridgeline 34", 1, 149.00), ("Dry bag 13 L", 2, 18.00))),
    ("Bergsport Huber", "Marktplatz 3", "2022-07-22", "EUR",
     (("Bothy 2", 1, 349.00), ("Heringe 8 St", 2, 16.00), ("Gaskartusche", 1, 8.00))),
    ("Alpi Sport", "12 Rue du Lac", "2024-09-07", "EUR",
     (("Scree Mid GTX 42", 1, 189.00), ("Lacets", 1, 6.50))),
    ("Trailhead Outfitters", "218 Pearl St", "2023-05-29", "USD",
     (("Glint 800", 1, 88.48), ("Steel bottle", 1, 32.48), ("Sit mat", 2, 10.08))),
    ("Montana Shop", "C/ Elcano 7", "2024-01-12", "EUR",
     (("Fell Down 700 L", 1, 219.00),)),
    ("Larkfield Online", "Order LF-407716", "2024-10-18", "EUR",
     (("Moss Grid M", 1, 89.00), ("Bracken Zip S", 1, 69.00), ("Wool beanie", 1, 27.00))),
    ("Yama no Mise", "Matsumoto 1-5", "2023-08-11", "JPY",
     (("Ember Duo", 1, 16335.0), ("Gas 230 g", 3, 1320.0))),
)  # fmt: skip


def _receipt(number: int, shop: str, street: str, day: str, code: str, items: _Items) -> Picture:
    digits = 0 if code == "JPY" else 2
    total = round(sum(count * price for _, count, price in items), 2)
    lines = [shop, street, "", f"{day}  1{number}:4{number}   NO {4100 + 37 * number}", "-" * 30]
    for name, count, price in items:
        lines.append(f"{count} X {name[:17]:<17}{count * price:>9.{digits}f}")
    lines += ["-" * 30, f"TOTAL {code:<12}{total:>12.{digits}f}", "", "CARD *" + f"{4471 + number}"]
    lines += ["", "5 YEARS WARRANTY. KEEP THIS", "RECEIPT. THANK YOU"]
    page = Page(376, 24 + 18 * len(lines))
    for row, line in enumerate(lines):
        page.write(line, 8 if row > 1 else (376 - 12 * len(line)) // 2, 12 + 18 * row)
    facts = {
        "merchant": shop.upper(),
        "date": day,
        "currency": code,
        "total": total,
        "items": [{"name": n.upper(), "quantity": c, "price": p} for n, c, p in items],
    }
    return Picture(f"receipt_{number}", "receipt", "image/png", png(page.rows), facts)


def _label(number: int, carrier: str, tracking: str, place: str) -> Picture:
    page = Page(320, 208)
    page.fill(0, 0, 320, 3)
    page.fill(0, 205, 320, 3)
    page.write(carrier, 12, 14, 3)
    page.write("TO: " + place, 12, 52)
    page.write("RETURN - PREPAID", 12, 74)
    left = 14
    for char in tracking:
        for bit in f"{ord(char):07b}":
            page.fill(left, 104, 1 + int(bit), 70)
            left += 3
    page.write(tracking, 14, 182)
    facts = {"carrier": carrier, "tracking_number": tracking}
    return Picture(f"label_{number}", "shipping_label", "image/png", png(page.rows), facts)


def _noise(x: int, y: int, seed: int) -> int:
    """0 to 255, the same for the same place."""
    value = (x * 374_761_393 + y * 668_265_263 + seed * 2_147_483_647) & 0xFFFFFFFF
    value = (value ^ value >> 13) * 1_274_126_177 & 0xFFFFFFFF
    return (value ^ value >> 16) & 255


def _drift(place: int, step: int, seed: int) -> int:
    """Noise that changes gently: a line between values `step` apart."""
    at, rest = divmod(place, step)
    return (_noise(at, 0, seed) * (step - rest) + _noise(at + 1, 0, seed) * rest) // step


_DAMAGE = (
    ("damage_sleeve", (62, 92, 118), "tear", "left sleeve, below the elbow", "transport"),
    ("damage_panel", (132, 108, 44), "split seam", "front panel, next to the zip", "fault"),
    ("damage_boot", (84, 76, 70), "crack in the leather", "flex line of the right boot", "wear"),
    ("damage_mould", (176, 172, 150), "mould stains", "inner tent, foot end", "wear"),
)


def _photo(number: int) -> Picture:
    """Woven cloth in soft light, with a dark flaw across it."""
    name, colour, damage, part, cause = _DAMAGE[number]
    width, height = 120, 88
    planes: list[list[list[int]]] = [[], [], []]
    for y in range(height):
        rows: list[list[int]] = [[], [], []]
        for x in range(width):
            light = (
                96 + (x * 40) // width - (y * 46) // height + (_noise(x // 2, y // 2, number) >> 4)
            )
            light += 7 if (x + y) // 3 % 2 else 0
            middle = 36 + number * 4 + (_drift(x, 11, number) >> 4) + (_drift(x, 3, 7) >> 6)
            depth = abs(y - middle) - min(x - 20, 102 - x) // 9
            spots = number == 3 and any(
                (x - _noise(spot, 1, 3) * 120 // 255) ** 2
                + (y - _noise(spot, 2, 3) * 88 // 255) ** 2
                < 6 + (_noise(spot, 3, 3) >> 2) + (_noise(x // 2, y // 2, 5) >> 5)
                for spot in range(13)
            )
            for plane, part_of in zip(rows, colour, strict=True):
                value = part_of * light // 100
                if spots:
                    value = value * 4 // 7
                elif number != 3 and depth < -1:
                    value //= 4
                elif number != 3 and depth < 1:
                    value = value * 5 // 4
                plane.append(max(0, min(255, value)))
        for plane_rows, row in zip(planes, rows, strict=True):
            plane_rows.append(row)
    facts = {"part": part, "damage": damage, "likely_cause": cause}
    return Picture(name, "damage", "image/jpeg", jpeg(*planes), facts)


def _identity() -> Picture:
    page = Page(312, 196)
    for top in (0, 193):
        page.fill(0, top, 312, 3)
    for left in (0, 309):
        page.fill(left, 0, 3, 196)
    page.write("IDENTITY CARD", 14, 14)
    page.write("SPECIMEN", 200, 44)
    for y in range(48, 150):
        for x in range(16, 100):
            face = (x - 58) ** 2 * 3 + (y - 86) ** 2 * 2 < 2_400 or (
                y > 118 and (x - 58) ** 2 + (y - 160) ** 2 < 1_700
            )
            page.rows[y][x] = int((x + y) % (2 if face else 5) == 0)
    for row, line in enumerate(("NAME", "MUSTER", "BORN", "01.01.1990", "NO. X0000000")):
        page.write(line, 116, 70 + 20 * row)
    return Picture("identity", "identity", "image/png", png(page.rows))


@cache
def pictures() -> dict[str, Picture]:
    made = [_receipt(number, *row) for number, row in enumerate(RECEIPTS)]
    made.append(_label(0, "PAKETWERK", "JD014600812377", "LARKFIELD KOELN"))
    made.append(_label(1, "PARCELWAY", "15503940287731", "LARKFIELD LEEDS"))
    made += [_photo(number) for number in range(len(_DAMAGE))]
    made.append(_identity())
    return {picture.name: picture for picture in made}
