"""The commands of docker-compose.yml and Dockerfile, word for word, without containers.

Only addresses are replaced: what is a service's name there is a test server here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from icustomer.local.generator import generate
from icustomer.local.servers import HOST, free_port, stop_process
from integration.support.program import SECRET_KEY, wait_until
from integration.support.reading import Reader, delete_topics, send
from servers import missing
from servers.kafka import JavaKafka, KafkaUnavailableError, free_ports, jars
from unit.deploy.deployed import COMPOSE, DOCKERFILE, read_yaml

SERVICES = read_yaml(COMPOSE)["services"]
PROGRAMS = {
    "icustomer": [sys.executable, "-m", "icustomer"],
    "python": [sys.executable],
}
"""What the image has on its PATH, here."""


def image_says(instruction: str) -> Any:
    """The argument, a JSON list, of the instruction that stands last."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    return json.loads(re.findall(rf"^\s*{instruction} .*?(\[.+\])$", text, re.MULTILINE)[-1])


def image_environment() -> dict[str, str]:
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    return dict(re.findall(r"\b(ICUSTOMER_\w+)=(\S+)", text))


def here(words: list[str]) -> list[str]:
    """A command of the image, with the programs of this machine."""
    return [*PROGRAMS[words[0]], *words[1:]]


class Composed:
    """The services of our own image, as processes that share the settings of the file."""

    def __init__(self, directory: Path, space: str, addresses: dict[str, str]) -> None:
        kept = {name: value for name, value in os.environ.items() if "ICUSTOMER_" not in name}
        told = image_environment() | SERVICES["worker"]["environment"] | addresses
        told |= {f"ICUSTOMER_{name}": space for name in ("TOPIC_PREFIX", "SPACE", "CONSUMER_GROUP")}
        self.environment = kept | told
        self._directory = directory
        self._processes: list[subprocess.Popen[bytes]] = []

    def at(self, port: int) -> dict[str, str]:
        """The environment of one replica: they share this machine's ports."""
        return self.environment | {"ICUSTOMER_HTTP_PORT": str(port)}

    def start(self, service: str, port: int) -> subprocess.Popen[bytes]:
        words = [*image_says("ENTRYPOINT"), *SERVICES[service]["command"]]
        log = self._directory / f"{service}-{port}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                here(words), env=self.at(port), cwd=self._directory, stdout=output, stderr=output
            )
        self._processes.append(process)
        return process

    def is_healthy(self, words: list[str], port: int) -> bool:
        """What a health check says: its exit code is the verdict."""
        assert words[0] == "CMD"
        done = subprocess.run(
            here(words[1:]), env=self.at(port), capture_output=True, timeout=30, check=False
        )
        return done.returncode == 0

    def stop(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.fixture
def composed(kafka_server, redis_server, prefix: str, tmp_path: Path) -> Iterator[Composed]:
    addresses = {
        "ICUSTOMER_KAFKA_SERVERS": kafka_server.servers,
        "ICUSTOMER_REDIS_URL": redis_server.url,
        "ICUSTOMER_SECRET_KEY": SECRET_KEY,
    }
    made = Composed(tmp_path, prefix, addresses)
    yield made
    made.stop()
    delete_topics(kafka_server.servers, prefix)


def ready_check() -> list[str]:
    return list(SERVICES["worker"]["healthcheck"]["test"])


def live_check() -> list[str]:
    return ["CMD", *image_says("HEALTHCHECK")]


@pytest.mark.kafka
@pytest.mark.redis
@pytest.mark.slow
def test_topics_then_two_workers_become_healthy_work_and_stop(composed, kafka_server, prefix):
    assert composed.start("topics", free_port()).wait(60) == 0
    ports = free_ports(2)
    for check in (live_check(), ready_check()):
        assert not composed.is_healthy(check, ports[0]), "nobody listens yet"

    workers = [composed.start("worker", port) for port in ports]
    for port in ports:
        wait_until(lambda port=port: composed.is_healthy(live_check(), port), "live")
        wait_until(lambda port=port: composed.is_healthy(ready_check(), port), "ready")

    send(kafka_server.servers, prefix, generate(20_262, 200).records)
    reader = Reader(kafka_server.servers, prefix)
    wait_until(lambda: reader.lag(prefix) == 0, "all is applied")
    grace = int(SERVICES["worker"]["stop_grace_period"].removesuffix("s"))
    assert [stop_process(worker, grace) for worker in workers] == [0, 0]
    assert not composed.is_healthy(live_check(), ports[0]), "nobody listens any more"


@pytest.mark.redis
def test_redis_keeps_what_it_is_told_and_throws_nothing_away(tmp_path: Path):
    if not shutil.which("redis-server") or not shutil.which("redis-cli"):
        missing("Redis of one's own", "install redis-server and redis-tools")
    port = free_port()
    command = [*SERVICES["redis"]["command"], "--port", str(port), "--dir", str(tmp_path)]
    kind, client, *words = SERVICES["redis"]["healthcheck"]["test"]
    check = [client, "-h", HOST, "-p", str(port), *words]
    assert kind == "CMD"
    assert subprocess.run(check, capture_output=True, check=False).returncode != 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until(
            lambda: not subprocess.run(check, capture_output=True, check=False).returncode,
            "the health check passes",
        )
        with redis.Redis(host=HOST, port=port, decode_responses=True) as server:
            assert server.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
            assert server.config_get("appendonly")["appendonly"] == "yes"
    finally:
        stop_process(process)


class ComposedKafka(JavaKafka):
    """A broker configured by the program within the image that turns the compose file's
    environment into properties; of the same version, on other ports."""

    DEFAULTS = ("server.properties", "log4j2.yaml", "tools-log4j2.yaml")

    @property
    def _properties(self) -> str:
        return str(self._directory / "config" / "server.properties")

    def _format(self) -> None:
        for name in ("config", "defaults", "mounted"):
            (self._directory / name).mkdir()
        for name in self.DEFAULTS:
            (self._directory / "defaults" / name).write_text("{}\n")
        setup = ["kafka.docker.KafkaDockerWrapper", "setup"]
        places = {"default": "defaults", "mounted": "mounted", "final": "config"}
        for option, place in places.items():
            setup += [f"--{option}-configs-dir", str(self._directory / place)]
        done = subprocess.run(
            [*self._java, *setup],
            env=os.environ | self._told_by_compose(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _told_by_compose(self) -> dict[str, str]:
        replaced = {
            "kafka:9092": f"{HOST}:{self.port}",
            "://:9092": f"://{HOST}:{self.port}",
            "localhost:9093": f"{HOST}:{self._controller}",
            "9094": str(free_port()),
            "/var/lib/kafka/data": str(self._directory / "data"),
        }
        environment = dict(SERVICES["kafka"]["environment"])
        for name, value in environment.items():
            for there, at_home in replaced.items():
                value = value.replace(there, at_home)  # noqa: PLW2901 - one after the other
            environment[name] = value
        # The image has this ID by default.
        return environment | {"CLUSTER_ID": "5L6g3nShT-eMCtK--X86sw"}


@pytest.mark.kafka
@pytest.mark.slow
def test_kafka_starts_from_the_environment_and_takes_only_topics_that_are_created(tmp_path: Path):
    try:
        jars()
    except KafkaUnavailableError as error:
        missing("Kafka of one's own", f"install Java and Maven ({error})")
    with ComposedKafka() as broker:
        assert SERVICES["kafka"]["image"] == f"apache/kafka:{broker.origin.partition(',')[0]}"
        addresses = {
            "ICUSTOMER_KAFKA_SERVERS": broker.servers,
            "ICUSTOMER_SECRET_KEY": SECRET_KEY,
        }
        composed = Composed(tmp_path, "composed", addresses)
        assert composed.start("worker", free_port()).wait(60) == 1, "topics are missing"
        assert composed.start("topics", free_port()).wait(60) == 0
        check = subprocess.run(
            here(["icustomer", "topics", "check"]),
            env=composed.environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert check.returncode == 0, check.stdout + check.stderr
