"""Write the sample: a month of a made-up outdoor shop, about 2,000 requests to language models.

    python -m data.make_sample

Everything follows from a fixed seed: no clock, no network, the same bytes every time. Each line of
`data/sample/requests.jsonl.gz` is one request:

======================== ==========================================================================
path                     "/track-request" or "/log-request"
offset_seconds           start, relative to the moment of loading (negative)
duration_seconds         until the answer was there
body                     what the client sends, without its key and times; days are marks (see
                         `workbench.logs.sample`)
scores                   [{"name", "value": 0 to 100}], where there are any
group                    number of the group, unique in the file, or null
======================== ==========================================================================

`data/sample/prompts.json` has the prompt templates that the requests name, with all their versions.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

from data.sample_text import (
    billing,
    judge,
    legacy,
    playground,
    receipts,
    refund,
    reviews,
    search,
    support,
    triage,
)
from data.sample_text.templates import templates
from data.sample_text.wire import Record
from data.sample_text.world import customers

TARGET = Path(__file__).parent / "sample" / "requests.jsonl.gz"
PROMPTS = TARGET.with_name("prompts.json")
SEED = "larkfield"


def month() -> list[Record]:
    """All requests, oldest first."""

    def dice(name: str) -> Random:
        return Random(f"{SEED}/{name}")

    people = customers(dice("people"))
    records, exchanges = support.chats(dice("support"), people, 420)
    records += triage.sort_emails(dice("triage"), people, 320)
    records += search.searches(dice("search"), people, 265)
    records += refund.runs(dice("refund"), people, 58)
    records += receipts.uploads(dice("receipts"), people, 78)
    records += receipts.regressions(dice("regressions"))
    records += billing.statements(dice("billing"))
    records += reviews.digests(dice("digests"))
    records += reviews.translations(dice("translations"))
    records += legacy.lookups(dice("legacy"), people, 24)
    records += playground.experiments(dice("playground"))
    records += playground.slogans(dice("slogans"))
    records += judge.gradings(dice("judge"), exchanges)
    playground.rotated_key(dice("key"), records)
    return sorted(records, key=lambda record: (record.at, json.dumps(record.body)))


def lines(records: list[Record]) -> Iterator[str]:
    """The records as the lines of the file."""
    groups: dict[str, int] = {}
    for record in records:
        line: dict[str, object] = {
            "path": record.path,
            "offset_seconds": record.at,
            "duration_seconds": record.seconds,
            "body": record.body,
        }
        if record.scores:
            line["scores"] = record.scores
        line["group"] = groups.setdefault(record.group, len(groups) + 1) if record.group else None
        yield json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def write(target: Path = TARGET) -> int:
    """Write the file; the number of requests."""
    records = month()
    text = "".join(f"{line}\n" for line in lines(records))
    target.parent.mkdir(parents=True, exist_ok=True)
    # No time and no name in the header, so that equal content is an equal file.
    target.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    return len(records)


def write_prompts(target: Path = PROMPTS) -> None:
    target.write_text(json.dumps(templates(), ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    count = write()
    write_prompts()
    print(f"{count} requests, {TARGET.stat().st_size:,} bytes", file=sys.stderr)
