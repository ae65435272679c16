"""How fast templates are read and rendered.

    python -m benchmarks.templates
    python -m benchmarks.templates --kilobytes 50 --seconds 3

Detect and diagnose: one prompt of 50 KB, prose with JSON examples and a variable about every
hundred characters, changed before each reading so that no cache helps; the median and the best of
many readings, and the least CPU time, which counts where other work shares the machine. Rendering:
small templates with new values each time, first in the calling process, then through the pool of
child processes, from one thread and from four.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from workbench.messages import TemplateFormat
from workbench.templates import RenderPool, analyse, propose, render

_PROSE = (
    "You are a careful assistant for {company} and you answer in {language}.\n"
    "Use short sentences, never promise a refund that the policy does not allow, and say so when "
    "the documents below do not hold the answer. Quote the order number {order_id} once.\n"
)
_JSON = """Answer with one JSON object and nothing else, for example:
{
  "reply": "...",
  "items": [{"id": 1, "tags": ["a", "b"]}, {"id": 2, "meta": {"x": {}}}],
  "language": "{language}"
}
"""
_LOOP = "{% for doc in documents %}[{{ loop.index }}] {{ doc.title|trim }}\n{% endfor %}\n"


def prompt(template_format: TemplateFormat, size: int) -> str:
    """A prompt of about `size` characters."""
    block = _PROSE * 4 + _JSON
    if template_format == "jinja2":
        for name in ("company", "language", "order_id"):
            block = block.replace(f"{{{name}}}", f"{{{{ {name} }}}}")
        block += _LOOP
    return block * (size // len(block))


def read(template_format: TemplateFormat, size: int, seconds: float) -> None:
    text = prompt(template_format, size)
    times: list[float] = []
    busy: list[float] = []
    stop = time.perf_counter() + seconds
    number = 0
    while time.perf_counter() < stop:
        number += 1
        changed = f"{number}\n{text}"
        started, worked = time.perf_counter(), time.process_time()
        found = analyse(changed, template_format)
        times.append(time.perf_counter() - started)
        busy.append(time.process_time() - worked)
    median, best, least = statistics.median(times) * 1000, min(times) * 1000, min(busy) * 1000
    print(
        f"detect and diagnose, {template_format}: {len(text):,} characters, "
        f"{sum(len(one.occurrences) for one in found.variables)} places, "
        f"{len(found.diagnoses)} diagnoses: median {median:.1f} ms, best {best:.1f} ms, least "
        f"CPU {least:.1f} ms ({len(times)} readings)"
    )


def rate(work: Callable[[int], object], seconds: float, threads: int = 1) -> float:
    """Calls a second over that many seconds."""

    def loop(thread: int) -> int:
        count = 0
        while time.perf_counter() < stop:
            work(thread * 1_000_000 + count)
            count += 1
        return count

    started = time.perf_counter()
    stop = started + seconds
    with ThreadPoolExecutor(threads) as executor:
        total = sum(executor.map(loop, range(threads)))
    return total / (time.perf_counter() - started)


def fill(seconds: float) -> None:
    def fstring(number: int) -> object:
        values = {"name": f"Ada {number}", "order": number, "total": 3.5}
        return render("Dear {name}, order {order} costs {total:.2f} {{EUR}}.", "f-string", values)

    def jinja(number: int) -> object:
        values = {"user": {"name": f"Ada {number}"}, "order": number}
        text = (
            "Dear {{ user.name|title }},{% if order > 3 %} order {{ order }}{% endif %} is "
            "{{ state|default('open') }}."
        )
        return render(text, "jinja2", values)

    print(f"render in process, f-string: {rate(fstring, seconds):,.0f} a second")
    print(f"render in process, jinja2: {rate(jinja, seconds):,.0f} a second")
    loop = "{% for item in items %}- {{ item.title }}: {{ item.price }}\n{% endfor %}"
    with RenderPool(2) as pool:

        def pooled(number: int) -> object:
            items = [{"title": f"T{number}", "price": 1}, {"title": "U", "price": 2}]
            return render(loop, "jinja2", {"items": items}, pool=pool)

        pooled(0)
        for threads in (1, 4):
            found = rate(pooled, seconds, threads)
            print(f"render through the pool, {threads} threads: {found:,.0f} a second")


def fix(seconds: float) -> None:
    """The price of a proof: both fixes of a prompt with a JSON example, on 50 logged inputs."""
    text = prompt("f-string", 2000)
    logged = [{"company": "A", "language": "en", "order_id": number} for number in range(50)]
    times = []
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop:
        started = time.perf_counter()
        proofs = [fix.proof for fix in propose(analyse(text, "f-string"), logged)]
        times.append(time.perf_counter() - started)
    print(f"prove two fixes of 2 KB: median {statistics.median(times) * 1000:.1f} ms ({proofs[0]})")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.templates", description=__doc__)
    parser.add_argument("--kilobytes", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=3.0)
    given = parser.parse_args()
    load = os.getloadavg()[0]
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {sys.platform}, "
        f"load {load:.1f} when started"
    )
    for template_format in ("f-string", "jinja2"):
        read(template_format, given.kilobytes * 1024, given.seconds)
    fill(given.seconds)
    fix(given.seconds)


if __name__ == "__main__":
    main()
