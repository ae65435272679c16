"""The older order look-up: functions instead of tools, a wrapped client instead of templates.

It was switched off in the middle of the month.
"""

from __future__ import annotations

import json
from random import Random

from data.sample_text.models import MODELS
from data.sample_text.talk import as_typed, fill, talk
from data.sample_text.traffic import arrivals, day_of
from data.sample_text.wire import Json, Record, Sender, ToolCall, openai_answer, tracked
from data.sample_text.world import Customer, make_order, slots

SYSTEM = (
    "You answer questions about Larkfield orders. Look the order up before you answer. Be brief."
)
FUNCTIONS = [
    {
        "name": "lookup_order",
        "description": "Status of an order",
        "parameters": {
            "type": "object",
            "properties": {
                "order_id": {"type": "string", "description": "for example LF-412345"},
                "include_items": {"type": "boolean"},
            },
            "required": ["order_id"],
        },
    },
    {
        "name": "store_hours",
        "description": "Opening hours of a Larkfield store",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
]
TOPICS = ("where_is_order", "late_delivery", "refund_status", "store_hours")


def lookups(rng: Random, people: list[Customer], count: int) -> list[Record]:
    records: list[Record] = []
    english = [one for one in people if one.language == "en"]
    for at in arrivals(rng, count, -30, -16.8):
        records += lookup(rng, rng.choice(english), at)
    return records


def lookup(rng: Random, customer: Customer, at: float) -> list[Record]:
    told = talk("en")
    intent = told.intents[rng.choice(TOPICS)]
    day = day_of(at)
    order = make_order(rng, customer, intent.product(rng), intent.status, day)
    words = slots(rng, customer, order, day)
    question = rng.choice(intent.questions)[0]
    if "{order}" not in question and intent.name != "store_hours":
        question = rng.choice((f"{question} Order {{order}}", f"{{order}}: {question}"))
    asked = fill(as_typed(rng, told, question), words)
    messages: list[Json] = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": asked},
    ]
    if intent.name == "store_hours":
        call = ToolCall("", "store_hours", {"city": customer.city})
        found: Json = {
            "city": customer.city,
            "open": "Mon-Sat 10:00-19:00",
            "rental": rng.random() < 0.5,
        }
        said = f"Our store in {customer.city} is open Monday to Saturday from 10:00 to 19:00."
        said += (
            " You can rent gear there as well." if found["rental"] else " It has no rental desk."
        )
    else:
        items = rng.random() < 0.4
        arguments = {"order_id": order.number} | ({"include_items": True} if items else {})
        call = ToolCall("", "lookup_order", arguments)
        found = {
            "order_id": order.number,
            "status": order.status,
            "carrier": order.carrier,
            "tracking": order.tracking,
            "shipped": words["shipped"].replace(customer.locale, "iso"),
            "estimate": words["eta"].replace(customer.locale, "iso"),
        }
        if order.status == "returned":
            found["refund"] = {
                "released": words["returned"].replace(customer.locale, "iso"),
                "amount": order.total(customer.locale),
            }
        if items:
            found["items"] = [{"name": order.product.name, "qty": 1}]
        said = fill(
            {
                "in_transit": "{order} was shipped on {shipped} with {carrier} ({tracking}) and "
                "should arrive on {eta}.",
                "delayed": "{order} is late: it was shipped on {shipped} and should have arrived "
                "on {eta}. Please contact our team so that they can start a search with {carrier}.",
                "returned": "Your return for {order} was checked on {returned} and {amount} was "
                "released to your original payment method.",
            }[order.status],
            words,
        )
    model = MODELS["gpt-3.5-turbo"]
    sender = Sender(["prod"], None)
    function = "openai.OpenAI.chat.completions.create"
    kwargs: Json = {
        "model": "gpt-3.5-turbo",
        "messages": messages,
        "functions": FUNCTIONS,
        "function_call": "auto",
        "temperature": 0,
    }
    answer = openai_answer(rng, model, kwargs, function_call=call)
    first = tracked(rng, model, at, kwargs, answer, None, sender, function)
    asking = {
        "role": "assistant",
        "content": None,
        "function_call": {
            "name": call.name,
            "arguments": json.dumps(call.arguments, ensure_ascii=False),
        },
    }
    given = {
        "role": "function",
        "name": call.name,
        "content": json.dumps(found, ensure_ascii=False),
    }
    kwargs = {**kwargs, "messages": [*messages, asking, given]}
    answer = openai_answer(rng, model, kwargs, content=said)
    start = round(first.end + rng.uniform(0.05, 0.4), 3)
    return [first, tracked(rng, model, start, kwargs, answer, None, sender, function)]
