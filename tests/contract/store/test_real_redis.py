"""What only a real Redis can do to its store: fail, refuse, move, forget scripts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count

import pytest
import redis

from contract.store.conftest import CLAIM, NOWHERE, open_session
from contract.store.samples import blob, founding, growing, ic, key, load_all, write
from icustomer.core.change import SHARED
from icustomer.errors import HistoryCutError, SettingsError, UnavailableError
from icustomer.store.codec import tombstone
from icustomer.store.port import Directions, Published
from icustomer.store.redis import RedisStore
from servers.redis import RedisServer, private_redis

pytestmark = pytest.mark.redis

A, B = key("a"), key("b")


@asynccontextmanager
async def opened(url: str, **options: object) -> AsyncIterator[RedisStore]:
    store = RedisStore(url, "space", **options)
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
def operator(own_redis: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(own_redis.url) as client:
        yield client


@pytest.fixture
async def store(own_redis: RedisServer) -> AsyncIterator[RedisStore]:
    async with opened(own_redis.url) as store:
        yield store


async def test_a_server_that_forgot_the_scripts_gets_them_again(
    store: RedisStore, operator: redis.Redis
) -> None:
    session = await open_session(store, "first")
    operator.script_flush()
    assert await store.commit(session, [founding("a")]) == [True]


async def test_a_copy_of_the_data_on_another_server_is_refused(
    store: RedisStore, operator: redis.Redis
) -> None:
    session = await open_session(store, "first")
    await store.commit(session, [founding("a")])
    with private_redis() as second, redis.Redis.from_url(second.url) as copy:
        for name in operator.scan_iter():
            copy.restore(name, 0, operator.dump(name))
        async with opened(second.url) as moved:
            assert (await load_all(moved, "a")).fence == session.fence.raw
            assert await moved.read_fence() is None
            with pytest.raises(HistoryCutError):
                await moved.commit(session, [growing("a", 2)])


async def test_a_promoted_replica_is_refused_though_it_has_all_data(
    store: RedisStore, operator: redis.Redis, own_redis: RedisServer
) -> None:
    session = await open_session(store, "first")
    with private_redis() as second, redis.Redis.from_url(second.url) as replica:
        operator.config_set("repl-diskless-sync-delay", 0)
        replica.replicaof("127.0.0.1", own_redis.url.split(":")[-1].split("/")[0])
        while replica.info("replication")["master_link_status"] != "up":
            operator.ping()
        async with opened(second.url) as moved:
            assert (await moved.load([], [])).fence == session.fence.raw
            assert await moved.read_fence() is None
            replica.replicaof("NO", "ONE")
            assert await moved.read_fence() is None


async def test_a_replica_that_may_not_write_is_unavailable(
    store: RedisStore, operator: redis.Redis
) -> None:
    operator.replicaof("127.0.0.1", 1)
    with pytest.raises(UnavailableError):
        await store.lease_slot("x")


async def test_a_full_redis_writes_nothing_of_a_commit(
    store: RedisStore, operator: redis.Redis
) -> None:
    session = await open_session(store, "first")
    operator.config_set("maxmemory", 1)
    change = founding("a", index_added=[(key("s"), A)], index_removed=[(key("s"), B)])
    with pytest.raises(UnavailableError):
        await store.commit(session, [change])
    assert (await load_all(store, "a")).groups == {}
    assert (await store.outbox(), await store.index(key("s"))) == ([], set())
    operator.config_set("maxmemory", 0)
    assert await store.commit(session, [change]) == [True]


async def test_no_answer_in_time_is_unavailable_and_the_next_answer_is_the_right_one(
    own_redis: RedisServer, operator: redis.Redis
) -> None:
    async with opened(own_redis.url, call_seconds=0.1) as store:
        session = await open_session(store, "first")
        operator.client_pause(60_000, all=False)
        for _ in range(2):
            with pytest.raises(UnavailableError):
                await store.commit(session, [founding("a")])
        operator.client_unpause()
        assert (await store.load([], [])).fence == session.fence.raw


async def test_a_closed_connection_is_replaced_before_the_next_call(
    store: RedisStore, operator: redis.Redis
) -> None:
    session = await open_session(store, "first")
    operator.client_kill_filter(_type="normal", skipme=True)
    try:
        await store.commit(session, [founding("a")])
    except UnavailableError:
        await store.commit(session, [founding("a")])
    assert set((await load_all(store, "a")).groups) == {A}


async def test_what_was_settled_is_not_asked_for_again(
    store: RedisStore, operator: redis.Redis
) -> None:
    session = await open_session(store, "first")
    await store.commit(session, [founding("a")])
    await store.settle(session, Published({A: 1}, {ic("a"): A}))
    with operator.monitor() as monitor:
        await store.prepare(session, {})
        words = WORDS.findall(next_line(monitor))
    assert words[0] == "EVALSHA"
    assert not [word for word in words if ic("a") in word]


async def test_no_key_is_left_of_customers_who_are_gone(
    store: RedisStore, operator: redis.Redis
) -> None:
    session = await open_session(store, "first")
    before = set(operator.scan_iter())
    named = [(key("s"), A), (key("s"), B)]
    writes = [founding("a", index_added=named[:1]), founding("b", index_added=named[1:])]
    await store.commit(session, writes)
    await store.prepare(session, {A: 1})
    links = {key("d-a"): None, key("d-b"): None}
    aliases = {ic("a"): None, ic("b"): None}
    gone = write(2, deleted=[A, B], links=links, aliases=aliases, index_removed=named)
    assert set(operator.scan_iter()) > before
    assert await store.commit(session, [gone]) == [True]
    assert await store.settle(session, Published({A: 0, B: 0}, aliases)) == 0
    assert set(operator.scan_iter()) == before


async def test_buckets_beyond_what_redis_packs_answer_the_same(
    store: RedisStore, operator: redis.Redis
) -> None:
    session = await open_session(store, "first")
    operator.config_set("hash-max-listpack-entries", 4)
    digests = [bytes(14) + number.to_bytes(2, "big") for number in range(20)]
    links = dict(zip(digests, digests, strict=True))
    assert await store.commit(session, [write(links=links)]) == [True]
    assert (await store.load(digests, [])).links == links
    encodings = [operator.object("encoding", each) for each in operator.scan_iter("*:links:*")]
    assert encodings == [b"hashtable"]


async def test_the_age_of_the_backlog_is_cheap_to_tell(
    store: RedisStore, operator: redis.Redis
) -> None:
    session = await open_session(store, "first")
    await store.commit(session, [founding(str(number)) for number in range(100)])
    assert (await store.backlog()).entries == 100
    with operator.monitor() as monitor:
        await store.backlog()
        commands = [WORDS.findall(next_line(monitor))[0] for _ in range(4)]
    assert commands == ["EVALSHA", "ZRANGE", "TIME", "HLEN"]


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with opened("redis://127.0.0.1:1/0") as store:
        with pytest.raises(UnavailableError):
            await store.read_fence()


async def test_a_wrong_password_is_the_operators_to_mend(
    own_redis: RedisServer, operator: redis.Redis
) -> None:
    operator.config_set("requirepass", "right")
    async with opened(own_redis.url.replace("//", "//:wrong@")) as store:
        with pytest.raises(SettingsError, match="ICUSTOMER_REDIS_URL"):
            await store.read_fence()


def test_what_is_no_url_is_the_operators_to_mend() -> None:
    with pytest.raises(SettingsError, match="ICUSTOMER_REDIS_URL"):
        RedisStore("http://localhost", "space")


async def test_leases_end_by_the_clock_of_the_server(own_redis: RedisServer) -> None:
    async with opened(own_redis.url, lease_seconds=0.05) as store:
        assert await store.lease_slot("dead") == 0
        assert await store.begin_rebuild("dead")
        for attempt in count():
            if await store.begin_rebuild("alive"):
                break
            assert attempt < 10_000
        assert await store.lease_slot("alive") == 0
        assert not await store.renew(0, "dead")


async def whole_life(store: RedisStore) -> None:
    """Every call that runs a script, each with something to do."""
    session = await open_session(store, "first")
    other = await open_session(store, "second")
    shared = write(1, links={key("s"): SHARED}, index_added=[(key("s"), A)])
    assert await store.commit(session, [founding("a"), founding("b"), shared]) == [True] * 3
    assert await store.commit(other, [growing("a", 2)]) == [True]
    gone = write(2, read_groups={B: 1}, deleted=[B], index_removed=[(key("s"), A)])
    assert await store.commit(other, [gone]) == [True]
    assert set((await store.prepare(session, {})).groups) == {A, B}
    published = Published({A: 2, B: 0}, {ic("a"): A, ic("b"): B})
    assert await store.settle(session, published) == 0
    await store.release(other.slot, other.nonce)
    abandoned = await store.abandoned(session, 100)
    assert await store.adopt(session, [abandoned[0].entry_id]) == 1
    assert await store.enter(session, ["second"]) == 1
    assert await store.renew(session.slot, session.nonce)
    assert await store.begin_rebuild("rebuilder")
    await store.wipe("rebuilder")
    assert await store.stage("rebuilder", {A: blob(1), B: tombstone(2)}) == {}
    await store.note("rebuilder", {A: [ic("a")]})
    assert len((await store.staged("rebuilder", 0))[1]) == 2
    ways = Directions(A, {key("d-a"): A}, [key("s")], [ic("a")])
    await store.detach("rebuilder", [ways])
    await store.restore("rebuilder", {B: None}, [ways], [({A: 1}, [ic("a")])])
    assert await store.finish_rebuild("rebuilder", CLAIM, NOWHERE)
    assert (await store.standing()).checkpoint == NOWHERE
    assert (await load_all(store, "a")).groups == {A: blob(1)}
    assert (await store.backlog()).entries == 1


async def test_a_whole_life_in_a_cluster(cluster: RedisServer) -> None:
    async with opened(cluster.url, cluster=True) as store:
        await whole_life(store)


async def test_a_cluster_that_is_down_is_unavailable() -> None:
    async with opened("redis://127.0.0.1:1/0", cluster=True) as store:
        with pytest.raises(UnavailableError):
            await store.read_fence()


SEVERAL_KEYS = {"MGET": 1, "MSET": 2, "DEL": 1, "UNLINK": 1}
"""Commands of many keys, with the distance from one to the next. Of all others the first
argument is the key, but for those without one."""
NO_KEY = {"INFO", "TIME", "SCAN"}
WORDS = re.compile(r'"((?:[^"\\]|\\.)*)"')
"""The words of a command as MONITOR quotes them."""


async def test_every_key_that_a_script_touches_is_declared(
    store: RedisStore, operator: redis.Redis
) -> None:
    with operator.monitor() as monitor:
        await whole_life(store)
        operator.echo("the end")
        declared: set[str] = set()
        scripts = touched = 0
        while "the end" not in (words := WORDS.findall(line := next_line(monitor))):
            if " lua]" in line.split('"', 1)[0]:
                keys = touched_keys(words)
                assert declared.issuperset(keys), words
                touched += len(keys)
            elif words[0].upper() in {"EVAL", "EVALSHA"}:
                declared = set(words[3 : 3 + int(words[2])])
                scripts += 1
    assert scripts >= 15
    assert touched >= 100


def next_line(monitor: redis.client.Monitor) -> str:
    return monitor.connection.read_response().decode()


def touched_keys(words: list[str]) -> list[str]:
    command = words[0].upper()
    if command in NO_KEY:
        return []
    step = SEVERAL_KEYS.get(command)
    return words[1::step] if step else words[1:2]
