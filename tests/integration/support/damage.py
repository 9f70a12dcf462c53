"""Damage done by hand to a space in Redis and to what was published of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import redis
from confluent_kafka import Message, Producer
from msgspec import structs

from icustomer.contracts.topics import Topic
from icustomer.core.keys import format_customer_id
from icustomer.core.model import Group
from icustomer.store.codec import decode, encode, version_of
from icustomer.store.entries import content_digest, entry_content
from icustomer.store.keys import SpaceKeys
from integration.support.program import Program
from integration.support.reading import Reader
from integration.support.town import KEYRING, header

STRANGER = b"\x07" * 16
"""Digest of nothing, and ID of no group."""
NOBODY = format_customer_id(b"\x07" * 10)
GONE = "0000000000000000.gone"
"""Nonce of a worker that holds no lease."""


class Damage:
    """Hands on one space: what stands there, and how to spoil it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.servers = program.environment["ICUSTOMER_KAFKA_SERVERS"]
        self.redis = redis.Redis.from_url(program.environment["ICUSTOMER_REDIS_URL"])
        self.keys = SpaceKeys(program.space)
        self.reader = Reader(self.servers, program.prefix)

    # -- what stands ---------------------------------------------------------------------

    def groups(self) -> dict[bytes, Group]:
        pattern = self.keys.every_group
        found = {self.keys.group_id(key): key for key in self.redis.scan_iter(pattern, 5_000)}
        blobs = self.redis.mget(found.values())
        return {each: decode(blob) for each, blob in zip(found, blobs, strict=True)}

    def plain(self) -> Group:
        """A group of one customer and one facet, the same one each time."""
        return min(
            (each for each in self.groups().values() if len(each.facets) == 1 and each.customers),
            key=lambda each: each.id,
        )

    def other(self) -> Group:
        """Another one than the plain one."""
        return max(self.groups().values(), key=lambda each: each.id)

    def links(self) -> dict[bytes, bytes]:
        prefix = self.keys.everything[:-1] + b"links:"
        return {
            bucket[-2:-1] + name: to
            for bucket in self.redis.scan_iter(prefix + b"*", 5_000)
            for name, to in self.redis.hgetall(bucket).items()
        }

    def link_of(self, group: Group) -> bytes:
        return min(digest for digest, to in self.links().items() if to == group.id)

    def shared(self) -> bytes:
        """A shared identifier."""
        return min(digest for digest, to in self.links().items() if to == b"!")

    def records(self, topic: Topic) -> dict[bytes, list[Message]]:
        """By key, oldest first."""
        found: dict[bytes, list[Message]] = defaultdict(list)
        for message in self.reader.read(topic):
            found[message.key()].append(message)
        return found

    def told_twice(self, topic: Topic) -> list[Message]:
        """All records of a key of which several versions were published."""
        standing = set(self.groups()) if topic is Topic.IDENTITY_STATE else None
        return min(
            (
                messages
                for key, messages in self.records(topic).items()
                if len({header(each, "icustomer-version") for each in messages}) > 1
                and all(each.value() for each in messages)
                and (standing is None or key in standing)
            ),
            key=lambda messages: messages[0].key(),
        )

    # -- Redis ---------------------------------------------------------------------------

    def put_link(self, digest: bytes, to: bytes | None) -> None:
        (bucket,) = self.keys.links([digest])
        self._put(bucket, digest[1:], to)

    def put_alias(self, customer_id: str, to: bytes | None) -> None:
        (bucket,), name = self.keys.aliases([customer_id])
        self._put(bucket, name, to)

    def put_group(self, group: Group) -> None:
        self.redis.set(self.keys.group(group.id), encode(group))

    def _put(self, bucket: bytes, name: bytes, to: bytes | None) -> None:
        if to is None:
            assert self.redis.hdel(bucket, name)
        else:
            self.redis.hset(bucket, name, to)

    def leave_entry(self, kinds: bytes = b"gcn") -> None:
        """An entry of a worker that is gone; it is found by names of these kinds."""
        group = self.plain()
        customer_ids = [each.id for each in group.customers]
        content = entry_content({group.id: group.version}, customer_ids)
        entry_id = content_digest(content) + GONE.encode()
        self.redis.hset(self.keys.outbox, entry_id, b"05" + content)
        names = [b"g" + group.id, b"n" + GONE.encode(), *(b"c" + i.encode() for i in customer_ids)]
        members = {name + b"\0" + entry_id: 0 for name in names if name[:1] in kinds}
        self.redis.zadd(self.keys.names, members)
        self.redis.zadd(self.keys.times, {entry_id: 1})

    # -- Kafka ---------------------------------------------------------------------------

    def append(self, like: Message, value: bytes | None, version: bytes | None = None) -> None:
        """A record behind another one of its key, in its partition."""
        headers = [
            (name, version if version and name == "icustomer-version" else told)
            for name, told in like.headers() or ()
        ]
        self.send(like.topic(), like.key(), value, headers, like.partition())

    def send(
        self, topic: str, key: bytes, value: bytes | None, headers: Any, partition: int = 0
    ) -> None:
        producer = Producer({"bootstrap.servers": self.servers, "log_level": 0})
        producer.produce(topic, value, key, partition=partition, headers=headers)
        assert producer.flush(60) == 0


def link_removed(damage: Damage) -> None:
    damage.put_link(damage.link_of(damage.plain()), None)


def link_to_another(damage: Damage) -> None:
    damage.put_link(damage.link_of(damage.plain()), damage.other().id)


def link_to_no_group(damage: Damage) -> None:
    damage.put_link(STRANGER, STRANGER)


def link_without_evidence(damage: Damage) -> None:
    damage.put_link(STRANGER, damage.plain().id)


def mark_of_nobody(damage: Damage) -> None:
    damage.put_link(STRANGER, b"!")


def mark_lost(damage: Damage) -> None:
    damage.put_link(damage.shared(), None)


def alias_lost(damage: Damage) -> None:
    damage.put_alias(damage.plain().customers[0].id, None)


def alias_to_another(damage: Damage) -> None:
    damage.put_alias(damage.plain().customers[0].id, damage.other().id)


def alias_of_nobody(damage: Damage) -> None:
    damage.put_alias(NOBODY, damage.plain().id)


def index_member_lost(damage: Damage) -> None:
    key = damage.keys.index(damage.shared())
    damage.redis.srem(key, min(damage.redis.smembers(key)))


def index_of_a_stranger(damage: Damage) -> None:
    damage.redis.sadd(damage.keys.index(damage.shared()), damage.plain().id)


def index_of_nothing(damage: Damage) -> None:
    damage.redis.sadd(damage.keys.index(STRANGER), damage.plain().id)


def key_of_nobody(damage: Damage) -> None:
    damage.redis.set(damage.keys.everything[:-1] + b"link:somebody", b"1")


def field_of_nobody(damage: Damage) -> None:
    (bucket,) = damage.keys.links([damage.link_of(damage.plain())])
    damage.redis.hset(bucket, b"?", damage.plain().id)


def group_of_garbage(damage: Damage) -> None:
    damage.redis.set(damage.keys.group(damage.plain().id), b"garbage" * 20)


def group_under_another_key(damage: Damage) -> None:
    group = damage.plain()
    damage.redis.set(damage.keys.group(group.id), encode(damage.other()))


def group_deleted(damage: Damage) -> None:
    assert damage.redis.delete(damage.keys.group(damage.plain().id))


def group_set_back(damage: Damage) -> None:
    oldest = damage.told_twice(Topic.IDENTITY_STATE)[0]
    damage.redis.set(damage.keys.group(oldest.key()), oldest.value())


def group_altered(damage: Damage) -> None:
    group = damage.plain()
    facet = structs.replace(group.facets[0], last_event_id="forged")
    damage.put_group(structs.replace(group, facets=[facet]))


def customer_without_facets_of_the_group(damage: Damage) -> None:
    """Of the next version, so that it has to be kept out of the changelog."""
    group = damage.plain()
    customer = structs.replace(group.customers[0], facets=(STRANGER,))
    damage.put_group(structs.replace(group, version=group.version + 1, customers=[customer]))


def facet_in_two_groups(damage: Damage) -> None:
    """A group that was merged away comes back: it has one facet of a larger group."""
    larger = max(damage.groups().values(), key=lambda each: (len(each.facets), each.id))
    facet = next(each for each in larger.facets if each.key != larger.id)
    damage.put_group(
        Group(id=facet.key, version=larger.version - 1, facets=[facet], shared=marks(larger, facet))
    )


def marks(group: Group, facet: Any) -> list[bytes]:
    carried = {KEYRING.identifier(each.kind, each.value) for each in facet.identifiers}
    return [each for each in group.shared if each in carried]


def group_not_published(damage: Damage) -> None:
    """A commit whose entry was lost."""
    group = damage.plain()
    version = group.version + 1
    customer = structs.replace(group.customers[0], version=version)
    damage.put_group(structs.replace(group, version=version, customers=[customer]))


def changelog_told_an_old_version(damage: Damage) -> None:
    oldest = damage.told_twice(Topic.IDENTITY_STATE)[0]
    damage.append(oldest, oldest.value())


def changelog_told_a_tombstone(damage: Damage) -> None:
    last = damage.records(Topic.IDENTITY_STATE)[damage.plain().id][-1]
    assert version_of(last.value()) == damage.plain().version
    damage.append(last, None)


def profile_of_an_old_version(damage: Damage) -> None:
    oldest = damage.told_twice(Topic.PROFILES)[0]
    damage.append(oldest, oldest.value())


def profile_forged(damage: Damage) -> None:
    last = damage.records(Topic.PROFILES)[damage.plain().customers[0].id.encode()][-1]
    damage.append(last, last.value().replace(b'"status":"', b'"status":"not '))


def profile_erased(damage: Damage) -> None:
    last = damage.records(Topic.PROFILES)[damage.plain().customers[0].id.encode()][-1]
    damage.append(last, None)


def profile_of_an_erased_one(damage: Damage) -> None:
    """Somebody who was forgotten is told of again."""
    erased = min(one.id for group in damage.groups().values() for one in group.erased)
    first = damage.records(Topic.PROFILES)[erased.encode()][0]
    damage.append(first, first.value())


def profile_of_nobody(damage: Damage) -> None:
    last = damage.records(Topic.PROFILES)[damage.plain().customers[0].id.encode()][-1]
    own = damage.plain().customers[0].id.encode()
    damage.send(
        last.topic(),
        NOBODY.encode(),
        last.value().replace(own, NOBODY.encode()),
        last.headers(),
    )


def entry_left(damage: Damage) -> None:
    damage.leave_entry()


def entry_without_its_nonce(damage: Damage) -> None:
    damage.leave_entry(b"gc")


def names_of_no_entry(damage: Damage) -> None:
    damage.redis.zadd(damage.keys.names, {b"n" + GONE.encode() + b"\0" + STRANGER + b"x": 0})


def time_of_no_entry(damage: Damage) -> None:
    damage.redis.zadd(damage.keys.times, {STRANGER + b"x": 1})


def fence_gone(damage: Damage) -> None:
    damage.redis.delete(damage.keys.fence)


def fence_of_another_server(damage: Damage) -> None:
    _, _, rest = damage.redis.get(damage.keys.fence).split(b":", 2)
    damage.redis.set(damage.keys.fence, b"ok:0123.4567:" + rest)
