"""Tells whether two parts of names agree, and finds the largest clique of a small graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from rapidfuzz.distance import JaroWinkler

from icustomer.core.nicknames import are_two_full_names, are_two_names, share_a_full_name
from icustomer.core.scripts import Script, consonants, in_latin, script_of

GIVEN_SIMILARITY = 0.80
"""Jaro-Winkler similarity (0 to 1) of given names that may be one misspelled. Measured: at
.88 recall on labelled records falls by .02 without gain in precision."""
PART_SIMILARITY = 0.86
"""The same for parts nobody told apart, where a family name may meet a given name."""
SHORTEST_ALIKE = 5
"""Letters from which words of Arabic or Hebrew may be alike without being equal."""
SYLLABLES = "\u1100"
"""From here on Unicode has scripts whose characters are syllables or words: one is no initial."""
BY_LETTER = frozenset([Script.LATIN, Script.ALPHABET, Script.OTHER])
"""Scripts in which words of one name may differ by a letter."""
ROUNDING = 1e-9
"""Thomas and Tobias are alike to .80 exactly; in binary fractions it comes out just below."""
SHORTEST_PREFIX = 3
"""Letters from which the beginning of a given name stands for the whole (Rob, Robert)."""


def given_names_agree(one: str, other: str) -> bool:
    """Equal, initial, nickname or spelling, beginning or alike; the order of the two does not
    matter. Two names that are known to be two agree by none of the last."""
    if one == other:
        return True
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    if len(short) == 1 and short < SYLLABLES:
        return long.startswith(short)
    if share_a_full_name(one, other):
        return True
    if not (one.isascii() and other.isascii()):
        return _written_agree(one, other, GIVEN_SIMILARITY)
    if len(short) >= SHORTEST_PREFIX and long.startswith(short):
        return not are_two_full_names(one, other)
    return _alike(one, other, GIVEN_SIMILARITY) and not are_two_names(one, other)


def name_parts_agree(one: str, other: str) -> bool:
    """Equal, initial, nickname or spelling, or very much alike and not known to be two names; the
    order of the two does not matter."""
    if one == other:
        return True
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    if len(short) == 1 and short < SYLLABLES:
        return long.startswith(short)
    if share_a_full_name(one, other):
        return True
    if not (one.isascii() and other.isascii()):
        return _written_agree(one, other, PART_SIMILARITY)
    return _alike(one, other, PART_SIMILARITY) and not are_two_names(one, other)


def _written_agree(one: str, other: str, least: float) -> bool:
    """Words of which at least one is not in plain Latin letters."""
    scripts = {script_of(one), script_of(other)}
    if Script.CONSONANTS in scripts:
        return _consonants_agree(one, other, scripts)
    if len(scripts) == 1 and not scripts.isdisjoint(BY_LETTER):
        if _alike(one, other, least) and not are_two_names(one, other):
            return True
        if scripts != {Script.ALPHABET}:
            return False
    one, other = in_latin(one), in_latin(other)
    if not one or not other:
        return False
    if len(scripts) == 1 or Script.HAN in scripts or one == other:
        return one == other
    return share_a_full_name(one, other) or (
        _alike(one, other, least) and not are_two_names(one, other)
    )


def _consonants_agree(one: str, other: str, scripts: AbstractSet[Script]) -> bool:
    """Short words are told apart by one letter there, and a line of consonants by each."""
    if len(scripts) == 1:
        return min(len(one), len(other)) >= SHORTEST_ALIKE and _alike(one, other, PART_SIMILARITY)
    bones = consonants(one)
    return len(bones) > 1 and bones == consonants(other)


def _alike(one: str, other: str, least: float) -> bool:
    """Jaro-Winkler (Winkler 1990), the bound included.

    Without `score_cutoff`: rapidfuzz 3.14 answers 0 with it for some pairs just at the bound.
    """
    return JaroWinkler.similarity(one, other) >= least - ROUNDING


def largest_clique(neighbours: Sequence[int], more_than: int) -> int:
    """Size of the largest set of nodes that are all neighbours of each other.

    Exact up to `more_than`; a greater answer only says that there are more. Branch and bound
    after Tomita and Seki (2003): a clique has no more nodes than its nodes have colours, so
    a branch whose colours cannot make it the largest is cut.

    Args:
        neighbours: For each node the bit set of its neighbours.
        more_than: The size above which nobody needs to know more.
    """
    largest = 0
    branches = [(len(neighbours), 0, (1 << len(neighbours)) - 1)]
    while branches and largest <= more_than:
        bound, size, candidates = branches.pop()
        if bound <= largest:
            continue
        largest = max(largest, size)
        before = 0
        for node, colours in _coloured(candidates, neighbours):
            branches.append((size + colours, size + 1, before & neighbours[node]))
            before |= 1 << node
    return largest


def _coloured(nodes: int, neighbours: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The nodes of a bit set, each with the number of colours that it and those before need."""
    colours = 0
    while nodes:
        colours += 1
        free = nodes
        while free:
            node = free.bit_length() - 1
            yield node, colours
            nodes ^= 1 << node
            free &= ~(neighbours[node] | 1 << node)
