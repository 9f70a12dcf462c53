"""A Redis for the tests: one that is told, else Docker's, else one of this machine."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest
import redis
from docker.errors import DockerException
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from testcontainers.community.redis import RedisContainer

from icustomer.errors import OperatorError
from icustomer.local.servers import (
    HOST,
    SERVER_NAMES,
    EmbeddedRedis,
    free_port,
    stop_process,
)
from servers import missing, used

TOLD = "ICUSTOMER_TEST_REDIS_URL"
IMAGE = "redis:7.4.2-alpine"
PORT = 6379


class RedisServer(NamedTuple):
    url: str
    origin: str
    """Where it came from, with its version."""


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """A server for the tests, shared by all: nobody flushes it. `OperatorError` if none."""
    with ExitStack() as stack:
        url, source = _told() or _docker(stack) or _of_this_machine(stack)
        with redis.Redis.from_url(url) as client:
            version = client.info("server")["redis_version"]
        yield RedisServer(url, f"{version}, {source}")


@contextmanager
def private_redis() -> Iterator[RedisServer]:
    """A server of one's own, to be flushed, stopped and reconfigured."""
    with EmbeddedRedis() as server:
        yield RedisServer(server.url, server.origin)


@contextmanager
def one_node_cluster(directory: Path) -> Iterator[RedisServer]:
    """A Redis Cluster whose only server holds all slots."""
    program = next(filter(None, map(shutil.which, SERVER_NAMES)), None)
    if program is None:
        raise OperatorError("no redis-server on the PATH")
    port = free_port()
    options = {"port": port, "cluster-port": free_port(), "dir": directory, "save": ""}
    options |= {"bind": HOST, "cluster-enabled": "yes"}
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    process = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL)
    try:
        retry = Retry(ConstantBackoff(0.02), 500)
        with redis.Redis(host=HOST, port=port, retry=retry) as client:
            client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16_383)
            while client.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
                client.ping()
        yield RedisServer(f"redis://{HOST}:{port}/0", f"{program}, one-node cluster")
    finally:
        stop_process(process)


def _told() -> tuple[str, str] | None:
    url = os.environ.get(TOLD)
    return (url, TOLD) if url else None


def _docker(stack: ExitStack) -> tuple[str, str] | None:
    with warnings.catch_warnings():
        # Where no daemon listens, Docker's client leaves its socket for the collector.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            container = stack.enter_context(RedisContainer(IMAGE))
        except DockerException:
            container = None
        gc.collect()
    if container is None:
        return None
    host, port = container.get_container_host_ip(), container.get_exposed_port(PORT)
    return f"redis://{host}:{port}/0", f"Docker {IMAGE}"


def _of_this_machine(stack: ExitStack) -> tuple[str, str]:
    server = stack.enter_context(EmbeddedRedis())
    return server.url, server.origin


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """The server that all tests of this run share, each in a space of its own."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_redis())
        except (OperatorError, redis.RedisError) as error:
            missing("Redis", f"set {TOLD}, start Docker, or install redis-server ({error})")
        used("Redis", server.origin)
        yield server


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server for this test alone."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(private_redis())
        except OperatorError as error:
            missing("Redis of one's own", f"install redis-server ({error})")
        yield server


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RedisServer]:
    """A cluster of one server for this test alone."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(one_node_cluster(tmp_path))
        except (OperatorError, redis.RedisError) as error:
            missing("Redis Cluster", f"install redis-server 7 ({error})")
        yield server


@pytest.fixture
def space(redis_server: RedisServer) -> Iterator[str]:
    """The name of a space that nobody else uses; its keys are deleted at the end."""
    name = f"test-{uuid4().hex[:20]}"
    yield name
    with redis.Redis.from_url(redis_server.url) as client:
        for key in client.scan_iter(f"{{{name}}}:*", count=5_000):
            client.unlink(key)
