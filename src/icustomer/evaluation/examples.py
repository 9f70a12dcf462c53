"""Single cases of what other rules would change, with the evidence: for people to judge by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from icustomer.core.model import Facet
from icustomer.evaluation.difference import Difference, Knot, Units
from icustomer.evaluation.evidence import Evidence, written_name

CUSTOMERS_SHOWN = 5
"""Of one case: enough to see what it is like."""
WORDS_SHOWN = 4
"""Names, and identifiers, of one customer."""


class Shown(Struct, frozen=True):
    """One of the several customers of a case."""

    customer: str
    units: int
    names: tuple[str, ...]
    """As written, those of the most claims first."""
    identifiers: tuple[str, ...]
    """`kind value`."""


class Case(Struct, frozen=True):
    """A join or a parting."""

    customer: str
    """The one that they would be, or that they are."""
    count: int
    """How many customers they are: more than are shown, perhaps."""
    shown: tuple[Shown, ...]
    because: str
    """What they have in common (join), or what keeps the first two apart (parting)."""


class Cases(Struct, frozen=True):
    """The cases that are shown."""

    joins: tuple[Case, ...]
    partings: tuple[Case, ...]


EvidenceOf = Callable[[Collection[bytes]], Evidence]
"""Keys of facets, as the new rules read them, to what is known of them."""


def cases(units: Units, found: Difference, number: int, evidence_of: EvidenceOf) -> Cases:
    """So many cases of each sort: half of them the largest, then from the middle and the end,
    where most of them are like."""
    joins, partings = _chosen(found.joins, number), _chosen(found.partings, number)
    before = _keys(units.before, units, {each for knot in joins for each in knot.others})
    after = _keys(units.after, units, {each for knot in partings for each in knot.others})
    wanted = {key for held in (*before.values(), *after.values()) for key in held}
    evidence = evidence_of(wanted)
    return Cases(
        tuple(_case(knot, before, evidence, _in_common) for knot in joins),
        tuple(_case(knot, after, evidence, _kept_apart) for knot in partings),
    )


def _chosen(knots: Sequence[Knot], number: int) -> list[Knot]:
    if len(knots) <= number:
        return list(knots)
    largest = (number + 1) // 2
    rest = number - largest
    step = (len(knots) - largest) / rest if rest else 0
    return [*knots[:largest], *(knots[largest + int(step * (each + 0.5))] for each in range(rest))]


Keys = Mapping[str, Sequence[bytes]]


def _keys(customers: Sequence[str | None], units: Units, wanted: Collection[str]) -> Keys:
    """Customer to the facets of his units, with repetition."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for customer, key in zip(customers, units.keys, strict=True):
        if customer in wanted and customer and key:
            found[customer].append(key)
    return found


def _case(
    knot: Knot,
    keys: Keys,
    evidence: Evidence,
    why: Callable[[Sequence[Sequence[bytes]], Evidence], str],
) -> Case:
    held = [keys.get(each, ()) for each in knot.others]
    shown = [
        _shown(each, held[number], evidence)
        for number, each in enumerate(knot.others[:CUSTOMERS_SHOWN])
    ]
    return Case(knot.customer, len(knot.others), tuple(shown), why(held, evidence))


def _shown(customer: str, keys: Sequence[bytes], evidence: Evidence) -> Shown:
    facets = [evidence.facets[key] for key in dict.fromkeys(keys)]
    names = dict.fromkeys(written_name(facet) for facet in facets)
    identifiers = dict.fromkeys(word for facet in facets for word in _words(facet))
    return Shown(customer, len(keys), _few(names), _few(identifiers))


def _few(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(words)[:WORDS_SHOWN]


def _words(facet: Facet) -> Iterator[str]:
    for each in facet.identifiers:
        yield f"{each.kind} {each.value}"


def _in_common(held: Sequence[Sequence[bytes]], evidence: Evidence) -> str:
    """The identifiers that the most of the customers carry."""
    carriers: dict[str, int] = defaultdict(int)
    for keys in held:
        for word in {word for key in keys for word in _words(evidence.facets[key])}:
            carriers[word] += 1
    common = sorted((-count, word) for word, count in carriers.items() if count > 1)
    told = ", ".join(f"{word} ({-count} of {len(held)})" for count, word in common[:WORDS_SHOWN])
    return told or "no identifier as written: joined by composite kinds, or through others"


def _kept_apart(held: Sequence[Sequence[bytes]], evidence: Evidence) -> str:
    ones, others, *_ = held
    return evidence.why_apart(ones, others)
