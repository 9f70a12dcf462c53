"""Law 3 and its kin, checked on the whole state after each commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from icustomer.core.change import SHARED, SUPPRESSED
from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Group
from icustomer.core.rules import Rules
from oracle.carried import carried, connects
from oracle.evidence import Evidence


class Standing(Protocol):
    """The parts of a state besides its groups."""

    @property
    def links(self) -> Mapping[bytes, bytes]: ...
    @property
    def aliases(self) -> Mapping[str, bytes]: ...
    @property
    def index(self) -> set[tuple[bytes, bytes]]: ...


def check_state(
    groups: Sequence[Group], standing: Standing, rules: Rules, keyring: Keyring
) -> None:
    """Links, aliases and index say exactly what the groups hold."""
    for group in groups:
        check_group(group)
    _once("facet", (facet.key for group in groups for facet in group.facets))
    _once("customer ID", (customer_id for group in groups for customer_id in _ids(group)))
    shared = frozenset(digest for digest, value in standing.links.items() if value == SHARED)
    suppressed = {each.digest for group in groups for each in group.suppressed}
    if suppressed & digests_carried(groups, rules, keyring):
        return  # a suppress command is under way: its other portions follow
    expected = expected_links(groups, Evidence({}, rules, shared), keyring)
    expected |= dict.fromkeys(suppressed, SUPPRESSED)
    assert expected == dict(standing.links), "links are not what the groups hold"
    carried = {(d, g.id) for g in groups for d in held_by(g, rules, keyring) if d in shared}
    assert carried == standing.index, "the index of shared identifiers is wrong"
    marked = {(digest, group.id) for group in groups for digest in group.shared}
    assert carried == marked, "a group's marks are not those of its identifiers"
    check_unshared(groups, rules, keyring)
    aliases = {customer_id: group.id for group in groups for customer_id in _ids(group)}
    assert aliases == dict(standing.aliases), "aliases are not what the groups hold"


def check_unshared(groups: Sequence[Group], rules: Rules, keyring: Keyring) -> None:
    """What was unshared is known wherever it is carried; else it waits in one group. What the
    rules do not match is known by those who carried it while others did."""
    unshared = {digest for group in groups for digest in group.unshared}
    for group in groups:
        if group.facets:
            matched = digests_matched(group.facets, rules, keyring)
            assert matched & unshared <= set(group.unshared), "a group lacks what was unshared"
            assert set(group.unshared) <= digests_of(group.facets, rules, keyring)
    waiting = {group.id for group in groups if group.unshared and not group.facets}
    everywhere = digests_matched((f for g in groups for f in g.facets), rules, keyring)
    assert not waiting & everywhere, "an unshared identifier waits though it is carried"
    suppressed = {each.digest for group in groups for each in group.suppressed}
    assert not unshared & suppressed, "what is suppressed is unshared too"


def check_group(group: Group) -> None:
    """A group in itself: sorted, partitioned by its customers, redirects that end."""
    keys = [facet.key for facet in group.facets]
    assert keys == sorted(keys)
    graves = {grave.key: grave.up_to for grave in group.graves}
    suppressed = {each.digest for each in group.suppressed}
    assert list(graves) == sorted(graves)
    if keys or graves:
        assert group.id in {*keys, *graves}, "a group bears the key of what is in it"
        assert not suppressed, "what is suppressed is kept by a group of its own"
    else:
        kept = [*suppressed, *group.unshared]
        assert (kept, group.customers) == ([group.id], []), "a group of nothing"
    assert keys or not group.unshared or not graves, "graves keep nothing that was unshared"
    outlasting = {mark for grave in group.graves for mark in grave.marks}
    assert outlasting <= set(group.shared), "on graves stands only what is shared"
    assert all(one.anchor in {*graves, *suppressed} for one in group.erased)
    assert len(graves) <= len(keys) or not keys, "graves make no group larger"
    assert list(group.shared) == sorted(set(group.shared))
    assert list(group.unshared) == sorted(set(group.unshared))
    assert set(group.shared).isdisjoint(group.unshared)
    held = [key for customer in group.customers for key in customer.facets]
    _once("facet of customers", held)
    assert set(held) <= set(keys)
    for customer in group.customers:
        assert list(customer.facets) == sorted(customer.facets)
        assert customer.version <= group.version
        assert not customer.facets or customer.anchor in keys
    _check_redirects(group)


def _check_redirects(group: Group) -> None:
    """A retired ID hangs on a facet of the customer that its chain ends at, an older one."""
    current = {customer.id: customer for customer in group.customers}
    retired = {one.id: one for one in group.retired}
    for one in group.retired:
        seen = {one.id}
        target = one.merged_into
        while target in retired:
            assert target not in seen, "redirects loop"
            seen.add(target)
            target = retired[target].merged_into
        assert target in current, "a redirect leads nowhere"
        holder = current[target]
        assert one.anchor in holder.facets, "a redirect does not end at its anchor's holder"
        assert (holder.founded_at, holder.id) < (one.founded_at, one.id), "the oldest ID stays"


def expected_links(
    groups: Iterable[Group], evidence: Evidence, keyring: Keyring
) -> dict[bytes, bytes]:
    """Each linkable identifier leads to its group; a facet without any by its own key."""
    links: dict[bytes, bytes] = {}
    for group in groups:
        if not group.facets:
            links |= dict.fromkeys(group.unshared, group.id)
        for facet in group.facets:
            found = carried(facet, evidence.rules, keyring)
            linkable = {d for d, each in found.items() if evidence.linkable(d, each)}
            for digest in linkable or {facet.key}:
                assert links.setdefault(digest, group.id) == group.id, "two groups, one link"
            links |= dict.fromkeys(found.keys() & evidence.shared, SHARED)
        for grave in group.graves:
            assert links.setdefault(grave.key, group.id) == group.id, "a grave in two groups"
            links |= dict.fromkeys(evidence.shared.intersection(grave.marks), SHARED)
    return links


def held_by(group: Group, rules: Rules, keyring: Keyring) -> set[bytes]:
    """Digests that its facets carry, or that outlast those who lie in its graves."""
    marks = {digest for grave in group.graves for digest in grave.marks}
    return marks | digests_of(group.facets, rules, keyring)


def digests_carried(groups: Iterable[Group], rules: Rules, keyring: Keyring) -> set[bytes]:
    """Digests that any group holds."""
    return {digest for group in groups for digest in held_by(group, rules, keyring)}


def digests_of(facets: Iterable[Facet], rules: Rules, keyring: Keyring) -> set[bytes]:
    """Digest of each identifier that the facets carry."""
    return {digest for facet in facets for digest in carried(facet, rules, keyring)}


def digests_matched(facets: Iterable[Facet], rules: Rules, keyring: Keyring) -> set[bytes]:
    """Digest of each identifier that the facets carry and that may join them."""
    return {
        digest
        for facet in facets
        for digest, each in carried(facet, rules, keyring).items()
        if connects(each, rules)
    }


def _ids(group: Group) -> list[str]:
    return [one.id for one in (*group.customers, *group.retired, *group.erased)]


def _once(what: str, values: Iterable[object]) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    assert not twice, f"{what} twice: {twice}"
