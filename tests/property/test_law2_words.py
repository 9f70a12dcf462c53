"""Law 2's ground: what words of persons make of the evidence, whatever they name.

Commands come to words on customers; here words name any facets at all, so that clashes are
met which a person would need years for.
"""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis.strategies import randoms

from icustomer.core.cluster import cluster
from icustomer.core.facets import apply
from icustomer.core.model import Facet, Override
from oracle.clusters import clusters
from worlds.observations import KEYRING
from worlds.play import quick
from worlds.stories import Story, stories

WORDS = 4
"""Sets of words tried on each story: the oracle's time is mostly the story's."""


@quick
@given(stories(), randoms(use_true_random=False))
def test_any_words_on_any_evidence_make_the_clusters_that_the_oracle_sees(
    story: Story, random: Random
):
    facets = facets_of(story)
    for _ in range(WORDS):
        overrides = words(random, [facet.key for facet in facets])
        world = clusters(story.items, story.rules, KEYRING, overrides)
        found = cluster(facets, world.shared, overrides, story.rules, KEYRING)
        assert {frozenset(each.facets) for each in found if each.resolved} == world.customers
        waiting = {key for each in found if not each.resolved for key in each.facets}
        assert waiting == world.unresolved


def facets_of(story: Story) -> list[Facet]:
    facets: dict[bytes, Facet] = {}
    for told in story.told:
        key = told.facet_key
        facets[key] = apply(facets.get(key), told, key).facet
    return [facets[key] for key in sorted(facets)]


def words(random: Random, keys: list[bytes]) -> list[Override]:
    """One to three words, oldest first."""
    return [word(random, at, keys) for at in range(random.choice((1, 1, 2, 3)))]


def word(random: Random, at: int, keys: list[bytes]) -> Override:
    """A must-link or cannot-link between one to two facets a side, the rest anywhere."""
    left = random.sample(keys, len(keys))
    sides = []
    for _ in range(random.choice((2, 2, 2, 3))):
        size = random.randint(1, 2)
        sides.append(tuple(sorted(left[:size])))
        left = left[size:]
    kind = random.choice(("must", "cannot", "cannot"))
    rest = left[: random.randint(0, 2)] if kind == "cannot" and len(sides) == 2 else []
    named = tuple(side for side in sides if side)
    return Override(kind=kind, at=at, event_id=f"c{at}", sides=named, rest=tuple(sorted(rest)))
