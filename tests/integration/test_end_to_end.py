"""Two workers, thousands of events, real servers: what is published equals the oracle."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import redis
from jsonschema import Draft202012Validator

from icustomer.contracts.outputs import PROFILE_RECORD, IdentityChange
from icustomer.contracts.topics import INPUTS
from icustomer.core.keys import Keyring
from icustomer.local.generator import generate
from icustomer.store.codec import decode
from integration.support.judging import assert_as_oracle, items_of, last_records
from integration.support.program import SECRET_KEY, Program, wait_until
from integration.support.reading import Reader, send

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

EVENTS = 3_000
SEED = 20_261
SCHEMA = Path(__file__).parents[2] / "schemas" / "profile.schema.json"
KEYRING = Keyring(bytes.fromhex(SECRET_KEY))


def overrides_of(program: Program, url: str):
    """Every person's word that stands in a group."""
    with redis.Redis.from_url(url) as server:
        keys = list(server.scan_iter(match=f"{{{program.space}}}:group:*", count=1_000))
        groups = [decode(blob) for blob in server.mget(keys) if blob]
        assert server.hlen(f"{{{program.space}}}:outbox") == 0
    words = {override.stamp: override for group in groups for override in group.overrides}
    return list(words.values())


def command_two_customers(program: Program, published) -> None:
    """A merge by hand, then its undoing, and another merge that stays."""
    active = sorted(
        document["customer_id"] for document in published.values() if document["status"] == "active"
    )
    first, second, third, fourth = active[:4]
    told = program.json("merge", first, second, "--reason", "one person", "--yes")
    assert told["outcome"] == "merged"
    (survivor,) = set(told["customer_ids"]) & {first, second}
    retired = ({first, second} - {survivor}).pop()
    looked_up = program.json("lookup", retired)
    assert looked_up["customer_id"] == survivor
    told = program.json("split", retired, "--reason", "two people", "--yes")
    assert told["outcome"] == "split"
    assert program.json("lookup", retired)["customer_id"] == retired
    assert program.json("merge", third, fourth, "--reason", "a twin")["outcome"] == "merged"
    refused = program.call("merge", first, "ic_7K3M-9QX2-4HTB-W6PZ-S", "--reason", "no", "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["outcome"] == "dead_lettered"


def test_two_workers_publish_what_the_oracle_sees(program, kafka_server, redis_server):
    print(f"seed {SEED}")  # noqa: T201 - to run it again
    generated = generate(SEED, EVENTS)
    reader = Reader(kafka_server.servers, program.prefix)
    workers = [program.start_worker() for _ in range(2)]
    for worker in workers:
        worker.wait_ready()
    send(kafka_server.servers, program.prefix, generated.records)
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0 after the events")
    command_two_customers(program, last_records(reader.read("profiles")))
    wait_until(lambda: reader.lag(program.prefix) == 0, "lag 0 after the commands")
    wait_until(
        lambda: sum(worker.outcomes().total() for worker in workers) >= EVENTS + 4, "outcomes"
    )

    messages = reader.read("profiles")
    published = last_records(messages)
    items = [
        item
        for topic in INPUTS
        for item in items_of(topic, reader.read(topic), KEYRING)
        if hasattr(item, "facet_key")
    ]
    overrides = overrides_of(program, redis_server.url)
    assert [override.kind for override in overrides].count("must") == 1
    customers = assert_as_oracle(published, items, overrides, KEYRING)
    assert customers > EVENTS / 20
    check_contracts(program, messages, reader)
    check_dead_letters(program, reader)
    check_lookups(program, published)
    counted = sum((worker.outcomes() for worker in workers), Counter())
    assert counted.total() == EVENTS + 4, counted
    assert all(worker.outcomes().total() > 0 for worker in workers), "both workers had work"
    assert [worker.terminate() for worker in workers] == [0, 0]
    check_privacy(program, items)


def check_contracts(program: Program, messages, reader: Reader) -> None:
    """Every record fits its model, its schema and CloudEvents."""
    schema = Draft202012Validator(json.loads(SCHEMA.read_text()))
    for message in messages:
        document = PROFILE_RECORD.validate_json(message.value())
        schema.validate(json.loads(message.value()))
        headers = dict(message.headers())
        assert message.key().decode() == document.customer_id
        assert headers["ce_id"].decode() == f"{document.customer_id}:{document.version}"
        assert headers["ce_source"].decode() == f"/icustomer/{program.space}"
        assert headers["ce_specversion"] == b"1.0"
    types: Counter[str] = Counter()
    for message in reader.read("identity-changes"):
        change = IdentityChange.model_validate_json(message.value())
        assert dict(message.headers())["ce_type"].decode() == f"icustomer.identity.{change.type}"
        types[change.type] += 1
    assert types["created"] > 0
    assert types["merged"] > 0
    assert types["split"] > 0


def check_dead_letters(program: Program, reader: Reader) -> None:
    """What cannot be used is kept byte for byte, with the place that it came from."""
    inputs = {
        (f"{program.prefix}.{topic}", message.partition(), message.offset()): message
        for topic in INPUTS
        for message in reader.read(topic)
    }
    letters = reader.read("dead-letters")
    reasons: Counter[str] = Counter()
    for letter in letters:
        headers = dict(letter.headers())
        place = (
            headers["icustomer-topic"].decode(),
            int(headers["icustomer-partition"]),
            int(headers["icustomer-offset"]),
        )
        assert letter.value() == inputs[place].value()
        assert letter.key() == inputs[place].key()
        reasons[headers["icustomer-reason"].decode()] += 1
    assert reasons["refused_command"] == 1
    assert {"not_json", "invalid", "empty", "no_usable_identifier"} <= reasons.keys()


def check_lookups(program: Program, published) -> None:
    """An agent finds what subscribers got, by ID and by each kind of identifier."""
    document = next(
        each
        for each in published.values()
        if each["status"] == "active"
        and each["accounts"]
        and any(email["use"] == "match" for email in each["emails"])
    )
    email = next(each["canonical"] for each in document["emails"] if each["use"] == "match")
    account = document["accounts"][0]
    expected = {name: value for name, value in document.items() if name != "change"}
    for wanted in (
        document["customer_id"],
        document["customer_id"].lower().replace("-", " "),
        f"email:{email}",
        f"account:{account['service']}/{account['number']}",
    ):
        found = program.json("lookup", wanted)
        assert {name: value for name, value in found.items() if name != "change"} == expected
    nobody = program.call("lookup", "email:nobody@nowhere.example", "--json")
    assert (nobody.returncode, json.loads(nobody.stdout)) == (1, {"error": "not_found"})


def check_privacy(program: Program, items) -> None:
    """No line of a log names anybody."""
    logs = program.all_logs().casefold()
    for item in items:
        for identifier in item.identifiers:
            assert identifier.value.casefold() not in logs
            assert identifier.raw.casefold() not in logs or len(identifier.raw) < 6
        if item.raw_name.family and item.raw_name.given:
            assert f"{item.raw_name.given} {item.raw_name.family}".casefold() not in logs
