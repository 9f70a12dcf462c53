"""The hot loop: from loaded groups to what is written and what is published of them.

One part of the batch at a time is decoded, resolved, encoded and folded into its records, and
let go before the next: what a large batch needs is not all in memory at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from icustomer.contracts.topics import Topic
from icustomer.core.change import Change, Snapshot, Verdict
from icustomer.core.guests import EVERYBODY_STAYS, Guests
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.observation import Item, SuppressCommand
from icustomer.core.resolve import expired, resolve
from icustomer.core.rules import Rules
from icustomer.core.suppressing import briefed, stripped
from icustomer.isolation import OversizeError
from icustomer.store.codec import encode, group_of
from icustomer.store.port import Loaded, Write
from icustomer.stream.port import Headers, OutputRecord
from icustomer.stream.records import RecordMaker, Stories, Story
from icustomer.stream.topics import MAX_RECORD_BYTES
from icustomer.stream.trace import passed_on

LARGE_BYTES = 2_048
"""A blob from which on a group is remembered: twice that of an ordinary customer."""
RECENT_BYTES = 4_000_000
"""Blobs of all that is remembered. Decoded they take some fifteen times as much."""
HEADERS_BYTES = 2_048
"""Room for key and headers of a record: CloudEvents, version and trace context."""
LARGEST_GROUP = MAX_RECORD_BYTES[Topic.IDENTITY_STATE] - HEADERS_BYTES
LARGEST_PROFILE = MAX_RECORD_BYTES[Topic.PROFILES] - HEADERS_BYTES
"""Bytes. What is larger could never be published, so it is not committed either."""


class Rendered(Struct, gc=False):
    """All that is to be published of one group at one version, if nobody moves it meanwhile."""

    group_id: bytes
    version: int
    changelog: OutputRecord
    profiles: dict[str, OutputRecord]
    """By customer ID: those that the change touched."""
    changes: list[OutputRecord]
    """Identity changes of this version."""


class Prepared(Struct, gc=False):
    """A change worked out: what to commit, and what to publish once it is committed."""

    items: list[int]
    """Indices, into the items given, of those that it applies."""
    verdicts: list[Verdict]
    blobs: dict[bytes, bytes]
    """Group ID to the encoded group that is to be written."""
    deleted: list[bytes]
    rendered: list[Rendered]
    told: dict[tuple[str, int], Story]
    write: Write | None
    """None: nothing to be written, nor to be published again."""

    @property
    def guests_expired(self) -> int:
        """IDs that lead nowhere any more. Whoever is forgotten leaves a grave that theirs lead to,
        so these are guests' whose time was over."""
        return sum(home is None for home in self.write.aliases.values()) if self.write else 0


class Prepare:
    """Works out the changes of a batch."""

    def __init__(self, rules: Rules, keyring: Keyring, maker: RecordMaker) -> None:
        self._rules = rules
        self._keyring = keyring
        self._maker = maker
        self._recent = Recent()

    def changes(
        self,
        epoch: int,
        loaded: Loaded,
        items: Sequence[Item],
        headers: Sequence[Headers],
        guests: Guests = EVERYBODY_STAYS,
    ) -> list[Prepared]:
        """What the items do to what was loaded; every group that is named must be there.

        `headers`: of the record of each item, for their trace context. Raises `OversizeError`
        if a group or a profile would become too large to be published, `DamagedGroupError` or
        `NewerStateError` for a group that cannot be read; else whatever the items make the
        code raise.
        """
        groups = _Encoded(loaded.groups, self._recent)
        snapshot = Snapshot(epoch, loaded.links, groups, loaded.aliases, guests, loaded.indexes)
        return [
            self._prepared(change, headers[change.items[-1]])
            for change in resolve(snapshot, items, self._rules, self._keyring)
        ]

    def expired(self, epoch: int, blobs: Mapping[bytes, bytes], guests: Guests) -> list[Prepared]:
        """What becomes of groups by the record clock alone; those of which nothing does are left
        out."""
        changes = (
            expired(epoch, group_of(group_id, blob), guests, self._rules, self._keyring)
            for group_id, blob in blobs.items()
        )
        return [self._prepared(change, ()) for change in changes if change]

    def stripped(self, item: Item, links: Mapping[bytes, bytes | None]) -> Item | None:
        """The item without suppressed identifiers, as `links` tell them (see `suppressing`)."""
        return stripped(item, links, self._rules, self._keyring)

    def briefed(
        self,
        command: SuppressCommand,
        members: Sequence[bytes] | None,
        blobs: Mapping[bytes, bytes | None],
    ) -> SuppressCommand:
        """The command with all that must be loaded to carry it out (see `suppressing`).
        `blobs`: what stands of those who carry its identifier."""
        groups = [group_of(each, blob) for each, blob in blobs.items() if blob]
        return briefed(command, members, groups, self._keyring)

    def _prepared(self, change: Change, headers: Headers) -> Prepared:
        trace = passed_on(headers) if headers else ()
        told = {
            (customer_id, change.version): Story(note, trace)
            for customer_id, note in change.notes.items()
        }
        blobs = {group.id: encode(group) for group in change.groups}
        for group in change.groups:
            blob = blobs[group.id]
            if len(blob) > LARGEST_GROUP:
                raise _oversize("the group of these events", len(blob), LARGEST_GROUP)
            self._recent.keep(group, blob)
        stories = Stories(told)
        return Prepared(
            items=change.items,
            verdicts=change.verdicts,
            blobs=blobs,
            deleted=change.deleted,
            rendered=[
                self._rendered(group, blobs[group.id], change.touched, stories)
                for group in change.groups
            ],
            told=told,
            write=_as_write(change, blobs),
        )

    def _rendered(
        self, group: Group, blob: bytes, touched: Sequence[str], stories: Stories
    ) -> Rendered:
        profiles = self._maker.profiles(group, touched, stories)
        for record in profiles.values():
            if record.value is not None and len(record.value) > LARGEST_PROFILE:
                raise _oversize("the customer's profile", len(record.value), LARGEST_PROFILE)
        return Rendered(
            group.id,
            group.version,
            self._maker.changelog(group.id, blob, group.version),
            profiles,
            self._maker.identity_changes(group, group.version),
        )


class Recent:
    """Large groups as this worker last encoded them: those of busy customers come again and
    again, and need not be decoded each time. A group is known by its whole blob, so what
    others wrote, or what was not committed, is never taken for it."""

    def __init__(self) -> None:
        self._groups: dict[bytes, tuple[bytes, Group]] = {}
        """By group ID, the longest untouched first."""
        self._bytes = 0

    def keep(self, group: Group, blob: bytes) -> None:
        """Remember a group, and forget others if they become too many."""
        self._drop(group.id)
        if len(blob) < LARGE_BYTES:
            return
        self._groups[group.id] = blob, group
        self._bytes += len(blob)
        while self._bytes > RECENT_BYTES:
            self._drop(next(iter(self._groups)))

    def find(self, group_id: bytes, blob: bytes) -> Group | None:
        """The group of a blob, if it is remembered."""
        known = self._groups.get(group_id)
        return known[1] if known and known[0] == blob else None

    def _drop(self, group_id: bytes) -> None:
        known = self._groups.pop(group_id, None)
        if known:
            self._bytes -= len(known[0])


class _Encoded:
    """Encoded groups, each decoded when it is asked for."""

    def __init__(self, blobs: Mapping[bytes, bytes | None], recent: Recent) -> None:
        self._blobs = blobs
        self._recent = recent

    def __getitem__(self, group_id: bytes, /) -> Group:
        blob = self._blobs[group_id]
        if blob is None:
            raise KeyError(group_id)
        return self._recent.find(group_id, blob) or group_of(group_id, blob)


def _oversize(what: str, size: int, limit: int) -> OversizeError:
    return OversizeError(f"{what} would take {size:,} bytes, its topic takes {limit:,}")


def _as_write(change: Change, blobs: dict[bytes, bytes]) -> Write | None:
    entry_groups = [*blobs, *change.deleted, *change.republish]
    if not entry_groups:
        return None
    return Write(
        read_groups=change.read_groups,
        read_links=change.read_links,
        read_indexes=change.read_indexes,
        groups=blobs,
        deleted=change.deleted,
        links=change.links,
        index_added=change.index_added,
        index_removed=change.index_removed,
        aliases=change.aliases,
        version=change.version,
        entry_groups=entry_groups,
        entry_ids=sorted({*change.touched, *change.aliases}),
        unmarked=change.unmarked,
        waiting=change.waiting,
    )
