"""The rights that docs/operations.md names are enough, on a Redis and a Kafka that check them."""

from __future__ import annotations

import re
import shlex
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from confluent_kafka import Producer
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from icustomer.local.generator import generate
from integration.support.program import Program, wait_until
from integration.support.reading import Reader, delete_topics, send
from servers import missing
from servers.kafka import HOST, JavaKafka, KafkaUnavailableError
from unit.deploy.deployed import OPERATIONS

SPACE = "default"
PREFIX = "customer"
GROUP = "icustomer"
"""As in the commands of the page."""
PASSWORD = "worker"
ADMIN = "admin"
SEED = 20_264
EVENTS = 200

SECURED = f"""
listeners=SASL_PLAINTEXT://{{host}}:{{port}},CONTROLLER://{{host}}:{{controller}}
advertised.listeners=SASL_PLAINTEXT://{{host}}:{{port}}
listener.security.protocol.map=SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=SASL_PLAINTEXT
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required \
username="{ADMIN}" password="{ADMIN}" user_{ADMIN}="{ADMIN}" user_icustomer="{PASSWORD}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:{ADMIN};User:ANONYMOUS
"""
"""Of two settings of the same name the later holds. ANONYMOUS is the broker itself, at its
controller; clients have no listener without a name."""


class SecuredKafka(JavaKafka):
    """A broker that lets in by password and denies whatever is not allowed."""

    def _format(self) -> None:
        super()._format()
        with Path(self._properties).open("a") as properties:
            properties.write(SECURED.format(host=HOST, port=self.port, controller=self._controller))


@pytest.fixture
def secured_kafka() -> Iterator[SecuredKafka]:
    try:
        with SecuredKafka() as broker:
            yield broker
    except KafkaUnavailableError as error:
        missing("Kafka of one's own", f"install Java and Maven ({error})")


def lines_of_page(start: str) -> list[str]:
    return [line for line in OPERATIONS.read_text().splitlines() if line.startswith(start)]


# -- Redis -----------------------------------------------------------------------------------


def redis_user() -> list[str]:
    """The words of the command that makes the user."""
    (line,) = lines_of_page("ACL SETUSER")
    return [PASSWORD.join(word.split("PASSWORD")) for word in line.split()]


@pytest.mark.kafka
@pytest.mark.redis
@pytest.mark.slow
def test_redis_user_of_the_page_can_work_and_rebuild_and_nothing_else(
    make_program, kafka_server, own_redis
):
    url = own_redis.url.replace("redis://", f"redis://icustomer:{PASSWORD}@")
    program = make_program(kafka_server.servers, url)
    words = [word.replace(f"{{{SPACE}}}", f"{{{program.space}}}") for word in redis_user()]
    reader = Reader(kafka_server.servers, program.prefix)
    with redis.Redis.from_url(own_redis.url, decode_responses=True) as admin:
        assert program.call("run").returncode != 0, "there is no such user yet"
        assert admin.execute_command(*words)
        admin.acl_log_reset()
        worker = program.start_worker()
        worker.wait_ready()
        send(kafka_server.servers, program.prefix, generate(SEED, EVENTS).records)
        wait_until(lambda: reader.lag(program.prefix) == 0, "all is applied")
        admin.flushall()
        send(kafka_server.servers, program.prefix, generate(SEED + 1, EVENTS).records)
        wait_until(lambda: reader.lag(program.prefix) == 0, "all is applied after the rebuild")
        assert program.call("lookup", "email:nobody@nowhere.example", "--json").returncode == 1
        assert worker.terminate() == 0
        assert admin.acl_log() == []
        assert admin.dbsize() > 0
    delete_topics(kafka_server.servers, program.prefix)
    with redis.Redis.from_url(url) as user:
        for forbidden in (["FLUSHALL"], ["CONFIG", "GET", "*"], ["GET", "{other}:fence"]):
            with pytest.raises(redis.exceptions.NoPermissionError):
                user.execute_command(*forbidden)


# -- Kafka -----------------------------------------------------------------------------------


def bindings() -> list[AclBinding]:
    """What the commands of the page allow."""
    return [binding for line in lines_of_page("kafka-acls.sh") for binding in parsed(line)]


def parsed(line: str) -> list[AclBinding]:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--bootstrap-server")
    parser.add_argument("--add", action="store_true")
    parser.add_argument("--allow-principal")
    parser.add_argument("--operation", action="append")
    parser.add_argument("--resource-pattern-type", default="literal")
    for resource in ("topic", "group", "transactional-id"):
        parser.add_argument(f"--{resource}")
    told = vars(parser.parse_args(shlex.split(line)[1:]))
    kinds = {
        "topic": ResourceType.TOPIC,
        "group": ResourceType.GROUP,
        "transactional_id": ResourceType.TRANSACTIONAL_ID,
    }
    ((kind, name),) = ((kind, told[kind]) for kind in kinds if told[kind])
    return [
        AclBinding(
            kinds[kind],
            name,
            ResourcePatternType[told["resource_pattern_type"].upper()],
            told["allow_principal"],
            "*",
            AclOperation[re.sub(r"(?<!^)(?=[A-Z])", "_", operation).upper()],
            AclPermissionType.ALLOW,
        )
        for operation in told["operation"]
    ]


def logged_in(servers: str, user: str, password: str) -> dict[str, str | int]:
    """Settings of librdkafka."""
    return {
        "bootstrap.servers": servers,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": user,
        "sasl.password": password,
        "log_level": 0,
    }


def program_of(directory: Path, servers: str, redis_url: str, user: str, password: str) -> Program:
    return Program(
        directory,
        PREFIX,
        KAFKA_SERVERS=servers,
        REDIS_URL=redis_url,
        SPACE=SPACE,
        CONSUMER_GROUP=GROUP,
        KAFKA_SECURITY_PROTOCOL="SASL_PLAINTEXT",
        KAFKA_SASL_MECHANISM="PLAIN",
        KAFKA_USERNAME=user,
        KAFKA_PASSWORD=password,
        HTTP_PORT="0",
    )


@pytest.mark.kafka
@pytest.mark.redis
@pytest.mark.slow
def test_kafka_rights_of_the_page_are_enough(
    secured_kafka: SecuredKafka, own_redis, tmp_path: Path
):
    servers = secured_kafka.servers
    admin = program_of(tmp_path, servers, own_redis.url, ADMIN, ADMIN)
    program = program_of(tmp_path, servers, own_redis.url, "icustomer", PASSWORD)
    created = admin.json("topics", "create", "--partitions", "2", "--replication", "1")
    assert len(created["created"]) == 8
    assert program.call("topics", "check").returncode != 0, "nothing is allowed yet"

    client = AdminClient(logged_in(servers, ADMIN, ADMIN))
    for done in client.create_acls(bindings()).values():
        done.result(30)
    try:
        wait_until(lambda: program.call("topics", "check").returncode == 0, "rights are known")
        worker = program.start_worker()
        worker.wait_ready()
        producer = Producer(logged_in(servers, ADMIN, ADMIN))
        for record in generate(SEED, EVENTS).records:
            producer.produce(f"{PREFIX}.{record.topic}", record.value, record.key)
        assert producer.flush(60) == 0
        reader = Reader(servers, PREFIX, logged_in(servers, "icustomer", PASSWORD))
        wait_until(lambda: reader.lag(GROUP) == 0, "all is applied")
        assert not worker.said("lag_unknown")
        assert worker.outcomes().total() >= EVENTS
        refused = program.call("topics", "create")
        assert refused.returncode != 0 or "were there already" in refused.stdout
        assert worker.terminate() == 0
    finally:
        program.stop()
