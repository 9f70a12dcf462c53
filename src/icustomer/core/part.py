"""One connected part of a batch at work: evidence in, clusters and their names out.

A part holds all facets that the groups read and the new observations connect. `absorb` adds
evidence, `recluster` applies the clustering function again and records the differences.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec.structs import replace

from icustomer.core import facets as evidence
from icustomer.core.burying import buried, claim_of
from icustomer.core.change import Outcome, Verdict
from icustomer.core.cluster import Clustered, cluster
from icustomer.core.fitting import Fitting
from icustomer.core.grouping import components
from icustomer.core.guests import brings_nothing_back, is_husk
from icustomer.core.history import Cause, History, Marked, Standing
from icustomer.core.keys import Keyring
from icustomer.core.model import Erased, Facet, Grave, Group, Override, Suppressed
from icustomer.core.naming import Moment, Named, name_clusters
from icustomer.core.observation import Observation
from icustomer.core.overriding import overrides_of, together
from icustomer.core.rules import Rules
from icustomer.core.sharing import Marks
from icustomer.core.uniting import united

EXPIRED = Verdict(Outcome.SUPPRESSED, "guest_expired")
"""What was told again of a guest whose time was over."""
ERASED = Verdict(Outcome.SUPPRESSED, "erased")
"""What was told of somebody who was forgotten, before it happened."""


class Part:
    """The working state. Facets and customers are values; the part replaces them."""

    def __init__(
        self,
        groups: Sequence[Group],
        shared: Collection[bytes],
        version: int,
        rules: Rules,
        keyring: Keyring,
    ) -> None:
        self.former = groups
        self.version = version
        self.rules = rules
        self.keyring = keyring
        self.facets: dict[bytes, Facet] = {}
        self.husks: dict[bytes, Facet] = {}
        """What is left of facets whose time was over: evidence of nobody."""
        self.overrides: list[Override] = []
        self.named = Named([], [])
        self.history = History(self, version)
        marks: set[bytes] = set(shared)
        unshared: set[bytes] = set()
        self.graves: dict[bytes, Grave] = {}
        self.erased: list[Erased] = []
        self.suppressed: dict[bytes, Suppressed] = {}
        for group in groups:
            for facet in group.facets:
                (self.husks if is_husk(facet) else self.facets)[facet.key] = facet
            self.named.customers += group.customers
            self.named.retired += group.retired
            self.history.decisions += group.decisions
            self._add_overrides(group.overrides)
            marks.update(group.shared)
            unshared.update(group.unshared)
            self.graves.update((grave.key, grave) for grave in group.graves)
            self.erased += group.erased
            self.suppressed.update((each.digest, each) for each in group.suppressed)
        self.marks = Marks(marks, unshared, rules, keyring)
        self.scattered: Collection[bytes] = frozenset(shared)
        """Shared identifiers, carriers of which may stand in groups that were not read."""
        self.kept_out: Collection[bytes] = frozenset()
        """Suppressed identifiers, as their links tell."""
        self.verdicts: dict[int, Verdict] = {}
        self.touched: set[str] = set()
        """Customers whose record must be published."""
        self.at = 0
        """Greatest Kafka timestamp among the records that changed something."""
        self._components: tuple[object, list[list[bytes]]] | None = None
        """As worked out last, with what they depend on. Facets that others replace count anew."""
        self.reclustered = False
        """Clusters, and with them groups and links, may differ from what was read."""
        self.changed = False
        self.replayed = False
        """A record was found that had been applied before."""

    @property
    def shared(self) -> Collection[bytes]:
        """Digests that carry the mark."""
        return self.marks.shared

    def _add_overrides(self, overrides: Iterable[Override]) -> None:
        known = {each.stamp: number for number, each in enumerate(self.overrides)}
        for each in overrides:
            number = known.get(each.stamp)
            if number is None:
                self.overrides.append(each)
            else:
                self.overrides[number] = together(self.overrides[number], each)

    # -- evidence ----------------------------------------------------------------------

    def absorb(self, observations: Sequence[tuple[int, Observation]]) -> None:
        """Apply observations (item number, observation) and cluster again if need be."""
        applied: list[tuple[int, str, bytes]] = []
        fields: dict[bytes, set[str]] = {}
        structural = False
        at = 0
        contested = self.history.standing()
        for item, observation in observations:
            if self.graves and buried(self.graves, observation):
                # The grave may stand in the store alone by now: it goes out beside the offset.
                self.replayed = True
                self.verdicts[item] = ERASED
                continue
            key, erased_at = claim_of(self.graves, observation, self.keyring)
            before = self.facets.get(key)
            after = self._apply(item, observation, before, key, erased_at)
            if after is None:
                continue
            self.facets[key] = after.facet
            structural |= before is None or evidence.differs(before, after.facet)
            applied.append((item, observation.event_id, key))
            fields.setdefault(key, set()).update(after.fields)
            at = max(at, observation.origin.recorded_at)
        if not applied:
            return
        self.changed = True
        cause = Cause(at, applied[-1][1], "evidence", tuple(applied))
        if structural:
            self.recluster(cause, contested)
        self.at = max(self.at, at)
        self.touched |= {
            each.id for each in self.named.customers if not fields.keys().isdisjoint(each.facets)
        }
        self.verdicts |= self.history.verdicts(cause)
        self.annotate(cause, fields)

    def annotate(self, cause: Cause, fields: Mapping[bytes, set[str]]) -> None:
        """Note what led to the new version of each touched customer."""
        self.history.annotate(cause, self.touched, fields)

    def _apply(
        self,
        item: int,
        observation: Observation,
        before: Facet | None,
        key: bytes,
        erased_at: int,
    ) -> evidence.Applied | None:
        if evidence.already_applied(before, observation):
            self.replayed = True
            self.verdicts[item] = Verdict(Outcome.DUPLICATE, "applied")
            return None
        husk = self._husk(key, observation)
        if brings_nothing_back(husk or before, observation):
            self.replayed = True
            self.verdicts[item] = EXPIRED
            return None
        after = evidence.apply(before, observation, key, erased_at)
        if husk:
            return self._begun_anew(husk, after)
        if after.facet is before:
            reason = "too_old" if after.too_old else "nothing_new"
            self.verdicts[item] = Verdict(Outcome.DUPLICATE, reason)
            return None
        return after

    def _husk(self, key: bytes, observation: Observation) -> Facet | None:
        """What is left of the same claim, also as it was with identifiers that were suppressed."""
        if not self.husks:
            return None
        keys = (key, *observation.former_keys)
        return next((self.husks[each] for each in keys if each in self.husks), None)

    def _begun_anew(self, husk: Facet, after: evidence.Applied) -> evidence.Applied:
        """The claim of a guest whose time was over is made again: another person's life, under
        an ID of its own."""
        del self.husks[husk.key]
        return replace(after, facet=united(after.facet, husk))

    def replace_facets(self, facets: Mapping[bytes, Facet]) -> None:
        """Evidence that is to stand instead of what stood: some went, or has other keys.
        `recluster` must follow."""
        husks = self.husks
        self.facets = {
            key: united(facet, husks.pop(key)) if key in husks else facet
            for key, facet in facets.items()
        }
        self._components = None

    # -- clusters ----------------------------------------------------------------------

    def recluster(self, cause: Cause, contested: Mapping[bytes, Standing] | None = None) -> None:
        """Apply the clustering function to the evidence as it stands; record what differs.

        `contested`: what several claimed before the evidence changed, which a late proof may do
        to a facet that is there already; if it did not change, what they claim now.
        """
        self.changed = True
        self.reclustered = True
        if contested is None:
            contested = self.history.standing()
        marked = self._mark()
        clusters = self._clusters()
        before, self.named = (
            self.named,
            name_clusters(
                self.named, clusters, self.facets, Moment(cause.at, self.version), self.keyring
            ),
        )
        self.at = max(self.at, cause.at)
        self.touched |= self.named.touched
        self._record(before, marked, contested, cause)

    def _record(
        self, before: Named, marked: Marked, contested: Mapping[bytes, Standing], cause: Cause
    ) -> None:
        self.touched |= self.history.record_marks(marked, cause)
        self.history.record_names(before, marked, cause)
        self.touched |= self.history.record_refusals(contested, cause)

    def _mark(self) -> dict[bytes, tuple[str, str]]:
        marked = self.marks.update(self.facets.values())
        large = [keys for keys in self.components() if len(keys) > self.rules.max_group]
        if large:
            fitting = Fitting(self.facets, self.marks, self.overrides, self.rules)
            marked |= fitting.fit(large)
        return marked

    def components(self) -> list[list[bytes]]:
        """Keys of the facets of each group to be."""
        marks = (len(self.marks.shared), len(self.marks.unshared))
        state = (len(self.facets), marks, tuple(self.overrides))
        if self._components is None or self._components[0] != state:
            found = components(
                self.facets, self.marks.shared, self.overrides, self.rules, self.keyring
            )
            self._components = (state, found)
        return self._components[1]

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
