"""One record at which the code fails is set aside; all others have their effect."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from icustomer.circuit import Circuit, CircuitOpenError
from icustomer.contracts.topics import Topic
from icustomer.core.change import Outcome
from icustomer.core.keys import Keyring
from icustomer.core.rules import DEFAULT_RULES
from icustomer.errors import NewerStateError, UnavailableError
from icustomer.intake import Intake
from icustomer.store.codec import DamagedGroupError
from icustomer.stream.port import InputPartition, InputRecord
from unit.worker.workshop import Workshop, at, signup

NEVER = Circuit(share=1)


def pair(first: str, second: str):
    """Fails where both events are."""

    def fails(event_ids: Sequence[str]) -> None:
        if {first, second} <= set(event_ids):
            raise IndexError("together")

    return fails


FAMILY = [
    signup("a", "home@example.org", name={"full": "Ann Lee"}),
    signup("b", "home@example.org", locale="de"),
    signup("poison", "home@example.org", locale="fr"),
    signup("c", "home@example.org", preferences={"size": 4}),
    signup("d"),
]
"""In one partition, for they have one key; the first four are one part of the batch."""


async def test_the_rest_goes_through_exactly_as_without_it() -> None:
    poisoned, plain = Workshop(at("poison")), Workshop()
    poisoned.send(*FAMILY)
    plain.send(*FAMILY[:2], {"event_id": "poison"}, *FAMILY[3:])
    await poisoned.work()
    await plain.work()
    assert poisoned.state() == plain.state()
    assert poisoned.space.groups
    for topic in (Topic.PROFILES, Topic.IDENTITY_STATE, Topic.IDENTITY_CHANGES):
        assert poisoned.published(topic) == plain.published(topic)
    assert poisoned.committed() == plain.committed() == len(FAMILY)
    assert not poisoned.told.disturbances


async def test_it_is_set_aside_with_its_error_and_a_trace_and_no_word_of_it() -> None:
    shop = Workshop(at("poison"))
    shop.send(*FAMILY)
    await shop.work()
    ((event_id, headers),) = shop.letters().items()
    (fault,) = shop.told.faults
    assert event_id == "poison"
    assert headers["icustomer-reason"] == "internal_error"
    assert headers["icustomer-detail"] == f"KeyError, trace {fault.trace_id}"
    assert fault.record.offset == 2
    (report,) = shop.told.reports
    assert report.outcomes[Topic.SIGNUPS, Outcome.DEAD_LETTERED] == 1
    assert report.dead_letters == {(Topic.SIGNUPS, "internal_error"): 1}
    assert report.outcomes.total() == len(FAMILY)


async def test_of_two_that_fail_only_together_the_later_is_set_aside() -> None:
    shop = Workshop(pair("b", "d"))
    shop.send(*FAMILY)
    await shop.work()
    assert set(shop.letters()) == {"d"}


async def test_a_fault_of_clustering_itself_is_found() -> None:
    """Not in front of `resolve` but within it, where the ID of a new customer is minted."""

    class Fussy(Keyring):
        def customer_id(self, facet: bytes, source: str, event_id: str, minted: int) -> str:
            if event_id == "d":
                raise ZeroDivisionError
            return super().customer_id(facet, source, event_id, minted)

    shop = Workshop(keyring=Fussy(bytes(32)))
    shop.send(*FAMILY)
    await shop.work()
    assert shop.letters()["d"]["icustomer-detail"].startswith("ZeroDivisionError, trace ")
    assert len(shop.letters()) == 1


async def test_a_fault_of_decoding_is_told_with_its_trace_too() -> None:
    class Fussy(Keyring):
        def facet(self, *claim, **more):
            if "poison" in repr(claim):
                raise RecursionError
            return super().facet(*claim, **more)

    shop = Workshop(keyring=Fussy(bytes(32)))
    shop.send(signup("a"), signup("poison"))
    await shop.work()
    (fault,) = shop.told.faults
    detail = shop.letters()["poison"]["icustomer-detail"]
    assert detail == f"RecursionError, trace {fault.trace_id}"
    assert len(shop.space.groups) == 1


@pytest.mark.parametrize("error", [UnavailableError, MemoryError])
async def test_a_fault_of_the_surroundings_is_tried_again(error: type[Exception]) -> None:
    tries = []

    def fails(event_ids: Sequence[str]) -> None:
        tries.append(event_ids)
        if len(tries) == 1:
            raise error("for a moment")

    shop = Workshop(fails)
    shop.send(*FAMILY)
    await shop.work()
    assert not shop.letters()
    assert [type(each) for each in shop.told.disturbances] == [error]
    assert shop.committed() == len(FAMILY)


async def test_what_was_left_out_once_is_not_tried_nor_told_again() -> None:
    whole = []

    def fails(event_ids: Sequence[str]) -> None:
        at("poison")(event_ids)
        if len(event_ids) == len(FAMILY) - 1:
            whole.append(event_ids)
            if len(whole) == 2:
                raise UnavailableError("for a moment, when all was found")

    shop = Workshop(fails)
    shop.send(*FAMILY)
    await shop.work()
    assert set(shop.letters()) == {"poison"}
    assert len(shop.told.faults) == 1
    assert len(shop.told.disturbances) == 1


# -- state that cannot be read -----------------------------------------------------------------


async def test_a_damaged_group_stops_the_worker_and_no_event_is_blamed() -> None:
    shop = Workshop()
    shop.send(*FAMILY)
    await shop.work()
    (group_id,) = [key for key, blob in shop.space.groups.items() if len(blob) > 300]
    shop.space.groups[group_id] = shop.space.groups[group_id][:60]
    shop.send(signup("e", "home@example.org"), signup("f"))
    before = (dict(shop.space.groups), shop.committed())
    with pytest.raises(DamagedGroupError, match=f"{group_id.hex()}.*verify --repair"):
        await shop.work()
    assert (shop.space.groups, shop.committed()) == before
    assert not shop.letters()
    assert len(shop.told.fatalities) == 1


async def test_a_group_of_a_newer_format_stops_the_worker_and_no_event_is_blamed() -> None:
    shop = Workshop()
    shop.send(*FAMILY)
    await shop.work()
    for group_id, blob in shop.space.groups.items():
        shop.space.groups[group_id] = blob[:16] + b"\x02" + blob[17:]
    shop.send(*FAMILY)
    with pytest.raises(NewerStateError, match="format 2"):
        await shop.work()
    assert not shop.letters()
    assert shop.committed() == len(FAMILY)


# -- the circuit -------------------------------------------------------------------------------


async def test_a_bad_release_stops_before_anything_is_committed() -> None:
    poison = [f"poison-{number}" for number in range(10)]
    shop = Workshop(at(*poison))
    shop.send(*map(signup, poison), *(signup(f"fine-{number}") for number in range(90)))
    with pytest.raises(CircuitOpenError, match=r"10 of the last 100 records of signups.*KeyError"):
        await shop.work()
    assert shop.committed() == 0
    assert not shop.letters()
    assert not shop.space.groups
    assert len(shop.told.faults) == 10
    assert len(shop.told.fatalities) == 1


async def test_small_batches_of_a_bad_release_add_up() -> None:
    poison = [f"poison-{number}" for number in range(12)]
    shop = Workshop(at(*poison))
    for event_id in poison[:9]:
        shop.send(signup(event_id))
        await shop.work()
    shop.send(signup(poison[9]))
    with pytest.raises(CircuitOpenError, match="10 of the last 10 "):
        await shop.work()
    assert len(shop.letters()) == shop.committed() == 9


async def test_a_few_of_a_small_batch_do_not_stop_it() -> None:
    poison = [f"poison-{number}" for number in range(9)]
    shop = Workshop(at(*poison))
    shop.send(*map(signup, poison))
    await shop.work()
    assert set(shop.letters()) == set(poison)


async def test_the_circuit_can_be_set_never_to_open() -> None:
    poison = [f"poison-{number}" for number in range(50)]
    shop = Workshop(at(*poison), circuit=NEVER)
    shop.send(*map(signup, poison))
    await shop.work()
    assert set(shop.letters()) == set(poison)


# -- generations -------------------------------------------------------------------------------


def test_a_topic_that_was_made_again_is_another_place() -> None:
    intake = Intake(DEFAULT_RULES, Keyring(bytes(32)), lambda: 0)
    value = json.dumps(signup("a")).encode()
    batch = intake.take(
        [
            InputRecord(Topic.SIGNUPS, 2, offset, 0, None, value, (), generation)
            for offset, generation in ((5, ""), (0, "x7"), (6, ""))
        ]
    )
    places = [item.origin.partition for item in batch.items]
    assert places == ["signups/2", "signups+x7/2", "signups/2"]
    assert batch.offsets == {
        InputPartition(Topic.SIGNUPS, 2): 7,
        InputPartition(Topic.SIGNUPS, 2, "x7"): 1,
    }
