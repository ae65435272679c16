from __future__ import annotations

import pytest

from tests.templates.corpus_reader import Case, cases
from workbench.templates import (
    Diagnosis,
    RenderPool,
    Variable,
    analyse,
    analyse_prompt,
    propose,
    render,
)
from workbench.templates.samples import sample_values

CASES = cases()
TEXTS = [case for case in CASES if case.kind == "text"]


def title(case: Case) -> str:
    return f"{case.file}: {case.title}"


def where(message: int | None, line: int) -> str:
    return str(line) if message is None else f"{message + 1}:{line}"


def found_variables(variables: tuple[Variable, ...]) -> dict[str, list[str]]:
    return {
        one.name: [where(place.message, place.line) for place in one.occurrences]
        for one in variables
        if not one.suspicious
    }


def found_diagnoses(diagnoses: tuple[Diagnosis, ...]) -> list[str]:
    return sorted(f"{one.rule}@{where(one.message, one.line)}" for one in diagnoses)


def test_the_corpus_is_large_and_every_title_its_own() -> None:
    assert len(CASES) >= 150
    assert len({title(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=title)
def test_every_variable_and_nothing_else_is_found(case: Case) -> None:
    if case.kind == "chat":
        variables, diagnoses = (whole := analyse_prompt(case.prompt())).variables, whole.diagnoses
    else:
        analysis = analyse(case.text, case.parser)  # type: ignore[arg-type]
        variables, diagnoses = analysis.variables, analysis.diagnoses
    assert found_variables(variables) == case.variables
    assert found_diagnoses(diagnoses) == sorted(case.diagnoses)
    assert {one.name for one in variables if not one.required} == case.optional


@pytest.mark.parametrize("case", TEXTS, ids=title)
def test_a_text_is_broken_exactly_when_it_does_not_render(case: Case, pool: RenderPool) -> None:
    analysis = analyse(case.text, case.parser)  # type: ignore[arg-type]
    tried = [{name: _Anything(name) for name in case.variables}, *sample_values(analysis.variables)]
    done = [render(case.text, case.parser, values, pool=pool).ok for values in tried]  # type: ignore[arg-type]
    assert any(done) != analysis.broken


class _Anything(str):
    """A value that any format prints."""

    def __format__(self, spec: str) -> str:
        return str(self)


@pytest.mark.parametrize("case", [case for case in TEXTS if case.parser == "f-string"], ids=title)
def test_the_first_fix_leaves_exactly_the_meant_variables(case: Case, pool: RenderPool) -> None:
    analysis = analyse(case.text, "f-string")
    if not any(one.escapes for one in analysis.diagnoses):
        return
    unfixable = {"positional", "attribute-access", "nested-field", "jinja-in-fstring"}
    fixes = propose(analysis, pool=pool)
    if not unfixable & {one.rule for one in analysis.diagnoses}:
        assert fixes, "an escape must be on offer"
        assert fixes[0].kind == "escape"
    for fix in fixes:
        after = analyse(fix.text, fix.format)
        assert {one.name for one in after.variables} == set(case.variables)
        assert not after.broken
