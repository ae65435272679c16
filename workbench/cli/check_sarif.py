"""Findings as SARIF 2.1.0 (OASIS), which code hosts and editors read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from workbench.templates.doctor.diagnosis import RULES, Diagnosis

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def sarif(findings: Sequence[tuple[str, Sequence[Diagnosis]]]) -> dict[str, Any]:
    """One run with all rules; columns count code points."""
    order = list(RULES)
    rules = [{"id": rule, "shortDescription": {"text": RULES[rule]}} for rule in order]
    results = [
        _result(file, one, order.index(one.rule)) for file, found in findings for one in found
    ]
    driver = {"name": "workbench check", "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(file: str, one: Diagnosis, index: int) -> dict[str, Any]:
    # In a JSON blueprint a place counts in its message's text, which SARIF cannot point into.
    region: dict[str, Any] = {"startLine": 1}
    message = one.reason
    if one.message is None and one.part is None:
        region = {
            "startLine": one.line,
            "startColumn": one.column,
            "charOffset": one.start,
            "charLength": one.end - one.start,
        }
    elif one.message is not None:
        message = f"Message {one.message + 1}: {one.reason}"
    place = {"artifactLocation": {"uri": quote(file)}, "region": region}
    return {
        "ruleId": one.rule,
        "ruleIndex": index,
        "level": one.severity,
        "message": {"text": message},
        "locations": [{"physicalLocation": place}],
    }
