"""Brings incidents about at times of their own, and keeps as many workers running as before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from icustomer.store.memory_state import Picture
from icustomer.stream.slots import transactional_id
from simulation.faults import Fault
from simulation.network import Life
from simulation.workers import SPACE, Cluster, Ledger, Process

WORKERS = 3
SESSION_SECONDS = 10.0
"""A member that was not heard of for this long is thrown out of its group."""
LONGEST_PAUSE_SECONDS = 100.0
"""Beyond the lease of a slot, and beyond the session."""
LONGEST_ABSENCE_SECONDS = 40.0
ANNOUNCED_SECONDS = 2.0
PICTURES_KEPT = 6


class Chaos:
    """The workers of a cluster, and what befalls them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._random = cluster.chance.random
        self._names = 0
        self._servers = 1
        self._pictures: list[Picture] = []
        """Former states of Redis."""
        self._former: tuple[Picture, str] | None = None
        """The server of before: its last state, and its identity."""
        self.processes: list[Process] = []
        self.ledgers: list[Ledger] = []
        self.story: list[str] = []
        """What happened when, for the one who has to find out."""
        self._incidents: dict[Fault, Callable[[Process], bool]] = {
            Fault.KILL: self._kill,
            Fault.PAUSE: self._pause,
            Fault.REBALANCE: self._rebalance,
            Fault.ANNOUNCED_REBALANCE: self._announce,
            Fault.REDELIVERY: self._redeliver,
            Fault.COLLISION: self._collide,
            Fault.FLUSH: self._flush,
            Fault.RESTORE: self._restore,
            Fault.FAILBACK: self._fail_back,
        }
        self._calls_left = cluster.chance.calls_until_incident()
        cluster.traffic.on_busy_call = self._busy_call
        for _ in range(WORKERS):
            self._start()

    def _busy_call(self, life: Life) -> None:
        """A request leaves or has arrived: time for an incident?"""
        chance = self._cluster.chance
        if chance.calm or not chance.plan.incidents:
            return
        self._calls_left -= 1
        if self._calls_left > 0:
            return
        self._calls_left = chance.calls_until_incident()
        self._remember()
        fault = chance.incident()
        caller = next(process for process in self.processes if process.life is life)
        if self._incidents[fault](caller):
            chance.counted[fault] += 1
            self.story.append(f"{asyncio.get_running_loop().time():.3f} {fault} ({caller.name})")

    def settle(self) -> None:
        """Nothing is out of order any more: everybody runs."""
        self._cluster.group.announced = False
        for process in self.processes:
            process.life.resume()
        while len(self._running()) < WORKERS:
            self._start()

    def stop(self) -> None:
        for process in self.processes:
            process.kill()

    def _start(self) -> None:
        if len(self._running()) >= WORKERS:
            return
        self._names += 1
        ledger = Ledger()
        self.ledgers.append(ledger)
        self.processes.append(Process(self._cluster, f"worker-{self._names}", ledger))

    def _running(self) -> list[Process]:
        return [process for process in self.processes if not process.life.dead]

    def _later(self, seconds: float, action: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_later(seconds, action)

    def _remember(self) -> None:
        """A picture of Redis, to come back to."""
        drawn = self._cluster.chance.plan.incidents
        if {Fault.RESTORE, Fault.FAILBACK}.isdisjoint(drawn):
            return
        self._pictures.append(self._cluster.redis.snapshot())
        del self._pictures[:-PICTURES_KEPT]

    # -- incidents; False: there was nothing to do it to -------------------------------

    def _kill(self, caller: Process) -> bool:
        caller.kill()
        self._later(SESSION_SECONDS, lambda: self._cluster.group.leave(caller.name))
        self._later(self._random.uniform(0, LONGEST_ABSENCE_SECONDS), self._start)
        return True

    def _pause(self, caller: Process) -> bool:
        if caller.life.paused:
            return False
        caller.life.pause()
        seconds = self._random.uniform(0, LONGEST_PAUSE_SECONDS)
        self._later(seconds, caller.life.resume)
        if seconds > SESSION_SECONDS:
            self._later(SESSION_SECONDS, lambda: self._cluster.group.leave(caller.name))
        return True

    def _rebalance(self, _caller: Process) -> bool:
        self._cluster.group.rebalance()
        return True

    def _announce(self, _caller: Process) -> bool:
        self._cluster.group.announce()
        self._later(ANNOUNCED_SECONDS, self._cluster.group.rebalance)
        return True

    def _redeliver(self, caller: Process) -> bool:
        """Back to the committed offsets, or to earlier ones, in all partitions of a worker."""
        back = self._random.choice((0, 0, 5, 40))
        positions = caller.subscriber._positions
        for partition, position in positions.items():
            committed = self._cluster.group.committed.get(partition, 0)
            positions[partition] = max(0, min(position, committed) - back)
        return bool(positions)

    def _collide(self, _caller: Process) -> bool:
        slots = sorted(self._cluster.redis.space(SPACE).slots)
        if not slots:
            return False
        self._cluster.kafka.initialise(transactional_id(SPACE, self._random.choice(slots)))
        return True

    def _flush(self, _caller: Process) -> bool:
        self._cluster.redis.flush(self._random.choice((None, self._new_server())))
        return True

    def _restore(self, _caller: Process) -> bool:
        picture = self._random.choice(self._pictures)
        self._former = self._pictures[-1], self._cluster.redis.identity
        self._cluster.redis.restore(picture, self._new_server())
        return True

    def _fail_back(self, _caller: Process) -> bool:
        """Without a former server, the first step of it: another takes over, far behind."""
        former, redis = self._former, self._cluster.redis
        self._former = self._pictures[-1], redis.identity
        picture, identity = former or (self._pictures[0], self._new_server())
        redis.restore(picture, identity)
        return former is not None

    def _new_server(self) -> str:
        self._servers += 1
        return f"memory-{self._servers}"
