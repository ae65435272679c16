"""Frames of a jinja2 template: which names are bound where, as jinja2's compiler has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jinja2 import nodes
from jinja2.idtracking import (
    VAR_LOAD_ALIAS,
    VAR_LOAD_RESOLVE,
    FrameSymbolVisitor,
    RootVisitor,
    Symbols,
)


class _FrameVisitor(FrameSymbolVisitor):
    """jinja2's own, without the detour into the fields of plain text and constants."""

    def visit_TemplateData(self, node: nodes.TemplateData, **options: Any) -> None:
        pass

    def visit_Const(self, node: nodes.Const, **options: Any) -> None:
        pass


class _Root(RootVisitor):
    def __init__(self, symbols: Symbols) -> None:
        self.sym_visitor = _FrameVisitor(symbols)


def bind(symbols: Symbols, node: nodes.Node, **options: Any) -> Symbols:
    """Let jinja2 decide what every name of a frame refers to."""
    _Root(symbols).visit(node, **options)
    return symbols


@dataclass(slots=True)
class Scope:
    """A frame as the walk goes through it: `assigned` references hold a value of the template's
    own by now, `guarded` names are defined here, `aliases` are loop variables and the input
    variable and path that they run over."""

    symbols: Symbols
    assigned: set[str] = field(default_factory=set)
    guarded: frozenset[str] = frozenset()
    aliases: dict[str, tuple[str, str]] = field(default_factory=dict)

    def inner(self, node: nodes.Node, **options: Any) -> Scope:
        """The frame of a loop body, macro or block inside this one."""
        symbols = Symbols(parent=self.symbols)
        if options.pop("loop", False):
            symbols.declare_parameter("loop")
        for name in options.pop("parameters", ()):
            symbols.declare_parameter(name)
        bind(symbols, node, **options)
        return Scope(symbols, set(self.assigned), self.guarded, dict(self.aliases))

    def is_input(self, reference: str) -> bool:
        """Whether reading a reference here reaches the values that the caller handed in."""
        seen: str | None = reference
        while seen is not None:
            if seen in self.assigned:
                return False
            action, origin = self.symbols.find_load(seen) or (None, None)
            if action == VAR_LOAD_RESOLVE:
                return True
            seen = origin if action == VAR_LOAD_ALIAS else None
        return False

    def is_set(self, reference: str) -> bool:
        """Whether a reference is a parameter or has been assigned."""
        action = (self.symbols.find_load(reference) or (None,))[0]
        return reference in self.assigned or action == "param"
