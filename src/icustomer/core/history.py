"""What a change means: decisions, verdicts and notes, each with the evidence that decided.

Kept beside the clusters as they change, and read by nothing that decides who is one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from typing import Protocol

from msgspec import Struct

from icustomer.core.carrying import digests
from icustomer.core.change import Note, Outcome, Verdict
from icustomer.core.cluster import usable_identifiers
from icustomer.core.model import Customer, Decision
from icustomer.core.naming import Named
from icustomer.core.refusing import Clustering, Refusals

EVENT_IDS_KEPT = 100
"""Event IDs that a note names: the newest ones."""

_RANK = {Outcome.MERGED: 0, Outcome.SPLIT: 1, Outcome.CREATED: 2, Outcome.MATCHED: 3}
"""An event that did several things is counted once, by the first of these."""
_NOTE_KINDS = ("created", "merged", "split", "claimed", "matched")
"""Strongest first: one change may be several of them."""

Marked = Mapping[bytes, tuple[str, str]]
"""Digest to (kind, rule) of each identifier that was newly marked as shared."""


class Cause(Struct, frozen=True):
    """What led to a new clustering: the events of a segment, or one command."""

    at: int
    """Greatest Kafka timestamp among its records."""
    event_id: str
    """The last of its events."""
    rule: str
    """`evidence`, `must_link`, `cannot_link`, `forget`, `suppress`, `unshare` or
    `guest_retention`."""
    applied: tuple[tuple[int, str, bytes], ...] = ()
    """(item, event ID, facet key) of each observation that brought something new."""
    kind: str = ""
    digest: bytes = b""
    """Kind and digest of the identifier that a command is about."""

    @property
    def reason(self) -> Reason:
        """Where no event decided by an identifier."""
        return Reason(None, self.event_id, self.kind, self.digest, self.rule)


class Reason(Struct, frozen=True):
    """The item, event and identifier that decided, and the rule by which."""

    item: int | None
    event_id: str
    kind: str
    digest: bytes
    rule: str


class Parties(Struct, frozen=True):
    """Whom a decision is about; the fields are those of `Decision`."""

    customer_id: str = ""
    others: tuple[str, ...] = ()
    sides: tuple[tuple[bytes, ...], ...] = ()


_NOBODY = Parties()


class Standing(Struct, frozen=True):
    """An identifier that several customers claim, oldest customer first."""

    kind: str
    customer_ids: tuple[str, ...]
    onlookers: tuple[str, ...]
    """Unresolved IDs that claim it too: it is contested for them, they contest it for nobody."""


class Evidence(Clustering, Protocol):
    """What of a part the history looks at."""

    named: Named


class History:
    """Decisions and notes of one part, written down as they are made."""

    def __init__(self, evidence: Evidence, version: int) -> None:
        self._evidence = evidence
        self._version = version
        self._credits: dict[int, Outcome] = {}
        self.decisions: list[Decision] = []
        self.notes: dict[str, Note] = {}

    # -- what stands where -------------------------------------------------------------

    def standing(self) -> dict[bytes, Standing]:
        """Usable identifiers that several customers claim."""
        if len(self._customers) < 2:  # noqa: PLR2004 - nobody to contest with
            return {}
        claims: dict[tuple[bytes, str], tuple[list[str], list[str]]] = {}
        for customer in sorted(self._customers, key=lambda each: (each.founded_at, each.id)):
            for claim in self._claims(customer):
                resolved, onlookers = claims.setdefault(claim, ([], []))
                (onlookers if customer.status == "unresolved" else resolved).append(customer.id)
        return {
            digest: Standing(kind, tuple(resolved), tuple(onlookers))
            for (digest, kind), (resolved, onlookers) in claims.items()
            if resolved and len(resolved) + len(onlookers) > 1
        }

    @property
    def _customers(self) -> list[Customer]:
        return self._evidence.named.customers

    def _usable(self, key: bytes) -> list[tuple[str, bytes]]:
        """(kind, digest) of what may join a facet, strongest kind first."""
        strength = list(self._evidence.rules.kinds)
        found = usable_identifiers(
            self._evidence.facets[key],
            self._evidence.shared,
            self._evidence.rules,
            self._evidence.keyring,
        )
        usable = [(kind, identifier.digest) for kind, identifier in found]
        return sorted(usable, key=lambda each: strength.index(each[0]))

    def _claims(self, customer: Customer) -> set[tuple[bytes, str]]:
        return {(digest, kind) for key in customer.facets for kind, digest in self._usable(key)}

    def _carried(self, keys: Collection[bytes]) -> set[bytes]:
        evidence = self._evidence
        return {
            digest
            for key in keys
            for digest in digests(evidence.facets[key], evidence.rules, evidence.keyring)
        }

    # -- decisions -----------------------------------------------------------------------

    def record_marks(self, marked: Marked, cause: Cause) -> set[str]:
        """Write down new marks; the IDs of customers that carry one."""
        for digest, (kind, rule) in sorted(marked.items()):
            _, event_id = self._teller(cause, digest)
            reason = Reason(None, event_id, kind, digest, rule)
            self._decide("identifier_shared", cause, reason)
        if not marked:
            return set()
        return self._carrying(marked.keys())

    def record_unshared(self, cause: Cause) -> set[str]:
        """Write down that the cause's identifier is free; the IDs of customers that carry it."""
        self._decide("identifier_unshared", cause, cause.reason)
        return self._carrying({cause.digest})

    def _carrying(self, wanted: AbstractSet[bytes]) -> set[str]:
        return {each.id for each in self._customers if self._carried(each.facets) & wanted}

    def record_names(self, before: Named, marked: Marked, cause: Cause) -> None:
        """Write down who was created, merged, split and claimed."""
        named = self._evidence.named
        former = {each.id: each.facets for each in before.customers}
        current = {each.id: each.facets for each in named.customers}
        for new_id in named.minted:
            reason = self._reason(cause, current[new_id], ())
            self._credit(reason.item, Outcome.CREATED)
            self._decide("created", cause, reason, Parties(new_id))
        for survivor, retired in named.merges:
            sides = (former[retired], former.get(survivor, ()))
            reason = self._reason(cause, current[survivor], sides[0])
            self._credit(reason.item, Outcome.MERGED)
            self._decide("merged", cause, reason, Parties(survivor, (retired,), sides))
        for parted, parts in named.splits:
            reason = self._parting(cause, former[parted], marked)
            self._credit(reason.item, Outcome.SPLIT)
            self._decide("split", cause, reason, Parties(parted, parts))
        for claimed in named.claimed:
            reason = self._reason(cause, current[claimed], ())
            self._decide("claimed", cause, reason, Parties(claimed))

    def record_erased(self, customer_ids: Collection[str], cause: Cause) -> None:
        """Write down who was erased, and nothing else that names them."""
        self.decisions = [
            each
            for each in self.decisions
            if each.customer_id not in customer_ids and not _names_one(each, customer_ids)
        ]
        for customer_id in sorted(customer_ids):
            reason = Reason(None, cause.event_id, "", b"", cause.rule)
            self._decide("erased", cause, reason, Parties(customer_id))

    def record_refusals(self, before: Mapping[bytes, Standing], cause: Cause) -> set[str]:
        """Write down which customers an identifier newly failed to join; the IDs of those
        for whom an identifier became or ceased to be contested.

        All refusals of an identifier tell of the oldest who claims it, so they are told anew
        once that is another one: what told of the former one goes with it when it is erased.
        """
        after = self.standing()
        refusals = Refusals(self._evidence)
        anchors = {each.id: each.anchor for each in self._customers}
        for digest, standing in sorted(after.items()):
            known = before[digest].customer_ids if digest in before else ()
            oldest, *others = standing.customer_ids
            told = known if known[:1] == (oldest,) else ()
            for other in others:
                if other not in told:
                    rule = refusals.rule(digest, anchors[oldest], anchors[other])
                    _, event_id = self._teller(cause, digest)
                    reason = Reason(None, event_id, standing.kind, digest, rule)
                    self._decide("merge_refused", cause, reason, Parties(oldest, (other,)))
        return {customer_id for customer_id, _ in _contested(before) ^ _contested(after)}

    def _reason(
        self, cause: Cause, members: Collection[bytes], beside: Collection[bytes]
    ) -> Reason:
        """The first of the cause's events in a cluster that shares an identifier with the
        facets beside, and the strongest that it shares."""
        wanted = self._carried(beside)
        applied = [each for each in cause.applied if each[2] in members]
        for item, event_id, key in applied:
            for kind, digest in self._usable(key):
                if not beside or digest in wanted:
                    return Reason(item, event_id, kind, digest, cause.rule)
        if applied:
            return Reason(applied[0][0], applied[0][1], "", b"", cause.rule)
        return cause.reason

    def _teller(self, cause: Cause, digest: bytes) -> tuple[int | None, str]:
        """The last of the cause's events that tells of an identifier, as item and event ID; if
        none does, its last one."""
        for item, event_id, key in reversed(cause.applied):
            if digest in self._carried([key]):
                return item, event_id
        return (cause.applied[-1][0] if cause.applied else None), cause.event_id

    def _parting(self, cause: Cause, keys: Collection[bytes], marked: Marked) -> Reason:
        """What parted a customer: an identifier that turned out to be shared, or the cause."""
        for digest in sorted(self._carried(keys) & marked.keys()):
            kind, rule = marked[digest]
            item, event_id = self._teller(cause, digest)
            return Reason(item, event_id, kind, digest, rule)
        item = cause.applied[-1][0] if cause.applied else None
        return Reason(item, cause.event_id, cause.kind, cause.digest, cause.rule)

    def _decide(
        self,
        what: str,
        cause: Cause,
        reason: Reason,
        parties: Parties = _NOBODY,
    ) -> None:
        self.decisions.append(
            Decision(
                type=what,
                version=self._version,
                at=cause.at,
                customer_id=parties.customer_id,
                others=parties.others,
                kind=reason.kind,
                digest=reason.digest,
                event_id=reason.event_id,
                rule=reason.rule,
                sides=parties.sides,
            )
        )

    # -- verdicts and notes ------------------------------------------------------------

    def _credit(self, item: int | None, outcome: Outcome) -> None:
        if item is not None:
            known = self._credits.get(item, Outcome.MATCHED)
            self._credits[item] = min(known, outcome, key=_RANK.__getitem__)

    def verdicts(self, cause: Cause) -> dict[int, Verdict]:
        """The verdict of each item that brought something new."""
        status = {key: each.status for each in self._customers for key in each.facets}
        return {
            item: Verdict(
                Outcome.UNRESOLVED
                if status.get(key, "unresolved") == "unresolved"
                else self._credits.get(item, Outcome.MATCHED)
            )
            for item, _, key in cause.applied
        }

    def annotate(
        self, cause: Cause, touched: Collection[str], fields: Mapping[bytes, set[str]]
    ) -> None:
        """Note for each touched customer what led to its new version."""
        for each in self._customers:
            if each.id not in touched:
                continue
            note = self.notes.setdefault(each.id, Note("matched"))
            note.kind = min(note.kind, self._note_kind(each.id), key=_NOTE_KINDS.index)
            events = [event_id for _, event_id, key in cause.applied if key in each.facets]
            note.events += len(events)
            note.event_ids = (note.event_ids + events)[-EVENT_IDS_KEPT:]
            changed = {name for key in each.facets for name in fields.get(key, ())}
            note.fields = sorted(changed.union(note.fields))

    def _note_kind(self, customer_id: str) -> str:
        named = self._evidence.named
        if customer_id in named.minted:
            return "created"
        if any(survivor == customer_id for survivor, _ in named.merges):
            return "merged"
        if any(customer_id in (parted, *parts) for parted, parts in named.splits):
            return "split"
        return "claimed" if customer_id in named.claimed else "matched"


def _names_one(decision: Decision, customer_ids: Collection[str]) -> bool:
    return any(each in customer_ids for each in decision.others)


def _contested(standing: Mapping[bytes, Standing]) -> set[tuple[str, bytes]]:
    """(customer ID, digest) for whom an identifier is contested."""
    return {
        (customer_id, digest)
        for digest, each in standing.items()
        for customer_id in (
            *(each.customer_ids if len(each.customer_ids) > 1 else ()),
            *each.onlookers,
        )
    }
