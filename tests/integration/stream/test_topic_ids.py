"""A topic's ID tells it from the one that had its name before."""

import pytest
from confluent_kafka import TopicCollection
from confluent_kafka.admin import AdminClient

from icustomer.errors import UnavailableError
from icustomer.local.servers import EmbeddedKafka
from icustomer.stream.admin import open_admin
from icustomer.stream.connection import Connection
from icustomer.stream.topic_ids import ids_from, topic_ids
from icustomer.stream.topics import create
from servers.kafka import free_ports


def url_safe(uuid):
    """librdkafka shows the same bytes in base64's other alphabet."""
    return str(uuid).translate(str.maketrans("+/", "-_"))


@pytest.mark.kafka
async def test_an_id_is_what_another_client_tells_of_the_topic(kafka_server, prefix):
    connection = Connection(kafka_server.servers)
    async with open_admin(connection) as admin:
        await create(admin, prefix, partitions=2, replication=1)
        try:
            names = [f"{prefix}.orders", f"{prefix}.signups", f"{prefix}.nobody"]
            told = await topic_ids(connection, names)
            client = AdminClient({"bootstrap.servers": kafka_server.servers})
            described = client.describe_topics(TopicCollection(names[:2]))
            others = {name: url_safe(each.result().topic_id) for name, each in described.items()}
        finally:
            await admin.delete_topics([f"{prefix}.{name}" for name in ("orders", "signups")])
    assert told == others
    assert told[names[0]] != told[names[1]]


async def test_the_embedded_broker_gives_ids_too():
    with EmbeddedKafka() as kafka:
        kafka.make_topics(["orders", "signups"])
        told = await topic_ids(Connection(kafka.address), ["orders", "signups", "nobody"])
    assert told.keys() == {"orders", "signups"}
    assert len({*told.values(), ""}) == 3


class OldBroker:
    """What aiokafka's client makes of a broker whose metadata hold no IDs."""

    def get_random_node(self):
        return 1

    async def send(self, _node, request):
        request.prepare({request.API_KEY: (0, 9)})

    async def fetch_all_metadata(self):
        return self

    def topics(self):
        return {"orders", "payments"}


async def test_a_broker_that_gives_no_ids_tells_which_topics_exist():
    assert await ids_from(OldBroker(), ["orders", "nobody"]) == {"orders": ""}


async def test_a_kafka_that_is_away_is_told_as_such():
    (port,) = free_ports(1)
    with pytest.raises(UnavailableError, match="Kafka could not"):
        await topic_ids(Connection(f"127.0.0.1:{port}"), ["orders"])
