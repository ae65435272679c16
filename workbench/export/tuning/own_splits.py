"""The splits that a dataset's rows are in, as what is trained on and what is held back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workbench.export.tuning.reasons import OTHER_SPLIT, Unfit
from workbench.export.tuning_options import Tuning

#: What rows without a split are named by.
NONE = ""
_VALIDATION = frozenset({"validation", "valid", "val", "dev", "eval", "evaluation"})
_TEST = frozenset({"test", "testing", "holdout", "hold-out"})


def is_validation(split: str, tuning: Tuning) -> bool:
    chosen = tuning.validation_splits
    return split.lower() in _VALIDATION if chosen is None else split in chosen


def is_training(split: str, tuning: Tuning) -> bool:
    """Unless they are chosen: all that is neither validated with nor kept for a test."""
    chosen = tuning.training_splits
    if chosen is not None:
        return split in chosen
    return not is_validation(split, tuning) and split.lower() not in _TEST


def is_held_back(split: str, tuning: Tuning) -> bool:
    """Raises Unfit for a split that was not chosen."""
    if is_validation(split, tuning):
        return True
    if is_training(split, tuning):
        return False
    raise Unfit(OTHER_SPLIT, f'split "{split}"' if split else "it is in no split")


def told(tuning: Tuning) -> dict[str, Any]:
    """The chosen names, for the manifest; None where they go by the usual ones."""
    return {
        "training": _listed(tuning.training_splits),
        "validation": _listed(tuning.validation_splits),
    }


def _listed(names: Iterable[str] | None) -> list[str] | None:
    return None if names is None else list(names)
