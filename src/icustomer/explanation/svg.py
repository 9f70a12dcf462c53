"""Writes a picture as SVG: one file that needs nothing else, for light and dark screens."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from unicodedata import east_asian_width
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from icustomer.explanation.picture import (
    BOX_HEIGHT,
    COLUMN_WIDTH,
    MARGIN,
    Box,
    Line,
    Picture,
)
from icustomer.explanation.printable import printable

NAMESPACE = "http://www.w3.org/2000/svg"
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1b1f24; }
text.head { font-weight: 600; }
text.under { font-size: 11px; fill: #5c6570; }
rect { fill: #f3f5f8; stroke: #8a939d; }
rect.paper { fill: #ffffff; stroke: none; }
rect.waiting, rect.useless { stroke-dasharray: 4 3; }
rect.person { stroke: #b3261e; }
path { fill: none; stroke: #8a939d; stroke-width: 1; }
path.joins { stroke: #1a6fb5; stroke-width: 2.5; }
path.parts { stroke: #b3261e; stroke-width: 1.5; stroke-dasharray: 5 4; }
@media screen and (prefers-color-scheme: dark) {
  text { fill: #e6e9ed; }
  text.under { fill: #a9b2bd; }
  rect { fill: #22272e; }
  rect.paper { fill: #14171b; }
  rect.person { stroke: #ff8a80; }
  path.joins { stroke: #6cb6ff; }
  path.parts { stroke: #ff8a80; }
}
"""
"""Plain colours, no variables: many programs that show SVG know none."""
INSET = 10
"""Pixels from the edge of a box to its text."""
TITLE_DOWN, LINE_DOWN = 18, 35
"""Pixels from the top of a box to the feet of its two lines."""
TITLE_COLUMNS, LINE_COLUMNS = 36, 44
"""Columns of an ordinary font that fit a box; a wide sign takes two."""
ROUND = {"claim": "6", "waiting": "6", "person": "6"}
"""Corners of boxes; those of identifiers are round all the way."""


def svg(picture: Picture) -> str:
    """The picture as a document; every text of an event is escaped."""
    size = {"width": str(picture.width), "height": str(picture.height)}
    box = f"0 0 {picture.width} {picture.height}"
    root = Element("svg", {"xmlns": NAMESPACE, "viewBox": box, **size, "role": "img"})
    SubElement(root, "title").text = printable(picture.title)
    SubElement(root, "style").text = STYLE
    SubElement(root, "rect", {"class": "paper", **size})
    for head in picture.heads:
        _text(root, (MARGIN, head.top), printable(head.text), "head")
    for line in picture.lines:
        SubElement(root, "path", {"class": line.look, "d": _curve(line)})
    for each in picture.boxes:
        _box(root, each)
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def _box(root: Element, box: Box) -> None:
    group = SubElement(root, "g")
    SubElement(group, "title").text = f"{printable(box.title)}\n{printable(box.line)}"
    place = {"x": str(box.left), "y": str(box.top)}
    size = {"width": str(COLUMN_WIDTH), "height": str(BOX_HEIGHT)}
    corner = ROUND.get(box.look, str(BOX_HEIGHT // 2))
    SubElement(group, "rect", {"class": box.look, **place, **size, "rx": corner})
    left = box.left + INSET
    _text(group, (left, box.top + TITLE_DOWN), shortened(printable(box.title), TITLE_COLUMNS))
    under = shortened(printable(box.line), LINE_COLUMNS)
    _text(group, (left, box.top + LINE_DOWN), under, "under")


def _text(parent: Element, place: tuple[int, int], text: str, look: str = "") -> None:
    attributes = {"class": look} if look else {}
    x, y = map(str, place)
    SubElement(parent, "text", {**attributes, "x": x, "y": y}).text = text


def _curve(line: Line) -> str:
    """Leaves and arrives level."""
    (left, top), (right, bottom) = line.start, line.end
    bend = (left + right) // 2
    return f"M {left} {top} C {bend} {top} {bend} {bottom} {right} {bottom}"


def shortened(text: str, columns: int) -> str:
    """The text, or as much of its beginning as fits with an ellipsis."""
    widths = list(accumulate(_widths(text)))
    if not widths or widths[-1] <= columns:
        return text
    kept = sum(1 for width in widths if width < columns)
    return text[:kept] + "\N{HORIZONTAL ELLIPSIS}"


def _widths(text: str) -> Iterable[int]:
    return (2 if east_asian_width(char) in {"W", "F"} else 1 for char in text)
