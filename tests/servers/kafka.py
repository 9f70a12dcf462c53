"""A Kafka for the tests: one that is told, else Docker's, else Java's on this machine."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, Self
from uuid import uuid4

import pytest
from docker.errors import DockerException
from testcontainers.community.kafka import KafkaContainer

from servers import missing, used

TOLD = "ICUSTOMER_TEST_KAFKA_SERVERS"
CACHE = "ICUSTOMER_CACHE"
IMAGE = "confluentinc/cp-kafka:7.9.1"
KAFKA = "4.1.0"
LOG4J = "2.25.2"
HOST = "127.0.0.1"
DOWNLOAD_SECONDS = 300
"""43 MB, the first time only."""
START_SECONDS = 60
"""It takes 6 s on an idle machine."""

POM = f"""<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>icustomer</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
      <version>{KAFKA}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId>
      <version>{LOG4J}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId><version>{LOG4J}</version></dependency>
  </dependencies>
</project>
"""

PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={directory}/data
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
"""


class KafkaUnavailableError(Exception):
    """No broker can be had this way; the message says what is missing."""


class KafkaServer(NamedTuple):
    servers: str
    """`host:port`."""
    origin: str


class JavaKafka:
    """One broker of Apache Kafka in a process of its own, its log in a temporary directory.

    `kill` ends it as a crash does, `restart` brings it back on the same port and log.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self.port, self._controller = free_ports(2)
        self.origin = f"{KAFKA}, Java of this machine"

    @property
    def servers(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def data(self) -> Path:
        """Where the logs of its partitions are."""
        return self._directory / "data"

    def __enter__(self) -> Self:
        self._jars = jars()
        with ExitStack() as stack:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="icustomer-kafka-"))
            self._directory = Path(directory)
            self._format()
            stack.callback(self.kill)
            self.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self) -> None:
        """Start and wait until the port answers."""
        with (self._directory / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [*self._java, "-Xmx512m", "kafka.Kafka", self._properties],
                stdout=output,
                stderr=output,
                cwd=self._directory,
            )
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise KafkaUnavailableError(f"Java's Kafka did not start: {self._told()}")
            time.sleep(0.1)

    def kill(self) -> None:
        """End it at once."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def restart(self) -> None:
        self.kill()
        self.start()

    @property
    def _java(self) -> list[str]:
        return ["java", "-cp", f"{self._jars}/*"]

    @property
    def _properties(self) -> str:
        return str(self._directory / "server.properties")

    def _format(self) -> None:
        Path(self._properties).write_text(
            PROPERTIES.format(
                host=HOST, port=self.port, controller=self._controller, directory=self._directory
            )
        )
        tool = [*self._java, "kafka.tools.StorageTool", "format"]
        _run([*tool, "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", self._properties], START_SECONDS)

    def _told(self) -> str:
        return (self._directory / "output").read_text(errors="replace")[-500:]


def jars() -> Path:
    """The broker's jars, fetched with Maven into the cache the first time."""
    base = os.environ.get(CACHE) or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    directory = Path(base) / "icustomer" / f"kafka-{KAFKA}"
    complete = directory / "libs"
    for program in ("java",) if complete.is_dir() else ("java", "mvn"):
        if shutil.which(program) is None:
            raise KafkaUnavailableError(f"{program} is not installed")
    if not complete.is_dir():
        directory.mkdir(parents=True, exist_ok=True)
        _fetch(directory, complete)
    return complete


def _fetch(directory: Path, complete: Path) -> None:
    """Beside first, then renamed: an interrupted download is no cache, and of two at the same
    time one wins."""
    with tempfile.TemporaryDirectory(dir=directory) as beside:
        (Path(beside) / "pom.xml").write_text(POM)
        goal = ["dependency:copy-dependencies", "-DoutputDirectory=libs"]
        _run(["mvn", "-q", "-B", "-f", f"{beside}/pom.xml", *goal], DOWNLOAD_SECONDS)
        if not complete.exists():
            (Path(beside) / "libs").rename(complete)


def _run(command: list[str], seconds: float) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=seconds)
    except subprocess.CalledProcessError as error:
        told = (error.stdout + error.stderr).decode(errors="replace")[-500:]
        raise KafkaUnavailableError(f"{command[0]} failed: {told}") from error
    except subprocess.TimeoutExpired as error:
        raise KafkaUnavailableError(f"{command[0]} took longer than {seconds} s") from error


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


@contextmanager
def running_kafka() -> Iterator[KafkaServer]:
    """A broker for the tests, shared by all; `KafkaUnavailableError` if there is none."""
    with ExitStack() as stack:
        yield _told() or _docker(stack) or _of_this_machine(stack)


def _told() -> KafkaServer | None:
    servers = os.environ.get(TOLD)
    return KafkaServer(servers, f"{TOLD}={servers}") if servers else None


def _docker(stack: ExitStack) -> KafkaServer | None:
    with warnings.catch_warnings():
        # Where no daemon listens, Docker's client leaves its socket for the collector.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            container = KafkaContainer(IMAGE).with_kraft()
        except DockerException:
            container = None
        gc.collect()
    if container is None:
        return None
    for name, value in (
        ("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false"),
        ("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1"),
        ("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1"),
    ):
        container.with_env(name, value)
    stack.enter_context(container)
    return KafkaServer(container.get_bootstrap_server(), f"Docker {IMAGE}")


def _of_this_machine(stack: ExitStack) -> KafkaServer:
    broker = stack.enter_context(JavaKafka())
    return KafkaServer(broker.servers, broker.origin)


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[KafkaServer]:
    """The broker that all tests of this run share, each with a prefix of its own."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_kafka())
        except KafkaUnavailableError as error:
            missing("Kafka", f"set {TOLD}, start Docker, or install Java and Maven ({error})")
        used("Kafka", server.origin)
        yield server


@pytest.fixture
def own_kafka() -> Iterator[JavaKafka]:
    """A broker for this test alone, to be killed and restarted."""
    with ExitStack() as stack:
        try:
            broker = stack.enter_context(JavaKafka())
        except KafkaUnavailableError as error:
            missing("Kafka of one's own", f"install Java and Maven ({error})")
        yield broker


@pytest.fixture
def prefix() -> str:
    """A topic prefix, space and group that nobody else uses."""
    return f"test-{uuid4().hex[:12]}"
