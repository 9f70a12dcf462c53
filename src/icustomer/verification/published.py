"""What was published is what stands: changelog and profiles against the groups. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from icustomer.core.model import Erased, Group
from icustomer.stream.records import RecordMaker, Stories
from icustomer.verification.newest import Newest, Told
from icustomer.verification.problem import Broken, Law
from icustomer.verification.stamps import Stamp, digest_of_profile

NOT_TOLD_TWICE = frozenset((Law.GROUP_LOST, Law.REDIS_BEHIND, Law.UNPUBLISHED))
"""Where the group itself is not published, its profiles are not either."""


def stamps_of_profiles(group: Group, maker: RecordMaker) -> dict[str, Stamp]:
    """What must be published of each ID of a group that stands for somebody."""
    versions = {one.id: one.version for one in group.customers}
    versions |= {one.id: one.version for one in group.retired}
    return {
        customer_id: Stamp(versions[customer_id], digest_of_profile(record.value or b""))
        for customer_id, record in maker.profiles(group, versions, Stories()).items()
    }


def check_changelog(stands: Stamp | None, told: Told | None) -> Broken | None:
    """The last record of a group's key, against what stands in Redis (None: nothing does)."""
    if stands is None:
        lost = told is not None and not told.is_tombstone
        return Broken(Law.GROUP_LOST, "it stands in the changelog only") if lost else None
    here = f"version {stands.version}"
    if told is None:
        return Broken(Law.UNPUBLISHED, f"{here}; the changelog has none")
    there = f"{here}; the changelog has version {told.highest}"
    if told.highest > stands.version:
        return Broken(Law.REDIS_BEHIND, there)
    if told.highest < stands.version:
        return Broken(Law.UNPUBLISHED, there)
    return _last_record(stands, told, here)


def _last_record(stands: Stamp, told: Told, here: str) -> Broken | None:
    """The version was published: whether it is the last record, and says what stands."""
    if told.is_tombstone:
        return Broken(Law.CHANGELOG_STALE, f"{here}; the last record is a tombstone")
    if told.version < stands.version:
        return Broken(Law.CHANGELOG_STALE, f"{here}; the last record has version {told.version}")
    if told.digest != stands.digest:
        return Broken(Law.CHANGELOG_DIFFERS, f"{here} in both, and they differ")
    return None


def check_profiles(expected: Mapping[str, Stamp], profiles: Newest) -> Iterator[Broken]:
    """What is wrong with the last records of customer IDs."""
    for customer_id, stamp in expected.items():
        broken = _profile(stamp, profiles.of(customer_id.encode()))
        if broken:
            law, detail = broken
            yield Broken(law, f"{customer_id}: {detail}")


def check_erased(erased: Iterable[Erased], profiles: Newest) -> Iterator[Broken]:
    """Erased IDs whose last record is no tombstone. In time a tombstone goes, too."""
    for one in erased:
        told = profiles.of(one.id.encode())
        if told is not None and not told.is_tombstone:
            detail = f"{one.id} was erased, and its last record has version {told.version}"
            yield Broken(Law.PROFILE_NOT_ERASED, detail)


def _profile(stands: Stamp, told: Told | None) -> Broken | None:
    version, digest = stands
    if told is None:
        return Broken(Law.PROFILE_MISSING, f"version {version} was never published")
    if told.is_tombstone:
        return Broken(Law.PROFILE_ERASED, "its last record is a tombstone")
    if told.version < max(version, told.highest):
        detail = f"its last record has version {told.version}, not {max(version, told.highest)}"
        return Broken(Law.PROFILE_STALE, detail)
    if told.version > version:
        detail = f"its last record has version {told.version}, the customer {version}"
        return Broken(Law.PROFILE_DIFFERS, detail)
    if told.digest != digest:
        return Broken(Law.PROFILE_DIFFERS, f"version {version} is not what the group says")
    return None
