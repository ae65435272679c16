"""The chat assistant: template support/answer, versions 1 to 6, one session a group."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from data.sample_text.models import DAY, MODELS, Failure, Model, failure, tokens
from data.sample_text.talk import (
    Intent,
    Talk,
    as_answered,
    as_typed,
    fill,
    first_turn,
    later_turns,
    talk,
)
from data.sample_text.traffic import arrivals, day_of
from data.sample_text.wire import (
    Json,
    Prompted,
    Record,
    Sender,
    anthropic_answer,
    ident,
    logged,
    message,
    openai_answer,
    text_block,
    tracked,
    warned,
)
from data.sample_text.world import Customer, day_mark, make_order, order_record, slots

PROMPTS = Path(__file__).parent / "prompts"
# Version of support/answer in production, and the day on which it went live.
RELEASES = ((1, -30.0), (2, -27.2), (3, -21.3), (4, -15.2), (5, -10.4), (6, -6.05))
VERSION_6 = RELEASES[-1][1] * DAY
COMMON = ("where_is_order", "late_delivery", "return_how", "refund_status", "exchange_size")


@cache
def prompt_text(name: str) -> str:
    return (PROMPTS / f"{name}.md").read_text("utf-8").strip()


def version_at(at: float) -> int:
    return max(version for version, day in RELEASES if at >= day * DAY or version == 1)


@dataclass(frozen=True)
class Exchange:
    """A question and its answer in production, for the judge to grade."""

    record: Record
    question: str
    answer: str
    order: str
    version: int


def pick_model(number: int, version: int, locale: str) -> Model:
    """Traffic is split by fixed shares; `number` of the session goes round them evenly."""
    share = number * 61 % 100
    if version <= 2:
        return MODELS["gpt-4o" if share < 60 else "gpt-4o-mini"]
    if locale in ("ja-JP", "ko-KR") and share % 2:
        return MODELS["gemini-2.5-flash"]
    for name, limit in (("gpt-4.1-mini", 60), ("claude-sonnet-4-5", 78), ("claude-haiku-4-5", 96)):
        if share < limit:
            return MODELS[name]
    return MODELS["gpt-4o"]


def pick_intent(rng: Random, told: Talk) -> Intent:
    """Every topic of the language, the everyday ones more often."""
    names = list(told.intents)
    weights = [3.0 if name in COMMON else 1.0 for name in names]
    return told.intents[rng.choices(names, weights)[0]]


def chats(
    rng: Random, people: list[Customer], sessions: int
) -> tuple[list[Record], list[Exchange]]:
    records: list[Record] = []
    exchanges: list[Exchange] = []
    starts = arrivals(rng, sessions, last_day=-0.004, surge=3.2, tail=(-305.2, -171.6, -64.9))
    for number, start in enumerate(starts):
        session = Session(rng, rng.choice(people), start, number)
        session.play()
        records += session.records
        exchanges += session.exchanges
    return records, exchanges


class Session:
    """One conversation of one customer about one matter."""

    def __init__(self, rng: Random, customer: Customer, start: float, number: int) -> None:
        self.rng, self.customer, self.at = rng, customer, start
        self.day = day_of(start)
        self.told = talk(customer.language)
        self.intent = pick_intent(rng, self.told)
        self.version = version_at(start)
        self.staging = VERSION_6 - 1.6 * DAY < start < VERSION_6 and rng.random() < 0.36
        if self.staging:
            self.version = 6
        self.model = pick_model(number, self.version, customer.locale)
        product = self.intent.product(rng)
        self.order = make_order(rng, customer, product, self.intent.status, self.day)
        self.slots = slots(rng, customer, self.order, self.day)
        self.record_text = order_record(self.order, customer)
        self.id = ident(rng, "s_", 12, "0123456789abcdef")
        self.group = f"chat {number}"
        self.streams = rng.random() < 0.35
        self.channel = rng.choices(("web", "ios", "android"), (6, 2, 2))[0]
        small = self.channel != "web" and 4 <= self.version < 6 and not self.streams
        self.limit = 64 if small else 500
        self.guest = customer.plan == "free" and rng.random() < 0.022
        self.history: list[tuple[str, str]] = []
        self.records: list[Record] = []
        self.exchanges: list[Exchange] = []
        self.turns = 1

    def play(self) -> None:
        rng = self.rng
        question, answer, number = first_turn(rng, self.intent)
        self.turns = rng.choices((1, 2, 3, 4, 5), (36, 30, 19, 10, 5))[0]
        chatty = (0.55, 0.45, 0.3, 0.25, 0.12, 0.08)[self.version - 1]
        answer = as_answered(rng, self.told, self.intent, answer, chatty)
        turns = [(as_typed(rng, self.told, question), answer)]
        turns += later_turns(rng, self.told, self.intent, number, self.turns - 1)
        for asked, answered in turns:
            if not self.turn(fill(asked, self.slots), fill(answered, self.slots)):
                return
        if len(self.records) < 2:
            for record in self.records:
                record.group = None

    def turn(self, question: str, answer: str) -> bool:
        """Ask until there is an answer, at most three times; False when the customer gave up."""
        for attempt in (1, 2, 3):
            if self.at > -8:
                return False
            record = self.request(question, answer, attempt)
            self.records.append(record)
            self.at = round(record.end + self.rng.uniform(1.5, 6), 3)
            if not record.failed:
                self.rate(record)
                whole = record.body.get("status") in (None, "SUCCESS")
                if whole and self.version >= 3 and not self.history:
                    self.exchanges.append(
                        Exchange(record, question, answer, self.record_text, self.version)
                    )
                self.history.append((question, answer))
                self.at = round(self.at + self.rng.lognormvariate(3.6, 0.7), 3)
                return True
        return False

    def rate(self, record: Record) -> None:
        """Some customers press a thumb; slow answers and early versions please less."""
        rng = self.rng
        if rng.random() > 0.19:
            return
        happy = (0.66, 0.69, 0.74, 0.79, 0.83, 0.88)[self.version - 1]
        if record.seconds > 12:
            happy -= 0.4
        if self.intent.name in ("jailbreak", "complaint", "off_topic"):
            happy -= 0.3
        record.scores.append({"name": "thumbs", "value": 100 if rng.random() < happy else 0})

    def sender(self, attempt: int) -> Sender:
        customer = self.customer
        tags = ["staging" if self.staging else "prod"]
        if customer.vip:
            tags.append("vip")
        metadata = {
            "user_id": customer.user_id,
            "session_id": self.id,
            "locale": customer.locale,
            "plan": customer.plan,
            "channel": self.channel,
        }
        if self.order.status != "none":
            metadata["order_id"] = self.order.number
        if attempt > 1:
            metadata["attempt"] = str(attempt)
        return Sender(tags, metadata, self.group)

    def request(self, question: str, answer: str, attempt: int) -> Record:
        rng, model, version = self.rng, self.model, self.version
        given = {
            "customer_name": "" if self.guest else self.customer.name,
            "locale": self.customer.locale,
            "plan": self.customer.plan,
            "today": day_mark(self.day, "iso"),
            "order_record": self.record_text
            if self.order.status != "none"
            else f"No open order. Looking at: {self.order.product.name} "
            f"({self.order.product.noun}).",
        }
        template = prompt_text(f"support_answer_v{version}")
        variables: Json = {**given, "question": question}
        if self.history:
            variables["history"] = [
                message(role, text)
                for pair in self.history
                for role, text in zip(("user", "assistant"), pair, strict=True)
            ]
        prompted = Prompted("support/answer", version, variables)
        broken = failure(rng, model, self.at, 0.028)
        cut = None if broken else self.cut_off(answer)
        said = cut or answer
        if model.provider == "openai":
            record = self.ask_openai(fill(template, given), question, said, prompted, broken, cut)
        elif model.provider == "anthropic":
            record = self.ask_anthropic(template, given, question, said, prompted, broken, cut)
        else:
            record = self.ask_google(fill(template, given), question, said, prompted, broken)
        record.body["metadata"] = self.sender(attempt).metadata
        if cut:
            told = f"Output stopped at max_tokens ({self.limit})"
            warned(record, "PROVIDER_PARTIAL_RESPONSE", told)
        elif self.guest and not broken:
            warned(record, "VARIABLE_MISSING_OR_EMPTY", "Input variable is empty: customer_name")
        return record

    def cut_off(self, answer: str) -> str | None:
        """The start of an answer that is longer than the apps allow; None when it fits."""
        most = self.limit - (6 if self.model.provider == "anthropic" else 0)
        if tokens(answer) <= most:
            return None
        start = next(
            answer[:end] for end in range(len(answer), 0, -1) if tokens(answer[:end]) <= most
        )
        # A day's mark is one piece: it is not cut in two.
        mark = start.rfind("⟦")
        return start[:mark] if mark > start.rfind("⟧") else start

    def ask_openai(
        self,
        system: str,
        question: str,
        said: str,
        prompted: Prompted,
        broken: Failure | None,
        cut: str | None,
    ) -> Record:
        messages: list[Json] = [{"role": "system", "content": system}]
        for asked, answered in self.history:
            messages.append({"role": "user", "content": [{"type": "text", "text": asked}]})
            messages.append({"role": "assistant", "content": answered})
        messages.append({"role": "user", "content": [{"type": "text", "text": question}]})
        kwargs: Json = {
            "model": self.model.name,
            "messages": messages,
            "temperature": 0.3 if self.version < 4 else 0.2,
            "max_tokens": self.limit,
            "stream": self.streams,
        }
        if self.streams:
            kwargs["stream_options"] = {"include_usage": True}
        warm = self.version == 6 and (self.history or self.rng.random() < 0.25)
        answer: Json | Failure = broken or openai_answer(
            self.rng,
            self.model,
            kwargs,
            content=said,
            finish="length" if cut else None,
            cached=2_816 if warm else 0,
        )
        return tracked(self.rng, self.model, self.at, kwargs, answer, prompted, self.sender(1))

    def ask_anthropic(
        self,
        template: str,
        given: dict[str, str],
        question: str,
        said: str,
        prompted: Prompted,
        broken: Failure | None,
        cut: str | None,
    ) -> Record:
        messages: list[Json] = []
        for asked, answered in self.history:
            messages.append({"role": "user", "content": [{"type": "text", "text": asked}]})
            messages.append({"role": "assistant", "content": [{"type": "text", "text": answered}]})
        messages.append({"role": "user", "content": [{"type": "text", "text": question}]})
        rules, mark, about = template.partition("# Customer\n")
        system: Any = fill(template, given)
        if self.version == 6:
            system = [
                {"type": "text", "text": rules.strip(), "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": mark + fill(about, given)},
            ]
        kwargs: Json = {
            "model": self.model.name,
            "max_tokens": self.limit,
            "temperature": 0.2,
            "system": system,
            "messages": messages,
            "stream": self.streams,
        }
        # Haiku only caches from 4,096 tokens on, which version 6 does not reach.
        caches = self.version == 6 and "sonnet" in self.model.name
        answer: Json | Failure = broken or anthropic_answer(
            self.rng,
            self.model,
            kwargs,
            content=[text_block(said)],
            stop="max_tokens" if cut else None,
            cache=tokens(rules) if caches else 0,
            cache_hit=bool(self.history) or self.rng.random() < 0.3,
        )
        return tracked(self.rng, self.model, self.at, kwargs, answer, prompted, self.sender(1))

    def ask_google(
        self,
        system: str,
        question: str,
        said: str,
        prompted: Prompted,
        broken: Failure | None,
    ) -> Record:
        messages = [message("system", system)]
        for asked, answered in self.history:
            messages += [message("user", asked), message("assistant", answered)]
        messages.append(message("user", question))
        parameters = {"temperature": 0.2, "max_output_tokens": self.limit}
        return logged(
            self.rng,
            self.model,
            self.at,
            messages,
            broken or said,
            parameters,
            prompted,
            self.sender(1),
        )
