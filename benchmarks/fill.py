"""Fill a store with requests of about 3 KB in shuffled order of start time.

python -m benchmarks.fill /tmp/full.duckdb 100000
"""

from __future__ import annotations

import random
import sys
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import perf_counter

import orjson

from workbench.logs.importing.sinks import COMMIT_ROWS
from workbench.settings import Settings
from workbench.store.bulk import Bulk
from workbench.store.prepared import prepare
from workbench.store.rows import NewRequest
from workbench.store.store import Store

MODELS = (
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("anthropic", "claude-sonnet-4-5"),
    ("google", "gemini-2.5-flash"),
    ("mistral", "mistral-small-latest"),
)
WORDS = (
    "parcel order refund warehouse tracking delivery window return label customs invoice courier "
    "bitte danke Lieferung colis livraison paquete envío посылка доставка 荷物 配送 طرد توصيل"
).split()
LANGUAGES = ("en", "fr", "de", "ru", "ja")
TOOLS = ("find_order", "refund", "search_articles")
DAYS = 90


def text(make: random.Random, words: int) -> str:
    return " ".join(make.choices(WORDS, k=words))


def request(number: int, make: random.Random, now: datetime) -> NewRequest:
    provider, model = make.choice(MODELS)
    started = now - timedelta(seconds=make.random() * DAYS * 86_400)
    question, answer = text(make, 90), text(make, 60)
    prompt = {
        "type": "chat",
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "You answer customers."}]},
            {"role": "user", "content": [{"type": "text", "text": f"{question} n{number}"}]},
        ],
    }
    output = [{"role": "assistant", "content": [{"type": "text", "text": answer}]}]
    raw = {"kwargs": {"model": model, "messages": prompt["messages"]}, "request_response": output}
    failed, called = make.random() < 0.04, make.random() < 0.15
    return NewRequest(
        started_at=started,
        ended_at=started + timedelta(milliseconds=make.lognormvariate(7, 0.8)),
        actor="key:benchmark",
        source="track-request",
        raw=orjson.dumps(raw).decode(),
        provider=provider,
        model=model,
        function_name="openai.chat.completions.create",
        status="ERROR" if failed else "SUCCESS",
        error_type="PROVIDER_TIMEOUT" if failed else None,
        input_tokens=make.randint(100, 3000),
        output_tokens=make.randint(10, 800),
        cost=Decimal(make.randint(1, 20_000)) / 1_000_000,
        cost_source="genai-prices",
        tags=tuple(make.sample(("prod", "staging", "dev", "eval", "vip"), make.randint(1, 2))),
        metadata={
            "user_id": str(make.randint(1, 5000)),
            "session_id": f"s{make.randint(1, 50_000)}",
            "language": make.choice(LANGUAGES),
        },
        prompt_name=make.choice(("support/answer", "support/triage", "billing/summary", None)),
        prompt_version=make.randint(1, 9),
        is_plain_text=not called,
        is_tool_call=called,
        tool_names=(make.choice(TOOLS),) if called else (),
        input_preview=question[:200],
        output_preview=answer[:200],
        input_text=f"You answer customers.\n\n{question} n{number}",
        output_text=answer,
        prompt=prompt,
        output=output,
        parameters={"temperature": 0.2},
        normaliser="openai.chat/1",
    )


def fill(database: str, number: int) -> float:
    """Add requests; returns the seconds that it took."""
    store = Store(Settings(database=database))
    bulk = Bulk(store)
    make, now = random.Random(7), datetime.now(UTC)
    start = perf_counter()
    # In the commits of an import: the file is laid out as after one.
    for first in range(0, number, COMMIT_ROWS):
        last = min(first + COMMIT_ROWS, number)
        rows = [request(each, make, now) for each in range(first, last)]
        keys = [str(uuid.UUID(int=make.getrandbits(128))) for _ in rows]
        bulk.add([prepare(rows, keys, [False] * len(rows), "api")]).result()
    store.close()
    return perf_counter() - start


if __name__ == "__main__":
    took = fill(sys.argv[1], int(sys.argv[2]))
    print(f"{int(sys.argv[2]):,} requests in {took:.1f} s, {int(sys.argv[2]) / took:,.0f} a second")
