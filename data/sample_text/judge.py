"""Nightly grading of the chat assistant: template eval/judge on a reasoning model."""

from __future__ import annotations

import json
from random import Random

from data.sample_text.models import DAY, HOUR, MODELS, Failure, failure, rate_limit
from data.sample_text.support import Exchange, prompt_text
from data.sample_text.texts import texts
from data.sample_text.wire import Json, Prompted, Record, Sender, openai_answer, tracked

NIGHTS = tuple(-day * DAY - 12.6 * HOUR for day in (16, 12, 7, 5, 2, 1))
A_NIGHT = 15
BY_VERSION = {3: 70, 4: 75, 5: 78, 6: 85}


def gradings(rng: Random, exchanges: list[Exchange]) -> list[Record]:
    """Grades go to the graded request too, as its score `judge`."""
    records = []
    graded: set[int] = set()
    for number, night in enumerate(NIGHTS):
        recent = [
            one
            for one in exchanges
            if night - 3.2 * DAY < one.record.at < night and id(one) not in graded
        ]
        at = night
        for exchange in rng.sample(recent, min(A_NIGHT, len(recent))):
            graded.add(id(exchange))
            for attempt in (1, 2, 3):
                record, score = grade(rng, at, exchange, crowded=number == 2, attempt=attempt)
                records.append(record)
                at = round(at + rng.uniform(0.4, 2.2), 3)
                if not record.failed:
                    exchange.record.scores.append({"name": "judge", "value": score})
                    break
                at = round(at + rng.uniform(1, 5), 3)
    return records


def grade(
    rng: Random, at: float, exchange: Exchange, *, crowded: bool, attempt: int
) -> tuple[Record, int]:
    centre = BY_VERSION[exchange.version]
    score = max(10, min(100, round(rng.gauss(centre, 11) / 5) * 5))
    reason = next(
        rng.choice(entry["texts"]) for entry in texts("judge")["reasons"] if score >= entry["least"]
    )
    text = (
        f"## Order record\n{exchange.order}\n\n## Customer\n{exchange.question}\n\n"
        f"## Answer\n{exchange.answer}"
    )
    model = MODELS["gpt-5-mini"]
    kwargs: Json = {
        "model": model.name,
        "messages": [
            {"role": "developer", "content": prompt_text("eval_judge_v2")},
            {"role": "user", "content": [{"type": "text", "text": text}]},
        ],
        "reasoning_effort": "low",
        "max_completion_tokens": 2_000,
        "response_format": {"type": "json_object"},
        "stream": False,
    }
    broken: Failure | None = failure(rng, model, at, 0.01)
    if crowded and attempt == 1 and rng.random() < 0.45:
        broken = rate_limit(rng, model)
    answer = broken or openai_answer(
        rng,
        model,
        kwargs,
        content=json.dumps({"score": score, "reason": reason}),
        reasoning=64 * rng.randint(2, 9),
    )
    variables: Json = {
        "order_record": exchange.order,
        "question": exchange.question,
        "answer": exchange.answer,
    }
    metadata = {
        "run": f"judge-night-{NIGHTS.index(min(NIGHTS, key=lambda night: abs(night - at))) + 1}",
        "support_version": str(exchange.version),
    }
    if attempt > 1:
        metadata["attempt"] = str(attempt)
    prompted = Prompted("eval/judge", 2, variables)
    return tracked(rng, model, at, kwargs, answer, prompted, Sender(["eval"], metadata)), score
