"""What the store raises on purpose. Every text is a sentence for the person who will read it."""

from __future__ import annotations


class StoreError(Exception):
    """Something about the store that a person has to know."""


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
