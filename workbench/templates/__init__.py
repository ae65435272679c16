"""Prompt templates: two parsers that explain themselves, rendering, fixes, snippets.

Pure: neither the store nor a page is imported here, so that the editor, the API, evaluations and
the client share one reading of a text. `docs/templates.md` says what holds.
"""

from workbench.templates.analysis import Analysis, analyse
from workbench.templates.doctor import Diagnosis
from workbench.templates.fixes import Fix, Refusal, attempt, propose
from workbench.templates.pool import (
    PoolClosedError,
    RenderPool,
    close_shared_pool,
    shared_pool,
)
from workbench.templates.problems import Problem, TemplateError
from workbench.templates.prompt import PromptAnalysis, analyse_prompt, text_parts, with_format
from workbench.templates.prompt_fixes import PromptFix, attempt_prompt
from workbench.templates.prompt_render import RenderedPrompt, prompt_fills_at_once, render_prompt
from workbench.templates.render import OnMissing, Rendered, render
from workbench.templates.snippets import Reference, expand, references
from workbench.templates.variables import Occurrence, Variable, detect

__all__ = [
    "Analysis",
    "Diagnosis",
    "Fix",
    "Occurrence",
    "OnMissing",
    "PoolClosedError",
    "Problem",
    "PromptAnalysis",
    "PromptFix",
    "Reference",
    "Refusal",
    "RenderPool",
    "Rendered",
    "RenderedPrompt",
    "TemplateError",
    "Variable",
    "analyse",
    "analyse_prompt",
    "attempt",
    "attempt_prompt",
    "close_shared_pool",
    "detect",
    "expand",
    "prompt_fills_at_once",
    "propose",
    "references",
    "render",
    "render_prompt",
    "shared_pool",
    "text_parts",
    "with_format",
]
