"""Customers, products and orders of Larkfield, and how their money and days are written.

A day is written as a mark such as `⟦-3 de⟧`: three days before the moment of loading, as a German
writes it. `workbench.logs.sample` turns marks into dates, so that the texts fit the month they are
loaded in.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from data.sample_text.texts import texts

LOCALES: dict[str, int] = {
    "en-GB": 20, "en-US": 18, "en-IE": 4, "en-AU": 3, "en-NL": 3, "de-DE": 15, "de-AT": 3,
    "fr-FR": 9, "es-ES": 7, "es-MX": 2, "pt-BR": 5, "ja-JP": 4, "zh-CN": 2, "zh-TW": 2,
    "ko-KR": 3, "ar-AE": 3, "he-IL": 3, "hi-IN": 3, "th-TH": 3, "ru-KZ": 3, "el-GR": 4,
}  # fmt: skip
# Currency, euros to it (rounded as a shop would), decimals, how an amount is written.
MONEY: dict[str, tuple[str, float, int, str]] = {
    "en-GB": ("GBP", 0.87, 2, "£{}"), "en-US": ("USD", 1.12, 2, "${}"),
    "en-AU": ("AUD", 1.75, 2, "A${}"), "es-MX": ("MXN", 21.0, 0, "${} MXN"),
    "pt-BR": ("BRL", 6.2, 2, "R$ {}"), "ja-JP": ("JPY", 165.0, 0, "{}円"),
    "zh-CN": ("CNY", 8.1, 0, "¥{}"), "zh-TW": ("TWD", 35.0, 0, "NT${}"),
    "ko-KR": ("KRW", 1560.0, 0, "{}원"), "ar-AE": ("AED", 4.1, 2, "{} درهم"),
    "he-IL": ("ILS", 4.0, 2, "{} ₪"), "hi-IN": ("INR", 97.0, 0, "₹{}"),
    "th-TH": ("THB", 37.0, 0, "{} บาท"), "ru-KZ": ("KZT", 580.0, 0, "{} ₸"),
}  # fmt: skip
CARRIERS = {
    "en-GB": ("Parcelway", "Swiftline", "Redkite Post"),
    "en-US": ("Parcelway", "Blue Mesa Express"), "de-DE": ("Paketwerk", "Swiftline"),
    "de-AT": ("Paketwerk",), "fr-FR": ("Colivert", "Swiftline"),
    "es-ES": ("Correo Norte", "Swiftline"), "ja-JP": ("みやま運輸",), "ko-KR": ("한빛택배",),
    "zh-CN": ("迅达快递",), "zh-TW": ("山貓宅配",), "pt-BR": ("Entrega Sul",),
}  # fmt: skip
OTHER_CARRIERS = ("Swiftline International", "Parcelway")


@dataclass(frozen=True)
class Product:
    name: str
    noun: str
    kind: str
    price: float
    sizes: tuple[str, ...] = ()


CLOTHES = ("XS", "S", "M", "L", "XL", "XXL")
SHOES = ("37", "38", "39", "40", "41", "42", "43", "44", "45")
PRODUCTS = (
    Product("Tarn Shell 3L", "jacket", "shell", 239, CLOTHES),
    Product("Skerry Light", "rain jacket", "shell", 149, CLOTHES),
    Product("Helm Storm", "hardshell", "shell", 329, CLOTHES),
    Product("Fell Down 700", "down jacket", "down", 219, CLOTHES),
    Product("Kittiwake Down", "down vest", "down", 139, CLOTHES),
    Product("Moss Grid", "fleece", "fleece", 89, CLOTHES),
    Product("Bracken Half-Zip", "fleece", "fleece", 69, CLOTHES),
    Product("Scree Mid GTX", "boots", "footwear", 189, SHOES),
    Product("Cairn Low", "shoes", "footwear", 129, SHOES),
    Product("Ridgeline 28", "rucksack", "pack", 119),
    Product("Ridgeline 34", "rucksack", "pack", 149),
    Product("Haul 60", "trekking pack", "pack", 229),
    Product("Bothy 2", "tent", "tent", 349),
    Product("Bothy 3", "tent", "tent", 429),
    Product("Lochan 1", "tent", "tent", 279),
    Product("Ember", "stove", "stove", 59),
    Product("Ember Duo", "stove set", "stove", 99),
    Product("Glint 400", "headlamp", "light", 49),
    Product("Glint 800", "headlamp", "light", 79),
    Product("Dormouse -4", "sleeping bag", "sleep", 199),
)
EXTRAS = (("Merino socks, 2 pairs", 24.0), ("Repair kit", 12.0), ("Gas cartridge 230 g", 8.0),
          ("Dry bag 13 L", 18.0), ("Tent pegs, 8 pieces", 16.0), ("Steel bottle 0.7 L", 29.0),
          ("Wool beanie", 27.0), ("Sit mat", 9.0))  # fmt: skip
COLOURS = ("slate", "moss green", "mustard", "ink blue", "rust", "black")


@dataclass(frozen=True)
class Customer:
    user_id: str
    name: str
    locale: str
    city: str
    plan: str
    vip: bool

    @property
    def language(self) -> str:
        return self.locale[:2]


def customers(rng: Random, count: int = 460) -> list[Customer]:
    names, cities = texts("names")["names"], texts("names")["cities"]
    numbers = rng.sample(range(10_000, 99_999), count)
    made = []
    for number in numbers:
        locale = rng.choices(list(LOCALES), list(LOCALES.values()))[0]
        plan = "plus" if rng.random() < 0.24 else "free"
        made.append(
            Customer(
                user_id=f"u_{number}",
                name=rng.choice(names[locale[:2] if locale != "en-NL" else "nl"]),
                locale=locale,
                city=rng.choice(cities[locale]),
                plan=plan,
                vip=plan == "plus" and rng.random() < 0.25,
            )
        )
    return made


def day_mark(day: int, style: str) -> str:
    return f"⟦{day:+d} {style}⟧"


def local_price(euros: float, locale: str) -> float:
    """A price as the shop rounds it in the customer's currency."""
    value = euros * currency(locale)[1]
    if value >= 1_000:
        return float(round(value / 10) * 10)
    return float(round(value)) if value >= 20 else round(value * 2) / 2


def money(amount: float, locale: str) -> str:
    """An amount in the customer's currency, written as the locale writes it."""
    _, _, decimals, pattern = MONEY.get(locale, ("EUR", 1.0, 2, "{} €"))
    number = f"{amount:,.{decimals}f}"
    if locale[:2] in ("de", "fr", "es", "pt", "ru", "el") and decimals:
        number = number.translate(str.maketrans(",.", ".,"))
    return pattern.format(number)


def currency(locale: str) -> tuple[str, float]:
    code, rate, _, _ = MONEY.get(locale, ("EUR", 1.0, 2, ""))
    return code, rate


@dataclass(frozen=True)
class Order:
    """One order as the shop's system knows it; days are relative to the moment of loading."""

    number: str
    product: Product
    colour: str
    size: str
    alternative: str
    extra: tuple[str, float] | None
    carrier: str
    tracking: str
    card: str
    status: str
    ordered: int
    shipped: int
    eta: int
    delivered: int
    returned: int

    def price(self, locale: str) -> float:
        return local_price(self.product.price, locale)

    def total(self, locale: str) -> float:
        return self.price(locale) + (local_price(self.extra[1], locale) if self.extra else 0)


def make_order(rng: Random, customer: Customer, product: Product, status: str, day: int) -> Order:
    """An order that is in `status` on `day`."""
    size, alternative = "one size", "one size"
    if product.sizes:
        at = rng.randrange(1, len(product.sizes) - 1)
        size, alternative = product.sizes[at], product.sizes[at + 1]
    if status == "processing":
        ordered = day - rng.choice((0, 0, 1))
        shipped, eta, delivered, returned = day + 1, day + rng.randint(3, 5), day + 5, day + 20
    elif status == "in_transit":
        shipped = day - rng.randint(1, 3)
        ordered, eta = shipped - 1, day + rng.randint(1, 3)
        delivered, returned = eta, eta + 20
    elif status == "delayed":
        shipped = day - rng.randint(7, 11)
        ordered, eta = shipped - 1, day - rng.randint(2, 5)
        delivered, returned = day + 3, day + 20
    elif status == "returned":
        returned = day - rng.randint(4, 9)
        delivered = returned - rng.randint(6, 15)
        shipped, eta, ordered = delivered - 3, delivered, delivered - 4
    else:
        delivered = day - rng.randint(1, 12)
        shipped, eta, ordered, returned = delivered - 3, delivered, delivered - 4, day + 15
    carrier = rng.choice(CARRIERS.get(customer.locale, OTHER_CARRIERS))
    return Order(
        number=f"LF-{rng.randint(402_000, 498_999)}",
        product=product,
        colour=rng.choice(COLOURS),
        size=size,
        alternative=alternative,
        extra=rng.choice(EXTRAS) if rng.random() < 0.45 else None,
        carrier=carrier,
        tracking=rng.choice(("0034", "1Z8", "JD01", "LX7")) + str(rng.randint(10**9, 10**10 - 1)),
        card=f"{rng.randint(0, 9999):04d}",
        status=status,
        ordered=ordered,
        shipped=shipped,
        eta=eta,
        delivered=delivered,
        returned=returned,
    )


def order_record(order: Order, customer: Customer) -> str:
    """The order as the prompts show it to the model."""
    code, _ = currency(customer.locale)
    size = "" if order.size == "one size" else f", size {order.size}"
    lines = [
        f"Order {order.number}, placed {day_mark(order.ordered, 'iso')}, "
        f"total {order.total(customer.locale):.2f} {code} (card ending {order.card})",
        f"- 1 x {order.product.name} ({order.product.noun}), {order.colour}{size}: "
        f"{order.price(customer.locale):.2f}",
    ]
    if order.extra:
        lines.append(f"- 1 x {order.extra[0]}: {local_price(order.extra[1], customer.locale):.2f}")
    shipped = (
        f"handed to {order.carrier} on {day_mark(order.shipped, 'iso')}, tracking {order.tracking}"
    )
    lines.append(
        {
            "processing": f"Status: processing, ships {day_mark(order.shipped, 'iso')}",
            "in_transit": f"Status: in transit, {shipped}, estimate {day_mark(order.eta, 'iso')}",
            "delayed": f"Status: in transit, {shipped}, estimate was {day_mark(order.eta, 'iso')}, "
            "no scan since",
            "delivered": f"Status: delivered {day_mark(order.delivered, 'iso')} "
            f"by {order.carrier}, tracking {order.tracking}",
            "returned": f"Status: returned, checked in {day_mark(order.returned, 'iso')}, "
            "refund released the next day",
        }.get(order.status, f"Status: delivered {day_mark(order.delivered, 'iso')}")
    )
    lines.append(f"Ship to: {customer.city}, {customer.locale[3:]}")
    return "\n".join(lines)


def slots(rng: Random, customer: Customer, order: Order, day: int) -> dict[str, str]:
    """What the texts of a conversation may name, written for the customer's locale."""
    style = customer.locale if customer.language == "en" else customer.language
    total = order.total(customer.locale)
    eta = order.eta if order.status != "none" else day + rng.randint(9, 16)
    product = order.product.name
    if customer.language == "en":
        product = f"{product} {order.product.noun}"
    return {
        "name": customer.name,
        "order": order.number,
        "product": product,
        "size": order.size,
        "altsize": order.alternative,
        "city": customer.city,
        "newcity": rng.choice(
            [c for c in texts("names")["cities"][customer.locale] if c != customer.city]
        ),
        "carrier": order.carrier,
        "tracking": order.tracking,
        "card": order.card,
        "amount": money(total, customer.locale),
        "partial": money(total * rng.choice((0.15, 0.2, 0.3)), customer.locale),
        "voucher": money(local_price(10, customer.locale), customer.locale),
        "code": rng.choice(("SPRING15", "TRAIL10", "WELCOME15", "PLUS20", "SUMMIT10")),
        "qty": str(rng.randint(2, 9)),
        "ordered": day_mark(order.ordered, style),
        "shipped": day_mark(order.shipped, style),
        "eta": day_mark(eta, style),
        "delivered": day_mark(order.delivered, style),
        "returned": day_mark(order.returned, style),
        "soon": day_mark(day + rng.randint(2, 3), style),
        "restock": day_mark(day + rng.randint(9, 24), style),
    }
