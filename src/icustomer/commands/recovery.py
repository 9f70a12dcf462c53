"""Opens what a command needs to mend the working state: a worker's means without its input."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from icustomer.activation import check_rules
from icustomer.app import keyring_of, nonces
from icustomer.contracts.rules_loading import load_rules
from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules
from icustomer.kafka_access import connection
from icustomer.observer import Observer
from icustomer.outbox import Outbox
from icustomer.pace import Pace
from icustomer.rebuild import Rebuild
from icustomer.session import Sessions, check_key
from icustomer.settings import Settings
from icustomer.store.redis import RedisStore
from icustomer.stream.kafka_log import KafkaLog
from icustomer.stream.records import RecordMaker
from icustomer.verification.repair import Means


class Tools:
    """What follows from the settings and opens nothing."""

    def __init__(self, settings: Settings) -> None:
        """SettingsError without a secret key, and for a rule file with mistakes."""
        self.rules: Rules = load_rules(settings.rules)
        self.keyring: Keyring = keyring_of(settings)
        self.maker = RecordMaker(settings.space, self.rules, self.keyring)


@asynccontextmanager
async def open_means(settings: Settings, tools: Tools) -> AsyncIterator[Means]:
    """Raises `UnavailableError` at once if Redis or Kafka is away, `WrongKeyError` if the space
    was made with another key, and `OtherRulesError` if it is matched by other rules. Holds no
    slot before one is asked for."""
    async with open_whatever_rules(settings, tools) as means:
        check_rules(await means.log.highest_claim(), tools.rules.fingerprint)
        yield means


@asynccontextmanager
async def open_whatever_rules(settings: Settings, tools: Tools) -> AsyncIterator[Means]:
    """Likewise, whatever rules the space is matched by."""
    rules, keyring = tools.rules, tools.keyring
    store = RedisStore(
        settings.redis_url.get_secret_value(), settings.space, cluster=settings.redis_cluster
    )
    log = KafkaLog(
        connection(settings),
        space=settings.space,
        prefix=settings.topic_prefix,
        group=settings.consumer_group,
    )
    observer = Observer()
    rebuild = Rebuild(store, log, rules, keyring, pace=Pace(settings.rules_pace))
    new_nonce, fingerprint = nonces(keyring), keyring.fingerprint()
    sessions = Sessions(store, log, rebuild, new_nonce, fingerprint, observer)
    try:
        await store.read_fence()
        check_key(await log.last_claim(), fingerprint)
        outbox = Outbox(store, log, tools.maker, observer)
        yield Means(store, log, sessions, outbox, rebuild, new_nonce)
    finally:
        await sessions.close()
        await log.close()
        await store.close()
