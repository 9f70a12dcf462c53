"""The short run: real Kafka, real Redis, worker processes, and all that befalls them."""

from __future__ import annotations

from random import SystemRandom

import pytest

from chaos.run import play
from chaos.scenario import Scenario, short
from icustomer.errors import OperatorError
from servers import missing, used
from servers.kafka import KafkaUnavailableError

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

EVENTS = 20_000
SEEDS = 1_000_000


def test_nothing_is_lost_and_nothing_doubled_whatever_befalls_workers_and_servers() -> None:
    seed = SystemRandom().randrange(SEEDS)
    try:
        outcome = play(Scenario(seed=seed, events=EVENTS), short(seed), print)
    except (KafkaUnavailableError, OperatorError) as error:
        missing("Kafka and Redis of one's own", f"install Java, Maven and redis-server ({error})")
    used("chaos", f"seed {seed}, {outcome.verdict.figures['events']} events")
    assert not outcome.verdict.problems, f"seed {seed}: {outcome.verdict.problems}"
