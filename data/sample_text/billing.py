"""Business statements in plain words: template billing/summary, every Monday morning."""

from __future__ import annotations

from random import Random

from data.sample_text.models import DAY, HOUR, MODELS, Failure, failure, rate_limit
from data.sample_text.support import prompt_text
from data.sample_text.talk import fill
from data.sample_text.texts import texts
from data.sample_text.wire import (
    Json,
    Prompted,
    Record,
    Sender,
    anthropic_answer,
    openai_answer,
    text_block,
    tracked,
)
from data.sample_text.world import day_mark

# Mondays before the nominal Thursday, early in the morning; the second one ran into a limit.
MONDAYS = tuple(-day * DAY - 10.1 * HOUR for day in (24, 17, 10, 3))
VERSION_2 = -14.0 * DAY
LINES = (
    ("orders", "Orders ({n})", 640, 2_400), ("repairs", "Workshop repairs ({n})", 24, 260),
    ("rental", "Rental, {n} days", 60, 700), ("seats", "Plus team seats ({n})", 78, 390),
    ("returns", "Returns credited ({n})", -420, -40), ("fee", "Late payment fee", 12, 12),
    ("bonus", "Volume bonus", -160, -30),
)  # fmt: skip


def statements(rng: Random) -> list[Record]:
    records = []
    for number, monday in enumerate(MONDAYS):
        at = monday
        for account in rng.sample(texts("billing")["accounts"], 17):
            for attempt in (1, 2, 3):
                record = explain(rng, at, account, crowded=number == 1, attempt=attempt)
                records.append(record)
                at = round(record.end + rng.uniform(0.2, 1.5), 3)
                if not record.failed:
                    break
    return records


def explain(
    rng: Random, at: float, account: dict[str, str], *, crowded: bool, attempt: int
) -> Record:
    name, segment, language = account["name"], account["segment"], account["language"]
    version = 2 if at >= VERSION_2 else 1
    table, words, kinds = statement(rng, at)
    phrases = texts("billing")["texts"][language]
    rose = float(words["orders"]) > float(words["orders_before"])
    words["word"] = phrases["more" if rose else "less"][0]
    said = [fill(rng.choice(phrases["due"]), words)]
    said.append(" ".join(fill(phrases[kind][0], words) for kind in kinds))
    said.append(rng.choice(phrases["end"]))
    given = {
        "language": language,
        "account": name,
        "segment": segment,
        "period": words["period"],
        "statement": table,
    }
    model = MODELS["claude-haiku-4-5" if version == 2 else "gpt-4o-mini"]
    broken: Failure | None = failure(rng, model, at, 0.01)
    if crowded and attempt == 1 and rng.random() < 0.4:
        broken = rate_limit(rng, model)
    text = fill(prompt_text(f"billing_summary_v{version}"), given)
    prompted = Prompted("billing/summary", version, given)
    metadata = {"account": name, "segment": segment, "job": "weekly-statements"}
    if attempt > 1:
        metadata["attempt"] = str(attempt)
    sender = Sender(["prod", "batch"], metadata)
    answer_text = "\n\n".join(said) if version == 1 else " ".join(said)
    if model.provider == "anthropic":
        kwargs: Json = {
            "model": model.name,
            "max_tokens": 400,
            "temperature": 0,
            "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
            "stream": False,
        }
        blocks = [text_block(answer_text)]
        answer = broken or anthropic_answer(rng, model, kwargs, content=blocks)
        return tracked(rng, model, at, kwargs, answer, prompted, sender)
    kwargs = {
        "model": model.name,
        "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
        "temperature": 0,
        "max_tokens": 400,
        "stream": False,
    }
    openai = broken or openai_answer(rng, model, kwargs, content=answer_text)
    return tracked(rng, model, at, kwargs, openai, prompted, sender)


def statement(rng: Random, at: float) -> tuple[str, dict[str, str], list[str]]:
    """A table of lines, the words of its summary, and which lines it has."""
    day = int(at // DAY)
    chosen = [LINES[0], *rng.sample(LINES[1:], rng.randint(2, 4))]
    rows, words, total = [], {}, 0.0
    for kind, label, low, high in chosen:
        amount = round(rng.uniform(low, high), 2)
        before = round(rng.uniform(low, high), 2) if kind in ("orders", "returns", "seats") else 0.0
        total += amount
        rows.append(f"| {label.format(n=rng.randint(2, 14))} | {amount:.2f} | {before:.2f} |")
        words[kind] = f"{abs(amount):.2f}"
        words[f"{kind}_before"] = f"{abs(before):.2f}"
    words["total"] = f"{total:.2f}"
    words["period"] = f"{day_mark(day - 33, 'iso')} - {day_mark(day - 4, 'iso')}"
    words["due"] = day_mark(day + 10, "iso")
    table = "\n".join(
        ("| Item | This month | Previous month |", "|---|---:|---:|", *rows,
         f"| **Total EUR** | **{total:.2f}** | |")
    )  # fmt: skip
    return table, words, [kind for kind, *_ in chosen]
