"""Which customer ID each cluster bears: the oldest of those anchored in it.

An ID hangs on a facet, its anchor. Where several IDs meet, the oldest holds and the others
retire into it; when the evidence parts again, each goes where its anchor is. So nothing
about IDs has to be remembered of a merge for it to be undone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from icustomer.core.cluster import Clustered
from icustomer.core.keys import Keyring
from icustomer.core.model import Customer, Facet, Retired


class Named(Struct):
    """The clusters under their IDs, and what became of the IDs that were there before."""

    customers: list[Customer]
    retired: list[Retired]
    minted: list[str] = field(default_factory=list)
    merges: list[tuple[str, str]] = field(default_factory=list)
    """(surviving ID, ID that retired into it now)."""
    splits: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """(ID whose facets parted, the IDs that hold them now)."""
    claimed: list[str] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    """IDs whose record differs from what was published: clusters, status or redirect."""


class _Anchored(Struct):
    """An ID on its way from the state before to the state after."""

    id: str
    anchor: bytes
    founded_at: int
    customer: Customer | None
    retired: Retired | None

    @property
    def age(self) -> tuple[int, str]:
        return self.founded_at, self.id


class Moment(Struct, frozen=True):
    """When a naming takes place."""

    at: int
    """Kafka timestamp of the record that led here, for IDs minted by a split."""
    version: int
    """Version of the group that is to be written."""


def name_clusters(
    before: Named,
    clusters: Sequence[Clustered],
    facets: dict[bytes, Facet],
    moment: Moment,
    keyring: Keyring,
) -> Named:
    """Give every cluster its ID; `facets` gets the new count of minted IDs."""
    return _Naming(before, clusters, facets, moment, keyring).run()


class _Naming:
    def __init__(
        self,
        before: Named,
        clusters: Sequence[Clustered],
        facets: dict[bytes, Facet],
        moment: Moment,
        keyring: Keyring,
    ) -> None:
        self._before = before.customers
        self._previous = {key: each for each in before.customers for key in each.facets}
        """Facet key to the customer that it belonged to."""
        self._clusters = clusters
        self._cluster_of = {key: each for each in clusters for key in each.facets}
        self._facets = facets
        self._at = moment.at
        self._version = moment.version
        self._keyring = keyring
        self._ids = [
            _Anchored(each.id, each.anchor, each.founded_at, each, None)
            for each in before.customers
        ] + [
            _Anchored(each.id, each.anchor, each.founded_at, None, each) for each in before.retired
        ]
        self._named = Named([], [])

    def run(self) -> Named:
        anchored: dict[tuple[bytes, ...], list[_Anchored]] = defaultdict(list)
        for each in self._ids:
            self._move_anchor(each)
            anchored[self._cluster_of[each.anchor].facets].append(each)
        held: list[tuple[Customer, list[_Anchored]]] = []
        for cluster in self._clusters:
            ids = sorted(anchored[cluster.facets], key=lambda each: each.age)
            if not ids and cluster.resolved:
                ids = [self._mint(cluster)]
            if ids:
                customer = self._hold(ids[0], cluster)
                self._named.customers.append(customer)
                held.append((customer, ids[1:]))
        self._retire(held)
        self._find_splits()
        return self._named

    # -- anchors -----------------------------------------------------------------------

    def _move_anchor(self, each: _Anchored) -> None:
        """An anchor that tells of nobody any more: the ID moves to the oldest facet of its
        previous customer that does; without one it sleeps where it is."""
        if self._cluster_of[each.anchor].resolved:
            return
        previous = self._previous.get(each.anchor)
        candidates = [
            self._facets[key]
            for key in (previous.facets if previous else ())
            if self._cluster_of[key].resolved
        ]
        if candidates:
            each.anchor = oldest(candidates).key

    def _mint(self, cluster: Clustered) -> _Anchored:
        facet = oldest(self._facets[key] for key in cluster.facets)
        source, event_id = facet.founded_by
        new_id = self._keyring.customer_id(facet.key, source, event_id, facet.minted)
        self._facets[facet.key] = replace(facet, minted=facet.minted + 1)
        parents = [self._previous[key] for key in cluster.facets if key in self._previous]
        founded_at = facet.founded_at
        if parents:
            founded_at = max(self._at, 1 + max(parent.founded_at for parent in parents))
        self._named.minted.append(new_id)
        return _Anchored(new_id, facet.key, founded_at, None, None)

    # -- holders -----------------------------------------------------------------------

    def _hold(self, holder: _Anchored, cluster: Clustered) -> Customer:
        status = self._status(cluster)
        before = holder.customer
        if before and (before.facets, before.status) == (cluster.facets, status):
            return (
                before if before.anchor == holder.anchor else replace(before, anchor=holder.anchor)
            )
        self._named.touched.add(holder.id)
        if before and before.status == "guest" and status == "active":
            self._named.claimed.append(holder.id)
        updated_at = max(self._at, before.updated_at if before else 0)
        return Customer(
            holder.id,
            holder.anchor,
            holder.founded_at,
            self._version,
            updated_at,
            cluster.facets,
            status,
        )

    def _status(self, cluster: Clustered) -> str:
        if not cluster.resolved:
            return "unresolved"
        known = any(self._facets[key].known for key in cluster.facets)
        return "active" if known else "guest"

    # -- retired -----------------------------------------------------------------------

    def _retire(self, held: list[tuple[Customer, list[_Anchored]]]) -> None:
        """Redirect the younger IDs. Oldest first, so that chains are known to their end."""
        pairs = [(each, customer.id) for customer, younger in held for each in younger]
        ends = {customer.id: customer.id for customer, _ in held}
        for each, holder in sorted(pairs, key=lambda pair: pair[0].age):
            ends[each.id] = holder
            kept = each.retired
            if kept and ends.get(kept.merged_into) == holder:
                self._named.retired.append(replace(kept, anchor=each.anchor))
                continue
            self._named.touched.add(each.id)
            if each.customer:
                self._named.merges.append((holder, each.id))
            self._named.retired.append(
                Retired(each.id, each.anchor, each.founded_at, holder, self._version)
            )

    def _find_splits(self) -> None:
        holders = {key: each.id for each in self._named.customers for key in each.facets}
        for before in self._before:
            parts = {holders[key] for key in before.facets if key in holders}
            if len(parts) > 1:
                self._named.splits.append((before.id, tuple(sorted(parts))))


def oldest(facets: Iterable[Facet]) -> Facet:
    """The facet founded first: Kafka timestamp of its founding record, then key."""
    return min(facets, key=lambda facet: (facet.founded_at, facet.key))


def holder_of(
    customer_id: str, customers: Sequence[Customer], retired: Sequence[Retired]
) -> Customer | None:
    """The customer that an ID, current or retired, stands for; None if it is not here."""
    for customer in customers:
        if customer.id == customer_id:
            return customer
    for each in retired:
        if each.id == customer_id:
            return next(
                (customer for customer in customers if each.anchor in customer.facets), None
            )
    return None


def merged_from(
    customers: Sequence[Customer], retired: Sequence[Retired]
) -> Mapping[str, list[Retired]]:
    """Customer ID to the retired IDs that it holds, newest first."""
    holders = {key: each.id for each in customers for key in each.facets}
    found: dict[str, list[Retired]] = defaultdict(list)
    for each in sorted(retired, key=lambda each: (each.version, each.id), reverse=True):
        if each.anchor in holders:
            found[holders[each.anchor]].append(each)
    return found
