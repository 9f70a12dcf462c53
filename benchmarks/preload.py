"""The state that measured workers find: each customer as nine events of the past left it.

A few customers are brought about by the real functions, event by event; the others are stamped
from them, since they differ in identifiers and IDs alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from random import Random

import msgspec
from msgspec.structs import replace

from benchmarks.people import HISTORY, TEMPLATES, Event, history, tokens
from icustomer.core.change import Snapshot
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.resolve import resolve
from icustomer.core.rules import DEFAULT_RULES
from icustomer.intake import Intake
from icustomer.store.codec import encode
from icustomer.store.port import Directions
from icustomer.store.restore import directions_to
from icustomer.stream.port import InputRecord

Customer = tuple[bytes, Directions]
"""An encoded group, and what leads to it."""
EPOCH = 1
"""Of the versions in the preloaded state."""
FIRST_OFFSET = 300
"""Of the past, in every partition."""
END_OFFSET = FIRST_OFFSET + HISTORY
"""Where what is measured has to begin: records below it are no news to the facets."""

SAMPLE = 50
"""Stamped customers that are compared with the real thing in each run."""

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Group).decode


def past_records(customer: int) -> list[InputRecord]:
    """The history as the worker would have read it."""
    return [_record(event, FIRST_OFFSET + number) for number, event in enumerate(history(customer))]


def _record(event: Event, offset: int) -> InputRecord:
    occurred_at = msgspec.json.decode(event.value)["occurred_at"]
    received = int(datetime.fromisoformat(occurred_at).timestamp() * 1_000)
    return InputRecord(event.topic, event.partition, offset, received, event.key, event.value, ())


def resolved(customer: int, keyring: Keyring) -> Group:
    """A customer's group by the functions of the worker, one event a batch."""
    batch = Intake(DEFAULT_RULES, keyring, lambda: 0).take(past_records(customer))
    snapshot = Snapshot(EPOCH, {}, {})
    group: Group | None = None
    for item in batch.items:
        (change,) = resolve(snapshot, [item], DEFAULT_RULES, keyring)
        (group,) = change.groups
        snapshot.links.update(change.links)
        snapshot.groups = {group.id: group}
    if group is None or len(batch.items) != HISTORY:
        raise RuntimeError("the generated history is not accepted")
    return group


class Stamps:
    """Makes groups by number, all but the first ones by stamping."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._stamp = lru_cache(TEMPLATES)(self._new_stamp)

    def group(self, customer: int) -> Group:
        """Equal to `resolved`, and twenty times as fast."""
        stamped = _unpack(self._stamp(customer % TEMPLATES)(tokens(customer)))
        return _with_own_keys(stamped, self._keyring)

    def _new_stamp(self, template: int) -> Callable[[tuple[str, ...]], bytes]:
        return stamp(_pack(resolved(template, self._keyring)), tokens(template))


def stamp(content: bytes, parts: tuple[str, ...]) -> Callable[[tuple[str, ...]], bytes]:
    """What puts other texts of the same lengths in the place of `parts` in `content`."""
    numbers = {part.encode(): number for number, part in enumerate(parts)}
    pieces = re.split(b"(" + b"|".join(map(re.escape, numbers)) + b")", content)
    places = [(place, numbers[pieces[place]]) for place in range(1, len(pieces), 2)]

    def fill(others: tuple[str, ...]) -> bytes:
        filled = pieces.copy()
        for place, number in places:
            filled[place] = others[number].encode()
        return b"".join(filled)

    return fill


def _with_own_keys(group: Group, keyring: Keyring) -> Group:
    """The group, its keys and IDs derived anew from the identifiers that it holds now."""
    keys = {
        facet.key: keyring.facet(facet.identifiers, facet.name, facet.birth_date)
        for facet in group.facets
    }
    founder = next(facet for facet in group.facets if facet.key == group.customers[0].anchor)
    customer_id = keyring.customer_id(keys[founder.key], *founder.founded_by, 0)
    for facet in group.facets:
        facet.key = keys[facet.key]
    group.id = keys[group.id]
    group.facets.sort(key=lambda facet: facet.key)
    for customer in group.customers:
        customer.id = customer_id
        customer.anchor = keys[customer.anchor]
        customer.facets = tuple(sorted(keys[each] for each in customer.facets))
    digests = {
        identifier.kind: keyring.identifier(identifier.kind, identifier.value)
        for identifier in founder.identifiers
    }
    group.decisions = [
        replace(each, customer_id=customer_id, digest=digests[each.kind])
        for each in group.decisions
    ]
    return group


class Preload:
    """What the store holds of each customer; the first `kept` are made once and kept."""

    def __init__(self, keyring: Keyring, kept: int) -> None:
        self._keyring = keyring
        self._stamps = Stamps(keyring)
        self._count = kept
        self._kept: list[Customer] = []

    def customers(self, count: int) -> Iterator[Customer]:
        """Those from 0 up to `count`."""
        if not self._kept:
            self._kept = [self._restored(number) for number in range(self._count)]
        yield from self._kept[:count]
        for number in range(self._count, count):
            yield self._restored(number)

    def check(self, seed: int) -> None:
        """Compare a sample with what the worker makes of the same nine events."""
        sample = Random(seed).sample(range(self._count), SAMPLE)  # noqa: S311 - to be repeated
        for number in sample:
            if self._stamps.group(number) != resolved(number, self._keyring):
                raise RuntimeError(f"customer {number} was not stamped as the worker makes it")

    def _restored(self, number: int) -> Customer:
        group = self._stamps.group(number)
        return encode(group), directions_to(group, DEFAULT_RULES, self._keyring)
