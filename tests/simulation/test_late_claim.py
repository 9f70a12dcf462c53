"""A claim that lands late, from a rebuilder that was long held for dead, turns nothing back."""

from __future__ import annotations

from icustomer.core.model import VERSION_EPOCH_SHIFT, Group, version_after
from icustomer.rebuild import Rebuild
from icustomer.store.codec import encode
from icustomer.store.memory import MemoryStore
from icustomer.store.memory_state import MemoryRedis
from icustomer.store.port import Claim
from icustomer.stream.memory import MemoryKafka, MemoryLog
from icustomer.stream.records import RecordMaker
from simulation.workers import GROUP, KEYRING, RULES, SPACE


async def test_a_late_claim_with_a_lower_number_does_not_turn_epochs_back() -> None:
    redis, log = MemoryRedis(lambda: 0.0), MemoryLog(MemoryKafka(), space=SPACE, group=GROUP)
    store = MemoryStore(redis, SPACE)
    rebuild = Rebuild(store, log, RULES, KEYRING)
    for nonce in ("first", "second", "third"):
        redis.flush()
        await rebuild.run(nonce)
    fence = await store.read_fence()
    assert fence is not None
    group = Group(bytes(16), version_after(fence.claim.number, 0), [])
    record = RecordMaker(SPACE, RULES, KEYRING).changelog(group.id, encode(group), group.version)
    await log.initialise(0)
    await log.publish([record], {})

    await log.write_claim(Claim(2, "late"))
    redis.flush()
    await rebuild.run("last")

    later = await store.read_fence()
    assert later is not None
    assert later.claim.number > group.version >> VERSION_EPOCH_SHIFT
