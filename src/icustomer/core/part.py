"""One connected part of a batch at work: evidence in, clusters and their names out.

A part holds all facets that the groups read and the new observations connect. `absorb` adds
evidence, `recluster` applies the clustering function again and records the differences.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct

from icustomer.core import facets as evidence
from icustomer.core.change import Note, Outcome, Verdict
from icustomer.core.cluster import Clustered, cluster, usable_identifiers
from icustomer.core.grouping import components
from icustomer.core.keys import Keyring
from icustomer.core.model import Customer, Decision, Facet, Group, Override
from icustomer.core.naming import Named, name_clusters
from icustomer.core.observation import Observation
from icustomer.core.rules import Rules
from icustomer.core.sharing import Marks

EVENT_IDS_KEPT = 100
"""Event IDs that a note names: the newest ones."""


_RANK = {Outcome.MERGED: 0, Outcome.SPLIT: 1, Outcome.CREATED: 2}
_NOTE_KINDS = ("created", "merged", "split", "claimed", "matched")
"""Strongest first: one change may be several of them."""


class Cause(Struct, frozen=True):
    """What led to a new clustering: the events of a segment, or one command."""

    at: int
    """Greatest Kafka timestamp among its records."""
    event_id: str
    """The last of its events."""
    rule: str
    """`evidence`, `must_link` or `cannot_link`."""
    applied: tuple[tuple[int, str, bytes], ...] = ()
    """(item, event ID, facet key) of each observation that brought something new."""


class Standing(Struct, frozen=True):
    """An identifier that several customers claim, oldest customer first."""

    kind: str
    customer_ids: tuple[str, ...]


class Part:
    """The working state. Facets and customers are values; the part replaces them."""

    def __init__(
        self,
        groups: Sequence[Group],
        shared: Iterable[bytes],
        version: int,
        rules: Rules,
        keyring: Keyring,
    ) -> None:
        self.former = groups
        self.version = version
        self.rules = rules
        self.keyring = keyring
        self.facets: dict[bytes, Facet] = {}
        self.overrides: list[Override] = []
        self.named = Named([], [])
        self.decisions: list[Decision] = []
        marks: set[bytes] = set(shared)
        unshared: set[bytes] = set()
        for group in groups:
            self.facets.update((facet.key, facet) for facet in group.facets)
            self.named.customers += group.customers
            self.named.retired += group.retired
            self.decisions += group.decisions
            self._add_overrides(group.overrides)
            marks.update(group.shared)
            unshared.update(group.unshared)
        self.marks = Marks(marks, unshared, rules, keyring)
        self.verdicts: dict[int, Verdict] = {}
        self.touched: set[str] = set()
        self.notes: dict[str, Note] = {}
        self.at = 0
        self._credits: dict[int, Outcome] = {}
        self.changed = False
        self.replayed = False
        """A record was found that had been applied before."""

    def _add_overrides(self, overrides: Iterable[Override]) -> None:
        known = {each.stamp for each in self.overrides}
        self.overrides += [each for each in overrides if each.stamp not in known]

    # -- evidence ----------------------------------------------------------------------

    def absorb(self, observations: Sequence[tuple[int, Observation]]) -> None:
        """Apply observations (item number, observation) and cluster again if need be."""
        applied: list[tuple[int, str, bytes]] = []
        fields: dict[bytes, set[str]] = {}
        structural = False
        at = 0
        for item, observation in observations:
            key = observation.facet_key
            before = self.facets.get(key)
            after = self._apply(item, observation, before)
            if after is None:
                continue
            self.facets[key] = after.facet
            structural |= before is None or _differs(before, after.facet)
            applied.append((item, observation.event_id, key))
            fields.setdefault(key, set()).update(after.fields)
            at = max(at, observation.origin.recorded_at)
        if not applied:
            return
        self.changed = True
        cause = Cause(at, applied[-1][1], "evidence", tuple(applied))
        if structural:
            self.recluster(cause)
        self._touch_changed(fields.keys(), at)
        self._judge(cause)
        self.annotate(cause, fields)

    def _apply(
        self, item: int, observation: Observation, before: Facet | None
    ) -> evidence.Applied | None:
        if evidence.already_applied(before, observation):
            self.replayed = True
            self.verdicts[item] = Verdict(Outcome.DUPLICATE, "applied")
            return None
        after = evidence.apply(before, observation, observation.facet_key)
        if after.facet is before:
            reason = "too_old" if after.too_old else "nothing_new"
            self.verdicts[item] = Verdict(Outcome.DUPLICATE, reason)
            return None
        return after

    # -- clusters ----------------------------------------------------------------------

    def recluster(self, cause: Cause) -> None:
        """Apply the clustering function to the evidence as it stands; record what differs."""
        self.changed = True
        contested = self.standing()
        marked = self._mark()
        clusters = self._clusters()
        before, self.named = (
            self.named,
            name_clusters(
                self.named.customers,
                self.named.retired,
                clusters,
                self.facets,
                cause.at,
                self.version,
                self.keyring,
            ),
        )
        self.at = max(self.at, cause.at)
        self.touched |= self.named.touched
        self._record_marks(marked, cause)
        self._record_names(before, cause)
        self._record_refusals(contested, cause)

    def _mark(self) -> dict[bytes, tuple[str, str]]:
        marked = self.marks.update(self.facets.values())
        while oversized := self._oversized():
            digest = self.marks.most_contested(oversized)
            if digest is None:
                break
            self.marks.shared.add(digest)
            marked[digest] = (self.marks.kind(digest), "max_group")
            marked |= self.marks.update(self.facets.values())
        return marked

    def _oversized(self) -> list[Facet] | None:
        if len(self.facets) <= self.rules.max_group:
            return None
        given_up: list[Facet] | None = None
        for keys in self.components():
            members = [self.facets[key] for key in keys]
            if len(keys) > self.rules.max_group and self.marks.most_contested(members):
                given_up = members
        return given_up

    def components(self) -> list[list[bytes]]:
        """Keys of the facets of each group to be."""
        return components(self.facets, self.marks.shared, self.overrides, self.rules, self.keyring)

    def _clusters(self) -> list[Clustered]:
        return [
            each
            for keys in self.components()
            for each in cluster(
                [self.facets[key] for key in sorted(keys)],
                self.marks.shared,
                overrides_of(self.overrides, keys),
                self.rules,
                self.keyring,
            )
        ]

    # -- what it means -----------------------------------------------------------------

    def standing(self) -> dict[bytes, Standing]:
        """Usable identifiers that several customers claim."""
        customers = [each for each in self.named.customers if each.status != "unresolved"]
        if len(customers) < 2:  # noqa: PLR2004 - nobody to contest with
            return {}
        claims: dict[tuple[bytes, str], list[str]] = {}
        for customer in sorted(customers, key=lambda each: (each.founded_at, each.id)):
            for claim in self._claims(customer):
                claims.setdefault(claim, []).append(customer.id)
        return {
            digest: Standing(kind, tuple(ids))
            for (digest, kind), ids in claims.items()
            if len(ids) > 1
        }

    def _claims(self, customer: Customer) -> set[tuple[bytes, str]]:
        return {
            (identifier.digest, kind)
            for key in customer.facets
            for kind, identifier in usable_identifiers(
                self.facets[key], self.marks.shared, self.rules, self.keyring
            )
        }

    def _record_marks(self, marked: dict[bytes, tuple[str, str]], cause: Cause) -> None:
        for digest, (kind, rule) in sorted(marked.items()):
            reason = Reason(None, cause.event_id, kind, digest)
            self._decide("identifier_shared", cause, reason, "", rule=rule)
            self.touched |= {
                each.id for each in self.named.customers if digest in self._carried(each)
            }

    def _carried(self, customer: Customer) -> set[bytes]:
        return {
            self.keyring.identifier(identifier.kind, identifier.value)
            for key in customer.facets
            for identifier in self.facets[key].identifiers
        }

    def _record_names(self, before: Named, cause: Cause) -> None:
        former = {each.id: each.facets for each in before.customers}
        current = {each.id: each.facets for each in self.named.customers}
        for new_id in self.named.minted:
            reason = self._reason(cause, current[new_id], ())
            self._credit(reason.item, Outcome.CREATED)
            self._decide("created", cause, reason, new_id)
        for survivor, retired in self.named.merges:
            sides = (former[retired], former.get(survivor, ()))
            reason = self._reason(cause, current[survivor], sides[0])
            self._credit(reason.item, Outcome.MERGED)
            self._decide("merged", cause, reason, survivor, (retired,), sides=sides)
        for parted, parts in self.named.splits:
            reason = Reason(cause.applied[-1][0] if cause.applied else None, cause.event_id)
            self._credit(reason.item, Outcome.SPLIT)
            self._decide("split", cause, reason, parted, parts)
        for claimed in self.named.claimed:
            reason = self._reason(cause, current[claimed], ())
            self._decide("claimed", cause, reason, claimed)

    def _record_refusals(self, before: dict[bytes, Standing], cause: Cause) -> None:
        """Customers that an identifier newly failed to join, and whose `use` of one changed."""
        after = self.standing()
        for digest, standing in sorted(after.items()):
            known = before[digest].customer_ids if digest in before else ()
            oldest, *others = standing.customer_ids
            for other in others:
                if other not in known or oldest not in known:
                    reason = Reason(None, cause.event_id, standing.kind, digest)
                    self._decide("merge_refused", cause, reason, oldest, (other,), rule="veto")
        self.touched |= {customer_id for customer_id, _ in _claims(before) ^ _claims(after)}

    def _reason(
        self, cause: Cause, members: Collection[bytes], beside: Collection[bytes]
    ) -> Reason:
        """The event that decided, and through which identifier: the first of the cause's
        events in the cluster that shares one with the facets beside, strongest kind first."""
        wanted = {
            self.keyring.identifier(identifier.kind, identifier.value)
            for key in beside
            for identifier in self.facets[key].identifiers
        }
        strength = list(self.rules.kinds)
        applied = [each for each in cause.applied if each[2] in members]
        for item, event_id, key in applied:
            usable = [
                (kind, identifier.digest)
                for kind, identifier in usable_identifiers(
                    self.facets[key], self.marks.shared, self.rules, self.keyring
                )
                if not beside or identifier.digest in wanted
            ]
            if usable:
                kind, digest = min(usable, key=lambda each: strength.index(each[0]))
                return Reason(item, event_id, kind, digest)
        if applied:
            return Reason(applied[0][0], applied[0][1])
        return Reason(None, cause.event_id)

    def _credit(self, item: int | None, outcome: Outcome) -> None:
        if item is not None and _RANK[outcome] < _RANK.get(
            self._credits.get(item, Outcome.MATCHED), len(_RANK)
        ):
            self._credits[item] = outcome

    def _decide(
        self,
        what: str,
        cause: Cause,
        reason: Reason,
        customer_id: str,
        others: tuple[str, ...] = (),
        *,
        rule: str = "",
        sides: tuple[tuple[bytes, ...], ...] = (),
    ) -> None:
        self.decisions.append(
            Decision(
                what,
                self.version,
                cause.at,
                customer_id,
                others,
                reason.kind,
                reason.digest,
                reason.event_id,
                rule or cause.rule,
                sides,
            )
        )

    # -- verdicts and notes ------------------------------------------------------------

    def _touch_changed(self, changed: AbstractSet[bytes], at: int) -> None:
        self.at = max(self.at, at)
        self.touched |= {
            each.id for each in self.named.customers if not changed.isdisjoint(each.facets)
        }

    def _judge(self, cause: Cause) -> None:
        standing = {key: each.status for each in self.named.customers for key in each.facets}
        for item, _, key in cause.applied:
            if standing.get(key, "unresolved") == "unresolved":
                self.verdicts[item] = Verdict(Outcome.UNRESOLVED)
            else:
                self.verdicts[item] = Verdict(self._credits.get(item, Outcome.MATCHED))

    def annotate(self, cause: Cause, fields: Mapping[bytes, set[str]]) -> None:
        """Note for each touched customer what led to its new version."""
        for each in self.named.customers:
            if each.id not in self.touched:
                continue
            note = self.notes.setdefault(each.id, Note("matched"))
            note.kind = min(note.kind, self._note_kind(each.id), key=_NOTE_KINDS.index)
            events = [event_id for _, event_id, key in cause.applied if key in each.facets]
            note.events += len(events)
            note.event_ids = (note.event_ids + events)[-EVENT_IDS_KEPT:]
            touched = {name for key in each.facets for name in fields.get(key, ())}
            note.fields = sorted(touched.union(note.fields))

    def _note_kind(self, customer_id: str) -> str:
        if customer_id in self.named.minted:
            return "created"
        if any(survivor == customer_id for survivor, _ in self.named.merges):
            return "merged"
        if any(customer_id in (parted, *parts) for parted, parts in self.named.splits):
            return "split"
        return "claimed" if customer_id in self.named.claimed else "matched"


class Reason(Struct, frozen=True):
    """The item, event and identifier that decided."""

    item: int | None
    event_id: str
    kind: str = ""
    digest: bytes = b""


def _claims(standing: Mapping[bytes, Standing]) -> set[tuple[str, bytes]]:
    return {
        (customer_id, digest)
        for digest, each in standing.items()
        for customer_id in each.customer_ids
    }


def _differs(before: Facet, after: Facet) -> bool:
    """Whether clustering or status might come out otherwise: verified marks, age, known."""
    return (
        before.first_seen != after.first_seen
        or before.known != after.known
        or [each.verified for each in before.identifiers]
        != [each.verified for each in after.identifiers]
    )


def overrides_of(overrides: Iterable[Override], keys: Collection[bytes]) -> list[Override]:
    """The overrides that name one of the facets."""
    wanted = frozenset(keys)
    return [
        each
        for each in overrides
        if not wanted.isdisjoint(each.rest)
        or any(not wanted.isdisjoint(side) for side in each.sides)
    ]
