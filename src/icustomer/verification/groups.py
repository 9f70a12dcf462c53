"""A group in itself: it is what its key says, and its customers share its facets out. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from icustomer.core.carrying import digests
from icustomer.core.keys import Keyring
from icustomer.core.model import Customer, Group, Retired
from icustomer.core.rules import Rules
from icustomer.store.codec import decode, version_of
from icustomer.verification.problem import Broken, Law
from icustomer.verification.stamps import Stamp, digest_of_blob

T = TypeVar("T", bound=Hashable)


class Read(NamedTuple):
    """A group as it was read."""

    group: Group | None
    """None: it is damaged."""
    stamp: Stamp | None
    """Version and digest; None as above."""
    damage: Broken | None = None


def read_group(group_id: bytes, blob: bytes) -> Read:
    """The group of a blob, if it is that of its key and of its version.

    Raises `NewerStateError`: what a newer release wrote cannot be judged.
    """
    try:
        # First, lest bytes at random be taken for what a newer release wrote.
        version = version_of(blob)
        group = decode(blob)
    except ValueError:
        return _damaged(f"{len(blob)} bytes are no encoded group")
    if group.id != group_id:
        return _damaged(f"it is the group {group.id.hex()}")
    if group.version != version:
        return _damaged(f"its prefix says version {version}, it is of version {group.version}")
    return Read(group, Stamp(version, digest_of_blob(blob)))


def read_groups(blobs: Mapping[bytes, bytes | None]) -> dict[bytes, Read]:
    """Groups by ID; those that do not stand are left out."""
    return {
        group_id: read_group(group_id, blob) for group_id, blob in blobs.items() if blob is not None
    }


def _damaged(detail: str) -> Read:
    return Read(None, None, Broken(Law.GROUP_DAMAGED, detail))


def everybody(group: Group) -> list[Customer | Retired]:
    """All who have an ID in a group, alive or retired."""
    return [*group.customers, *group.retired]


def check_group(group: Group, rules: Rules, keyring: Keyring) -> Iterator[Broken]:
    """Every law that a group breaks without regard to anything else."""
    yield from _facets(group)
    yield from _customers(group)
    yield from _redirects(group)
    yield from _marks(group, rules, keyring)


def _facets(group: Group) -> Iterator[Broken]:
    keys = [facet.key for facet in group.facets]
    if keys != sorted(set(keys)):
        yield Broken(Law.FACETS, "its facets are not sorted, or one stands there twice")
    if keys and group.id not in keys:
        yield Broken(Law.FACETS, "its ID is the key of none of its facets")
    if not keys and group.unshared != [group.id]:
        yield Broken(Law.FACETS, "it holds no facet, and no unshared identifier by whose digest")


def _customers(group: Group) -> Iterator[Broken]:
    keys = {facet.key for facet in group.facets}
    for key in _twice(key for customer in group.customers for key in customer.facets):
        yield Broken(Law.CUSTOMERS, f"facet {key.hex()} belongs to two customers")
    for name in _twice(one.id for one in everybody(group)):
        yield Broken(Law.CUSTOMERS, f"{name} stands there twice")
    for customer in group.customers:
        if not keys.issuperset(customer.facets):
            yield Broken(Law.CUSTOMERS, f"{customer.id} has facets that the group has not")
        if list(customer.facets) != sorted(customer.facets):
            yield Broken(Law.CUSTOMERS, f"the facets of {customer.id} are not sorted")
        if customer.version > group.version:
            detail = f"{customer.id} has version {customer.version}, its group {group.version}"
            yield Broken(Law.CUSTOMERS, detail)
        if customer.facets and customer.anchor not in keys:
            yield Broken(Law.CUSTOMERS, f"{customer.id} hangs on no facet of the group")


def _redirects(group: Group) -> Iterator[Broken]:
    """Each retired ID leads to the customer that holds the facet it hangs on, an older one."""
    retired = {one.id: one for one in group.retired}
    current = {customer.id: customer for customer in group.customers}
    for one in group.retired:
        end = _end(one, retired)
        holder = current.get(end) if end else None
        if end is None:
            yield Broken(Law.REDIRECTS, f"{one.id} leads back to itself")
        elif holder is None:
            yield Broken(Law.REDIRECTS, f"{one.id} leads to no customer of the group")
        elif one.anchor not in holder.facets:
            yield Broken(Law.REDIRECTS, f"{one.id} leads to {end}, which is not what it became")
        elif (holder.founded_at, holder.id) >= (one.founded_at, one.id):
            yield Broken(Law.REDIRECTS, f"{one.id} leads to {end}, which is younger")
        if one.version > group.version:
            detail = f"{one.id} has version {one.version}, its group {group.version}"
            yield Broken(Law.REDIRECTS, detail)


def _end(one: Retired, retired: dict[str, Retired]) -> str | None:
    """Where a chain of redirects ends; None if it never does."""
    seen = {one.id}
    target = one.merged_into
    while target in retired:
        if target in seen:
            return None
        seen.add(target)
        target = retired[target].merged_into
    return target


def _marks(group: Group, rules: Rules, keyring: Keyring) -> Iterator[Broken]:
    """The marks that a group holds are sorted, and of identifiers that it carries."""
    marks = [*group.shared, *group.unshared]
    if not marks or not group.facets:
        return
    if len(marks) != len(set(marks)) or marks != sorted(group.shared) + sorted(group.unshared):
        yield Broken(Law.MARKS, "its marks are not sorted, or one stands there twice")
    carried = {each for facet in group.facets for each in digests(facet, rules, keyring)}
    for digest in sorted(set(group.shared) - carried):
        yield Broken(Law.MARKS, f"it marks {digest.hex()} as shared and does not carry it")
    for digest in sorted(set(group.unshared) - carried):
        yield Broken(Law.MARKS, f"it marks {digest.hex()} as unshared and does not carry it")


def _twice(values: Iterable[T]) -> list[T]:
    return [value for value, count in Counter(values).items() if count > 1]
