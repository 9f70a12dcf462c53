"""What is done to workers and servers, each fault from its beginning to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from confluent_kafka.admin import AdminClient, NewPartitions

from chaos.crew import pause
from chaos.proxy import Proxy
from chaos.scenario import Fault
from chaos.stage import Stage
from chaos.traffic import client_options
from icustomer.contracts.topics import Topic
from integration.support.offsets import GroupOffsets
from integration.support.program import Worker
from servers.chaos_redis import OwnRedis

BEYOND_SESSION = (12.0, 16.0)
"""Seconds; the session of a member ends after 10."""
ZOMBIE = (60.0, 75.0)
"""Twice the lease of a slot, and above the timeout of a transaction."""
AWAY = (1.0, 6.0)
BRIEF = (0.3, 2.0)
SLOW_FOR = (4.0, 8.0)
SLOW_REDIS = (0.02, 0.3)
"""Delay of each portion in each direction."""
SLOW_KAFKA = (0.02, 0.3)
REBUILD_SLOWED = 0.1
"""So that a rebuild, of some ten calls or more, takes long enough to die in."""
AFTER_CLAIM = (0.3, 0.8)
"""Longer than the look of somebody who finds another at it."""
REWOUND = (50, 600)
"""Records of each partition that are read a second time."""
MOST_PARTITIONS = 6
"""Of an input: a long run must not add them without end."""
REQUEST_SECONDS = 30.0


def strike(fault: Fault, stage: Stage) -> None:
    """Bring a fault about, and come back when it is over (its effects may last longer)."""
    ACTIONS[fault](stage)


def _last(stage: Stage, between: tuple[float, float]) -> None:
    pause(stage.random.uniform(*between))


# -- workers -------------------------------------------------------------------------------


def _kill(stage: Stage) -> None:
    stage.crew.kill(stage.crew.any(stage.random))
    stage.crew.hire()


def _kill_unreplaced(stage: Stage) -> None:
    """The others go on, and share its partitions when its session has ended."""
    stage.crew.kill(stage.crew.any(stage.random))
    _last(stage, BEYOND_SESSION)
    stage.crew.hire()


def _freeze(stage: Stage) -> None:
    worker = stage.crew.any(stage.random)
    stage.crew.freeze(worker)
    _last(stage, BEYOND_SESSION)
    stage.crew.thaw(worker)


def _zombie(stage: Stage) -> None:
    """Redis is slow for a moment: the worker is in the middle of a batch for certain."""
    worker = stage.crew.any(stage.random)
    stage.redis_proxy.slow(REBUILD_SLOWED)
    _last(stage, BRIEF)
    stage.crew.freeze(worker)
    stage.redis_proxy.mend()
    _last(stage, ZOMBIE)
    stage.crew.thaw(worker)


def _rolling(stage: Stage) -> None:
    for worker in list(stage.crew.running):
        stage.crew.dismiss(worker)
        stage.crew.hire()
        stage.crew.wait_ready()


def _join(stage: Stage) -> None:
    stage.crew.hire()
    stage.crew.wait_ready()


def _leave(stage: Stage) -> None:
    """One that is there goes; where it was the last but one, another had better come first."""
    while len(stage.crew.running) <= 2:
        _join(stage)
    stage.crew.dismiss(stage.crew.any(stage.random))


def _death_in_catch_up(stage: Stage) -> None:
    """Whoever finds another at it begins too, and ends at once: that one must not be taken."""

    def rebuilder() -> Worker | None:
        at_it = [
            each
            for each in stage.crew.running
            if len(each.told("catch_up_began")) > len(each.told("catch_up_ended"))
        ]
        return at_it[0] if at_it else None

    stage.redis_proxy.slow(REBUILD_SLOWED)
    while True:
        _flush(stage)
        stage.crew.wait_until(rebuilder, "somebody who rebuilds")
        _last(stage, AFTER_CLAIM)
        victim = rebuilder()
        if victim is not None:
            break
    stage.crew.kill(victim)
    stage.redis_proxy.mend()
    stage.crew.hire()


# -- Redis ---------------------------------------------------------------------------------


def _flush(stage: Stage) -> None:
    with stage.redis.client() as client:
        client.flushall()


def _redis_empty(stage: Stage) -> None:
    stage.redis.kill()
    _last(stage, AWAY)
    stage.take_over(OwnRedis.empty(stage.redis.home))


def _redis_log(stage: Stage) -> None:
    stage.redis.kill()
    _last(stage, BRIEF)
    stage.take_over(stage.redis.again())


def _redis_snapshot(stage: Stage) -> None:
    """Back to what stood a moment ago, or to what stood at any earlier time of the run."""
    stage.snapshots.append(stage.redis.snapshot())
    _last(stage, AWAY)
    stage.redis.kill()
    _last(stage, BRIEF)
    stage.take_over(stage.redis.from_snapshot(stage.random.choice(stage.snapshots)))


def _redis_replica(stage: Stage) -> None:
    """A replica that has not heard of its master for a while becomes the master."""
    master = stage.redis
    with Proxy() as link:
        link.lead_to(master.port)
        replica = OwnRedis.empty(master.home)
        with replica.client() as client:
            client.replicaof("127.0.0.1", link.port)
            stage.crew.wait_until(
                lambda: client.info("replication")["master_link_status"] == "up", "a replica"
            )
            _last(stage, BRIEF)
            link.stall()
            stage.traffic.burst(stage.scenario.burst // 4)
            _last(stage, AWAY)
            master.kill()
            link.cut()
            client.replicaof("NO", "ONE")
    stage.take_over(replica)


def _redis_failback(stage: Stage) -> None:
    """A new server takes the name for a while; then the former one has it again, with all that
    it knew and the fence of its time."""
    former = stage.redis
    stage.take_over(OwnRedis.empty(former.home))
    _last(stage, SLOW_FOR)
    other = stage.redis
    stage.take_over(former)
    other.kill()


def _redis_cut(stage: Stage) -> None:
    """Replies that were under way are lost."""
    stage.redis_proxy.stall()
    _last(stage, BRIEF)
    stage.redis_proxy.cut()
    _last(stage, AWAY)
    stage.redis_proxy.mend()


def _redis_slow(stage: Stage) -> None:
    stage.redis_proxy.slow(stage.random.uniform(*SLOW_REDIS))
    _last(stage, SLOW_FOR)
    stage.redis_proxy.mend()


# -- Kafka ---------------------------------------------------------------------------------


def _kafka_restart(stage: Stage) -> None:
    stage.kafka.kill()
    _last(stage, AWAY)
    stage.kafka.start()


def _kafka_cut(stage: Stage) -> None:
    stage.kafka_proxy.stall()
    _last(stage, BRIEF)
    stage.kafka_proxy.cut()
    _last(stage, AWAY)
    stage.kafka_proxy.mend()


def _kafka_slow(stage: Stage) -> None:
    stage.kafka_proxy.slow(stage.random.uniform(*SLOW_KAFKA))
    _last(stage, SLOW_FOR)
    stage.kafka_proxy.mend()


def _offsets_reset(stage: Stage) -> None:
    """Kafka lets nobody touch the offsets of a group that has members."""
    wanted = len(stage.crew.running)
    stage.crew.stop()
    committed = stage.lag.look().committed
    earlier = {
        place: max(0, offset - stage.random.randint(*REWOUND))
        for place, offset in committed.items()
        if offset > 0
    }
    with GroupOffsets(stage.kafka.servers, stage.program.prefix) as offsets:
        offsets.set(earlier)
    for _ in range(wanted):
        stage.crew.hire()


def _more_partitions(stage: Stage) -> None:
    topic = stage.random.choice((Topic.SIGNUPS, Topic.ORDERS, Topic.SUPPORT))
    name = f"{stage.program.prefix}.{topic}"
    admin = _admin(stage)
    known = len(admin.list_topics(timeout=REQUEST_SECONDS).topics[name].partitions)
    if known >= MOST_PARTITIONS:
        return
    for answer in admin.create_partitions([NewPartitions(name, known + 1)]).values():
        answer.result(REQUEST_SECONDS)
    if topic is Topic.SIGNUPS:
        stage.prober.partitions = known + 1


def _admin(stage: Stage) -> AdminClient:
    return AdminClient(client_options(stage.kafka.servers))


ACTIONS: Mapping[Fault, Callable[[Stage], None]] = {
    Fault.KILL: _kill,
    Fault.KILL_UNREPLACED: _kill_unreplaced,
    Fault.FREEZE: _freeze,
    Fault.ZOMBIE: _zombie,
    Fault.ROLLING: _rolling,
    Fault.JOIN: _join,
    Fault.LEAVE: _leave,
    Fault.DEATH_IN_CATCH_UP: _death_in_catch_up,
    Fault.FLUSH: _flush,
    Fault.REDIS_EMPTY: _redis_empty,
    Fault.REDIS_LOG: _redis_log,
    Fault.REDIS_SNAPSHOT: _redis_snapshot,
    Fault.REDIS_REPLICA: _redis_replica,
    Fault.REDIS_FAILBACK: _redis_failback,
    Fault.REDIS_CUT: _redis_cut,
    Fault.REDIS_SLOW: _redis_slow,
    Fault.KAFKA_RESTART: _kafka_restart,
    Fault.KAFKA_CUT: _kafka_cut,
    Fault.KAFKA_SLOW: _kafka_slow,
    Fault.OFFSETS_RESET: _offsets_reset,
    Fault.MORE_PARTITIONS: _more_partitions,
}
