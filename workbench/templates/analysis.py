"""A text as the editor shows it: variables with their places, diagnoses, and the text's lines."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.messages import TemplateFormat
from workbench.templates.doctor import (
    Diagnosis,
    examine_fstring,
    examine_jinja,
    examine_names,
    summary,
)
from workbench.templates.positions import Lines
from workbench.templates.variables import Variable


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a parser sees in one text.

    `variables` are all that the parser reads, those that the doctor doubts marked suspicious.
    `broken` says that nothing in the text would be filled in.
    """

    text: str
    format: TemplateFormat
    variables: tuple[Variable, ...]
    diagnoses: tuple[Diagnosis, ...]

    @property
    def input_variables(self) -> list[str]:
        """Names that the author meant, in order of appearance."""
        return [one.name for one in self.variables if not one.suspicious]

    @property
    def broken(self) -> bool:
        return any(one.severity == "error" for one in self.diagnoses)

    @property
    def summary(self) -> str | None:
        """One sentence over the extra variables; None where there are none."""
        return summary(self.diagnoses)


def analyse(text: str, template_format: TemplateFormat) -> Analysis:
    """Variables and diagnoses of one text. Never raises for what stands in the text."""
    lines = Lines(text)
    examine = examine_jinja if template_format == "jinja2" else examine_fstring
    variables, diagnoses = examine(text, lines)
    diagnoses = [*diagnoses, *examine_names(variables)]
    diagnoses.sort(key=lambda one: one.start)
    return Analysis(text, template_format, tuple(variables), tuple(diagnoses))
