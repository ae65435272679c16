"""The column types: one small class each, in a table by their names on the wire.

Naming them imports none: a type is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from workbench.evals.columns.base import (
    ALL_LEFT,
    AllLeft,
    ColumnType,
    Config,
    Problem,
    Sources,
)
from workbench.jsontext import FieldError

#: Name on the wire -> module of this folder and class, in the order in which people see them.
TABLE: dict[str, tuple[str, str]] = {
    "PROMPT_TEMPLATE": ("prompt_template", "PromptTemplate"),
    "CONVERSATION_SIMULATOR": ("conversation_simulator", "ConversationSimulator"),
    "FOR_LOOP": ("loops", "ForLoop"),
    "WHILE_LOOP": ("loops", "WhileLoop"),
    "CODE_EXECUTION": ("code_execution", "CodeExecution"),
    "ENDPOINT": ("endpoint", "Endpoint"),
    "HUMAN": ("human", "Human"),
    "LLM_ASSERTION": ("llm_assertion", "LlmAssertion"),
    "COMPARE": ("compare", "Compare"),
    "CONTAINS": ("contains", "Contains"),
    "REGEX": ("regex", "Regex"),
    "ASSERT_VALID": ("assert_valid", "AssertValid"),
    "MATH_OPERATOR": ("math_operator", "MathOperator"),
    "COSINE_SIMILARITY": ("cosine_similarity", "CosineSimilarity"),
    "ABSOLUTE_NUMERIC_DISTANCE": ("absolute_numeric_distance", "AbsoluteNumericDistance"),
    "COUNT": ("count", "Count"),
    "MIN_MAX": ("min_max", "MinMax"),
    "AI_DATA_EXTRACTION": ("ai_data_extraction", "AiDataExtraction"),
    "JSON_PATH": ("json_path", "JsonPath"),
    "XML_PATH": ("xml_path", "XmlPath"),
    "REGEX_EXTRACTION": ("regex", "RegexExtraction"),
    "PARSE_VALUE": ("parse_value", "ParseValue"),
    "APPLY_DIFF": ("apply_diff", "ApplyDiff"),
    "VARIABLE": ("variable", "Variable"),
    "COALESCE": ("coalesce", "Coalesce"),
    "COMBINE_COLUMNS": ("combine_columns", "CombineColumns"),
}


@cache
def column_type(name: str) -> ColumnType[Any]:
    """The type of this name on the wire; raises FieldError ("column_type") for an unknown one."""
    if name not in TABLE:
        raise FieldError(
            "column_type", f'there is no type "{name[:60]}". Known are: {", ".join(TABLE)}'
        )
    module, made = TABLE[name]
    found: ColumnType[Any] = getattr(import_module(f"{__name__}.{module}"), made)()
    return found


def column_types() -> Iterator[ColumnType[Any]]:
    """All types, in the order of the table."""
    return (column_type(name) for name in TABLE)


__all__ = [
    "ALL_LEFT",
    "TABLE",
    "AllLeft",
    "ColumnType",
    "Config",
    "Problem",
    "Sources",
    "column_type",
    "column_types",
]
