"""What a figure was measured on, and how figures are put into words."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter


def describe() -> str:
    """Processor, cores, memory and system in one line."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":")[1] for line in info.read_text().splitlines() if "model name" in line
        ]
        model = names[0].strip() if names else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}"
    )


def percentile(values: Sequence[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def timed(call: Callable[[], object], runs: int = 20) -> tuple[float, float]:
    """Median and 95th percentile of a call in milliseconds, after one call that is not counted."""
    call()
    took = []
    for _ in range(runs):
        start = perf_counter()
        call()
        took.append((perf_counter() - start) * 1000)
    return statistics.median(took), percentile(took, 95)


def resident_mb(pid: int) -> float:
    """Memory of a process that is its own, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"no memory figure for process {pid}")
