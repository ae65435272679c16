"""Which jinja2 templates may be rendered inside the calling process.

Those that can neither loop nor grow: text, variables and their attributes, conditions, comparisons
and a list of filters whose output is at most a few times their input, with constant arguments.
Everything else (loops, macros, arithmetic, calls, ``set``) goes to the pool. What is listed here
must cost time and memory linear in values and text; a caller bounds their product.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import nodes

from workbench.templates.jinja_scope import GLOBALS

_TEXT_FILTERS = frozenset(
    {"capitalize", "join", "lower", "string", "title", "trim", "truncate", "upper", "wordcount"}
)
_FILTERS = _TEXT_FILTERS | {
    *("abs", "count", "d", "default", "e", "escape", "first", "float", "forceescape", "int"),
    *("last", "length", "list", "max", "min", "round", "safe", "tojson"),
}
_GROWING = frozenset({"tojson", "e", "escape", "forceescape", "list", "string"})
_TESTS = frozenset(
    {
        *("boolean", "defined", "divisibleby", "eq", "even", "false", "float", "ge", "gt", "in"),
        *("integer", "iterable", "le", "lower", "lt", "mapping", "ne", "none", "number", "odd"),
        *("sameas", "sequence", "string", "true", "undefined", "upper"),
    }
)
_NODES = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
    nodes.Operand,
    nodes.Getattr,
    nodes.Slice,
)
_MAX_DEPTH = 40
_MAX_NUMBER = 10_000


def in_process(tree: nodes.Template) -> bool:
    """Whether a template is of the safe kind."""
    stack: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > _MAX_DEPTH or not _allowed(node):
            return False
        stack.extend((child, depth + 1) for child in node.iter_child_nodes())
    return True


def _allowed(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Name):
        return node.ctx == "load" and node.name not in GLOBALS and node.name != "self"
    if isinstance(node, nodes.Const):
        return _small(node.value)
    if isinstance(node, nodes.Getitem):
        return isinstance(node.arg, nodes.Const | nodes.Slice)
    if isinstance(node, nodes.Filter):
        return node.name in _FILTERS and _plain_arguments(node) and _short_chain(node)
    if isinstance(node, nodes.Test):
        return node.name in _TESTS and _plain_arguments(node)
    return isinstance(node, _NODES)


def _small(value: Any) -> bool:
    if isinstance(value, int | float):
        return abs(value) <= _MAX_NUMBER
    return value is None or isinstance(value, str)


def _plain_arguments(node: nodes.Filter | nodes.Test) -> bool:
    if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
        return False
    if isinstance(node, nodes.Filter) and node.name == "round":
        numbers = [arg.value for arg in node.args if isinstance(arg, nodes.Const)]
        return len(numbers) == len(node.args) <= 1 and all(
            isinstance(number, int) and abs(number) <= 20 for number in numbers
        )
    named = isinstance(node, nodes.Test) or node.name in ("d", "default")
    allowed = (nodes.Const, nodes.Name) if named else (nodes.Const,)
    return all(isinstance(argument, allowed) for argument in node.args)


def _short_chain(node: nodes.Filter) -> bool:
    length = growing = 0
    inner: nodes.Node | None = node
    while isinstance(inner, nodes.Filter):
        length += 1
        growing += inner.name in _GROWING
        inner = inner.node
    return length <= 4 and growing <= 1


def weigh(values: Mapping[str, Any], limit: int) -> int:
    """About how many characters the values print as; counting stops past `limit`."""
    total = 0
    stack: list[Any] = list(values.values())
    while stack and total <= limit:
        value = stack.pop()
        if isinstance(value, str | bytes):
            total += len(value)
        elif isinstance(value, Mapping):
            total += 4 * len(value)
            stack.extend(value.keys())
            stack.extend(value.values())
        elif isinstance(value, list | tuple | set | frozenset):
            total += 2 * len(value)
            stack.extend(value)
        elif isinstance(value, int):
            total += value.bit_length() // 3 + 1
        else:
            total += 20
    return total
