"""The changelog at every moment: what a rebuild would have found after each transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, combinations

from icustomer.contracts.topics import Topic
from icustomer.core.burying import base_key
from icustomer.core.carrying import digests
from icustomer.core.model import Facet, Group
from icustomer.core.observation import Item, Observation, Origin, SuppressCommand
from icustomer.store.codec import decode
from icustomer.stream.changelog import CLAIM_KEY
from icustomer.stream.memory_broker import Stored
from icustomer.stream.port import InputPartition
from icustomer.stream.records import VERSION_HEADER
from simulation.servers import WatchedKafka
from simulation.workers import GROUP as CONSUMERS
from simulation.workers import KEYRING, RULES
from worlds.erasing import graves_of, left_of, suppressed_of


def check_every_moment(kafka: WatchedKafka, told: Sequence[Item]) -> None:
    """No transaction holds half a merge, and none commits an offset before its effects."""
    history = _History(told)
    records = _by_transaction(kafka)
    for transaction in kafka.commits:
        history.add(records.get(id(transaction), ()))
        history.check_committed(transaction.offsets.get(CONSUMERS, {}))


def version_of(record: Stored) -> int:
    """The version that the headers of a changelog record or a profile tell."""
    return int(dict(record.headers)[VERSION_HEADER] or b"0")


def _by_transaction(kafka: WatchedKafka) -> dict[int, list[Stored]]:
    found: dict[int, list[Stored]] = defaultdict(list)
    for record in kafka.ever(Topic.IDENTITY_STATE):
        if record.key != CLAIM_KEY:
            found[id(record.transaction)].append(record)
    return found


class _History:
    """The facets that the newest records hold, from transaction to transaction."""

    def __init__(self, told: Sequence[Item]) -> None:
        self._newest: dict[bytes, tuple[int, Group | None]] = {}
        """Group ID to version and group; None: it is gone."""
        self._facets: dict[bytes, Facet] = {}
        self._graves: dict[bytes, int] = {}
        self._suppressed: set[bytes] = set()
        self._told: dict[str, list[Observation]] = defaultdict(list)
        self._origins: dict[bytes, list[Origin]] = defaultdict(list)
        """Facet key to the places of all records that tell of it."""
        self._committed: dict[str, int] = {}
        """Input partition, as origins name it, to its committed offset."""
        self._words: list[SuppressCommand] = []
        for item in told:
            if isinstance(item, Observation):
                self._told[item.origin.partition].append(item)
                self._origins[item.facet_key].append(item.origin)
            elif isinstance(item, SuppressCommand):
                self._words.append(item)

    def add(self, records: Iterable[Stored]) -> None:
        """One transaction more."""
        for record in records:
            key, version = record.key or b"", version_of(record)
            if version >= self._newest.get(key, (0,))[0]:
                self._newest[key] = version, decode(record.value) if record.value else None
        groups = [group for _, group in self._newest.values() if group]
        before = self._facets
        self._facets = {facet.key: facet for group in groups for facet in group.facets}
        self._graves, self._suppressed = graves_of(groups), suppressed_of(groups)
        lost = [before[key] for key in before.keys() - self._facets.keys()]
        assert all(map(self._was_erased, lost)), f"a transaction lost some of {len(lost)} facets"

    def _was_erased(self, facet: Facet) -> bool:
        """By a person's word: it lies in its grave, or carries what is suppressed."""
        if self._graves.get(base_key(facet, KEYRING), -1) >= facet.last_seen:
            return True
        return not self._suppressed.isdisjoint(digests(facet, RULES, KEYRING))

    def _is_held(self, observation: Observation) -> bool:
        """Whether what is left of it, if anything is, stands in a facet. A word that is still to
        be committed, and so will be carried out again, may hold for it already."""
        pending = {
            word.digest
            for word in self._words
            if word.digest in observation.digests and not self._is_committed(word.origin)
        }
        subsets = (combinations(pending, count) for count in range(len(pending) + 1))
        return observation.facet_key in self._facets or any(
            self._is_left({*self._suppressed, *some}, observation)
            for some in chain.from_iterable(subsets)
        )

    def _is_left(self, suppressed: Collection[bytes], observation: Observation) -> bool:
        left = left_of([observation], self._graves, suppressed, RULES, KEYRING)
        return all(each.facet_key in self._facets for each in left)

    def check_committed(self, offsets: Mapping[InputPartition, int]) -> None:
        """What is committed is in the log. A record that told nothing new may be ahead of the
        one that told it first, as long as that one is still to be committed."""
        self._committed.update(
            {f"{place.topic}/{place.partition}": offsets[place] for place in offsets}
        )
        for place in offsets:
            for observation in self._told[f"{place.topic}/{place.partition}"]:
                key, origin = observation.facet_key, observation.origin
                if self._is_held(observation):
                    continue
                if self._is_committed(origin):
                    assert not all(map(self._is_committed, self._origins[key])), (
                        f"{origin.partition} was committed without the effect of {origin.offset}"
                    )

    def _is_committed(self, origin: Origin) -> bool:
        return origin.offset < self._committed.get(origin.partition, 0)
