"""The changelog at every moment: what a rebuild would have found after each transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from icustomer.contracts.topics import Topic
from icustomer.core.observation import Observation, Origin
from icustomer.store.codec import decode
from icustomer.stream.changelog import CLAIM_KEY
from icustomer.stream.memory_broker import Stored
from icustomer.stream.port import InputPartition
from icustomer.stream.records import VERSION_HEADER
from simulation.servers import WatchedKafka
from simulation.workers import GROUP


def check_every_moment(kafka: WatchedKafka, told: Sequence[Observation]) -> None:
    """No transaction holds half a merge, and none commits an offset before its effects."""
    history = _History(told)
    records = _by_transaction(kafka)
    for transaction in kafka.commits:
        history.add(records.get(id(transaction), ()))
        history.check_committed(transaction.offsets.get(GROUP, {}))


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

    def __init__(self, told: Sequence[Observation]) -> None:
        self._newest: dict[bytes, tuple[int, frozenset[bytes]]] = {}
        """Group ID to version and facets."""
        self._facets: frozenset[bytes] = frozenset()
        self._told: dict[str, list[Observation]] = defaultdict(list)
        self._origins: dict[bytes, list[Origin]] = defaultdict(list)
        """Facet key to the places of all records that tell of it."""
        self._committed: dict[str, int] = {}
        """Input partition, as origins name it, to its committed offset."""
        for observation in told:
            self._told[observation.origin.partition].append(observation)
            self._origins[observation.facet_key].append(observation.origin)

    def add(self, records: Iterable[Stored]) -> None:
        """One transaction more."""
        for record in records:
            key, version = record.key or b"", version_of(record)
            if version >= self._newest.get(key, (0,))[0]:
                facets = decode(record.value).facets if record.value else ()
                self._newest[key] = version, frozenset(facet.key for facet in facets)
        before, self._facets = self._facets, self._held()
        assert before <= self._facets, f"a transaction lost {len(before - self._facets)} facets"

    def _held(self) -> frozenset[bytes]:
        return frozenset().union(*(facets for _, facets in self._newest.values()))

    def check_committed(self, offsets: Mapping[InputPartition, int]) -> None:
        """What is committed is in the log. A record that told nothing new may be ahead of the
        one that told it first, as long as that one is still to be committed."""
        self._committed.update(
            {f"{place.topic}/{place.partition}": offsets[place] for place in offsets}
        )
        for place in offsets:
            for observation in self._told[f"{place.topic}/{place.partition}"]:
                key, origin = observation.facet_key, observation.origin
                if key not in self._facets and self._is_committed(origin):
                    assert not all(map(self._is_committed, self._origins[key])), (
                        f"{origin.partition} was committed without the effect of {origin.offset}"
                    )

    def _is_committed(self, origin: Origin) -> bool:
        return origin.offset < self._committed.get(origin.partition, 0)
