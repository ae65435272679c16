"""What masking looks for by itself. A find is a span of the text; checks keep numbers that only
look alike (order numbers, dates) as they are.

Every pattern is anchored at a boundary and bounded in length, so that its time grows with the text
and no faster.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Spans = Callable[[str], Iterator[tuple[int, int]]]
# Lengths of IBANs by country (ISO 13616 register).
_IBAN_LENGTHS = {
    code: length
    for length, codes in {
        15: "NO",
        16: "BE BI",
        18: "DK FI FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BJ BF DJ DZ FR GR IT MC MR SM CI SN ML MG CM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for code in codes.split()
}
_EMAIL = re.compile(
    r"(?<![\w.%+-])[\w.%+-]{1,64}@[^\W_](?:[\w-]{0,62})(?:\.[\w-]{1,63}){1,8}(?![\w-])"
)
_PHONE = re.compile(
    r"(?<![\w.+/-])(?:"
    r"(?:\+|00)[1-9](?:[ ().\-/]{0,2}[0-9]){6,14}"  # +49 30 123456, 0049 (30) 123 456
    r"|\(?0[0-9]{1,4}\)?[ /.\-]{1,2}[1-9](?:[ .\-/]?[0-9]){4,10}"  # (030) 123 456, 06 12 34 56 78
    r"|(?:1[ .\-])?\(?[2-9][0-9]{2}\)?[ .\-]{1,2}[2-9][0-9]{2}[ .\-][0-9]{4}"  # 555-234-5678
    r")(?![\w/-])"
)
_DATE = re.compile(r"[0-9]{1,4}([./-])[0-9]{1,2}\1[0-9]{1,4}(?:[ T].*)?\Z", re.DOTALL)
_CARD = re.compile(r"(?<![0-9A-Za-z.-])[2-6][0-9]{3}(?:[ -]?[0-9]){9,15}(?![0-9A-Za-z])")
_IBAN = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]){11,30}")
_SECRET = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"sk-[0-9A-Za-z_-]{16,256}"  # OpenAI, Anthropic, OpenRouter …
    r"|(?:sk|pk|rk)_(?:live|test)_[0-9A-Za-z]{16,128}"  # Stripe
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])"  # Amazon
    r"|AIza[0-9A-Za-z_-]{35}"  # Google
    r"|gh[pousr]_[0-9A-Za-z]{30,255}|github_pat_[0-9A-Za-z_]{40,255}"
    r"|glpat-[0-9A-Za-z_-]{20,64}|hf_[0-9A-Za-z]{30,64}|pl_[0-9a-f]{32,64}"
    r"|xox[abeprs]-[0-9A-Za-z-]{10,255}"  # Slack
    r"|wb_[0-9A-Za-z_-]{24,128}"
    r"|eyJ[0-9A-Za-z_-]{10,4096}\.[0-9A-Za-z_-]{10,4096}\.[0-9A-Za-z_-]{10,4096}"  # JWT
    r")"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[0-9A-Za-z+/=\s\\]{16,16384}"
    r"(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?"
)
_ASSIGNED = re.compile(
    r"(?i)(?<![a-z])(?:api[ _-]?key|secret|password|passwort|passwd|access[ _-]?token|bearer)"
    r"(?:[\"']?\s{0,3}(?:[:=]|\bis\b)\s{0,3}|\s{1,3}(?=[0-9A-Za-z_-]{20}))[\"']?"
    r"(?P<value>[^\s\"',;<>\[\]]{8,256})"
)


@dataclass(frozen=True, slots=True)
class Detector:
    """label: for people. mark: what stands in the place of a find.

    hint: RE2, matches wherever the detector may find something: whole columns are passed over by
    it without looking at each text.
    """

    name: str
    label: str
    mark: str
    spans: Spans
    hint: str


def _plain(pattern: re.Pattern[str]) -> Spans:
    def spans(text: str) -> Iterator[tuple[int, int]]:
        for match in pattern.finditer(text):
            yield match.span()

    return spans


def luhn(digits: str) -> bool:
    """The check digit of card numbers (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def mod97(compact: str) -> bool:
    """The check digits of IBANs (ISO 7064, MOD 97-10)."""
    moved = compact[4:] + compact[:4]
    return int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def _cards(text: str) -> Iterator[tuple[int, int]]:
    for match in _CARD.finditer(text):
        digits = re.sub(r"[^0-9]", "", match[0])
        if 13 <= len(digits) <= 19 and len(set(digits)) > 1 and luhn(digits):
            yield match.span()


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match[0][:2])
        if length is None:
            continue
        places = [at for at, sign in enumerate(match[0]) if sign != " "]
        if len(places) < length:
            continue
        end = places[length - 1] + 1
        after = match[0][end : end + 1]
        if (not after or after == " ") and mod97(match[0][:end].replace(" ", "")):
            yield match.start(), match.start() + end


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for match in _PHONE.finditer(text):
        found = match[0]
        digits = sum(sign.isdigit() for sign in found)
        # Parcels and orders begin with zeros too: a bare run of digits is no phone number.
        if 7 <= digits <= 15 and not found.isdigit() and not _DATE.match(found):
            yield match.span()


def _secrets(text: str) -> Iterator[tuple[int, int]]:
    yield from _plain(_SECRET)(text)
    for match in _ASSIGNED.finditer(text):
        yield match.span("value")


# In the order in which they look: what an earlier one took, no later one sees.
DETECTORS = {
    each.name: each
    for each in (
        Detector(
            "secret",
            "Keys and passwords",
            "[SECRET]",
            _secrets,
            r"sk-|[srp]k_|A[KS]IA|AIza|gh[pousr]_|github_pat|glpat-|hf_|pl_|xox|wb_|eyJ|PRIVATE KEY"
            r"|(?i:key|secret|passw|token|bearer)",
        ),
        Detector("email", "E-mail addresses", "[EMAIL]", _plain(_EMAIL), "@"),
        Detector("iban", "Bank accounts (IBAN)", "[IBAN]", _ibans, r"[A-Z]{2}[0-9]{2} ?[0-9A-Z]"),
        Detector("card", "Card numbers", "[CARD]", _cards, r"[2-6][0-9]{3}[ -]?[0-9]"),
        Detector(
            "phone",
            "Phone numbers",
            "[PHONE]",
            _phones,
            r"(?:\+|00)[1-9][ ().\-/0-9]{6}|\(?0[0-9]{1,4}\)?[ /.\-]|[2-9][0-9]{2}\)?[ .\-]",
        ),
    )
}
