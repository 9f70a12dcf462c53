"""Finds customers in the store: by ID, by identifier, and by the facets they are made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from icustomer.commands.usage import UsageError, unreadable
from icustomer.core.carrying import digests
from icustomer.core.change import SHARED
from icustomer.core.identifiers import Rejected, canonical
from icustomer.core.keys import Keyring, parse_customer_id
from icustomer.core.model import Customer, Facet, Group
from icustomer.core.naming import holder_of
from icustomer.core.rules import DEFAULT_RULES, Rules
from icustomer.errors import UnavailableError
from icustomer.store.codec import decode
from icustomer.store.port import Loaded, Store

ReadGroups = Callable[[Collection[bytes]], Awaitable[list[bytes | None]]]
"""Group IDs to encoded groups, in the same order; None where nothing stands. What carries a
shared identifier is found by the identifier's index, which names groups and no links."""


_ID_OR_IDENTIFIER = ", or by email:..., phone:... or account:SERVICE/NUMBER"
TRIES = 10
"""Reads of what workers change meanwhile; each further one takes another coincidence."""


class Named(NamedTuple):
    """A customer by ID."""

    customer_id: str


class Carrying(NamedTuple):
    """All customers that carry an identifier."""

    kind: str
    value: str
    """Canonical."""


class Found(NamedTuple):
    """A customer within its group."""

    group: Group
    customer: Customer


def parse_target(
    text: str, country: str | None = None, rules: Rules = DEFAULT_RULES
) -> Named | Carrying:
    """A customer ID or `KIND:VALUE`; UsageError if it is neither."""
    kind, colon, raw = text.partition(":")
    if not colon:
        return Named(_customer_id(text, _ID_OR_IDENTIFIER))
    form = canonical(kind.strip().lower(), raw, country, rules)
    if isinstance(form, Rejected):
        raise unreadable(kind, form)
    return Carrying(kind.strip().lower(), form.value)


def parse_id(text: str) -> str:
    """The published form of a customer ID; UsageError if the check character is wrong."""
    return _customer_id(text, "")


def _customer_id(text: str, alternative: str) -> str:
    customer_id = parse_customer_id(text)
    if customer_id is None:
        raise UsageError(
            "a customer is named by an ID such as ic_7K3M-9QX2-4HTB-W6PZ-S (mind the last "
            f"character){alternative}"
        )
    return customer_id


async def find(
    store: Store, read_groups: ReadGroups, keyring: Keyring, target: Named | Carrying
) -> list[Found]:
    """The customers that the target leads to, oldest first; redirects are followed."""
    if isinstance(target, Carrying):
        return await _find_carriers(store, read_groups, keyring, target)
    return await find_by_ids(store, [target.customer_id])


async def find_by_ids(store: Store, customer_ids: Collection[str]) -> list[Found]:
    """The customers that the IDs, current or retired, stand for now."""
    groups = groups_of(await _loaded(store, [], list(customer_ids)))
    return _in_order(
        Found(group, holder)
        for group in groups
        for customer_id in customer_ids
        if (holder := holder_of(customer_id, group.customers, group.retired)) is not None
    )


async def find_by_facets(
    store: Store,
    rules: Rules,
    keyring: Keyring,
    facets: Collection[Facet],
    customer_ids: Collection[str],
) -> list[Found]:
    """The customers that hold any of the facets now, wherever their groups went meanwhile."""
    keys = {facet.key for facet in facets}
    links = {digest for facet in facets for digest in digests(facet, rules, keyring)}
    groups = groups_of(await _loaded(store, list(links | keys), list(customer_ids)))
    return _in_order(
        Found(group, customer)
        for group in groups
        for customer in group.customers
        if not keys.isdisjoint(customer.facets)
    )


async def _loaded(store: Store, links: list[bytes], customer_ids: list[str]) -> Loaded:
    """What the store holds, read anew if a group went away between its two steps."""
    for _ in range(TRIES):
        loaded = await store.load(links, customer_ids)
        if None not in loaded.groups.values():
            return loaded
    raise UnavailableError("workers keep changing what is looked for: try again")


def groups_of(loaded: Loaded) -> list[Group]:
    """The groups of an answer of the store, decoded."""
    return _decoded(loaded.groups.values())


def _decoded(blobs: Iterable[bytes | None]) -> list[Group]:
    return [decode(blob) for blob in blobs if blob is not None]


def facets_of(found: Found) -> Iterator[Facet]:
    """The facets that the customer is made of."""
    held = frozenset(found.customer.facets)
    return (facet for facet in found.group.facets if facet.key in held)


async def _find_carriers(
    store: Store, read_groups: ReadGroups, keyring: Keyring, wanted: Carrying
) -> list[Found]:
    digest = keyring.identifier(wanted.kind, wanted.value)
    loaded = await _loaded(store, [digest], [])
    groups = groups_of(loaded)
    if loaded.links[digest] == SHARED:
        groups = _decoded(await read_groups(await store.index(digest)))
    return _in_order(
        found
        for group in groups
        for customer in group.customers
        if _carries(found := Found(group, customer), wanted)
    )


def _carries(found: Found, wanted: Carrying) -> bool:
    return any(
        (identifier.kind, identifier.value) == wanted
        for facet in facets_of(found)
        for identifier in facet.identifiers
    )


def _in_order(found: Iterable[Found]) -> list[Found]:
    """Each customer once, the oldest first; without those of whom nothing is left."""
    customers = {each.customer.id: each for each in found if each.customer.facets}
    return sorted(customers.values(), key=lambda each: (each.customer.founded_at, each.customer.id))
