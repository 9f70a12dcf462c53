"""The laws, judged when all is quiet: by what stands in Redis and by what stands in Kafka."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import networkx as nx
from msgspec import structs

from icustomer.contracts.decode import decode as read_message
from icustomer.contracts.observe import observe
from icustomer.contracts.rejection import Rejection
from icustomer.contracts.topics import INPUTS, Topic
from icustomer.core.model import Group
from icustomer.core.observation import Item, Observation, Origin, UnshareCommand
from icustomer.rebuild import Rebuild
from icustomer.store.codec import decode
from icustomer.store.memory import MemoryStore
from icustomer.store.memory_state import MemoryRedis, Space
from icustomer.stream.changelog import CLAIM_KEY
from icustomer.stream.memory import MemoryKafka, MemoryLog
from icustomer.stream.memory_broker import Stored
from icustomer.stream.port import InputPartition
from icustomer.stream.records import RecordMaker, Stories
from simulation.history import check_every_moment, version_of
from simulation.servers import WatchedKafka
from simulation.workers import GROUP, KEYRING, RULES, SPACE, Cluster, Ledger
from worlds.comparison import assert_as_oracle, overrides_of
from worlds.erasing import graves_of, left_of, outlasting, suppressed_of
from worlds.laws import check_state

Place = tuple[Topic, int, int]
Keys = AbstractSet[bytes]


class Standing:
    """The working state, as the judges of the small worlds look at one."""

    def __init__(self, space: Space) -> None:
        self.links: Mapping[bytes, bytes] = space.links
        self.aliases: Mapping[str, bytes] = space.aliases
        self.index = {(digest, each) for digest, found in space.indexes.items() for each in found}
        self._groups = [decode(blob) for blob in space.groups.values()]

    def all_groups(self) -> list[Group]:
        return self._groups


async def judge(cluster: Cluster, ledgers: Sequence[Ledger]) -> None:
    """Raises `AssertionError` for the first law that was broken."""
    kafka, space = cluster.kafka, cluster.redis.space(SPACE)
    standing = Standing(space)
    items, refused = understood(kafka)
    check_nobody_stumbled(ledgers)
    check_state(standing.all_groups(), standing, RULES, KEYRING)
    check_against_oracle(standing, items)
    check_outcomes(ledgers)
    check_dead_letters(kafka, refused)
    check_last_records(kafka)
    check_every_moment(kafka, items)
    check_changelog(kafka, space)
    check_profiles(kafka, standing)
    check_created(kafka, standing)
    await check_rebuild(kafka, standing)
    kafka.grow_old_at_once()
    await check_rebuild(kafka, standing)


def check_nobody_stumbled(ledgers: Sequence[Ledger]) -> None:
    """Whatever befalls a worker, it meets no error that nobody foresaw."""
    bugs = sorted({bug for ledger in ledgers for bug in ledger.bugs})
    assert not bugs, f"a worker stumbled: {bugs}"


def understood(kafka: MemoryKafka) -> tuple[list[Item], set[Place]]:
    """What the input topics hold: items, and the places of the records that are none."""
    items: list[Item] = []
    refused: set[Place] = set()
    for topic in INPUTS:
        for record in kafka.records(topic):
            item = _item(record)
            if item is None:
                refused.add((record.topic, record.partition, record.offset))
            else:
                items.append(item)
    return items, refused


def _item(record: Stored) -> Item | None:
    message = read_message(record.topic, record.value)
    if isinstance(message, Rejection):
        return None
    origin = Origin(f"{record.topic}/{record.partition}", record.offset, record.timestamp * 1_000)
    return observe(message, record.topic, origin, RULES, KEYRING).item


# -- law 1 -----------------------------------------------------------------------------


class Quarter:
    """The part of a working state that some facets make up."""

    def __init__(
        self, standing: Standing, keys: AbstractSet[bytes], digests: AbstractSet[bytes]
    ) -> None:
        self.links = {each: link for each, link in standing.links.items() if each in digests}
        self._groups = [
            group
            for group in standing.all_groups()
            if not keys.isdisjoint(facet.key for facet in group.facets)
        ]

    def all_groups(self) -> list[Group]:
        return self._groups


def check_against_oracle(standing: Standing, items: Sequence[Item]) -> None:
    """Customers, marks, groups and figures are those of all events seen at once.

    The oracle takes the square of the time for twice the events, so each quarter of the town
    that has nothing in common with the rest is judged by itself.
    """
    groups = standing.all_groups()
    graves, suppressed = graves_of(groups), suppressed_of(groups)
    everything = [item for item in items if isinstance(item, Observation)]
    words = [item for item in items if isinstance(item, UnshareCommand)]
    observations = left_of(everything, graves, suppressed, RULES, KEYRING)
    marks = outlasting(groups, standing.links)
    told = {observation.facet_key for observation in observations}
    kept = {facet.key for group in standing.all_groups() for facet in group.facets}
    assert kept == told, f"{len(kept - told)} facets from nowhere, {len(told - kept)} lost"
    for keys in _quarters(standing, observations):
        mine = [observation for observation in observations if observation.facet_key in keys]
        digests = {digest for observation in mine for digest in observation.digests}
        quarter = Quarter(standing, keys, digests)
        assert_as_oracle(quarter, [*mine, *words], RULES, KEYRING, marks & quarter.links.keys())


def _quarters(standing: Standing, observations: Sequence[Observation]) -> list[Keys]:
    """Keys of the facets that any identifier, or the word of a person, connects."""
    graph: nx.Graph = nx.Graph()
    keys = {observation.facet_key for observation in observations}
    for observation in observations:
        nx.add_star(graph, (observation.facet_key, *observation.digests))
    for override in overrides_of(standing.all_groups()):
        nx.add_path(graph, [key for side in (*override.sides, override.rest) for key in side])
    return [keys & part for part in nx.connected_components(graph)]


# -- law 7 -----------------------------------------------------------------------------


def check_outcomes(ledgers: Sequence[Ledger]) -> None:
    """Each batch that was done counts each of its records once."""
    for ledger in ledgers:
        for records, report in ledger.done:
            counted = sum(report.outcomes.values())
            assert counted == records, f"{records} records, {counted} outcomes"


def check_dead_letters(kafka: MemoryKafka, refused: set[Place]) -> None:
    """What is no event is in the dead letters, byte for byte; besides only commands are."""
    inputs = {
        (record.topic, record.partition, record.offset): record
        for topic in INPUTS
        for record in kafka.records(topic)
    }
    told: set[Place] = set()
    for letter in kafka.records(Topic.DEAD_LETTERS):
        headers = dict(letter.headers)
        topic = Topic(_text(headers, "icustomer-topic").removeprefix("customer."))
        offset = int(_text(headers, "icustomer-offset"))
        place = (topic, int(_text(headers, "icustomer-partition")), offset)
        assert (letter.key, letter.value) == (inputs[place].key, inputs[place].value)
        assert place in refused or topic is Topic.COMMANDS, f"{place} was refused, wrongly"
        told.add(place)
    assert refused <= told, f"lost without a dead letter: {sorted(refused - told)}"


def _text(headers: Mapping[str, bytes | None], name: str) -> str:
    return (headers[name] or b"").decode()


# -- law 5 -----------------------------------------------------------------------------


def last_records(kafka: WatchedKafka, topic: Topic) -> dict[bytes, Stored]:
    """The last record of each key that a subscriber got, however often it looked; claims are
    none."""
    return {
        record.key: record
        for record in kafka.ever(topic)
        if record.key is not None and record.key != CLAIM_KEY
    }


def check_last_records(kafka: WatchedKafka) -> None:
    """The last record of a key has the highest version. A tombstone needs only be the last:
    two workers that saw a group go may tell of it with different versions."""
    for topic in (Topic.PROFILES, Topic.IDENTITY_STATE):
        versions: dict[bytes, list[int]] = defaultdict(list)
        last = last_records(kafka, topic)
        for record in kafka.ever(topic):
            if record.key in last and last[record.key].value is not None:
                versions[record.key].append(version_of(record))
        for key, found in versions.items():
            assert found[-1] == max(found), f"{topic} {key!r}: the last record is stale: {found}"


def check_changelog(kafka: WatchedKafka, space: Space) -> None:
    """The changelog says what stands in Redis."""
    last = last_records(kafka, Topic.IDENTITY_STATE)
    told = {key: record.value for key, record in last.items() if record.value is not None}
    assert told.keys() == space.groups.keys(), "groups in the changelog and in Redis differ"
    for group_id, blob in told.items():
        assert decode(blob) == decode(space.groups[group_id]), f"{group_id!r} differs"


def check_profiles(kafka: WatchedKafka, standing: Standing) -> None:
    """The last record of each customer ID is made from what stands."""
    maker = RecordMaker(SPACE, RULES, KEYRING)
    expected: dict[bytes, Any] = {}
    for group in standing.all_groups():
        ids = [one.id for one in (*group.customers, *group.retired)]
        for record in maker.profiles(group, ids, Stories()).values():
            expected[record.key or b""] = _content(record.value)
    last = last_records(kafka, Topic.PROFILES)
    told = {key: _content(record.value) for key, record in last.items() if record.value}
    assert told.keys() == expected.keys(), (
        f"published alone {told.keys() - expected.keys()}, "
        f"never published {expected.keys() - told.keys()}"
    )
    for key, document in expected.items():
        assert told[key] == document, f"{key!r}: {told[key]} is not {document}"


def _content(value: bytes | None) -> dict[str, Any]:
    """A profile without the courtesy of telling what led to it."""
    document: dict[str, Any] = json.loads(value or b"{}")
    return {name: told for name, told in document.items() if name != "change"}


def check_created(kafka: MemoryKafka, standing: Standing) -> None:
    """Each customer ID that stands was announced."""
    changes = [json.loads(each.value or b"{}") for each in kafka.records(Topic.IDENTITY_CHANGES)]
    created = {each["customer_id"] for each in changes if each["type"] == "created"}
    erased = {each.id for group in standing.all_groups() for each in group.erased}
    silent = standing.aliases.keys() - created - erased
    assert not silent, f"never announced: {sorted(silent)}"


# -- law 6 -----------------------------------------------------------------------------


async def check_rebuild(kafka: MemoryKafka, standing: Standing) -> None:
    """The changelog alone gives the same state back."""
    redis = MemoryRedis(lambda: 0.0, "memory-0")
    log = MemoryLog(kafka, space=SPACE, group=GROUP)
    await Rebuild(MemoryStore(redis, SPACE), log, RULES, KEYRING).run("last")
    rebuilt = Standing(redis.space(SPACE))
    check_state(rebuilt.all_groups(), rebuilt, RULES, KEYRING)
    assert _plain(rebuilt) == _plain(standing), "the rebuilt state differs"


def _plain(standing: Standing) -> dict[bytes, Any]:
    return {group.id: structs.asdict(group) for group in standing.all_groups()}


def lag(cluster: Cluster) -> int:
    """Records that are not committed yet."""
    places = [(topic, number) for topic in INPUTS for number in range(cluster.kafka.partitions)]
    return sum(
        cluster.kafka.end_offset(place) - cluster.group.committed.get(InputPartition(*place), 0)
        for place in places
    )
