"""The documents hold together: what they lead to and what they tell to type is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from icustomer.cli import app
from icustomer.observer import Stage

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
HOMES = (ROOT, ROOT / "src/icustomer", ROOT / "src/icustomer/store")
"""Where a path may begin that stands in a text."""
MADE = ("build/",)
"""What is made when somebody asks for it."""
SPANS = {*map(str, Stage), "batch", "catch-up", "disturbance", "end"}
NO_COMMANDS = SPANS | {"on"}
"""Words after `icustomer` in code: names of spans, and what makes a user of Redis."""

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FILE = re.compile(r"[\w./*-]*\w[\w*-]*(?:\.(?:py|md|lua|ya?ml|json|svg|lock)|/)")
COMMAND = re.compile(r"\bicustomer ([a-z][a-z-]*)(?: ([a-z]+))?")
TARGET = re.compile(r"\bmake ([a-z]+)")
MODULE = re.compile(r"\bpython3? -m ((?:benchmarks|icustomer)[\w.]*)")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def prose(page):
    return FENCED.sub("", page.read_text())


def code(page):
    """All that is written as code, a piece a line."""
    text = page.read_text()
    return "\n".join([*FENCED.findall(text), *SPAN.findall(FENCED.sub("", text))])


def anchors(page):
    """As GitHub makes them of headings."""
    return {
        re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
        for heading in HEADING.findall(prose(page))
    }


def leads_somewhere(page, link):
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def is_there(page, name):
    if name.startswith(MADE):
        return True
    homes = (*HOMES, page.parent)
    if any(next(home.glob(name.rstrip("/")), None) for home in homes):
        return True
    # A name alone is one of the sources, or of the schemas made from them.
    return "/" not in name and any(
        next(folder.rglob(name), None) for folder in (ROOT / "src", ROOT / "schemas")
    )


def commands(command=None):
    """The words of each command, groups included."""
    command = command or typer.main.get_command(app)
    found = {(): command}
    for name, inner in getattr(command, "commands", {}).items():
        found |= {(name, *rest): each for rest, each in commands(inner).items()}
    return found


def targets():
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@every_page
def test_links_lead_somewhere(page):
    links = [link for link in LINK.findall(prose(page)) if "://" not in link]
    assert [link for link in links if not leads_somewhere(page, link)] == []


@every_page
def test_files_that_are_named_are_there(page):
    named = [name for name in SPAN.findall(prose(page)) if FILE.fullmatch(name)]
    assert [name for name in named if not is_there(page, name)] == []


@every_page
def test_commands_that_are_named_are_there(page):
    known = commands()
    groups = {words[0] for words in known if len(words) > 1}
    named = {
        (first, second) if first in groups and second else (first,)
        for first, second in COMMAND.findall(code(page))
        if first not in NO_COMMANDS
    }
    assert named - set(known) == set()


@every_page
def test_targets_of_make_and_modules_that_are_named_are_there(page):
    text = code(page)
    assert set(TARGET.findall(text)) - targets() == set()
    places = [name.replace(".", "/") for name in MODULE.findall(text)]
    assert [
        place
        for place in places
        if not any(
            (home / f"{place}.py").exists() or (home / place / "__main__.py").exists()
            for home in (ROOT, ROOT / "src")
        )
    ] == []


def test_every_page_can_be_reached_from_the_first():
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        links = LINK.findall(prose(page))
        waiting += [(page.parent / link.partition("#")[0]).resolve() for link in links]
    decisions = set((ROOT / "docs/decisions").iterdir())
    assert set(PAGES) - seen - decisions == set()
