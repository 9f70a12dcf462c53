"""The servers that the tests of the whole program share."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from integration.support.program import Program
from servers.kafka import KafkaServer
from servers.redis import RedisServer

PARTITIONS = "3"


@pytest.fixture
def program(kafka_server: KafkaServer, redis_server: RedisServer, tmp_path: Path):
    """A fresh identity space with its topics."""
    made = Program(
        tmp_path,
        f"t{uuid4().hex[:12]}",
        KAFKA_SERVERS=kafka_server.servers,
        REDIS_URL=redis_server.url,
    )
    created = made.json("topics", "create", "--partitions", PARTITIONS)
    assert len(created["created"]) == 8
    yield made
    made.stop()
