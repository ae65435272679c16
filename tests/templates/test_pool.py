from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest

from workbench.templates import PoolClosedError, RenderPool, render
from workbench.templates.engine import FillError
from workbench.templates.limits import PoolLimits

LOOP = "{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}"
LIMITS = PoolLimits(cpu_seconds=0.2, wall_seconds=10.0, memory_bytes=300 << 20, output=1_000_000)


@pytest.fixture
def small() -> Iterator[RenderPool]:
    with RenderPool(2, LIMITS) as opened:
        yield opened


def fails(pool: RenderPool, template: str, template_format: str = "jinja2") -> FillError:
    with pytest.raises(FillError) as caught:
        pool.fill(template_format, template, {"w": "900000000", "x": "a" * 1000})
    return caught.value


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% macro m(n) %}{{ m(n + 1) ~ m(n + 1) }}{% endmacro %}{{ m(0) }}",
        "{{ 9 ** 99999999 }}",
        "{{ (range(99999)|list * 90)|sort|join|length }}",
    ],
)
def test_what_takes_too_long_is_stopped_and_the_next_text_is_filled(
    small: RenderPool, template: str
) -> None:
    assert fails(small, template).kind == "limit"
    assert small.fill("jinja2", "{{ x }}", {"x": 1}) == "1"


@pytest.mark.parametrize(
    ("template", "template_format"),
    [
        ("{{ '%900000000d'|format(1) }}", "jinja2"),
        ("{{ 'a' * 2000000000 }}", "jinja2"),
        ("{{ x|center(900000000) }}", "jinja2"),
        ("{{ ([x] * 9999999)|join }}", "jinja2"),
        ("{{ lipsum(n=99999) }}", "jinja2"),
        ("{w} {x:{w}}", "f-string"),
        ("{x:900000000}", "f-string"),
    ],
)
def test_what_grows_too_large_is_stopped(
    small: RenderPool, template: str, template_format: str
) -> None:
    assert fails(small, template, template_format).kind == "limit"
    assert small.fill("jinja2", "{{ x }}", {"x": 1}) == "1"


def test_output_is_limited(small: RenderPool) -> None:
    template = "{% for a in range(9999) %}{{ x }}{% endfor %}"
    assert "1,000,000" in fails(small, template).reason


def test_the_process_has_no_environment_and_opens_nothing(small: RenderPool) -> None:
    os.environ["TEMPLATE_TEST_SECRET"] = "not for templates"
    try:
        small.fill("jinja2", "{{ x }}", {"x": 1})
        [slot] = small._slots
        process = slot._process
        assert process is not None
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True
        )
        pids = [process.pid, *(int(pid) for pid in children.stdout.split())]
        for pid in pids:
            if sys.platform == "linux":
                with open(f"/proc/{pid}/environ", "rb") as environment:
                    assert environment.read() == b""
                with open(f"/proc/{pid}/limits") as limits:
                    lines = limits.read().splitlines()
                assert any(line.split()[:5] == ["Max", "open", "files", "3", "3"] for line in lines)
                assert any(line.split()[:4] == ["Max", "file", "size", "0"] for line in lines)
    finally:
        del os.environ["TEMPLATE_TEST_SECRET"]


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ x.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.environ }}",
        "{{ self._TemplateReference__context }}",
        "{{ lipsum.__globals__['os'].popen('id').read() }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ '{0.__class__}'.format(x) }}",
        "{{ x|attr('__class__') }}",
        "{% set f = '{a.__init__.__globals__}' %}{{ f.format_map({'a': x}) }}",
        "{{ [x]|map(attribute='__class__')|list }}",
        "{% import 'os' as os %}{{ os }}",
        "{{ (x|groupby('__class__')) }}",
    ],
)
def test_a_template_reads_no_attribute_file_or_environment(
    small: RenderPool, template: str
) -> None:
    try:
        text = small.fill("jinja2", template, {"x": "a"})
    except FillError:
        return
    for trace in ("<class", "<function", "environ", "uid=", "globals", "Context"):
        assert trace not in text


def test_values_of_many_types_arrive(small: RenderPool) -> None:
    values = {
        "s": "\ud83d\ude00",
        "d": date(2026, 3, 1),
        "m": Decimal("1.50"),
        "b": b"x",
        "t": (1, {"a": None}),
    }
    text = small.fill("jinja2", "{{ s }}|{{ d }}|{{ m }}|{{ b }}|{{ t }}", values)
    assert text == "\ud83d\ude00|2026-03-01|1.50|b'x'|(1, {'a': None})"


class _Local:
    """A type that only this process knows."""


@pytest.mark.parametrize("value", [_Local(), lambda: 1, threading.Lock()])
def test_a_value_that_cannot_travel_is_a_clear_error(small: RenderPool, value: object) -> None:
    with pytest.raises(FillError, match=r"cannot be handed|cannot load"):
        small.fill("jinja2", "{{ x }}", {"x": value})
    assert small.fill("jinja2", "{{ x }}", {"x": 1}) == "1"


def test_threads_share_the_processes_and_get_their_own_answers(small: RenderPool) -> None:
    def work(number: int) -> bool:
        if number % 20 == 0:
            return fails(small, LOOP).kind == "limit"
        text = "{% for i in x %}{{ i }}{% endfor %}" + "y" * (number * 50)
        return small.fill("jinja2", text, {"x": [number]}) == f"{number}{'y' * (number * 50)}"

    with ThreadPoolExecutor(8) as executor:
        assert all(executor.map(work, range(100)))
    assert len(small._slots) <= 2


def test_large_requests_and_answers_pass_whole(small: RenderPool) -> None:
    value = "é" * 400_000
    assert small.fill("jinja2", "{{ [x]|join }}", {"x": value}) == value


def test_a_killed_process_is_replaced(small: RenderPool) -> None:
    assert small.fill("jinja2", "{{ x }}", {"x": 1}) == "1"
    [slot] = small._slots
    process = slot._process
    assert process is not None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert small.fill("jinja2", "{{ x }}", {"x": 2}) == "2"


def test_closing_ends_the_processes_and_refuses_more() -> None:
    opened = RenderPool(1, LIMITS)
    opened.fill("jinja2", "{{ x }}", {"x": 1})
    [slot] = opened._slots
    process = slot._process
    assert process is not None
    opened.close()
    opened.close()
    assert process.returncode is not None
    with pytest.raises(PoolClosedError):
        opened.fill("jinja2", "{{ x }}", {"x": 1})
    done = render("{% for i in x %}{% endfor %}", "jinja2", {"x": []}, pool=opened)
    assert done.problem is not None


def test_closing_while_a_text_is_being_filled_answers_its_caller() -> None:
    opened = RenderPool(1, PoolLimits(cpu_seconds=30.0, wall_seconds=30.0))
    opened.fill("jinja2", "{{ x }}", {"x": 1})
    failed: list[Exception] = []

    def work() -> None:
        try:
            opened.fill("jinja2", LOOP.replace("{{ a }}", ""), {})
        except (PoolClosedError, FillError) as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    while opened._free.qsize():
        pass
    opened.close()
    thread.join()
    assert len(failed) == 1


def test_the_processes_end_with_their_parent() -> None:
    code = (
        "from workbench.templates import RenderPool, render\n"
        "pool = RenderPool(1)\n"
        "pool.fill('jinja2', '{{ x }}', {'x': 1})\n"
        "print(pool._slots[0]._process.pid, flush=True)\n"
        "import os; os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    pid = int(done.stdout)
    for _ in range(500):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        threading.Event().wait(0.02)
    pytest.fail("the rendering process outlived its parent")


def test_errors_come_back_with_their_line() -> None:
    done = render("a\n{% for i in x %}\n{{ 1 / i }}{% endfor %}", "jinja2", {"x": [0]})
    assert done.problem is not None
    assert (done.problem.line, done.problem.column) == (3, 1)
