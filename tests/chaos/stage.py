"""Everything that runs: servers behind proxies, workers, traffic and stopwatches."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import uuid4

from chaos.crew import Crew
from chaos.events import events
from chaos.lag import LagWatch
from chaos.probes import Prober
from chaos.proxy import Proxy
from chaos.scenario import Scenario
from chaos.traffic import Traffic
from integration.support.program import Program
from servers.chaos_kafka import TwoDoorKafka
from servers.chaos_redis import OwnRedis

PARTITIONS = 3
"""Of every topic: each worker has at least one of each input."""
BATCH_RECORDS = "50"
"""So small that a fault falls into the middle of a stream."""


@dataclass
class Stage:
    """What faults do something to, and what measures."""

    scenario: Scenario
    random: Random
    kafka: TwoDoorKafka
    kafka_proxy: Proxy
    redis: OwnRedis
    """The server that the proxy leads to by now."""
    redis_proxy: Proxy
    program: Program
    crew: Crew
    traffic: Traffic
    prober: Prober
    lag: LagWatch
    snapshots: list[Path] = field(default_factory=list)
    """Former states of Redis, to come back to."""
    processes: list[OwnRedis] = field(default_factory=list)
    """Every Redis that was started: all must end with the run."""

    def take_over(self, server: OwnRedis) -> None:
        """Another Redis stands behind the address from now on."""
        self.processes.append(server)
        self.redis = server
        self.redis_proxy.lead_to(server.port)

    def unsettled(self) -> int:
        """Entries of the outbox."""
        with self.redis.client() as client:
            return int(client.hlen(f"{{{self.program.space}}}:outbox"))


@contextmanager
def staged(scenario: Scenario) -> Iterator[Stage]:
    """Servers of its own, workers that are ready, and traffic that has begun.

    Raises `KafkaUnavailableError` or `OperatorError` where a server cannot be had.
    """
    with ExitStack() as stack:
        directory = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="icustomer-chaos-"))
        )
        stage = _built(stack, scenario, directory)
        stack.callback(_keep_logs, stage)
        stack.callback(_end_processes, stage)
        for _ in range(scenario.workers):
            stage.crew.hire()
        stage.crew.wait_ready()
        for clock in (stage.lag, stage.prober, stage.traffic):
            clock.start()
        yield stage


def _built(stack: ExitStack, scenario: Scenario, directory: Path) -> Stage:
    kafka_proxy, redis_proxy = (stack.enter_context(Proxy()) for _ in range(2))
    kafka = stack.enter_context(TwoDoorKafka(kafka_proxy.port))
    kafka_proxy.lead_to(kafka.behind_proxy)
    redis = OwnRedis.empty(directory)
    stack.callback(redis.kill)
    redis_proxy.lead_to(redis.port)
    program = _program(scenario, directory, kafka_proxy.port, redis_proxy.port)
    stack.callback(program.stop)
    prefix = program.prefix
    return Stage(
        scenario=scenario,
        random=Random(scenario.seed),
        kafka=kafka,
        kafka_proxy=kafka_proxy,
        redis=redis,
        redis_proxy=redis_proxy,
        program=program,
        crew=Crew(program),
        traffic=Traffic(
            kafka.servers, prefix, events(scenario.seed, scenario.events), scenario.rate
        ),
        prober=Prober(kafka.servers, prefix, PARTITIONS),
        lag=LagWatch(kafka.servers, prefix, prefix),
    )


def _program(scenario: Scenario, directory: Path, kafka_port: int, redis_port: int) -> Program:
    program = Program(
        directory,
        f"chaos{uuid4().hex[:8]}",
        KAFKA_SERVERS=f"127.0.0.1:{kafka_port}",
        REDIS_URL=f"redis://127.0.0.1:{redis_port}/0",
        BATCH_RECORDS=BATCH_RECORDS,
        LOG_LEVEL="info",
    )
    if scenario.source is not None:
        program.environment["PYTHONPATH"] = str(scenario.source)
    words = ("--partitions", str(PARTITIONS), "--replication", "1")
    assert len(program.json("topics", "create", *words)["created"]) > 0
    return program


def _end_processes(stage: Stage) -> None:
    for server in stage.processes:
        server.kill()


def _keep_logs(stage: Stage) -> None:
    kept = stage.scenario.logs
    if kept is None:
        return
    kept.mkdir(parents=True, exist_ok=True)
    for worker in stage.crew.everybody:
        shutil.copy(worker.log, kept / f"{stage.scenario.seed}-{worker.log.name}")
