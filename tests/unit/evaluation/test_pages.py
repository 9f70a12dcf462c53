"""The report as a page."""

from html.parser import HTMLParser

import pytest
import typer.testing

from icustomer.cli import app
from icustomer.core.rules import DEFAULT_RULES
from icustomer.errors import IcustomerError
from icustomer.evaluation.evaluate import with_effects
from icustomer.evaluation.pages import html, markdown, write_report
from icustomer.evaluation.sections import sections
from unit.evaluation.samples import FAMILY, KEYRING, event, judged

HOSTILE = "<script>|*_[x](y)"
EVENTS = [
    *FAMILY,
    event(HOSTILE, HOSTILE + " B", email="ann@x.example", source="web"),
    event(HOSTILE, phone="nothing", source="crm"),
]


def evaluated(tmp_path):
    evaluation = judged(tmp_path, EVENTS)
    return with_effects(evaluation, tmp_path / "events.jsonl", "who", DEFAULT_RULES, KEYRING)


class Outline(HTMLParser):
    """Tags that are open, headings and cells."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], []

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - the parser hands it over
        self.seen.append(tag)
        if tag not in ("meta", "br", "html"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag != "html":
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_html_is_closed_escaped_and_has_every_section(tmp_path):
    evaluation = evaluated(tmp_path)
    outline = Outline()
    outline.feed(html(evaluation, f"a file {HOSTILE}"))
    assert outline.open == []
    assert "script" not in outline.seen
    assert HOSTILE in "".join(outline.text)
    for section in sections(evaluation):
        assert section.title in outline.text
    assert outline.seen.count("table") == 4


def test_markdown_obeys_nothing_that_an_event_says(tmp_path):
    text = markdown(evaluated(tmp_path), "a file")
    assert HOSTILE not in text
    assert r"\<script\>\|\*\_\[x\]\(y\)" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace(r"\|", "").count("|") for line in tables}) <= 4


@pytest.mark.parametrize("write", [html, markdown])
def test_a_terminal_that_shows_the_page_obeys_nothing_either(tmp_path, write):
    assert "\x1b" not in write(evaluated(tmp_path), "a file \x1b[31m")


def test_the_suffix_tells_the_form(tmp_path):
    evaluation = judged(tmp_path, FAMILY)
    for name, beginning in (("a.html", "<!doctype html>"), ("b.MD", "# ")):
        write_report(evaluation, "a file", tmp_path / name)
        assert (tmp_path / name).read_text().startswith(beginning)


def run(*arguments):
    return typer.testing.CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


@pytest.mark.parametrize(
    ("option", "name", "because"),
    [
        ("--report", "out.pdf", "ends in .html or .md"),
        ("--report", "nowhere/out.md", "cannot be written"),
        ("--assignments", "nowhere/out.csv", "cannot be written"),
    ],
)
def test_places_that_cannot_be_written_are_told_before_anything_is_matched(
    tmp_path, option, name, because
):
    path = tmp_path / "events.jsonl"
    path.write_text("this would be refused, were it read")
    result = run(path, "--truth", "who", option, tmp_path / name)
    assert isinstance(result.exception, IcustomerError)
    assert because in str(result.exception)


def test_the_command_writes_what_it_was_asked_for(tmp_path):
    judged(tmp_path, FAMILY)
    result = run(
        *(tmp_path / "events.jsonl", "--truth", "who", "--ablation"),
        *("--report", tmp_path / "out.html", "--assignments", tmp_path / "out.csv"),
    )
    assert result.exit_code == 0
    for name in ("out.html", "out.csv"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert "What each rule does" in (tmp_path / "out.html").read_text()
    assert "veto of phone" in result.stdout
    assert len((tmp_path / "out.csv").read_text().splitlines()) == len(FAMILY) + 1
