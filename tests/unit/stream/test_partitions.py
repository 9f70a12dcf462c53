from __future__ import annotations

from collections import Counter
from random import Random

from aiokafka import partitioner

from icustomer.contracts.topics import Topic
from icustomer.stream.partitions import group_partition, murmur2, output_partition
from icustomer.stream.port import OutputRecord


def test_murmur2_agrees_with_the_client_library() -> None:
    seed = 7
    random = Random(seed)
    for _ in range(2_000):
        key = random.randbytes(random.randrange(40))
        assert murmur2(key) == partitioner.murmur2(key), (seed, key)


def test_a_key_goes_where_kafkas_own_clients_send_it() -> None:
    choose = partitioner.DefaultPartitioner()
    for number in range(200):
        key = b"ic_%d" % number
        record = OutputRecord(Topic.PROFILES, key, b"", ())
        assert output_partition(record, 12) == choose(key, list(range(12)), list(range(12)))


def test_groups_spread_over_all_partitions_but_that_of_the_claims() -> None:
    random = Random(1)
    counts = Counter(group_partition(random.randbytes(16), 12) for _ in range(5_000))
    assert set(counts) == set(range(1, 12))
    assert max(counts.values()) < 2 * min(counts.values())


def test_a_single_partition_holds_everything() -> None:
    assert group_partition(b"g" * 16, 1) == 0


def test_records_without_a_key_spread_by_their_value() -> None:
    records = [OutputRecord(Topic.DEAD_LETTERS, None, b"%d" % n, ()) for n in range(200)]
    assert {output_partition(record, 4) for record in records} == {0, 1, 2, 3}
    assert output_partition(OutputRecord(Topic.DEAD_LETTERS, None, None, ()), 4) == 0
