"""The kinds of household, and worlds of each: the same seed, the same events."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.households import alone, strangers, together
from benchmarks.households.world import Event, Household, World

KINDS: Mapping[str, Household] = {
    each.__name__: each
    for each in (
        alone.single,
        alone.many_mailboxes,
        alone.moved_on,
        alone.wedding,
        alone.guest,
        alone.no_mailbox,
        alone.spelt_variously,
        together.couple,
        together.couple_on_one_mailbox,
        together.couple_of_like_names,
        together.twins,
        together.junior_and_senior,
        together.brothers_and_sisters,
        together.family,
        together.children_by_the_mothers_mailbox,
        together.flat_share,
        together.gifts,
        strangers.namesakes,
        strangers.role_mailbox_of_few,
        strangers.role_mailbox_of_many,
        strangers.business,
        strangers.call_centre,
        strangers.branch_mailbox,
        strangers.hub_address,
        strangers.placeholders,
        strangers.recycled_number,
        strangers.recycled_mailbox,
    )
}
"""Name of a kind to what makes one household of it."""


def households(kind: str, seed: int, count: int) -> list[Event]:
    """The events of so many households of a kind, in the order in which they happen."""
    world = World(f"{kind}-{seed}")
    for _ in range(count):
        KINDS[kind](world)
    return sorted(world.drain(), key=lambda event: (event["occurred_at"], event["event_id"]))
