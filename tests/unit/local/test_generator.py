"""The generated world: the same for a seed, and as messy as life."""

import hashlib
import json
from collections import Counter, defaultdict
from itertools import pairwise

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email

from icustomer.contracts.decode import decode
from icustomer.contracts.rejection import Rejection
from icustomer.contracts.topics import Topic
from icustomer.core.keys import Keyring
from icustomer.core.rules import DEFAULT_RULES
from icustomer.evaluation.matching import read
from icustomer.local.countries import COUNTRIES
from icustomer.local.generator import generate, write_labelled
from icustomer.local.people import Household

EVENTS = 8_000


@pytest.fixture(scope="module")
def world():
    return generate(1, EVENTS)


@pytest.fixture(scope="module")
def bodies(world):
    return [
        (record, json.loads(record.value)) for record in world.records if record.truth is not None
    ]


def fingerprint(world):
    digest = hashlib.sha256()
    for record in world.records:
        digest.update(repr(record).encode())
    return digest.hexdigest()


def test_a_seed_gives_the_same_bytes_again_and_another_seed_others():
    assert fingerprint(generate(7, 300)) == fingerprint(generate(7, 300))
    assert fingerprint(generate(7, 300)) != fingerprint(generate(8, 300))


@pytest.mark.parametrize("events", [0, 1, 10, 777])
def test_it_gives_as_many_events_as_asked(events):
    assert len(generate(3, events).records) == events


def test_the_mix_is_realistic(world):
    topics = Counter(record.topic for record in world.records)
    assert topics[Topic.SIGNUPS] / EVENTS == pytest.approx(0.15, abs=0.03)
    assert topics[Topic.ORDERS] / EVENTS == pytest.approx(0.65, abs=0.05)
    assert topics[Topic.SUPPORT] / EVENTS == pytest.approx(0.20, abs=0.04)
    sizes = sorted(len(record.value) for record in world.records)
    assert 350 < sizes[EVENTS // 2] < 500


def test_every_kind_of_household_occurs(world):
    assert {record.household for record in world.records} == set(Household)


def test_every_readable_event_keeps_the_contract(bodies):
    refused = [
        answer
        for record, _ in bodies
        if isinstance(answer := decode(record.topic, record.value), Rejection)
    ]
    assert refused == []


def test_no_worker_can_use_junk(world):
    rules, keyring = DEFAULT_RULES, Keyring(b"a key of the tests, 32 bytes long")
    junk = [record for record in world.records if record.truth is None]
    reasons = Counter(read(record, 0, rules, keyring).rejection.reason for record in junk)
    assert set(reasons) == {"empty", "not_json", "invalid", "no_usable_identifier"}


def test_the_truth_is_not_in_the_message(world):
    assert not any(b"person-" in record.value for record in world.records)


def test_every_country_s_numbers_and_mailboxes_are_usable(bodies):
    countries, usable = Counter(), Counter()
    for _, body in bodies:
        country = body["country"]
        if "phone" in body:
            number = phonenumbers.parse(body["phone"], country)
            countries[country] += 1
            usable[country] += phonenumbers.is_valid_number(number)
        if "email" in body:
            usable["email"] += is_mailbox(body["email"].strip())
            countries["email"] += 1
    assert set(countries) == {country.code for country in COUNTRIES} | {"email"}
    for kind, count in countries.items():
        assert usable[kind] / count > 0.97, kind


def is_mailbox(text):
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def test_families_share_a_telephone_and_namesakes_share_a_name_only(bodies):
    people_by_phone, people_by_name = defaultdict(set), defaultdict(set)
    for record, body in bodies:
        if "phone" in body:
            number = phonenumbers.parse(body["phone"], body["country"]).national_number
            people_by_phone[record.household, number].add(record.truth)
        if "family" in body.get("name", {}):
            name = body["name"]["given"], body["name"]["family"]
            people_by_name[record.household, name].add(record.truth)
    most_on_one_phone = Counter()
    for (household, _), people in people_by_phone.items():
        most_on_one_phone[household] = max(most_on_one_phone[household], len(people))
    assert most_on_one_phone[Household.FAMILY] == 3
    assert most_on_one_phone[Household.COUPLE] == 2
    assert most_on_one_phone[Household.NAMESAKES] == 1
    assert most_on_one_phone[Household.HUB] > 4
    shared_names = [
        household for (household, _), people in people_by_name.items() if len(people) > 1
    ]
    assert Household.NAMESAKES in shared_names


def test_late_guests_sign_up_after_they_ordered_and_guests_never_do(bodies):
    topics = defaultdict(set)
    for record, body in bodies:
        topics[record.household].add(record.topic)
        if record.household is Household.GUEST and record.topic is Topic.ORDERS:
            assert body["guest"] is True
    assert Topic.SIGNUPS not in topics[Household.GUEST]
    assert Topic.SIGNUPS in topics[Household.LATE_GUEST]


def test_events_come_twice_late_and_out_of_order(bodies):
    event_ids = Counter(body["event_id"] for _, body in bodies)
    assert Counter(event_ids.values())[2] > EVENTS * 0.01
    times = [body["occurred_at"] for _, body in bodies if body["source"] != "helpdesk"]
    assert any(later < earlier for earlier, later in pairwise(times))


def test_an_order_is_told_by_two_sources_under_one_number(bodies):
    sources = defaultdict(set)
    for record, body in bodies:
        if record.topic is Topic.ORDERS:
            sources[body["order_id"]].add(body["source"])
    assert {"shop", "accounting"} in sources.values()


def test_some_callers_are_nameless(bodies):
    nameless = [body for record, body in bodies if "name" not in body]
    assert nameless
    assert all("ticket_id" in body and "email" not in body for body in nameless)


def test_labelled_lines_are_the_same_events_with_their_truth(world, bodies, tmp_path):
    write_labelled(world.records, tmp_path / "events.jsonl")
    lines = (tmp_path / "events.jsonl").read_bytes().splitlines()
    expected = [body | {"truth_id": record.truth} for record, body in bodies]
    assert [json.loads(line) for line in lines] == expected
