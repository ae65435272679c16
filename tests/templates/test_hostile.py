from __future__ import annotations

import os
import re
from typing import Any

import pytest

from tests.templates.hostile import BOMBS, FIELD_BOMBS, templates
from workbench.templates import RenderPool, analyse, render
from workbench.templates.limits import PoolLimits

SECRET = "template-canary-7f3a"
TRACES = re.compile(
    rf"{SECRET}|uid=\d|<class '|<module '|<function |site-packages|root:x:|environ\("
    r"|<built-in function (?:open|eval|exec|__import__)"
)
LIMITS = PoolLimits(cpu_seconds=0.1, wall_seconds=5.0, memory_bytes=400 << 20, output=2_000_000)


def values() -> dict[str, Any]:
    return {"x": "ab", "xs": ["b", "a"], "d": {"a": 1}, "n": 3, "w": "900000000"}


def stay_inside(count: int, seed: int) -> int:
    """Analyse and render that many templates; the number of those that were filled."""
    os.environ["TEMPLATE_CANARY"] = SECRET
    filled = 0
    with RenderPool(1, LIMITS) as pool:
        for template_format, text in templates(count, seed):
            given = values()
            analysis = analyse(text, template_format)  # type: ignore[arg-type]
            done = render(text, template_format, given, pool=pool, limit=LIMITS.output)  # type: ignore[arg-type]
            assert given == values(), text
            if done.problem is not None:
                assert done.text == text
                assert done.problem.reason, text
                continue
            filled += 1
            assert len(done.text) <= LIMITS.output
            found = TRACES.search(done.text)
            assert found is None or _reference_prints(text, found.group()), (text, done.text[:200])
            assert template_format == "jinja2" or not _attribute(text), text
            assert analysis is not None
    return filled


def _reference_prints(text: str, trace: str) -> bool:
    """The global names of jinja2 print as what they are: that is no way to anywhere."""
    return trace in ("<class '", "<function ") and bool(
        re.search(r"range|dict|cycler|joiner|namespace|lipsum|\bm\b|caller|\.format|\.pop", text)
    )


def _attribute(text: str) -> bool:
    return bool(re.search(r"(?<!\{)\{x\.__", text.replace("{{", "").replace("}}", "")))


def test_a_first_thousand_hostile_templates_stays_inside() -> None:
    assert stay_inside(1_000, seed=1) > 100


@pytest.mark.slow
def test_a_hundred_thousand_hostile_templates_stay_inside() -> None:
    assert stay_inside(100_000, seed=2) > 10_000


@pytest.mark.parametrize("text", BOMBS)
def test_no_bomb_is_rendered_in_process_or_at_all(text: str) -> None:
    with RenderPool(1, LIMITS) as pool:
        done = render(text, "jinja2", values(), pool=pool)
        assert done.problem is not None
        assert done.problem.kind in ("limit", "value")
        assert render("{% for i in xs %}{{ i }}{% endfor %}", "jinja2", values(), pool=pool).ok


@pytest.mark.parametrize("text", FIELD_BOMBS)
def test_no_field_grows_without_limit(text: str) -> None:
    with RenderPool(1, LIMITS) as pool:
        done = render(text, "f-string", values(), pool=pool)
        assert done.problem is not None
