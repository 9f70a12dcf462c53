"""Spans of real workers, as a collector gets them; and what becomes of a worker without one."""

from __future__ import annotations

import time
from collections import defaultdict

import pytest

from icustomer.local.generator import generate
from integration.support.collector import running_collector
from integration.support.program import wait_until
from integration.support.reading import Plain, delete_topics

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

SEED = 4
EVENTS = 200
TRACE = "0af7651916cd43dd8448eb211c80319c"
STAGES = {"decode", "load", "resolve", "commit", "publish", "offsets", "settle"}
FLUSH_SECONDS = 3.0
"""How long docs/howto/traces.md says that the last spans are waited for."""


@pytest.fixture
def collector():
    with running_collector() as made:
        yield made


@pytest.fixture
def program(kafka_server, redis_server, make_program, collector):
    made = make_program(kafka_server.servers, redis_server.url, BATCH_RECORDS="50")
    made.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
    made.environment["OTEL_BSP_SCHEDULE_DELAY"] = "200"
    yield made
    made.stop()
    delete_topics(kafka_server.servers, made.prefix)


def traced(record, number):
    """The record, told within a trace of its sender."""
    parent = f"00-{TRACE}-{number:016x}-01".encode()
    return Plain(record.topic, record.key, record.value, (("traceparent", parent),))


def test_each_worker_under_a_parent_tells_its_batches_linked_to_their_events(program, collector):
    records = generate(SEED, EVENTS).records
    sent = [traced(record, number) for number, record in enumerate(records, 1)]
    worker = program.start_worker("--workers", "2")
    wait_until(lambda: len(worker.told("ready")) == 2 or worker.ended(), "both workers ready")
    program.send(sent)
    wait_until(lambda: sum(worker.outcomes().values()) >= len(sent), "all outcomes")
    assert worker.terminate() == 0

    batches = collector.named("icustomer batch")
    resources = {each.resource["service.instance.id"]: each.resource for each in batches}
    assert len(resources) == 2
    assert {each["icustomer.space"] for each in resources.values()} == {program.space}
    links = {link.span_id for each in batches for link in each.span.links}
    assert links == {number.to_bytes(8) for number in range(1, len(sent) + 1)}
    assert {link.trace_id.hex() for each in batches for link in each.span.links} == {TRACE}
    stages = defaultdict(set)
    for each in collector.told:
        stages[each.span.parent_span_id].add(each.span.name.removeprefix("icustomer "))
    assert any(stages[each.span.span_id] == STAGES for each in batches)


def test_a_collector_that_hangs_holds_up_neither_the_work_nor_the_end(program, collector):
    collector.answering.clear()
    program.environment["OTEL_EXPORTER_OTLP_TIMEOUT"] = "120"
    records = generate(SEED, EVENTS).records
    worker = program.start_worker()
    worker.wait_ready()
    program.send(records[:100])
    wait_until(collector.asked.is_set, "spans sent to the collector")
    program.send(records[100:])
    wait_until(lambda: sum(worker.outcomes().values()) >= len(records), "all outcomes")
    began = time.monotonic()
    assert worker.terminate() == 0
    assert FLUSH_SECONDS <= time.monotonic() - began < 20
    assert worker.said("stopped")
    assert not worker.said("stopped_with_open_connections")


def test_an_exporter_that_is_none_is_wrong_usage(program):
    program.environment["OTEL_TRACES_EXPORTER"] = "zipkin"
    for arguments in ((), ("--workers", "2")):
        done = program.call("run", *arguments)
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1].startswith("icustomer: OTEL_TRACES_EXPORTER must be")
        assert "Traceback" not in done.stderr
