"""The evaluation as a page to be kept and passed on: HTML that needs nothing else, or Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

from icustomer.errors import OperatorError
from icustomer.evaluation.evaluate import Evaluation
from icustomer.evaluation.report import printable
from icustomer.evaluation.sections import Entry, Grid, Section, headline, sections

TITLE = "How well the matching does"
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem; text-align: right; border-bottom: 1px solid #8886; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
li { overflow-wrap: anywhere; } small { opacity: .75; }
"""
_MARKDOWN_SIGNS = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")

Writer = Callable[[Evaluation, str], str]


def write_report(evaluation: Evaluation, subject: str, path: Path) -> None:
    """Write the report about `subject` (a file, and the field of the truth) as the path's
    suffix says; see `WRITERS`. Raises `OperatorError` if it cannot be written."""
    try:
        path.write_text(WRITERS[path.suffix.lower()](evaluation, subject), encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error}") from error


def html(evaluation: Evaluation, subject: str) -> str:
    """One page, everything from the events escaped."""
    body = "".join(map(_html_section, sections(evaluation)))
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{TITLE}</title>\n'
        f"<style>{_STYLE}</style>\n<h1>{TITLE}</h1>\n"
        f"<p>{_safe(subject)}: {_safe(headline(evaluation))}.</p>\n{body}</html>\n"
    )


def _safe(text: str) -> str:
    """The text without what HTML or a terminal would obey."""
    return escape(printable(text))


def _html_section(section: Section) -> str:
    grid = _html_grid(section.grid) if section.grid else ""
    entries = "".join(map(_html_entry, section.entries))
    listed = f"<ul>\n{entries}</ul>\n" if entries else ""
    remark = f"<p><small>{_safe(section.remark)}</small></p>\n" if section.remark else ""
    return f"<h2>{_safe(section.title)}</h2>\n{grid}{listed}{remark}"


def _html_grid(grid: Grid) -> str:
    rows = "".join(_html_row("td", row) for row in grid.rows)
    return f"<table>\n{_html_row('th', grid.columns)}{rows}</table>\n"


def _html_row(cell: str, texts: tuple[str, ...]) -> str:
    return f"<tr>{''.join(f'<{cell}>{_safe(text)}</{cell}>' for text in texts)}</tr>\n"


def _html_entry(entry: Entry) -> str:
    reasons = "".join(f"<br><small>{_safe(reason)}</small>" for reason in entry.reasons)
    return f"<li>{_safe(entry.headline)}{reasons}</li>\n"


def markdown(evaluation: Evaluation, subject: str) -> str:
    """The page as Markdown with tables, everything from the events escaped."""
    parts = [f"# {TITLE}", f"{_plain(subject)}: {_plain(headline(evaluation))}."]
    for section in sections(evaluation):
        parts += _markdown_section(section)
    return "\n\n".join(parts) + "\n"


def _markdown_section(section: Section) -> Iterator[str]:
    yield f"## {_plain(section.title)}"
    if section.grid:
        columns = section.grid.columns
        rule = "|".join(("---", *("---:" for _ in columns[1:])))
        rows = (_markdown_row(row) for row in section.grid.rows)
        yield "\n".join((_markdown_row(columns), f"|{rule}|", *rows))
    if section.entries:
        yield "\n".join(map(_markdown_entry, section.entries))
    if section.remark:
        yield _plain(section.remark)


def _markdown_row(texts: tuple[str, ...]) -> str:
    return f"| {' | '.join(map(_plain, texts))} |"


def _markdown_entry(entry: Entry) -> str:
    reasons = "".join(f"\n  - {_plain(reason)}" for reason in entry.reasons)
    return f"- {_plain(entry.headline)}{reasons}"


def _plain(text: str) -> str:
    """The text with every sign that Markdown would obey made harmless, on one line."""
    return _MARKDOWN_SIGNS.sub(r"\\\1", printable(" ".join(text.split())))


WRITERS: dict[str, Writer] = {".html": html, ".md": markdown}
"""Suffix of the file to what writes it."""
