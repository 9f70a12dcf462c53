"""Judging the worker's state, and sending no faster than it takes."""

import asyncio

import redis

from icustomer.contracts.topics import INPUTS
from icustomer.core.keys import Keyring
from icustomer.core.rules import DEFAULT_RULES
from icustomer.evaluation.evaluate import evaluate
from icustomer.evaluation.reader import read_labelled
from icustomer.evaluation.records import match
from icustomer.local.generator import TRUTH_FIELD, generate, write_labelled
from icustomer.local.judge import judge
from icustomer.local.servers import EmbeddedKafka, EmbeddedRedis
from icustomer.local.traffic import WINDOW_EVENTS, Traffic
from icustomer.store import codec

KEYRING = Keyring(b"a key of the tests, 32 bytes long")


def test_the_state_in_redis_is_judged_as_the_same_matching_without_servers(tmp_path):
    records = generate(5, 400).records
    write_labelled(records, tmp_path / "events.jsonl")
    events = list(read_labelled(tmp_path / "events.jsonl", TRUTH_FIELD))
    _, matching = match(events, DEFAULT_RULES, KEYRING)
    with EmbeddedRedis() as server:
        with redis.Redis.from_url(server.url) as client:
            for group in matching.groups.values():
                client.set(b"{demo}:group:%b" % group.id, codec.encode(group))
            client.set("{other}:group:x", b"of no concern")
        judgement = judge(server.url, "demo", records, KEYRING)
    evaluation = evaluate(events, DEFAULT_RULES, KEYRING)
    assert judgement.pairs == evaluation.pairs
    assert judgement.plain == evaluation.plain
    assert judgement.customers + judgement.guests == evaluation.customers
    assert judgement.guests > 0


async def test_sending_waits_for_a_worker_that_is_behind():
    records = generate(1, 100).records * (WINDOW_EVENTS // 100 + 1)
    accounted = [0]
    with EmbeddedKafka() as kafka:
        topics = {topic: topic.value for topic in INPUTS}
        kafka.make_topics(list(topics.values()))
        traffic = Traffic(kafka.address, topics)
        sending = asyncio.create_task(traffic.send_fast(records, lambda: accounted[0]))
        async with asyncio.timeout(30):
            while traffic.sent < WINDOW_EVENTS:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0)
            for _ in range(100):
                await asyncio.sleep(0)
            assert traffic.sent == WINDOW_EVENTS
            accounted[0] = 100
            await sending
    assert traffic.sent == len(records)
