"""At the start of a server: runs of evaluations that a process left behind go on.

Column types and vendors' packages take long to import, so nothing of them is touched where there is
nothing to go on with.
"""

from __future__ import annotations

import sys

from workbench.store import evaluation_runs
from workbench.store.store import Store


def wake(store: Store) -> None:
    """Go on with what was left behind; on a store that several processes share also with what they
    will leave behind."""
    left = evaluation_runs.free_runs(store.connection, store.settings.process_id)
    if left or store.connection.is_ducklake:
        from workbench.evals.runner import runner_of

        runner_of(store)


def sleep() -> None:
    """Before the server ends."""
    runner = sys.modules.get("workbench.evals.runner")
    if runner is not None:
        runner.close_runners()
