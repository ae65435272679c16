"""The conversations of `conversations/<language>.txt`: what customers ask and what they are told.

One file a language. `K` names the product kinds of sections that name none; `G` and `T` are how a
customer greets and thanks, `O` and `C` how the assistant opens and closes. A section starts with
`## intent key=value …` and holds questions (`Q`), answers (`A`) and follow-ups
(`F question => answer`); the section `*` holds follow-ups that fit anywhere, thanks (`F!`) among
them. `Q@1,3` takes answers 1 or 3 of its section only, `F@2` follows answer 2 only. `\\n` is a
line break.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

from data.sample_text.world import PRODUCTS, Product

FOLDER = Path(__file__).parent / "conversations"
LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.txt")))


@dataclass
class Intent:
    name: str
    status: str = "none"
    category: str = "other"
    kinds: tuple[str, ...] = ()
    questions: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    follow_ups: list[tuple[str, str, tuple[int, ...]]] = field(default_factory=list)

    def product(self, rng: Random) -> Product:
        return rng.choice([p for p in PRODUCTS if not self.kinds or p.kind in self.kinds])


@dataclass
class Talk:
    language: str
    greetings: list[str]
    closings: list[str]
    openers: list[str]
    offers: list[str]
    intents: dict[str, Intent]
    thanks: list[tuple[str, str]]
    common: list[tuple[str, str]]


def _numbers(tag: str) -> tuple[int, ...]:
    _, _, numbers = tag.partition("@")
    return tuple(int(number) - 1 for number in numbers.split(",")) if numbers else ()


@cache
def talk(language: str) -> Talk:
    kinds: tuple[str, ...] = ()
    greetings: list[str] = []
    closings: list[str] = []
    openers: list[str] = []
    offers: list[str] = []
    thanks: list[tuple[str, str]] = []
    intents: dict[str, Intent] = {}
    current = Intent("")
    for line in (FOLDER / f"{language}.txt").read_text("utf-8").splitlines():
        tag, _, text = line.replace("\\n", "\n").partition(" ")
        if tag == "K":
            kinds = tuple(text.split(","))
        elif tag == "G":
            greetings.append(text)
        elif tag == "T":
            closings.append(text)
        elif tag == "O":
            openers.append(text)
        elif tag == "C":
            offers.append(text)
        elif tag == "##":
            name, *pairs = text.split()
            options = dict(pair.split("=") for pair in pairs)
            own = tuple(options["kind"].split(",")) if "kind" in options else kinds
            current = Intent(
                name, options.get("status", "none"), options.get("category", "other"), own
            )
            intents[name] = current
        elif tag[:1] == "Q":
            current.questions.append((text, _numbers(tag)))
        elif tag[:1] == "A":
            current.answers.append(text)
        elif tag == "F!":
            question, _, answer = text.partition(" => ")
            thanks.append((question, answer))
        elif tag[:1] == "F":
            question, _, answer = text.partition(" => ")
            current.follow_ups.append((question, answer, _numbers(tag)))
        elif tag:
            raise ValueError(f"{language}: {line!r}")
    common = [(question, answer) for question, answer, _ in intents.pop("*").follow_ups]
    return Talk(language, greetings, closings, openers, offers, intents, thanks, common)


def first_turn(rng: Random, intent: Intent) -> tuple[str, str, int]:
    """A question, an answer that fits it, and the answer's number."""
    question, allowed = rng.choice(intent.questions)
    number = rng.choice(allowed or tuple(range(len(intent.answers))))
    return question, intent.answers[number], number


def later_turns(
    rng: Random, told: Talk, intent: Intent, answer: int, count: int
) -> list[tuple[str, str]]:
    """Up to `count` follow-ups without repetition; thanks come last."""
    fitting = [(q, a) for q, a, only in intent.follow_ups if not only or answer in only]
    rng.shuffle(fitting)
    turns = fitting[: max(1, count - 1)][:count]
    if len(turns) < count - 1 and intent.status != "none":
        anywhere = list(told.common)
        rng.shuffle(anywhere)
        turns += anywhere[: count - len(turns) - 1]
    if len(turns) < count:
        turns.append(rng.choice(told.thanks))
    return turns


_TYPOS = (("please", "pls"), ("tomorrow", "tmrw"), ("because", "bc"), ("received", "recieved"),
          ("address", "adress"), ("you", "u"), ("definitely", "definately"))  # fmt: skip


_GERMAN_STARTS = (
    "Ich ", "Wo ", "Wie ", "Wann ", "Seit ", "Wir ", "Muss ", "Können ", "Kommt ", "Die ", "Bei ",
    "Nach ",
)  # fmt: skip


def as_typed(rng: Random, told: Talk, text: str) -> str:
    """A question as people type it: some greet, some thank, some never touch the shift key."""
    mood = rng.random()
    if told.language == "en" and mood < 0.16:
        text = text.lower() if "{" not in text else text[0].lower() + text[1:]
        text = text.rstrip(".")
        wrong, typo = rng.choice(_TYPOS)
        text = text.replace(f" {wrong} ", f" {typo} ")
    greets = rng.random() < 0.42
    if greets and told.greetings:
        gap = "" if told.language in ("ja", "zh") else " "
        if rng.random() < 0.2:
            gap = "\n\n"
        elif continues(told.language, text) and rng.random() < 0.7:
            text = text[0].lower() + text[1:]
        text = f"{rng.choice(told.greetings)}{gap}{text}"
    if told.closings and rng.random() < (0.5 if greets else 0.22):
        end = "" if text.endswith(tuple(".?!;\u061f\uff1f\uff01\u0964")) else "."
        if told.language in ("th", "ja", "zh") or text[-1:] in "🙏😬😕":
            end = ""
        text = f"{text}{end}{rng.choice((' ', ' ', chr(10)))}{rng.choice(told.closings)}"
    if mood > 0.965:
        text += rng.choice((" 😕", " 🥲", " 🙈", " 😡", " ⛺", " 🏔️"))
    return text


def continues(language: str, text: str) -> bool:
    """Whether a sentence may go on in lower case after a greeting."""
    if language == "de":
        return text.startswith(_GERMAN_STARTS)
    return language in ("en", "fr", "es", "pt", "ru") and text[1:2].islower()


def as_answered(rng: Random, told: Talk, intent: Intent, text: str, chatty: float) -> str:
    """An answer as a model words it this time; `chatty` is the share of polite padding."""
    sentences = text.split(". ")
    plain = "\n" not in text and not any(only for *_, only in intent.follow_ups)
    if plain and len(sentences) >= 4 and rng.random() < 0.3:
        text = ". ".join(sentences[:-1]) + "."
    if rng.random() < chatty:
        opener = rng.choice(told.openers)
        gap = "" if told.language in ("ja", "zh") else " "
        text = f"{opener}{rng.choice((gap, chr(10) * 2))}{text}"
    if rng.random() < chatty and not text.endswith(("?", "\uff1f")):
        gap = "" if told.language in ("ja", "zh") else " "
        text = f"{text}{rng.choice((gap, chr(10) * 2))}{rng.choice(told.offers)}"
    return text


def fill(text: str, slots: dict[str, str]) -> str:
    """`{name}` replaced in one pass; anything else in braces stays."""
    pieces = text.split("{")
    out = [pieces[0]]
    for piece in pieces[1:]:
        name, closed, rest = piece.partition("}")
        out.append(slots[name] + rest if closed and name in slots else "{" + piece)
    return "".join(out)
