"""Tokens and the formula of the cost, so that it can be audited by eye."""

from __future__ import annotations

from typing import Any

import streamlit as st

from workbench.store.rows import Detail
from workbench.ui import words
from workbench.ui.hostile import escaped


def draw_cost(detail: Detail) -> None:
    _draw_tokens(detail)
    summary = detail.summary
    if summary.cost is None:
        st.caption(_why_unknown(detail))
    elif detail.cost_source == "caller":
        st.caption(f"{words.money(summary.cost)}, as the caller stated it.")
    elif detail.cost_formula:
        _draw_formula(detail)


def _why_unknown(detail: Detail) -> str:
    if detail.summary.input_tokens is None and detail.summary.output_tokens is None:
        return "The cost is unknown because the call carries no token counts."
    return "The cost is unknown because no price is known for this provider and model."


def _draw_tokens(detail: Detail) -> None:
    summary = detail.summary
    rows = [
        ("Input", summary.input_tokens),
        ("of it read from cache", detail.cached_tokens),
        ("of it written to cache", detail.cache_write_tokens),
        ("Output", summary.output_tokens),
        ("of it reasoning", detail.reasoning_tokens),
    ]
    known = [(name, number) for name, number in rows if number is not None]
    if known:
        body = "".join(f"<tr><td>{name}</td><td>{number:,}</td></tr>" for name, number in known)
        st.html(f'<table class="wb-sum"><tr><th>Tokens</th><th></th></tr>{body}</table>')


def _draw_formula(detail: Detail) -> None:
    formula = detail.cost_formula or {}
    lines = "".join(_line(line) for line in formula.get("lines") or ())
    total = f"${detail.summary.cost:f}"
    foot = f'<tr class="wb-total"><td>Total</td><td></td><td></td><td>{total}</td></tr>'
    head = "<tr><th>Cost</th><th>tokens</th><th>price</th><th></th></tr>"
    st.html(f'<table class="wb-sum">{head}{lines}{foot}</table>')
    st.caption(
        f"Price of {formula.get('provider')} {formula.get('model')}, "
        f"as known on {formula.get('price_date')}."
    )


def _line(line: dict[str, Any]) -> str:
    what, price, cost = (escaped(str(line.get(key, ""))) for key in ("what", "per_million", "cost"))
    tokens = f"{int(line.get('tokens') or 0):,}"
    return f"<tr><td>{what}</td><td>{tokens}</td><td>× ${price} / M</td><td>${cost}</td></tr>"
