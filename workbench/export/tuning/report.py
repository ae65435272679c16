"""What the manifest says of a pack: numbers, reasons, how it was split and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.export.spec import Spec
from workbench.export.tuning.reasons import REASONS
from workbench.export.tuning.tokens import training_cost
from workbench.store.export_staging import Staging


@dataclass(slots=True)
class Numbers:
    """Of the training file, then of the validation file."""

    examples: list[int]
    tokens: list[int]


def of(spec: Spec, staging: Staging, numbers: Numbers, limit: int | None) -> dict[str, Any]:
    """limit: the most examples of a class, where classes are balanced."""
    tuning = spec.tuning
    left_out = staging.reasons()
    counted, estimated = staging.counted()
    validation = numbers.examples[1] if len(numbers.examples) > 1 else 0
    told: dict[str, Any] = {
        "examples": sum(numbers.examples),
        "training": numbers.examples[0],
        "validation": validation,
        "left_out": left_out,
        "reasons": {name: REASONS[name] for name in left_out},
        "tokens": {
            "training": numbers.tokens[0],
            "validation": numbers.tokens[1] if len(numbers.tokens) > 1 else 0,
            "counted_by_the_vendor": counted,
            "estimated": estimated,
        },
        "cost": training_cost(
            spec.format, numbers.tokens[0], tuning.epochs, tuning.price_per_million
        ).to_json(),
        "seed": tuning.seed,
        "split": {
            "share": tuning.validation,
            "together": ["the same input", *tuning.together] if tuning.validation else [],
        },
        "near_duplicates": tuning.near_duplicates,
        "warnings": _warnings(spec, numbers, validation),
    }
    if tuning.balance_by is not None:
        told["balance"] = {
            "by": tuning.balance_by,
            "most": limit,
            "classes": staging.classes(),
        }
    return told


def _warnings(spec: Spec, numbers: Numbers, validation: int) -> list[str]:
    format_ = spec.entry.load()
    label, training = spec.entry.label, numbers.examples[0]
    found = []
    if training < format_.LEAST:
        found.append(f"{label} takes no file of fewer than {format_.LEAST} examples.")
    if format_.MOST is not None and training > format_.MOST:
        found.append(f"{label} takes no file of more than {format_.MOST:,} examples.")
    if spec.tuning.validation and not validation:
        found.append(
            "Nothing is held back for validation: what belongs together is larger than its share."
        )
    return found
