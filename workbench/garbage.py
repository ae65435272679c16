"""When Python looks for cycles: what was loaded for good is left out, and it looks less often."""

from __future__ import annotations

import gc

_is_begun = False


def begin() -> None:
    """For a process that serves: call it when all that its start needs is loaded."""
    global _is_begun
    _is_begun = True
    # A request makes some hundred objects and frees them: looking for cycles every 700, as Python
    # does by itself, took a twentieth of the time of taking requests in.
    gc.set_threshold(10_000, 10, 10)
    loaded()


def loaded() -> None:
    """What was loaded by now stays: looking through it again and again held up answers by 0.1 s.

    Called too when a large package was loaded later. Does nothing where nothing is served.
    """
    if _is_begun:
        gc.collect()
        gc.freeze()
