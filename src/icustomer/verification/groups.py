"""A group in itself: it is what its key says, and its customers share its facets out. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from icustomer.core.burying import base_key
from icustomer.core.carrying import digests
from icustomer.core.keys import Keyring
from icustomer.core.model import Customer, Erased, Group, Retired
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


def everybody(group: Group) -> list[Customer | Retired | Erased]:
    """All who have an ID in a group: alive, retired or erased."""
    return [*group.customers, *group.retired, *group.erased]


def check_group(group: Group, rules: Rules, keyring: Keyring) -> Iterator[Broken]:
    """Every law that a group breaks without regard to anything else."""
    yield from _facets(group, keyring)
    yield from _customers(group)
    yield from _redirects(group)
    yield from _marks(group, rules, keyring)


def _facets(group: Group, keyring: Keyring) -> Iterator[Broken]:
    keys = [facet.key for facet in group.facets]
    if keys != sorted(set(keys)):
        yield Broken(Law.FACETS, "its facets are not sorted, or one stands there twice")
    graves = [grave.key for grave in group.graves]
    if graves != sorted(set(graves)):
        yield Broken(Law.FACETS, "its graves are not sorted, or one stands there twice")
    suppressed = [each.digest for each in group.suppressed]
    waiting = [] if keys or graves else group.unshared
    if group.id not in (*keys, *graves, *suppressed, *waiting):
        yield Broken(Law.FACETS, "its ID is that of nothing that it holds")
    yield from _erasure(group, keyring)


def _erasure(group: Group, keyring: Keyring) -> Iterator[Broken]:
    """What was erased stays away: no facet of a claim beside the grave that it does not know of,
    and every erased ID hangs on what is left."""
    graves = {grave.key: grave.up_to for grave in group.graves}
    for facet in group.facets:
        up_to = graves.get(base_key(facet, keyring), 0)
        if up_to != facet.erased_at:
            yield Broken(Law.FACETS, f"facet {facet.key.hex()} was erased, and stands there")
    anchors = {*graves, *(each.digest for each in group.suppressed)}
    for one in group.erased:
        if one.anchor not in anchors:
            yield Broken(Law.CUSTOMERS, f"{one.id} was erased, and no grave tells of it")


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
    if not marks:
        return
    if len(marks) != len(set(marks)) or marks != sorted(group.shared) + sorted(group.unshared):
        yield Broken(Law.MARKS, "its marks are not sorted, or one stands there twice")
    carried = {each for facet in group.facets for each in digests(facet, rules, keyring)}
    outlasting = {each for grave in group.graves for each in grave.marks}
    for digest in sorted(set(group.shared) - carried - outlasting):
        yield Broken(Law.MARKS, f"it marks {digest.hex()} as shared and does not carry it")
    # Without facets it waits for those who will carry what was unshared.
    for digest in sorted(set(group.unshared) - (carried if group.facets else {group.id})):
        yield Broken(Law.MARKS, f"it marks {digest.hex()} as unshared and does not carry it")


def _twice(values: Iterable[T]) -> list[T]:
    return [value for value, count in Counter(values).items() if count > 1]
