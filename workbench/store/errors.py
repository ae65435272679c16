"""What the store raises on purpose. Every text is a sentence for the person who will read it."""

from __future__ import annotations


class StoreError(Exception):
    """Something about the store that a person has to know."""


def store_failed(reason: str, memory_limit: str) -> StoreError:
    """The store has ended itself; `reason` is what the engine said."""
    if "pin block" in reason or "Out of Memory" in reason or "could not allocate" in reason:
        return StoreError(
            f"The store has failed: WORKBENCH_MEMORY_LIMIT, {memory_limit}, does not suffice for "
            "what it holds. Set it to a higher value and restart the workbench; what was accepted "
            "is kept."
        )
    return StoreError(
        "The store has failed and must be opened anew: restart the workbench. "
        f"({reason.splitlines()[0]})"
    )


def no_memory(memory_limit: str) -> StoreError:
    return StoreError(
        f"WORKBENCH_MEMORY_LIMIT, {memory_limit}, does not suffice for this: ask for less at once, "
        "or set it to a higher value and restart the workbench."
    )


class StoreInUse(StoreError):
    """Another process owns the store."""


class StoreTooNew(StoreError):
    """The store was written by a newer version."""


class Busy(StoreError):
    """More is waiting to be written than may wait; try again in a moment."""


class Refused(StoreError):
    """A change cannot be made as asked; nothing was changed."""


class NotFound(Refused):
    """What the change speaks of is not there."""
