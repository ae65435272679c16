"""When a failed call is tried again, and after which wait."""

from __future__ import annotations

import random

from workbench.providers.errors import ProviderError

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 20.0


def wait_before(
    error: ProviderError, attempt: int, retries: int, left: float, rng: random.Random
) -> float | None:
    """Seconds to wait before the next attempt; None when there is none.

    attempt: the one that failed, from 1. left: seconds until the call's whole time is up.

    The wait is what the provider asks for and a little more, so that not all come back at once;
    else it doubles each time, of random length (full jitter).
    """
    if attempt > retries or not error.may_be_retried:
        return None
    if error.retry_after is not None:
        wait = error.retry_after * (1 + 0.1 * rng.random()) + 0.05 * rng.random()
    else:
        longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
        wait = rng.uniform(longest / 4, longest)
    return wait if wait < left else None
