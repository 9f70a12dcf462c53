"""When a worker is live, when it is ready, and why not."""

from __future__ import annotations

import pytest
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError
from redis.exceptions import ConnectionError as RedisConnectionError

from icustomer.errors import FencedError, OperatorError, UnavailableError
from icustomer.observer import Report
from icustomer.ops.health import STALL_SECONDS, Health, Reason, away
from icustomer.ops.health_watch import STUCK_SECONDS, StuckError, leave_when_stuck
from icustomer.store.connection import translated
from icustomer.store.port import Backlog
from icustomer.stream.failures import translate
from icustomer.stream.inputs_progress import Stand


class Clock:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def health(clock):
    """Of a worker that reads."""
    made = Health(clock)
    made.consuming(lambda: True)
    return made


def redis_away():
    """The error of the adapter itself, whatever its words are."""
    try:
        with translated():
            raise RedisConnectionError("refused")
    except UnavailableError as error:
        return error


def kafka_away():
    return translate(KafkaConnectionError("refused"), "publish a transaction")


def test_a_worker_is_live_but_not_ready_while_it_starts():
    health = Health()
    assert health.unready() == [Reason.STARTING]
    assert health.dead() == []


def test_a_worker_that_reads_is_ready(health):
    assert health.unready() == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (redis_away(), Reason.REDIS_UNAVAILABLE),
        (kafka_away(), Reason.KAFKA_UNAVAILABLE),
        (FencedError("Kafka could not commit"), Reason.RETRYING),
        (UnavailableError("others keep changing what this batch reads"), Reason.RETRYING),
        (ValueError("Redis "), Reason.RETRYING),
        (translate(MessageSizeTooLargeError(), "publish"), Reason.RECORD_TOO_LARGE),
    ],
)
def test_a_failed_try_is_laid_to_the_server_that_is_away(error, reason):
    assert away(error) is reason


@pytest.mark.parametrize("succeed", ["batch", "tended"])
def test_a_success_of_any_kind_ends_the_trouble(health, succeed):
    health.disturbed(redis_away(), 1)
    assert health.unready() == [Reason.REDIS_UNAVAILABLE]
    assert health.dead() == []
    if succeed == "batch":
        health.batch_done(Report())
    else:
        health.tended(Backlog())
    assert health.unready() == []


def test_an_idle_worker_is_not_ready_while_kafka_does_not_tell_of_the_topics(health):
    health.topics_unknown()
    health.tended(Backlog())
    assert health.unready() == [Reason.KAFKA_UNAVAILABLE]
    health.looked_at_topics([])
    assert health.unready() == []


def test_topics_that_were_repaired_make_it_ready_again(health):
    health.looked_at_topics([{"topic": "customer.profiles"}])
    assert health.unready() == [Reason.TOPICS_WRONG]
    health.looked_at_topics([])
    assert health.unready() == []


def test_a_rebuild_makes_it_unready_and_never_dead(health, clock):
    health.catch_up_began(cut=True)
    clock.now += 10 * STALL_SECONDS
    assert health.unready() == [Reason.CATCHING_UP]
    assert health.dead() == []
    health.catch_up_ended()
    assert health.unready() == []


def test_a_worker_without_any_sign_of_work_is_dead(health, clock):
    clock.now += STALL_SECONDS + 1
    assert health.dead() == [Reason.NO_PROGRESS]
    assert health.unready() == [Reason.NO_PROGRESS]
    health.tended(Backlog())
    assert health.dead() == []


def test_tries_that_fail_are_signs_of_life(health, clock):
    for _ in range(100):
        clock.now += 5
        health.disturbed(kafka_away(), 5)
    assert health.dead() == []


def test_a_worker_whose_consumer_ended_is_dead(clock):
    alive = [True]
    health = Health(clock)
    health.consuming(lambda: alive[0])
    alive[0] = False
    assert health.dead() == [Reason.CONSUMER_DEAD]
    assert health.unready() == [Reason.CONSUMER_DEAD]


@pytest.mark.parametrize("stand", [Reason.INPUT_STALLED, Reason.NO_PARTITIONS])
def test_a_worker_whose_reading_came_to_a_stand_is_dead(clock, stand):
    found = [None]
    health = Health(clock)
    health.consuming(lambda: True, lambda: found[0])
    assert health.dead() == []
    found[0] = str(stand)
    assert health.dead() == [stand]
    assert health.unready() == [stand]


def test_every_stand_of_reading_is_a_reason():
    assert {str(stand) for stand in Stand} == {Reason.INPUT_STALLED, Reason.NO_PARTITIONS}


def test_while_it_stops_a_worker_is_live_and_not_ready(clock):
    health = Health(clock)
    health.consuming(lambda: False)
    health.stopping()
    clock.now += 2 * STALL_SECONDS
    assert health.dead() == []
    assert health.unready() == [Reason.STOPPING]


def test_what_only_the_operator_can_mend_makes_it_unready(health):
    health.fatal(OperatorError("wrong key"))
    assert health.unready() == [Reason.FAILED]


def test_reasons_do_not_repeat(health):
    health.disturbed(kafka_away(), 1)
    health.topics_unknown()
    assert health.unready() == [Reason.KAFKA_UNAVAILABLE]


class Seconds:
    """Sleeps that take none, counted."""

    def __init__(self):
        self.slept = 0.0

    async def sleep(self, seconds):
        self.slept += seconds
        assert self.slept < 1_000


async def test_a_worker_that_stays_stuck_leaves(health):
    time = Seconds()
    health.consuming(lambda: time.slept < 20)
    with pytest.raises(StuckError, match="consumer_dead"):
        await leave_when_stuck(health, time.sleep)
    assert time.slept == pytest.approx(19 + STUCK_SECONDS)


async def test_a_worker_that_looks_stuck_for_a_moment_stays(health):
    time = Seconds()
    health.consuming(lambda: not 10 <= time.slept < 20 and time.slept < 500)
    with pytest.raises(StuckError):
        await leave_when_stuck(health, time.sleep)
    assert time.slept == pytest.approx(499 + STUCK_SECONDS)
