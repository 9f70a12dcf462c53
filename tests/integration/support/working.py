"""A space at work: a worker that has nothing left to do, and hundreds of events behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from icustomer.local.generator import generate
from integration.support.damage import Damage
from integration.support.program import Program, wait_until
from integration.support.reading import Reader, delete_topics

SEED = 43
EVENTS = 500


@contextmanager
def at_work(made: Program) -> Iterator[Program]:
    """Its worker runs until the end; then nothing of it is left on servers that others use too."""
    made.start_worker().wait_ready()
    print(f"seed {SEED}")  # noqa: T201 - to run it again
    made.send(generate(SEED, EVENTS).records)
    wait_for_lag_0(made)
    yield made
    made.stop()
    hands = Damage(made)
    for key in hands.redis.scan_iter(hands.keys.everything, 5_000):
        hands.redis.unlink(key)
    delete_topics(made.environment["ICUSTOMER_KAFKA_SERVERS"], made.prefix)


def send_more(program: Program, events: int) -> None:
    """Events of others, until they are done."""
    program.send(generate(SEED + 1, events).records)
    wait_for_lag_0(program)


def wait_for_lag_0(program: Program) -> None:
    reader = Reader(program.environment["ICUSTOMER_KAFKA_SERVERS"], program.prefix)
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0")
