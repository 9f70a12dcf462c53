"""The picture of an explanation: what is drawn and where, without a word of SVG.

Claims stand on the left, what they state in the middle, and whoever was kept apart on the right.
Everything has its place by its rank in the explanation, so that the same explanation gives the
same picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from icustomer.contracts.explained_identifiers import DerivedIdentifier, KnownIdentifier
from icustomer.contracts.explanation import (
    Claim,
    CustomerExplanation,
    Join,
    Obstacle,
    PairExplanation,
)
from icustomer.explanation.sentences import time
from icustomer.explanation.subject import name_text
from icustomer.explanation.wording import headline

COLUMN_WIDTH, GAP = 300, 90
"""Of the boxes, and between columns, in pixels."""
BOX_HEIGHT, ROW = 44, 60
"""Of a box, and from one to the next."""
MARGIN, HEADER = 20, 56
"""Around everything, and above the boxes for the headline."""
WORD_ROW = "a person's word"


class Look(StrEnum):
    """How a box or a line is drawn; the names of classes in the picture's style."""

    CLAIM = "claim"
    WAITING = "waiting"
    IDENTIFIER = "identifier"
    USELESS = "useless"
    PERSON = "person"
    JOINS = "joins"
    STATES = "states"
    PARTS = "parts"


class Box(Struct, frozen=True):
    """A box with a title and a line under it."""

    left: int
    top: int
    look: Look
    title: str
    line: str

    @property
    def middle(self) -> int:
        return self.top + BOX_HEIGHT // 2


class Line(Struct, frozen=True):
    """From the right edge of a box to the left edge of another."""

    start: tuple[int, int]
    end: tuple[int, int]
    look: Look


class Head(Struct, frozen=True):
    """A sentence above boxes."""

    top: int
    text: str


class Picture(Struct, frozen=True):
    """All that is drawn."""

    title: str
    width: int
    height: int
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    boxes: tuple[Box, ...]


def picture(explanation: CustomerExplanation | PairExplanation) -> Picture:
    """The picture of an explanation."""
    if isinstance(explanation, CustomerExplanation):
        own = list(explanation.claims)
        refused = [each for each in explanation.refused if each.customer_id]
        others = [
            _person(each) for each in dict.fromkeys(each.customer_id or "" for each in refused)
        ]
        return _Drawing(own, explanation.joins, refused, others).picture(headline(explanation))
    one, other = explanation.customer_ids
    left = [each for each in explanation.claims if each.customer_id == one]
    right = [] if explanation.one else [each for each in explanation.claims if each not in left]
    drawing = _Drawing(
        left, explanation.chain, explanation.between, [_person(other)] if right else []
    )
    return drawing.picture(headline(explanation))


def beneath(pictures: Sequence[Picture]) -> Picture:
    """Several pictures as one, each beneath the one before."""
    first, *others = pictures
    for other in others:
        down = first.height
        first = Picture(
            first.title,
            max(first.width, other.width),
            down + other.height,
            first.heads + tuple(Head(each.top + down, each.text) for each in other.heads),
            first.lines + tuple(_lower_line(each, down) for each in other.lines),
            first.boxes + tuple(replace(each, top=each.top + down) for each in other.boxes),
        )
    return first


def _lower_line(line: Line, down: int) -> Line:
    (left, top), (right, bottom) = line.start, line.end
    return Line((left, top + down), (right, bottom + down), line.look)


class _Node(Struct, frozen=True):
    """A box that has no place yet."""

    name: str
    look: Look
    title: str
    line: str


def _person(customer_id: str) -> _Node:
    return _Node(customer_id, Look.PERSON, customer_id, "another customer")


class _Drawing:
    """Places boxes by rank, and draws the lines between them."""

    def __init__(
        self,
        claims: Sequence[Claim],
        joins: Sequence[Join],
        obstacles: Sequence[Obstacle],
        others: Sequence[_Node],
    ) -> None:
        self._claims = claims
        self._joins = joins
        self._obstacles = obstacles
        self._others = others

    def picture(self, title: str) -> Picture:
        columns = [
            [_claim(each) for each in self._claims],
            self._middle(),
            list(self._others),
        ]
        places = _placed([column for column in columns if column])
        rows = max(len(column) for column in columns)
        filled = sum(1 for column in columns if column)
        return Picture(
            title,
            2 * MARGIN + filled * COLUMN_WIDTH + (filled - 1) * GAP,
            HEADER + MARGIN + rows * ROW,
            (Head(HEADER // 2, title),),
            tuple(self._lines(places)),
            tuple(places.values()),
        )

    # -- the middle column -----------------------------------------------------------------

    def _middle(self) -> list[_Node]:
        """Identifiers by the mean rank of the claims that state them, so that few lines cross."""
        found: dict[str, _Node] = {}
        ranks: dict[str, list[int]] = {}
        for rank, claim in enumerate(self._claims):
            for each in claim.identifiers:
                name = _name(each.kind, each.value)
                ranks.setdefault(name, []).append(rank)
                look = Look.IDENTIFIER if each.use in {"match", "contested"} else Look.USELESS
                found[name] = _Node(name, look, each.value, f"{each.kind}, {each.use}")
            for made in self._told_of(claim):
                found[_known(made)] = _node(made)
                ranks.setdefault(_known(made), []).append(rank)
        for node, join in self._words():
            found[node.name] = node
            ranks.setdefault(node.name, []).extend(each - 1 for each in join.claims)
        for obstacle in self._obstacles:
            if obstacle.identifier is None:
                continue
            name = _known(obstacle.identifier)
            if name not in found:
                found[name] = _node(obstacle.identifier)
                ranks[name] = [len(self._claims)]
        return sorted(found.values(), key=lambda node: (_mean(ranks[node.name]), node.name))

    # -- lines -----------------------------------------------------------------------------

    def _lines(self, places: Mapping[str, Box]) -> Iterable[Line]:
        joining = self._joining()
        for claim in self._claims:
            for each in claim.identifiers:
                ends = (_claim_name(claim.number), _name(each.kind, each.value))
                yield _line(*ends, Look.JOINS if ends in joining else Look.STATES, places)
            for made in self._told_of(claim):
                ends = (_claim_name(claim.number), _known(made))
                yield _line(*ends, Look.JOINS if ends in joining else Look.STATES, places)
        for node, join in self._words():
            for number in join.claims:
                yield _line(_claim_name(number), node.name, Look.JOINS, places)
        told = [
            (_known(each.identifier), each.customer_id)
            for each in self._obstacles
            if each.identifier and each.customer_id in places
        ]
        for name, customer_id in dict.fromkeys(told):
            yield _line(name, customer_id or "", Look.PARTS, places)

    def _told_of(self, claim: Claim) -> Iterator[DerivedIdentifier]:
        """What the rules make of a claim, if anything is told of it: most of it leads nowhere."""
        told = {each.identifier.digest for each in self._joins if each.identifier}
        told |= {each.identifier.digest for each in self._obstacles if each.identifier}
        return (each for each in claim.derived if each.digest in told)

    def _words(self) -> Iterator[tuple[_Node, Join]]:
        """Persons' words that joined claims."""
        for number, join in enumerate(self._joins):
            if join.identifier is None:
                name, line = f"word {number}", f"command {join.told.event_id}"
                yield _Node(name, Look.IDENTIFIER, WORD_ROW, line), join

    def _joining(self) -> set[tuple[str, str]]:
        return {
            (_claim_name(number), _known(join.identifier))
            for join in self._joins
            if join.identifier
            for number in join.claims
        }


def _placed(columns: Sequence[Sequence[_Node]]) -> dict[str, Box]:
    """Each column is centred against the longest."""
    rows = max(len(column) for column in columns)
    places: dict[str, Box] = {}
    for number, column in enumerate(columns):
        left = MARGIN + number * (COLUMN_WIDTH + GAP)
        top = HEADER + (rows - len(column)) * ROW // 2
        for rank, node in enumerate(column):
            places[node.name] = Box(left, top + rank * ROW, node.look, node.title, node.line)
    return places


def _line(start: str, end: str, look: Look, places: Mapping[str, Box]) -> Line:
    one, other = places[start], places[end]
    return Line((one.left + COLUMN_WIDTH, one.middle), (other.left, other.middle), look)


def _claim(claim: Claim) -> _Node:
    look = Look.CLAIM if claim.customer_id else Look.WAITING
    first = f"{claim.founded_by.source}, {time(claim.founded_at)}"
    return _Node(_claim_name(claim.number), look, f"{claim.number}. {name_text(claim.name)}", first)


def _claim_name(number: int) -> str:
    return f"claim {number}"


def _name(kind: str, value: str) -> str:
    return f"{kind}:{value}"


def _known(identifier: KnownIdentifier) -> str:
    return _name(identifier.kind, identifier.value or identifier.digest)


def _node(identifier: KnownIdentifier) -> _Node:
    """Of an identifier that is told of."""
    name = _known(identifier)
    if identifier.parts:
        title = ", ".join(each.value for each in identifier.parts)
        kinds = ", ".join(each.part for each in identifier.parts)
        return _Node(name, Look.IDENTIFIER, title, f"{identifier.kind} of {kinds}")
    return _Node(name, Look.IDENTIFIER, identifier.value or identifier.digest, identifier.kind)


def _mean(ranks: Sequence[int]) -> float:
    return sum(ranks) / len(ranks)
