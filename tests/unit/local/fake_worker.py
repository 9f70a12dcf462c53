"""A stand-in for the worker's program: takes every event, publishes a profile of it each.

It reads without a group, since joining one takes the embedded Kafka three seconds.
"""

import json
import os
import signal
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

SERVERS = os.environ["ICUSTOMER_KAFKA_SERVERS"]
PREFIX = os.environ["ICUSTOMER_TOPIC_PREFIX"]
INPUTS = [f"{PREFIX}.{name}" for name in ("signups", "orders", "support")]


def profile(number, event_id):
    return {
        "customer_id": f"ic_{number}",
        "version": 1,
        "status": "active",
        "change": {"event_ids": [event_id]},
    }


def publish(producer, number, value):
    """The outcome of one record, and what is published of it."""
    try:
        event_id = json.loads(value)["event_id"]
    except (ValueError, TypeError, KeyError, UnicodeDecodeError):
        producer.produce(
            f"{PREFIX}.dead-letters", value, headers=[("icustomer-reason", b"not_json")]
        )
        return "dead_lettered"
    producer.produce(f"{PREFIX}.profiles", json.dumps(profile(number, event_id)).encode())
    return "created"


def report(outcomes):
    letters = {"not_json": outcomes.count("dead_lettered")}
    counts = {name: outcomes.count(name) for name in set(outcomes)}
    line = {"event": "batch_done", "outcomes": counts, "dead_letters": letters}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    producer = Producer({"bootstrap.servers": SERVERS})
    consumer = Consumer({"bootstrap.servers": SERVERS, "group.id": "fake"})
    topics = consumer.list_topics(timeout=10).topics
    consumer.assign(
        [
            TopicPartition(name, partition, OFFSET_BEGINNING)
            for name in INPUTS
            for partition in topics[name].partitions
        ]
    )
    taken = 0
    while True:
        outcomes = []
        for record in consumer.consume(500, 0.1):
            taken += 1
            outcomes.append(publish(producer, taken, record.value() or b""))
        producer.flush()
        if outcomes:
            report(outcomes)


if __name__ == "__main__":
    main()
