"""Two workers, thousands of events, real servers: what is published equals the oracle."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from confluent_kafka import Message
from jsonschema import Draft202012Validator

from icustomer.contracts.outputs import PROFILE_RECORD, IdentityChange
from icustomer.contracts.topics import INPUTS, Topic
from integration.support.judging import assert_as_oracle, last_records
from integration.support.program import wait_until
from integration.support.reading import Reader
from integration.support.town import (
    BROKEN,
    EVENTS,
    KEYRING,
    TRACE,
    Town,
    header,
    only,
    state_of,
    unsettled,
)

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

SCHEMAS = Path(__file__).parents[2] / "schemas"
CLOUD_EVENT = ("ce_id", "ce_type", "ce_source", "ce_specversion", "ce_time")


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))


def test_customers_are_those_of_the_oracle_with_their_figures(town: Town) -> None:
    assert [override.kind for override in town.overrides].count("must") == 1
    assert assert_as_oracle(town.published, town.items, town.overrides, KEYRING) > EVENTS / 20


def test_every_event_has_one_outcome(town: Town) -> None:
    counted = sum(town.outcomes(), Counter())
    assert counted.total() == town.inputs, counted
    assert counted["dead_lettered"] == len(town.records[Topic.DEAD_LETTERS])
    assert all(each.total() for each in town.outcomes()), "both workers had work"


def test_every_profile_fits_model_schema_and_key(town: Town) -> None:
    validator = schema("profile")
    for message in town.records[Topic.PROFILES]:
        record = PROFILE_RECORD.validate_json(message.value())
        validator.validate(json.loads(message.value()))
        assert message.key().decode() == record.customer_id
        assert header(message, "ce_id") == f"{record.customer_id}:{record.version}".encode()
        kind = b"merged" if record.status == "merged" else b"updated"
        assert header(message, "ce_type") == b"icustomer.profile." + kind
        assert_cloud_event(message, town)


def test_every_identity_change_fits_model_schema_and_key(town: Town) -> None:
    validator = schema("identity-change")
    types: Counter[str] = Counter()
    told: dict[str, bytes] = {}
    for message in town.records[Topic.IDENTITY_CHANGES]:
        change = IdentityChange.model_validate_json(message.value())
        validator.validate(json.loads(message.value()))
        assert message.key().decode() in {change.customer_id, change.because.digest}
        assert header(message, "ce_id") == change.change_id.encode()
        assert header(message, "ce_type") == f"icustomer.identity.{change.type}".encode()
        assert_cloud_event(message, town)
        types[change.type] += 1
        assert told.setdefault(change.change_id, message.value()) == message.value()
    assert {"created", "merged", "split"} <= types.keys()
    assert types["created"] >= sum(each["status"] != "merged" for each in town.published.values())


def assert_cloud_event(message: Message, town: Town) -> None:
    assert all(header(message, name) for name in CLOUD_EVENT)
    assert header(message, "ce_specversion") == b"1.0"
    assert header(message, "ce_source") == f"/icustomer/{town.program.space}".encode()
    assert datetime.fromisoformat(str(header(message, "ce_time"), "ascii")).tzinfo is not None


def test_dead_letters_are_the_records_byte_for_byte_with_the_reason(town: Town) -> None:
    inputs = {
        (message.topic(), message.partition(), message.offset()): message
        for topic in INPUTS
        for message in town.records[topic]
    }
    reasons: Counter[bytes | None] = Counter()
    for letter in town.records[Topic.DEAD_LETTERS]:
        original = inputs.pop(place_of(letter))
        assert (letter.key(), letter.value()) == (original.key(), original.value())
        headers, before = letter.headers(), original.headers() or []
        assert headers[: len(before)] == before
        added = [name for name, _ in headers[len(before) :]]
        assert sorted(added) == [
            f"icustomer-{name}"
            for name in ("detail", "failed-at", "offset", "partition", "reason", "topic")
        ]
        reasons[header(letter, "icustomer-reason")] += 1
    assert reasons[b"refused_command"] == 1
    assert {b"not_json", b"invalid", b"empty", b"no_usable_identifier"} <= reasons.keys()


def place_of(letter: Message) -> tuple[str, int, int]:
    """Where the record came from."""
    topic, partition, offset = (
        str(header(letter, f"icustomer-{name}"), "ascii")
        for name in ("topic", "partition", "offset")
    )
    return topic, int(partition), int(offset)


def test_a_record_that_is_no_text_in_any_part_is_kept_as_it_was(town: Town) -> None:
    letter = only(each for each in town.records[Topic.DEAD_LETTERS] if each.key() == BROKEN.key)
    assert letter.value() == BROKEN.value
    assert tuple(letter.headers()[: len(BROKEN.headers)]) == BROKEN.headers
    assert not [name for name, _ in letter.headers() if name.startswith("ce_")]


def test_the_trace_of_an_event_is_passed_on(town: Town) -> None:
    traced = only(
        each for each in town.records[Topic.PROFILES] if b"petronella" in each.value().lower()
    )
    assert {name: header(traced, name) for name, _ in TRACE} == dict(TRACE)


def test_lookup_tells_what_subscribers_got(town: Town) -> None:
    document = next(
        each
        for each in town.published.values()
        if each["status"] == "active"
        and all(
            any(entry["use"] == "match" for entry in each[kind])
            for kind in ("emails", "phones", "accounts")
        )
    )
    email, phone, account = (
        next(entry for entry in document[kind] if entry["use"] == "match")
        for kind in ("emails", "phones", "accounts")
    )
    for wanted in (
        document["customer_id"].lower().replace("-", " "),
        f"email:{email['value']}",
        f"phone:{phone['value']}",
        f"account:{account['service']}/{account['number']}",
    ):
        assert without_change(town.program.json("lookup", wanted)) == without_change(document)


def test_lookup_of_a_retired_id_finds_its_holder(town: Town) -> None:
    commands = town.commands
    assert commands.looked_up["customer_id"] == commands.survivor
    redirect = town.published[commands.retired]
    assert redirect["status"] == "merged"
    found = town.program.json("lookup", commands.retired)
    assert without_change(found) == without_change(town.published[redirect["merged_into"]])
    assert commands.retired in found["merged_from"]
    back = town.program.json("lookup", commands.undone)
    assert without_change(back) == without_change(town.published[commands.undone])


def test_lookup_of_nobody_fails(town: Town) -> None:
    nobody = town.program.call("lookup", "email:nobody@nowhere.example", "--json")
    assert (nobody.returncode, json.loads(nobody.stdout)) == (1, {"error": "not_found"})


def without_change(document: dict[str, Any]) -> dict[str, Any]:
    """A profile without the story of its version, which the state does not keep."""
    return {name: value for name, value in document.items() if name != "change"}


def test_sigterm_ends_workers_with_success_and_nothing_unsettled(town: Town) -> None:
    assert town.exit_codes == [0, 0]
    assert unsettled(town.program, town.redis_url) == 0


def test_an_emptied_redis_is_rebuilt_as_it_was(town: Town) -> None:
    before = state_of(town.program, town.redis_url)
    with redis.Redis.from_url(town.redis_url) as client:
        client.flushdb()
    worker = town.program.start_worker()
    worker.wait_ready()
    wait_until(lambda: unsettled(town.program, town.redis_url) == 0, "an empty outbox")
    assert state_of(town.program, town.redis_url) == before
    assert worker.terminate() == 0
    servers = town.program.environment["ICUSTOMER_KAFKA_SERVERS"]
    published = last_records(Reader(servers, town.program.prefix).read(Topic.PROFILES))
    assert published.keys() == town.published.keys()
    for customer_id, document in published.items():
        assert without_change(document) == without_change(town.published[customer_id])
