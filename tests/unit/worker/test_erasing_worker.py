"""Forget and suppress by a worker on the twins: what it commits, publishes, and survives."""

from __future__ import annotations

import json

from icustomer.contracts.topics import Topic
from icustomer.core.change import SHARED, SUPPRESSED, Outcome
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.suppressing import CARRIERS_AT_ONCE, TOO_MANY
from icustomer.store.codec import decode
from icustomer.store.limits import INDEX_INCOMPLETE, INDEX_LIMIT
from unit.worker.workshop import Workshop, signup

KEYRING = Keyring(bytes(range(32)))
PHONE = "+41446681800"
DIGEST = KEYRING.identifier("phone", PHONE)
GIVEN = ("Anneliese", "Boris", "Chiara", "Dimitri", "Esperanza")
"""No two of them compatible."""


def command(event_id: str, **arguments: object) -> dict[str, object]:
    return {
        "event_id": event_id,
        "occurred_at": "2025-06-15T13:00:00Z",
        "requested_by": "ann",
        "reason": "asked",
        **arguments,
    }


def suppress_phone(event_id: str) -> dict[str, object]:
    identifier = {"kind": "phone", "value": PHONE}
    return command(event_id, command="suppress", identifier=identifier)


def groups(shop: Workshop) -> list[Group]:
    return [decode(blob) for blob in shop.space.groups.values()]


def ids(shop: Workshop) -> list[str]:
    return [one.id for group in groups(shop) for one in group.customers]


def last_profiles(shop: Workshop) -> dict[str, object]:
    return {
        (key or b"").decode(): value and json.loads(value)
        for key, value in shop.published(Topic.PROFILES)
    }


def many_with_one_phone(count: int) -> list[dict[str, object]]:
    return [
        signup(f"e{number}", phone=PHONE, name={"given": GIVEN[number % len(GIVEN)]})
        for number in range(count)
    ]


async def test_who_is_forgotten_gets_a_tombstone_and_an_identity_change() -> None:
    shop = Workshop()
    shop.send(signup("a"), signup("b"))
    await shop.work()
    gone, other = ids(shop)
    shop.send(command("c", command="forget", customer_id=gone), topic=Topic.COMMANDS)
    await shop.work()
    assert ids(shop) == [other]
    assert last_profiles(shop)[gone] is None
    assert last_profiles(shop)[other] is not None
    changes = [json.loads(value or b"{}") for _, value in shop.published(Topic.IDENTITY_CHANGES)]
    (erased,) = (each for each in changes if each["type"] == "erased")
    assert (erased["customer_id"], erased["because"]["rule"]) == (gone, "forget")
    assert not shop.space.outbox


async def test_a_rebuilt_space_keeps_out_what_was_forgotten() -> None:
    shop = Workshop()
    shop.send(signup("a"))
    await shop.work()
    (gone,) = ids(shop)
    shop.send(command("c", command="forget", customer_id=gone), topic=Topic.COMMANDS)
    await shop.work()
    before = shop.state()
    shop.redis.flush()
    shop.send(signup("a"))
    await shop.work()
    assert shop.told.reports[-1].outcomes == {(Topic.SIGNUPS, Outcome.SUPPRESSED): 1}
    assert [decode(blob).graves for blob in shop.space.groups.values()] == [
        decode(blob).graves for blob in before[0].values()
    ]
    assert shop.state()[1:] == before[1:]
    shop.send(signup("a", occurred_at="2025-06-15T14:00:00Z"))
    await shop.work()
    (new,) = ids(shop)
    assert new != gone


async def test_an_identifier_shared_by_more_than_one_portion_is_taken_out_of_all() -> None:
    shop = Workshop()
    count = CARRIERS_AT_ONCE + 5
    shop.send(*many_with_one_phone(count))
    await shop.work()
    assert shop.space.links[DIGEST] == SHARED
    shop.send(suppress_phone("c1"), topic=Topic.COMMANDS)
    await shop.work()
    assert shop.space.links[DIGEST] == SUPPRESSED
    assert not shop.space.indexes.get(DIGEST)
    assert len(ids(shop)) == count
    assert all(not profile["phones"] for profile in last_profiles(shop).values() if profile)
    assert shop.told.reports[-1].outcomes == {(Topic.COMMANDS, Outcome.MATCHED): 1}
    shop.send(suppress_phone("c2"), topic=Topic.COMMANDS)
    await shop.work()
    assert shop.told.reports[-1].outcomes == {(Topic.COMMANDS, Outcome.DUPLICATE): 1}


async def test_events_behind_a_suppress_in_one_batch_lose_the_identifier() -> None:
    shop = Workshop()
    shop.send(signup("a", phone=PHONE))
    shop.send(suppress_phone("c"), topic=Topic.COMMANDS)
    await shop.work()
    shop.send(signup("b", phone=PHONE), {**signup("d"), "email": None, "phone": PHONE})
    await shop.work()
    outcomes = shop.told.reports[-1].outcomes
    assert outcomes[Topic.SIGNUPS, Outcome.SUPPRESSED] == 1
    assert outcomes[Topic.SIGNUPS, Outcome.CREATED] == 1
    kinds = {
        one.kind for group in groups(shop) for each in group.facets for one in each.identifiers
    }
    assert kinds == {"email"}


async def test_an_identifier_in_more_groups_than_its_index_names_is_refused() -> None:
    shop = Workshop()
    shop.send(*many_with_one_phone(len(GIVEN)))
    await shop.work()
    members = {b"%016d" % number for number in range(INDEX_LIMIT)}
    shop.space.indexes[DIGEST] = {*members, INDEX_INCOMPLETE}
    shop.send(suppress_phone("c"), topic=Topic.COMMANDS)
    await shop.work()
    assert shop.letters()["c"]["icustomer-reason"] == "refused_command"
    assert shop.letters()["c"]["icustomer-detail"] == TOO_MANY
    assert shop.space.links[DIGEST] == SHARED


async def test_more_suppressed_identifiers_than_rounds_that_conflicts_may_take() -> None:
    shop = Workshop()
    shop.send(*(signup(f"e{number}") for number in range(30)))
    await shop.work()
    for number in range(30):
        identifier = {"kind": "email", "value": f"e{number}@example.org"}
        told = command(f"c{number}", command="suppress", identifier=identifier)
        shop.send(told, topic=Topic.COMMANDS)
    await shop.work()
    assert ids(shop) == []
    assert not shop.told.disturbances
