"""What the team tries out by hand: no template, several models side by side, a local one too."""

from __future__ import annotations

from pathlib import Path
from random import Random

from data.sample_text.models import DAY, MODELS, Model, failure, latency, tokens, wrong_key
from data.sample_text.traffic import WORKING_HOURS, arrivals
from data.sample_text.wire import (
    Json,
    Record,
    Sender,
    anthropic_answer,
    ident,
    logged,
    message,
    openai_answer,
    text_block,
    tracked,
)

FILE = Path(__file__).with_name("playground.txt")
TEAM = ("mira", "jonas.k", "ade", "li.wen")
CANDIDATES = (
    ("gpt-4.1", "llama3.1:8b"),
    ("claude-sonnet-4-5", "llama3.1:8b"),
    ("gpt-4.1-mini", "gpt-4o-mini"),
    ("claude-sonnet-4-5", "gpt-4o"),
    ("gemini-2.5-flash", "mistral-small-latest"),
)
INSTRUCT = Model("openai", "gpt-3.5-turbo-instruct:20230824-v2", 0.4, 90)
SLOGANS = (
    ("Write a tagline for a repair workshop:", " Mend it like it matters."),
    ("Three words for a tent that stands in a storm:\n1.", " Steady\n2. Low\n3. Loyal"),
    ("Product name ideas for a cookset, comma separated:", " Cinder, Kelpie, Hob, Little Forge"),
    ("Finish the sentence: The best jacket is the one", " you already own and look after."),
)  # fmt: skip


def experiments(rng: Random) -> list[Record]:
    records: list[Record] = []
    blocks = [block.split("\n", 1) for block in FILE.read_text("utf-8").split("=== ")[1:]]
    starts = arrivals(rng, 2 * len(blocks), hours=WORKING_HOURS, last_day=-0.05)
    for number, at in enumerate(starts):
        name, text = blocks[(number * 7) % len(blocks)]
        question, *answers = text.removeprefix(">>> ").strip("\n").split("\n<<< ")
        who = rng.choice(TEAM)
        pair = CANDIDATES[number % len(CANDIDATES)]
        run = ident(rng, "try-", 6, "0123456789abcdef")
        for model_name, answer in zip(pair, answers, strict=True):
            sender = Sender(["dev"], {"engineer": who, "run": run, "idea": name})
            record = attempt(rng, MODELS[model_name], at, question, answer.strip(), sender)
            records.append(record)
            at = round(record.end + rng.uniform(0.1, 9), 3)
    return records


def attempt(
    rng: Random, model: Model, at: float, question: str, answer: str, sender: Sender
) -> Record:
    if model.provider not in ("openai", "anthropic"):
        temperature = rng.choice((0.0, 0.4, 0.7))
        parameters: Json = {"temperature": temperature}
        if model.provider == "ollama":
            parameters |= {"num_ctx": 8_192, "seed": rng.randint(1, 99)}
        broken = failure(rng, model, at, 0.05)
        return logged(
            rng, model, at, [message("user", question)], broken or answer, parameters, None, sender
        )
    kwargs: Json = {
        "model": model.name.rsplit("-20", 1)[0],
        "messages": [{"role": "user", "content": question}],
    }
    if model.provider == "anthropic":
        kwargs["max_tokens"] = 1_024
        stop = "refusal" if answer.startswith("I can't write that") else None
        reply = anthropic_answer(rng, model, kwargs, content=[text_block(answer)], stop=stop)
        function = "anthropic.Anthropic.messages.create"
        return tracked(rng, model, at, kwargs, reply, None, sender, function)
    kwargs["temperature"] = rng.choice((0, 0.5, 1))
    function = "openai.OpenAI.chat.completions.create"
    reply = openai_answer(rng, model, kwargs, content=answer)
    return tracked(rng, model, at, kwargs, reply, None, sender, function)


def slogans(rng: Random) -> list[Record]:
    """The old completion endpoint, which a script still calls."""
    records = []
    for at, (prompt, text) in zip(
        arrivals(rng, len(SLOGANS), -29, -12, hours=WORKING_HOURS), SLOGANS, strict=True
    ):
        sent, out = tokens(prompt), tokens(text)
        kwargs: Json = {
            "model": "gpt-3.5-turbo-instruct",
            "prompt": prompt,
            "max_tokens": 60,
            "temperature": 0.9,
        }
        body: Json = {
            "function_name": "openai.OpenAI.completions.create",
            "provider_type": "openai",
            "args": [],
            "kwargs": kwargs,
            "tags": ["dev"],
            "metadata": {"engineer": "ade", "script": "slogans.py"},
            "span_id": None,
            "request_response": {
                "id": ident(rng, "cmpl-C", 28),
                "choices": [{"finish_reason": "stop", "index": 0, "logprobs": None, "text": text}],
                "created": 0,
                "model": INSTRUCT.name,
                "object": "text_completion",
                "system_fingerprint": None,
                "usage": {
                    "completion_tokens": out, "prompt_tokens": sent, "total_tokens": sent + out,
                    "completion_tokens_details": None, "prompt_tokens_details": None,
                },
            },
        }  # fmt: skip
        records.append(Record(at, latency(rng, INSTRUCT, at, sent, out), "/track-request", body))
    return records


def rotated_key(rng: Random, records: list[Record]) -> None:
    """A Friday morning: the old key was revoked before every process had the new one."""
    start = -20 * DAY - 6.2 * 3_600
    for record in records:
        if (
            start <= record.at < start + 10_400
            and record.body.get("provider_type") == "openai"
            and "prompt_name" in record.body
        ):
            broken = wrong_key(rng)
            record.body["request_response"] = {}
            record.body |= {
                "status": "ERROR",
                "error_type": broken.kind,
                "error_message": broken.message,
            }
            record.seconds = broken.seconds
            record.scores.clear()
