"""An analyst asks for prod, French, thumbs up, the last 30 days; trains on what comes; hands over
the manifest."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from openai.types.chat import ChatCompletionMessageParam
from pydantic import TypeAdapter

from tests.export.support import add, chat
from workbench.export.jobs import jobs_of
from workbench.export.preview import preview
from workbench.export.spec import spec_for
from workbench.filters import parse_text
from workbench.store import exports
from workbench.store.rows import NewRequest
from workbench.store.store import Store

FOUND = 3_040
# 212 in all, as they are told: of each reason so many.
LEFT_OUT = {"error": 20, "truncated": 60, "refusal": 12, "empty": 30, "too long": 40}
LEFT_OUT["duplicate"] = 212 - sum(LEFT_OUT.values())
SPOILED: list[dict[str, Any]] = [
    {"status": "ERROR", "error_type": "timeout"},
    {"finish_reason": "length"},
    {"finish_reason": "content_filter"},
    {"output": []},
    {"input_tokens": 90_000},
]


def requests(now: datetime) -> list[NewRequest]:
    """Those that are asked for, and for each condition some that only miss this one."""
    changes: list[dict[str, Any]] = []
    for (reason, number), spoiled in zip(list(LEFT_OUT.items())[:-1], SPOILED, strict=True):
        changes += [spoiled] * number
        assert reason != "duplicate"
    # The first of them stays.
    changes += [{"twin": True}] * (LEFT_OUT["duplicate"] + 1)
    changes += [{}] * (FOUND - len(changes))
    common: dict[str, Any] = {"tags": ("prod",), "scores": (("thumbs", 1.0),)}
    rows = []
    for n, change in enumerate(changes):
        is_twin = "twin" in change
        fields = {name: value for name, value in change.items() if name != "twin"}
        asked = "Où est mon colis ?" if is_twin else f"Où est mon colis {n} ?"
        answer = "Il arrive." if is_twin else f"Il arrive demain, monsieur Dupont {n}."
        rows.append(
            chat(
                n,
                asked,
                answer,
                **common,
                started_at=now - timedelta(days=29) + timedelta(seconds=n),
                ended_at=now - timedelta(days=29) + timedelta(seconds=n + 1),
                metadata={"language": "fr", "user_id": f"u{n % 200}", "customer": "Dupont"},
                **fields,
            )
        )
    first = {"started_at": now - timedelta(days=28), "ended_at": now - timedelta(days=28)}
    french = {"language": "fr", "user_id": "other"}
    others: list[dict[str, Any]] = [
        {"tags": ("dev",)},
        {"metadata": {"language": "de"}},
        {"scores": (("thumbs", 0.0),)},
        {"started_at": now - timedelta(days=31), "ended_at": now - timedelta(days=31)},
    ]
    for number, other in enumerate(others):
        fields = {**common, **first, "metadata": french, **other}
        rows.append(chat(9_000 + number, "Autre ?", "Autre.", **fields))
    return rows


def test_why_so_many_are_left_out_and_files_that_the_vendor_accepts(store: Store) -> None:
    now = datetime.now(UTC)
    rows = requests(now)
    add(store, *rows, chat(9_999, "Où est mon colis ?", "Il arrive.", tags=("dev",)))
    filter_ = parse_text("tag:prod metadata.language:fr score.thumbs>=1 last:30d")
    spec = spec_for(
        filter_,
        format="openai",
        name="colis",
        masking={"name_fields": ["customer"]},
        tuning={"validation": 0.1, "together": ["metadata.user_id"], "seed": 7},
    )
    seen = preview(store.connection, spec, now)
    kept = FOUND - 212
    assert seen.rows == FOUND
    assert seen.left_out == LEFT_OUT

    jobs = jobs_of(store)
    job = jobs.wait(jobs.start(spec, "analyst"))
    assert job.row.status == exports.DONE, job.row.error
    found = {file["name"]: jobs.file(job.row.id, file["name"]) for file in job.files}
    manifest = job.row.manifest
    assert manifest is not None
    data = {name: path.read_bytes() for name, path in found.items() if path is not None}
    for file in manifest["files"]:
        assert hashlib.sha256(data[file["name"]]).hexdigest() == file["sha256"]
    assert manifest["rows"] == {"expected": FOUND, "written": kept}
    assert manifest["filter"]["words"].count(" and ") == 3
    assert manifest["fine_tuning"]["left_out"] == LEFT_OUT
    told = Counter(json.loads(line)["reason"] for line in data["left-out.jsonl"].splitlines())
    assert told == LEFT_OUT

    adapter = TypeAdapter(list[ChatCompletionMessageParam])
    for name in ("colis-train.jsonl", "colis-validation.jsonl"):
        lines = [json.loads(line) for line in data[name].splitlines()]
        for line in lines:
            adapter.validate_python(line["messages"])
            assert line["messages"][-1]["role"] == "assistant"
        assert b"Dupont" not in data[name]
    assert (
        len(data["colis-train.jsonl"].splitlines())
        + len(data["colis-validation.jsonl"].splitlines())
        == kept
    )
    assert manifest["fine_tuning"]["validation"] in range(int(kept * 0.05), int(kept * 0.1) + 1)
