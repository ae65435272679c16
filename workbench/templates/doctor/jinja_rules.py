"""The doctor for jinja2 texts."""

from __future__ import annotations

import re
from difflib import get_close_matches

from jinja2 import nodes

from workbench.templates import jinja
from workbench.templates.braces import scan
from workbench.templates.doctor.context import Context
from workbench.templates.doctor.diagnosis import Diagnosis, Severity, shown
from workbench.templates.doctor.reading import SMART, Reader
from workbench.templates.jinja_scope import find_uses
from workbench.templates.jinja_uses import Findings
from workbench.templates.limits import MAX_BRACES
from workbench.templates.positions import Lines
from workbench.templates.problems import TemplateError
from workbench.templates.variables import Variable, variables_of

_TRIES = 5
_CLOSERS = {"{{": "}}", "{%": "%}", "{#": "#}"}
_ESCAPED = re.compile(r"\{\{\s*(?:[\"'“”‘’][^\n]{0,80}?[\"'“”‘’]\s*:|[\w-]+\s*:\s)")
_NAME = re.compile(r"[^\W\d]\w*")


def examine_jinja(text: str, lines: Lines) -> tuple[list[Variable], list[Diagnosis]]:
    """Variables and diagnoses of a text, each in order of position.

    Where a tag does not parse, the diagnosis says why and the variables are those of the text
    without that tag.
    """
    diagnoses: list[Diagnosis] = []
    readable = text
    parsed: jinja.Parsed | None = None
    for _ in range(_TRIES):
        try:
            parsed = jinja.parse(readable)
            break
        except TemplateError as error:
            if not diagnoses:
                diagnoses.append(_explain(error, text, lines))
            readable, changed = _blank(readable, error)
            if not changed or error.kind == "limit":
                break
    if parsed is None:
        return [], diagnoses
    try:
        findings = find_uses(parsed)
    except RecursionError:
        try:
            findings = jinja.on_fresh_stack(find_uses, parsed)
        except TemplateError as error:
            return [], [*diagnoses, _explain(error, text, lines)]
    variables = variables_of(findings, parsed, lines)
    diagnoses.extend(_unknown_names(findings, parsed, lines))
    diagnoses.extend(_loaders(findings, parsed, lines))
    diagnoses.extend(_in_latex(parsed, lines))
    diagnoses.extend(_single_braces(readable, parsed, lines))
    return variables, sorted(diagnoses, key=lambda one: one.start)


def _blank(text: str, error: TemplateError) -> tuple[str, bool]:
    """The text with the tag around an error replaced by spaces, so that offsets stay."""
    start = max(text.rfind(opener, 0, error.start + 2) for opener in _CLOSERS)
    if "end of template" in error.reason.lower():
        block = _open_block(text)
        start = block.start() if block else start
    if start < 0:
        return text, False
    closer = _CLOSERS[text[start : start + 2]]
    end = text.find(closer, start + 2)
    end = start + 2 if end < 0 else end + 2
    blank = re.sub(r"[^\r\n]", " ", text[start:end])
    return text[:start] + blank + text[end:], True


def _make(
    rule: str,
    lines: Lines,
    start: int,
    end: int,
    what: str,
    *,
    severity: Severity = "error",
    variable: str | None = None,
    spans: tuple[tuple[int, int], ...] = (),
    escapes: tuple[tuple[int, int], ...] = (),
    advice: str | None = None,
) -> Diagnosis:
    line, column = lines.locate(start)
    effect = "; nothing in this text would be filled in" if severity == "error" else ""
    return Diagnosis(
        rule,
        severity,
        f"Line {line}: {what}{effect}.",
        start,
        end,
        line,
        column,
        variable,
        spans or ((start, end),),
        escapes,
        advice,
    )


# Texts that do not parse


def _explain(error: TemplateError, text: str, lines: Lines) -> Diagnosis:
    start = min(error.start, max(len(text) - 1, 0))
    reason = error.reason.rstrip(".")
    if error.kind == "limit":
        return _make("limit", lines, start, start, reason)
    if text[start : start + 1] and text[start] in SMART:
        what = (
            f"jinja2 cannot read the typographic quotation mark {text[start]}, "
            "a text inside a tag needs straight ones"
        )
        advice = "Replace it by \" or '."
        return _make("smart-quotes", lines, start, start + 1, what, advice=advice)
    opened = max(text.rfind(opener, 0, start + 2) for opener in _CLOSERS)
    opener = text[opened : opened + 2] if opened >= 0 else ""
    if "opened by {#" in reason:
        escapes = ((start, start + 2),)
        what = "{# opens a jinja2 comment, which is never closed"
        return _make("comment-brace", lines, start, start + 2, what, escapes=escapes)
    if "unknown tag" in reason:
        return _unknown_tag(text, lines, opened, start, reason)
    if opener == "{{" and _ESCAPED.match(text, opened):
        return _doubled(lines, opened)
    if opener and _CLOSERS[opener] not in text[opened:]:
        what = f"{opener} opens a jinja2 tag that is never closed"
        escapes = ((opened, opened + 2),)
        advice = f"Close it with {_CLOSERS[opener]}, or escape the braces."
        return _make(
            "unclosed-tag", lines, opened, opened + 2, what, escapes=escapes, advice=advice
        )
    if "end of template" in reason.lower() or "end of the text" in reason:
        block = _open_block(text)
        if block is not None:
            name = block.group(2)
            what = f"this {name} block is opened and never closed by {{% end{name} %}}"
            return _make("unclosed-tag", lines, block.start(), block.end(2), what)
    return _make("syntax", lines, start, start + 1, reason)


_BLOCK = re.compile(
    r"\{%[-+]?\s*(end)?(if|for|macro|call|filter|block|with|autoescape|set)\b([^%=]*)(=?)"
)


def _open_block(text: str) -> re.Match[str] | None:
    """The innermost block tag that is opened and never closed."""
    stack: list[re.Match[str]] = []
    for found in _BLOCK.finditer(text):
        end, name, _, assigned = found.groups()
        if name == "set" and assigned and not end:
            continue
        if not end:
            stack.append(found)
        elif stack and stack[-1].group(2) == name:
            stack.pop()
    return stack[-1] if stack else None


def _unknown_tag(text: str, lines: Lines, opened: int, start: int, reason: str) -> Diagnosis:
    found = _NAME.match(text, start)
    name = found.group() if found else text[start : start + 1]
    end = start + max(len(name), 1)
    if "looking for" in reason or name.startswith("end") or name in ("else", "elif"):
        what = f"the statement {name!r} has no matching opening tag here"
        return _make("unclosed-tag", lines, start, end, what)
    escapes = ((opened, opened + 2),) if opened >= 0 else ()
    what = f"{{% opens a jinja2 statement, and there is no statement {name!r}"
    return _make("unknown-tag", lines, max(opened, 0), end, what, escapes=escapes)


def _doubled(lines: Lines, opened: int) -> Diagnosis:
    what = (
        "these braces are doubled as for the f-string parser; jinja2 reads {{ as the start of an "
        "expression"
    )
    advice = "Switch the parser to f-string, or write single braces."
    return _make("escape-in-jinja", lines, opened, opened + 2, what, advice=advice)


# Texts that parse


def _unknown_names(findings: Findings, parsed: jinja.Parsed, lines: Lines) -> list[Diagnosis]:
    found = []
    for node in findings.named:
        is_filter = isinstance(node, nodes.Filter)
        known = jinja.ENVIRONMENT.filters if is_filter else jinja.ENVIRONMENT.tests
        if node.name in known:
            continue
        kind = "filter" if is_filter else "test"
        start = parsed.offset(node.lineno)
        close = get_close_matches(node.name, known, 1)
        advice = f"Did you mean {close[0]}?" if close else None
        what = f"jinja2 has no {kind} named {shown(node.name)!r}"
        end = start + len(node.name)
        found.append(_make("unknown-filter", lines, start, end, what, advice=advice))
    return found


def _loaders(findings: Findings, parsed: jinja.Parsed, lines: Lines) -> list[Diagnosis]:
    found = []
    for node in findings.loaders:
        start = parsed.offset(node.lineno)
        name = _NAME.match(parsed.text, start)
        end = name.end() if name else start + 1
        what = f"{parsed.text[start:end]!r} needs another file, and a prompt template has none"
        advice = "Use a snippet: @@@name@@@."
        found.append(_make("no-loader", lines, start, end, what, advice=advice))
    return found


def _in_latex(parsed: jinja.Parsed, lines: Lines) -> list[Diagnosis]:
    """``\\frac{{a}}{{b}}``: the braces that LaTeX needs are eaten by jinja2."""
    found: list[Diagnosis] = []
    context: Context | None = None
    ended = -1
    for tag in parsed.tags:
        if tag.kind != "variable" or "\\" not in parsed.text[max(0, tag.start - 100) : tag.start]:
            continue
        context = context or Context(parsed.text)
        if tag.start != ended and not context.latex(tag.start, tag.end):
            continue
        ended = tag.end
        inside = parsed.text[tag.start + 2 : tag.end - 2]
        if not _NAME.fullmatch(inside.strip()):
            continue
        what = (
            f"jinja2 reads {{{{{inside}}}}} as an expression, so LaTeX gets the value without "
            "braces around it"
        )
        advice = "Put a single brace and a space around the tag: { {{ … }} }."
        span = ((tag.start, tag.start + 2), (tag.end - 2, tag.end))
        found.append(
            _make(
                "latex",
                lines,
                tag.start,
                tag.end,
                what,
                severity="warning",
                variable=inside.strip(),
                spans=span,
                advice=advice,
            )
        )
    return found


def _single_braces(text: str, parsed: jinja.Parsed, lines: Lines) -> list[Diagnosis]:
    """``{name}`` in the text between the tags: an f-string field that jinja2 prints as it is."""
    if "{" not in text or text.count("{") > MAX_BRACES:
        return []
    plain = _without_tags(text, parsed)
    forest = scan(plain)
    reader = Reader(plain, forest, Context(plain))
    found = []
    for brace in forest.braces:
        reading = reader.readings[brace.index]
        if reading.role != "field" or reading.rule is not None or brace.end is None:
            continue
        name = plain[brace.start + 1 : brace.end - 1]
        before, after = plain[max(0, brace.start - 1) : brace.start], plain[brace.end :][:1]
        if brace.parent >= 0 or before in ("/", "$", "`", "{", "=", "#") or after in ("/", "`"):
            continue
        if not _NAME.fullmatch(name) or reader.context.fence(brace.start) is not None:
            continue
        line, column = lines.locate(brace.start)
        sentence = (
            f"Line {line}: {{{shown(name)}}} is f-string syntax; jinja2 prints it as it stands and "
            "fills in no value."
        )
        found.append(
            Diagnosis(
                "fstring-in-jinja",
                "warning",
                sentence,
                brace.start,
                brace.end,
                line,
                column,
                None,
                ((brace.start, brace.start + 1), (brace.end - 1, brace.end)),
                (),
                f"Write {{{{ {name} }}}}, or switch the parser to f-string.",
            )
        )
    return found


def _without_tags(text: str, parsed: jinja.Parsed) -> str:
    pieces, position = [], 0
    for tag in parsed.tags:
        if tag.start < position:
            continue
        pieces.append(text[position : tag.start])
        pieces.append("\x00" * (tag.end - tag.start))
        position = tag.end
    return "".join(pieces) + text[position:]
