"""What the walk over a jinja2 template finds: uses of input variables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from jinja2 import nodes

_DEFAULTS = frozenset({"default", "d"})


@dataclass(frozen=True, slots=True)
class Use:
    """One reading of an input variable at `start` (an offset of the normalised text).

    `optional` is true where the template copes with its absence: ``default``, ``is defined``, an
    ``or`` fallback, or a place that such a test guards.
    """

    name: str
    start: int
    hints: tuple[str, ...]
    attribute: str
    optional: bool


@dataclass(slots=True)
class Findings:
    """What one walk finds. `paths` are attribute paths that loop variables read from an input
    variable; `named` the filters and tests, `loaders` the statements that need another file."""

    uses: list[Use] = field(default_factory=list)
    paths: dict[str, set[str]] = field(default_factory=dict)
    named: list[nodes.Filter | nodes.Test] = field(default_factory=list)
    loaders: list[nodes.Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Usage:
    """What surrounds an expression: hints from inside out and the attribute path read from it."""

    hints: tuple[str, ...] = ()
    path: str = ""
    optional: bool = False


PLAIN = Usage()


def hinted(usage: Usage, hint: str) -> Usage:
    """The same surroundings with one more hint."""
    return replace(usage, hints=(*usage.hints, hint)) if hint not in usage.hints else usage


def attribute_of(usage: Usage, step: str) -> Usage:
    """Surroundings of what an attribute or item is read from."""
    path = step + usage.path
    hint = "indexed" if step == "[]" else "attribute"
    return hinted(replace(usage, path=path if len(path) <= 400 else path[:400]), hint)


def item_step(argument: nodes.Node) -> str:
    """The step of a path that ``[…]`` is: a name where it is a constant text, else ``[]``."""
    if isinstance(argument, nodes.Const) and isinstance(argument.value, str):
        return f".{argument.value}"
    return "[]"


def called(
    node: nodes.Filter | nodes.Test, usage: Usage, extra: frozenset[str]
) -> list[tuple[nodes.Node, Usage, frozenset[str]]]:
    """What a filter or test reads: its subject, with the hint that it is, and its arguments."""
    found: list[tuple[nodes.Node, Usage, frozenset[str]]] = []
    found.extend((child, PLAIN, extra) for child in node.iter_child_nodes(exclude=("node",)))
    if node.node is None:
        return found
    if isinstance(node, nodes.Test):
        decides = node.name in ("defined", "undefined")
        subject = Usage((f"test:{node.name}",), optional=decides)
    else:
        optional = usage.optional or node.name in _DEFAULTS
        subject = hinted(replace(usage, path="", optional=optional), f"filter:{node.name}")
    return [*found, (node.node, subject, extra)]
