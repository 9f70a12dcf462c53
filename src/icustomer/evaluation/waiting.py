"""Observations between reading and matching: packed, and handed out in the cheapest order.

Who is one customer does not depend on the order of arrival. So what identifiers connect is handed
out together, and its clusters are worked out once instead of with every record anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from icustomer.core.model import Identifier, NormalName, RawName
from icustomer.core.observation import Observation, Origin
from icustomer.core.sets import Joined

BATCH_EVENTS = 500
"""As a worker's batch by default; any other number gives the same customers."""
FEW_CLAIMS = 24
"""An identifier that more facets carry is likely shared, and ties together what has nothing in
common. What it does connect is found all the same, from the links, as by a worker."""


class _Kept(Struct, array_like=True, frozen=True, gc=False):
    """What of an observation bears on who somebody is: no attributes, orders and tickets."""

    topic: str
    event_id: str
    source: str
    occurred_at: int
    origin: tuple[str, int, int]
    identifiers: tuple[Identifier, ...]
    digests: tuple[bytes, ...]
    name: NormalName
    raw_name: RawName
    birth_date: str | None
    facet_key: bytes
    known: bool


class Waiting:
    """Observations that wait to be matched."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._facets: dict[bytes, int] = {}
        """Facet key to a number."""
        self._facet_of: list[int] = []
        """By number of the observation."""
        self._claims: list[tuple[bytes, ...]] = []
        """By number of the facet: the digests of its identifiers."""
        self._pack = msgspec.msgpack.Encoder().encode
        self._unpack = msgspec.msgpack.Decoder(_Kept).decode

    def add(self, item: Observation) -> None:
        """Let the next one wait."""
        facet = self._facets.setdefault(item.facet_key, len(self._claims))
        if facet == len(self._claims):
            self._claims.append(item.digests)
        self._facet_of.append(facet)
        self._packed.append(self._pack(_kept(item)))

    def batches(self) -> Iterator[list[Observation]]:
        """All of them, those of a connected set in one batch or in several that follow each
        other, in the order of arrival within the set."""
        batch: list[Observation] = []
        for numbers in self._sets():
            if len(batch) + len(numbers) > BATCH_EVENTS and batch:
                yield batch
                batch = []
            for number in numbers:
                batch.append(self._observation(number))
                if len(batch) == BATCH_EVENTS:
                    yield batch
                    batch = []
        if batch:
            yield batch

    def _sets(self) -> Iterable[list[int]]:
        """The numbers of the observations by connected set."""
        carriers = Counter(digest for claims in self._claims for digest in claims)
        joined = Joined(len(self._claims))
        first: dict[bytes, int] = {}
        for facet, claims in enumerate(self._claims):
            for digest in claims:
                if 1 < carriers[digest] <= FEW_CLAIMS:
                    joined.union(first.setdefault(digest, facet), facet)
        members: list[list[int]] = [[] for _ in self._claims]
        for number, facet in enumerate(self._facet_of):
            members[facet].append(number)
        for facets in joined.sets():
            yield sorted(number for facet in facets for number in members[facet])

    def _observation(self, number: int) -> Observation:
        kept = self._unpack(self._packed[number])
        return Observation(
            topic=kept.topic,
            event_id=kept.event_id,
            source=kept.source,
            occurred_at=kept.occurred_at,
            origin=Origin(*kept.origin),
            identifiers=kept.identifiers,
            digests=kept.digests,
            name=kept.name,
            raw_name=kept.raw_name,
            birth_date=kept.birth_date,
            facet_key=kept.facet_key,
            known=kept.known,
            cells={},
        )


def _kept(item: Observation) -> _Kept:
    origin = item.origin
    return _Kept(
        topic=item.topic,
        event_id=item.event_id,
        source=item.source,
        occurred_at=item.occurred_at,
        origin=(origin.partition, origin.offset, origin.recorded_at),
        identifiers=item.identifiers,
        digests=item.digests,
        name=item.name,
        raw_name=item.raw_name,
        birth_date=item.birth_date,
        facet_key=item.facet_key,
        known=item.known,
    )
