"""The changelog as any reader has it: the last record of each key, and what is in it.

The blobs are icustomer's own format, so they are decoded with icustomer's codec; whatever is
concluded from them is concluded here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from confluent_kafka import Message

from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Group
from icustomer.store.codec import decode

CLAIM = b"claim"
VERSION = "icustomer-version"


def last_of_each(messages: Iterable[Message]) -> dict[bytes, Message]:
    """The last record of each key; partitions keep the order of a key."""
    return {message.key(): message for message in messages if message.key() != CLAIM}


def version_of(message: Message) -> int:
    """The version that the header tells."""
    return int(dict(message.headers() or [])[VERSION])


def stale(messages: Sequence[Message]) -> list[bytes]:
    """Keys whose last record is not the newest. A tombstone need only be the last."""
    versions: dict[bytes, list[int]] = defaultdict(list)
    last = last_of_each(messages)
    for message in messages:
        if message.key() in last:
            versions[message.key()].append(version_of(message))
    return [
        key
        for key, found in versions.items()
        if last[key].value() is not None and found[-1] != max(found)
    ]


def groups_of(last: Mapping[bytes, Message]) -> list[Group]:
    """Every group that stands."""
    return [decode(each.value()) for each in last.values() if each.value() is not None]


def facets_of(groups: Iterable[Group]) -> list[Facet]:
    return [facet for group in groups for facet in group.facets]


def owned_twice(groups: Sequence[Group], keyring: Keyring) -> list[str]:
    """Facets, and identifiers that nobody marked as shared, that stand in two groups."""
    facets: dict[bytes, set[bytes]] = defaultdict(set)
    identifiers: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    shared = {digest for group in groups for digest in group.shared}
    for group in groups:
        for facet in group.facets:
            facets[facet.key].add(group.id)
            for each in facet.identifiers:
                if keyring.identifier(each.kind, each.value) not in shared:
                    identifiers[each.kind, each.value].add(group.id)
    twice = [f"facet {key.hex()}" for key, found in facets.items() if len(found) > 1]
    return twice + [f"{kind} of two" for (kind, _), found in identifiers.items() if len(found) > 1]
