"""The refund agent: template agent/refund, versions 3 and 4, one run with tools a group.

`words/refund.json` holds what it is asked and the steps it takes; `#{price}` becomes a number.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from data.sample_text.models import DAY, MODELS, failure, tokens
from data.sample_text.support import prompt_text
from data.sample_text.talk import fill
from data.sample_text.texts import texts
from data.sample_text.traffic import arrivals, day_of
from data.sample_text.wire import (
    BASE58,
    BASE62,
    Json,
    Prompted,
    Record,
    Sender,
    ToolCall,
    anthropic_answer,
    compact,
    ident,
    openai_answer,
    text_block,
    tool_block,
    tracked,
)
from data.sample_text.world import PRODUCTS, Customer, currency, make_order, slots

VERSION_4 = -12.2 * DAY


def runs(rng: Random, people: list[Customer], count: int) -> list[Record]:
    records: list[Record] = []
    cases = texts("refund")["cases"]
    for number, start in enumerate(arrivals(rng, count, -24, -0.006, surge=1.6)):
        case = cases[number] if number < len(cases) else rng.choice(cases)
        spoken = [
            one
            for one in people
            if one.language == case["language"] and one.locale not in ("es-MX", "en-AU")
        ]
        records += Run(rng, rng.choice(spoken), case, start, number).play()
    return records


class Run:
    """One request of a customer, from the first look-up to the answer."""

    def __init__(
        self, rng: Random, customer: Customer, case: Json, start: float, number: int
    ) -> None:
        self.rng, self.customer, self.case, self.at = rng, customer, case, start
        self.version = 4 if start >= VERSION_4 else 3
        names = ("claude-haiku-4-5", "claude-sonnet-4-5", "gpt-4.1")
        self.model = MODELS[rng.choices(names, (46, 26, 28))[0]]
        product = rng.choice([p for p in PRODUCTS if p.kind in case["kinds"]])
        day = day_of(start)
        self.order = make_order(rng, customer, product, case["status"], day)
        code, _ = currency(customer.locale)
        self.words = slots(rng, customer, self.order, day)
        self.words |= {
            "item": product.name,
            "cur": code,
            "price": f"{self.order.price(customer.locale):.2f}",
            "fifth": f"{self.order.price(customer.locale) * 0.2:.2f}",
            "sku": f"SKU 20{self.order.card}-07",
            "bad_order": self.order.number[:-1],
            "user": customer.user_id,
            "day_ordered": f"⟦{self.order.ordered:+d} iso⟧",
            "day_shipped": f"⟦{self.order.shipped:+d} iso⟧",
            "day_eta": f"⟦{self.order.eta:+d} iso⟧",
            "day_delivered": f"⟦{self.order.delivered:+d} iso⟧",
            "refund": f"rf_{ident(rng, '', 10)}",
            "label": f"lbl_{ident(rng, '', 8)}",
            "size": self.order.size,
        }
        self.group = f"run {number}"
        self.sender = Sender(
            ["prod", "vip"] if customer.vip else ["prod"],
            {
                "user_id": customer.user_id,
                "run_id": ident(rng, "run_", 12),
                "order_id": self.order.number,
                "locale": customer.locale,
            },
            self.group,
        )
        self.messages: list[Json] = []
        self.records: list[Record] = []

    def play(self) -> list[Record]:
        text = fill(self.rng.choice(self.case["openings"]), self.words)
        self.words["request"] = text
        self.messages.append({"role": "user", "content": [{"type": "text", "text": text}]})
        for step in self.case["steps"]:
            if not self.step(step):
                break
        return self.records

    def step(self, step: Json) -> bool:
        rng, openai = self.rng, self.model.provider == "openai"
        prefix, length, alphabet = ("call_", 24, BASE62) if openai else ("toolu_01", 22, BASE58)
        calls = [
            ToolCall(
                ident(rng, prefix, length, alphabet), call["name"], self.filled(call["arguments"])
            )
            for call in step.get("calls", ())
        ]
        said = self.worded(step, "said")
        thought = self.worded(step, "thought")
        for attempt in ("1", "2"):
            if self.at > -8:
                return False
            record = self.ask(calls, said, thought)
            if attempt != "1":
                record.body["metadata"] = {**record.body["metadata"], "attempt": attempt}
            self.records.append(record)
            self.at = round(record.end + rng.uniform(0.2, 1.6), 3)
            if not record.failed:
                break
        else:
            return False
        results = [self.filled(result) for result in step.get("results", ())]
        if openai:
            self.remember_openai(calls, said, results)
        else:
            self.remember_anthropic(record.body["request_response"]["content"], calls, results)
        return True

    def worded(self, step: Json, kind: str) -> str:
        return fill(self.rng.choice(step[kind]), self.words) if step.get(kind) else ""

    def filled(self, value: Any) -> Any:
        if isinstance(value, str):
            text = fill(value, self.words)
            return float(text[1:]) if text.startswith("#") else text
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        return value

    def ask(self, calls: list[ToolCall], said: str, thought: str) -> Record:
        rng, model = self.rng, self.model
        system = prompt_text(f"agent_refund_v{self.version}")
        prompted = Prompted(
            "agent/refund",
            self.version,
            {"request": self.words["request"], "user_id": self.words["user"]},
        )
        broken = failure(rng, model, self.at, 0.03)
        if model.provider == "openai":
            kwargs: Json = {
                "model": model.name,
                "messages": [{"role": "system", "content": system}, *self.messages],
                "tools": [
                    {"type": "function", "function": tool} for tool in texts("refund")["tools"]
                ],
                "parallel_tool_calls": True,
                "temperature": 0,
                "stream": False,
            }
            answer: Any = broken or openai_answer(
                rng, model, kwargs, content=said or None, calls=calls,
                cached=1_024 if len(self.messages) > 2 else 0,
            )  # fmt: skip
            return tracked(rng, model, self.at, kwargs, answer, prompted, self.sender)
        thinks = "haiku" in model.name
        kwargs = {
            "model": model.name,
            "max_tokens": 4_096 if thinks else 1_024,
            "system": [{"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}],
            "messages": list(self.messages),
            "tools": [
                {
                    "name": tool["name"],
                    "description": tool["description"],
                    "input_schema": tool["parameters"],
                }
                for tool in texts("refund")["tools"]
            ],
        }
        if thinks:
            kwargs["thinking"] = {"type": "enabled", "budget_tokens": 2_048}
        else:
            kwargs["temperature"] = 0
        kwargs["stream"] = False
        content: list[Json] = []
        if thinks and thought:
            signature = "EqQB" + ident(rng, "", 148, BASE62 + "+/") + "=="
            content.append({"signature": signature, "thinking": thought, "type": "thinking"})
        if said:
            content.append(text_block(said))
        content += [tool_block(call) for call in calls]
        fixed = tokens(system) + tokens(compact(kwargs["tools"])) + 330
        answer = broken or anthropic_answer(
            rng, model, kwargs, content=content, cache=0 if thinks else fixed,
            cache_hit=len(self.messages) > 1,
        )  # fmt: skip
        return tracked(rng, model, self.at, kwargs, answer, prompted, self.sender)

    def remember_openai(self, calls: list[ToolCall], said: str, results: list[Any]) -> None:
        self.messages = [
            *self.messages,
            {
                "role": "assistant",
                "content": said or None,
                "tool_calls": [
                    {
                        "id": call.id,
                        "type": "function",
                        "function": {"name": call.name, "arguments": compact(call.arguments)},
                    }
                    for call in calls
                ],
            },
            *(
                {"role": "tool", "tool_call_id": call.id, "content": json_text(result)}
                for call, result in zip(calls, results, strict=True)
            ),
        ]

    def remember_anthropic(
        self, content: list[Json], calls: list[ToolCall], results: list[Any]
    ) -> None:
        kept = [
            {key: value for key, value in block.items() if key != "citations"} for block in content
        ]
        given = []
        for call, result in zip(calls, results, strict=True):
            block: Json = {
                "type": "tool_result",
                "tool_use_id": call.id,
                "content": [{"type": "text", "text": json_text(result)}],
            }
            if isinstance(result, dict) and "error" in result:
                block["is_error"] = True
            given.append(block)
        self.messages = [
            *self.messages,
            {"role": "assistant", "content": kept},
            {"role": "user", "content": given},
        ]


def json_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
