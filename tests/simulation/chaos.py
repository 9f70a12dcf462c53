"""Brings incidents about, and keeps as many workers running as before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from icustomer.store.memory_state import Picture
from icustomer.stream.slots import transactional_id
from simulation.faults import Fault
from simulation.life import Life
from simulation.workers import SPACE, Cluster, Ledger, Process

SESSION_SECONDS = 10.0
"""A member that was not heard of for this long is thrown out of its group."""
LONGEST_ABSENCE_SECONDS = 40.0
ANNOUNCED_SECONDS = 2.0


class Chaos:
    """The workers of a cluster, and what befalls them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._random = cluster.chance.random
        self._names = 0
        self._former: tuple[Picture, str] | None = None
        """The server of before: its last state, and its identity."""
        self.processes: list[Process] = []
        self.ledgers: list[Ledger] = []
        cluster.strikes.incidents = {
            Fault.KILL: self._of_process(self._kill),
            Fault.STOP: self._of_process(self._stop),
            Fault.PAUSE: self._of_process(self._pause),
            Fault.REBALANCE: self._rebalance,
            Fault.ANNOUNCED_REBALANCE: self._announce,
            Fault.REDELIVERY: self._of_process(self._redeliver),
            Fault.COLLISION: self._collide,
            Fault.COMPACTION: self._compact,
            Fault.FLUSH: self._flush,
            Fault.RESTORE: self._restore,
            Fault.FAILBACK: self._fail_back,
        }
        for _ in range(cluster.chance.plan.workers):
            self._start()

    def settle(self) -> None:
        """Nothing is out of order any more: everybody runs."""
        self._cluster.group.announced = False
        for process in self.processes:
            process.life.resume()
        while len(self._running()) < self._cluster.chance.plan.workers:
            self._start()

    @property
    def paused(self) -> bool:
        """Whether somebody is stopped who will go on."""
        return any(process.life.paused for process in self._running())

    def stop(self) -> None:
        for process in self.processes:
            process.kill()

    def _start(self) -> None:
        if len(self._running()) >= self._cluster.chance.plan.workers:
            return
        self._names += 1
        ledger = Ledger()
        self.ledgers.append(ledger)
        self.processes.append(Process(self._cluster, f"worker-{self._names}", ledger))

    def _running(self) -> list[Process]:
        return [
            process for process in self.processes if not process.life.dead and not process.stopping
        ]

    def _later(self, seconds: float, action: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_later(seconds, action)

    def _of_process(self, incident: Callable[[Process], bool]) -> Callable[[Life], bool]:
        return lambda life: incident(next(each for each in self.processes if each.life is life))

    # -- incidents; False: there was nothing to do it to -------------------------------

    def _kill(self, process: Process) -> bool:
        process.kill()
        self._later(SESSION_SECONDS, lambda: self._cluster.group.leave(process.name))
        self._later(self._random.uniform(0, LONGEST_ABSENCE_SECONDS), self._start)
        return True

    def _stop(self, process: Process) -> bool:
        if process.stopping:
            return False
        process.stop()
        self._later(self._random.uniform(0, LONGEST_ABSENCE_SECONDS), self._start)
        return True

    def _pause(self, process: Process) -> bool:
        if process.life.paused:
            return False
        process.life.pause()
        seconds = self._random.uniform(0, self._cluster.chance.plan.longest_pause)
        self._later(seconds, process.life.resume)
        if seconds > SESSION_SECONDS:
            self._later(SESSION_SECONDS, lambda: self._cluster.group.leave(process.name))
        return True

    def _rebalance(self, _life: Life) -> bool:
        self._cluster.group.rebalance()
        return True

    def _announce(self, _life: Life) -> bool:
        self._cluster.group.announce()
        self._later(ANNOUNCED_SECONDS, self._cluster.group.rebalance)
        return True

    def _redeliver(self, process: Process) -> bool:
        """Back to the committed offsets, or to earlier ones, in all partitions of a worker."""
        back = self._random.choice((0, 0, 5, 40))
        positions = process.subscriber._positions
        for partition, position in positions.items():
            committed = self._cluster.group.committed.get(partition, 0)
            positions[partition] = max(0, min(position, committed) - back)
        return True

    def _collide(self, _life: Life) -> bool:
        slots = sorted(self._cluster.redis.space(SPACE).slots)
        if not slots:
            return False
        self._cluster.kafka.initialise(transactional_id(SPACE, self._random.choice(slots)))
        return True

    def _compact(self, _life: Life) -> bool:
        self._cluster.kafka.grow_old(self._random)
        return True

    def _flush(self, _life: Life) -> bool:
        redis = self._cluster.redis
        redis.flush(self._random.choice((None, redis.new_identity())))
        return True

    def _restore(self, _life: Life) -> bool:
        redis = self._cluster.redis
        self._former = redis.snapshot(), redis.identity
        redis.restore(self._picture(), redis.new_identity())
        return True

    def _fail_back(self, _life: Life) -> bool:
        """Without a former server, the first step of it: another takes over, far behind."""
        former, redis = self._former, self._cluster.redis
        self._former = redis.snapshot(), redis.identity
        picture, identity = former or (self._picture(), redis.new_identity())
        redis.restore(picture, identity)
        return former is not None

    def _picture(self) -> Picture:
        return self._cluster.redis.former(self._random, self._cluster.chance.plan.lagging)
