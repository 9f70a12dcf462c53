"""The records that tell of a state: headers, repeats, dead letters that are too large."""

from __future__ import annotations

import json

from icustomer.contracts.outputs import PROFILE_RECORD, IdentityChange
from icustomer.contracts.topics import Topic
from icustomer.core.change import Note
from icustomer.core.model import Group, RawName
from icustomer.core.rules import DEFAULT_RULES
from icustomer.core.times import rfc3339
from icustomer.stream.port import InputRecord
from icustomer.stream.records import DeadLetter, RecordMaker, Stories, Story, dead_letter
from worlds.driver import State, Worker
from worlds.observations import KEYRING, observation
from worlds.play import Game

MAKER = RecordMaker("space", DEFAULT_RULES, KEYRING)
TRACE = [("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
NAMES = {topic: f"customer.{topic}" for topic in Topic}


def one_group() -> Group:
    state = State()
    Worker(state, DEFAULT_RULES, KEYRING).run(
        [observation("e1", [("email", "ann@example.org")], name=RawName(full="Ann Lee"))]
    )
    (group,) = state.all_groups()
    return group


def test_a_profile_fits_its_contract_and_passes_the_trace_on():
    group = one_group()
    (customer,) = group.customers
    note = Note("created", 1, ["e1"], ["emails"])
    stories = Stories({(customer.id, customer.version): Story(note, TRACE)})
    (record,) = MAKER.profiles(group, [customer.id], stories).values()
    assert PROFILE_RECORD.validate_json(record.value).customer_id == customer.id
    assert json.loads(record.value)["change"]["event_ids"] == ["e1"]
    headers = dict(record.headers)
    assert headers["traceparent"] == TRACE[0][1]
    assert headers["ce_id"] == f"{customer.id}:{customer.version}".encode()


def test_a_profile_whose_story_is_not_in_hand_is_republished():
    group = one_group()
    (record,) = MAKER.profiles(group, [group.customers[0].id], Stories()).values()
    assert json.loads(record.value)["change"]["kind"] == "republished"


def test_identity_changes_come_from_the_version_asked_for_and_repeat_their_id():
    group = one_group()
    first = MAKER.identity_changes(group, group.version)
    assert [IdentityChange.model_validate_json(each.value).type for each in first] == ["created"]
    assert MAKER.identity_changes(group, group.version) == first
    assert MAKER.identity_changes(group, group.version + 1) == []


def test_a_redirect_bears_the_time_of_the_merge():
    game = Game(DEFAULT_RULES)
    name = RawName(full="Ann Lee")
    for claimed in ("a", "b", "ab"):
        mails = [("email", f"{each}@example.org") for each in claimed]
        game.send(observation(f"e-{claimed}", mails, name=name))
    (group,) = game.state.all_groups()
    (retired,) = group.retired
    (merged,) = (each for each in group.decisions if each.type == "merged")
    (record,) = MAKER.profiles(group, [retired.id], Stories()).values()
    assert json.loads(record.value)["status"] == "merged"
    assert merged.at > retired.founded_at
    assert dict(record.headers)["ce_time"] == rfc3339(merged.at).encode()


def letter_of(key: bytes | None, value: bytes | None, size: int):
    record = InputRecord(Topic.ORDERS, 3, 14, 15, key, value, [("odd", b"\xff"), ("none", None)])
    return dead_letter(DeadLetter(record, "not_json", "malformed", 1_000_000), NAMES, size)


def test_a_dead_letter_keeps_key_value_and_headers_and_tells_its_place():
    letter = letter_of(None, b"\x00junk", 10_000)
    assert (letter.key, letter.value) == (None, b"\x00junk")
    assert list(letter.headers)[:2] == [("odd", b"\xff"), ("none", None)]
    assert dict(letter.headers)["icustomer-topic"] == b"customer.orders"
    assert dict(letter.headers)["icustomer-partition"] == b"3"
    assert dict(letter.headers)["icustomer-offset"] == b"14"
    assert dict(letter.headers)["icustomer-failed-at"] == b"1970-01-01T00:00:01Z"
    assert "icustomer-truncated" not in dict(letter.headers)


def test_a_dead_letter_that_does_not_fit_is_cut_and_marked():
    letter = letter_of(b"key", b"x" * 5_000, 2_000)
    told = sum(len(name) + len(value or b"") for name, value in letter.headers)
    assert len(letter.value) + len(letter.key) + told < 2_000
    assert dict(letter.headers)["icustomer-truncated"] == b"5000"
