"""Processes that read blocks.

They are started as programs of their own, not by `multiprocessing`: that would run the main program
once more in each of them, which on a server is the page that is being drawn.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from typing import IO, Any

from workbench.logs.importing.container import Block
from workbench.logs.importing.lines import LineDecoder
from workbench.logs.importing.reading import Outcome, Plan, read_block
from workbench.logs.importing.record import ImportFailed
from workbench.settings import ROOT

# So much of an outcome waits in a pipe until it is read, where the system allows it.
_PIPE_BYTES = 2**20
# What is made of a row is never part of a cycle: looking for some took a tenth of the time.
_OBJECTS_BETWEEN_COLLECTIONS = 500_000
_ENDED = (
    "A process that read the file ended unexpectedly (out of memory?). What was stored stays "
    "stored; the import can be started again and goes on from there."
)


class Workers:
    """Reads blocks in some processes at once; `workers` ends them in the end."""

    def __init__(self, number: int, plan: Plan) -> None:
        self._plan = plan
        self._threads = ThreadPoolExecutor(number, thread_name_prefix="import-reader")
        self._here = threading.local()
        self._processes: list[subprocess.Popen[bytes]] = []

    def submit(self, block: Block) -> Future[Outcome]:
        """The future raises ImportFailed where a process ended."""
        return self._threads.submit(self._read, block)

    def close(self) -> None:
        """End the processes, whatever they are at."""
        for process in list(self._processes):
            process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._processes:
            process.kill()
            process.communicate()

    def _read(self, block: Block) -> Outcome:
        try:
            process = self._process()
            assert process.stdin is not None
            assert process.stdout is not None
            _send(process.stdin, block)
            found = _receive(process.stdout)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
            raise ImportFailed(_ENDED) from error
        if isinstance(found, ImportFailed):
            raise found
        assert isinstance(found, Outcome)
        return found

    def _process(self) -> subprocess.Popen[bytes]:
        """The process of this thread."""
        process: subprocess.Popen[bytes] | None = getattr(self._here, "process", None)
        if process is None:
            process = subprocess.Popen(
                [sys.executable, "-m", "workbench.logs.importing.workers"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                pipesize=_PIPE_BYTES,
                # Ctrl-C is for the process that they belong to.
                start_new_session=True,
            )
            self._processes.append(process)
            self._here.process = process
            assert process.stdin is not None
            _send(process.stdin, self._plan)
        return process


@contextmanager
def workers(number: int, plan: Plan) -> Iterator[Workers]:
    pool = Workers(number, plan)
    try:
        yield pool
    finally:
        pool.close()


def _send(stream: IO[bytes], value: Any) -> None:
    # Straight into the stream: long bytes are then written from where they are.
    pickle.dump(value, stream, pickle.HIGHEST_PROTOCOL)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    """Raises EOFError or UnpicklingError where the other side is gone."""
    # What is read here comes from a process that this one started, or that started this one.
    return pickle.load(stream)  # noqa: S301


class _NoPandas(MetaPathFinder):
    """Keeps pyarrow from importing pandas, if only to see that a list is no column of it: that
    takes a third of the time in which a process starts."""

    def find_spec(self, fullname: str, *_more: Any) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is left out here", name=fullname)


def _serve() -> None:
    """A worker: a plan, then a block and an outcome in turns, until the input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints must not stand among the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        plan: Plan = _receive(sys.stdin.buffer)
        if isinstance(plan.decoder, LineDecoder):
            # Parquet's nanoseconds need it, JSON Lines never do.
            sys.meta_path.insert(0, _NoPandas())
        while True:
            block: Block = _receive(sys.stdin.buffer)
            try:
                answer: Outcome | ImportFailed = read_block(plan, block)
            except ImportFailed as error:
                answer = error
            _send(answers, answer)
    except (EOFError, pickle.UnpicklingError, BrokenPipeError):
        return


if __name__ == "__main__":
    _serve()
