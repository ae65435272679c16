"""What the manifest says of a pack: numbers, reasons, how it was split and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.export.spec import Spec
from workbench.export.tuning import own_splits
from workbench.export.tuning.reasons import REASONS
from workbench.export.tuning.tokens import training_cost
from workbench.store.export_staging import Staging


@dataclass(slots=True)
class Numbers:
    """Of the training file, then of the validation file. with_images: of those, examples with an
    image. bytes: of the files."""

    examples: list[int]
    tokens: list[int]
    with_images: list[int]
    bytes: list[int] = field(default_factory=list)


def of(spec: Spec, staging: Staging, numbers: Numbers, limit: int | None) -> dict[str, Any]:
    """limit: the most examples of a class, where classes are balanced."""
    tuning = spec.tuning
    left_out = staging.reasons()
    counted, by_others, estimated = staging.counted()
    earlier = 0 if spec.is_preference else staging.with_earlier_answers()
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
            "counted_by_another_vendor": by_others,
            "estimated": estimated,
        },
        "cost": training_cost(
            spec.format, numbers.tokens[0], tuning.epochs, tuning.price_per_million
        ).to_json(),
        "seed": tuning.seed,
        "split": _split(spec),
        "learnt": _learnt(spec),
        "near_duplicates": tuning.near_duplicates,
        "warnings": [
            *_warnings(spec, numbers, validation, earlier, by_others),
            *_leaks(staging.inputs_on_both_sides()),
        ],
    }
    if spec.is_preference:
        told["pairs"] = {"from": tuning.pairs if spec.pairs_requests else "columns"}
        if spec.pairs_requests and tuning.pairs == "scores":
            told["pairs"] |= {"score": tuning.score, "min_gap": tuning.min_gap}
    if tuning.balance_by is not None:
        told["balance"] = {
            "by": tuning.balance_by,
            "most": limit,
            "classes": staging.classes(),
        }
    return told


def _split(spec: Spec) -> dict[str, Any]:
    tuning = spec.tuning
    if tuning.split == "own":
        return {"share": None, "own": own_splits.told(tuning)}
    return {
        "share": tuning.validation,
        "together": ["the same input", *tuning.together] if tuning.validation else [],
    }


def _learnt(spec: Spec) -> str:
    """Which answers of a conversation are learnt."""
    if spec.is_preference:
        return "the preferred answer"
    asks_all = spec.tuning.train_on == "all" or spec.entry.every_answer
    return "every answer" if asks_all else "the last answer"


def _leaks(inputs: int) -> list[str]:
    """The sides that a dataset's own splits make are taken as they are."""
    if not inputs:
        return []
    what = "1 input stands" if inputs == 1 else f"{inputs:,} inputs stand"
    return [f"{what} in training and in validation: what is validated there was learnt."]


def _warnings(
    spec: Spec, numbers: Numbers, validation: int, earlier: int, by_others: int
) -> list[str]:
    """earlier: conversations with answers before the last. by_others: token counts of others."""
    format_ = spec.entry.load()
    label, training = spec.entry.label, numbers.examples[0]
    found = []
    if training < format_.LEAST:
        found.append(f"{label} takes no file of fewer than {format_.LEAST} examples.")
    if format_.MOST is not None and training > format_.MOST:
        found.append(f"{label} takes no file of more than {format_.MOST:,} examples.")
    most = format_.MOST_VALIDATION
    if most is not None and validation > most:
        found.append(f"{label} takes no validation file of more than {most:,} examples.")
    most = format_.MOST_WITH_IMAGES
    if most is not None and numbers.with_images[0] > most:
        found.append(f"{label} takes no file with more than {most:,} examples that hold images.")
    most = format_.MAX_BYTES
    if most is not None and numbers.bytes[0] > most:
        found.append(f"{label} takes no file of more than {most / 2**30:g} GB.")
    if spec.tuning.holds_back and not validation:
        why = (
            "no row is in a split that is"
            if spec.tuning.split == "own"
            else "what belongs together is larger than its share"
        )
        found.append(f"Nothing is held back for validation: {why}.")
    if earlier and spec.tuning.train_on == "last" and spec.entry.every_answer:
        found.append(
            f"{earlier:,} conversations have earlier answers, which are learnt too. "
            f"{spec.entry.every_answer}"
        )
    if by_others:
        found.append(
            f"The tokens of {by_others:,} examples were counted by another vendor's model, which "
            "counts otherwise."
        )
    return found
