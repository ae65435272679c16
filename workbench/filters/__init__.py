"""The log filter: one typed, immutable object behind page, link, API, saved view and export.

docs/filters.md describes fields, operators and the text syntax.
"""

from workbench.filters.errors import FilterError
from workbench.filters.fields import FIELDS, Field, Operator, field_named
from workbench.filters.json_form import from_api, from_json, to_api, to_json
from workbench.filters.link import from_params, from_url, to_params, to_url
from workbench.filters.model import Condition, Filter, Group
from workbench.filters.text_reader import parse_text
from workbench.filters.text_writer import item_text, to_text
from workbench.filters.times import PRESETS, TIME_FIELD, TimeRange
from workbench.filters.words import describe

__all__ = [
    "FIELDS",
    "PRESETS",
    "TIME_FIELD",
    "Condition",
    "Field",
    "Filter",
    "FilterError",
    "Group",
    "Operator",
    "TimeRange",
    "describe",
    "field_named",
    "from_api",
    "from_json",
    "from_params",
    "from_url",
    "item_text",
    "parse_text",
    "to_api",
    "to_json",
    "to_params",
    "to_text",
    "to_url",
]
