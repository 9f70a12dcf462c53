"""What would make a group or a profile larger than its topic takes is refused, and told so."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from random import Random

from icustomer.contracts.topics import Topic
from icustomer.core.change import Outcome
from icustomer.prepare import LARGEST_GROUP, LARGEST_PROFILE
from icustomer.stream.topics import MAX_MESSAGE_BYTES
from unit.worker.workshop import Workshop, signup

TEXT_BYTES = 750
"""A thousand characters of 64, drawn at random: nothing makes less of them than these bytes."""
LINES = 100
FITTING, MORE = 105, 10
"""Orders of some 75 kB: the first ones fit, not all of the others do."""
SEED = 5


def texts(random: Random, count: int) -> list[str]:
    return [urlsafe_b64encode(random.randbytes(TEXT_BYTES)).decode() for _ in range(count)]


def order(number: int, random: Random) -> dict[str, object]:
    """Some 75 kB, however it is packed."""
    items = [{"name": text, "quantity": 1} for text in texts(random, LINES)]
    return signup(
        f"order-{number}", "hoarder@example.org", order_id=f"O-{number}", status="paid", items=items
    )


async def test_orders_beyond_what_the_changelog_takes_are_refused_and_smaller_ones_go_on() -> None:
    random = Random(SEED)
    orders = [order(number, random) for number in range(FITTING + MORE)]
    shop = Workshop()
    shop.send(*orders[:FITTING], topic=Topic.ORDERS)
    await shop.work()
    assert not shop.letters()
    shop.send(*orders[FITTING:], topic=Topic.ORDERS)
    shop.send(signup("other"), signup("small", "hoarder@example.org", locale="de"))
    await shop.work()
    refused = shop.letters()
    assert 0 < len(refused) < MORE
    assert set(refused) == {str(each["event_id"]) for each in orders[-len(refused) :]}
    for headers in refused.values():
        assert headers["icustomer-reason"] == "too_large"
        assert f"bytes, its topic takes {LARGEST_GROUP:,}" in headers["icustomer-detail"]
    largest = max(map(len, shop.space.groups.values()))
    assert 0.95 * LARGEST_GROUP < largest <= LARGEST_GROUP
    assert all(
        len(value or b"") < MAX_MESSAGE_BYTES[Topic.IDENTITY_STATE]
        for _, value in shop.published(Topic.IDENTITY_STATE)
    )
    report = shop.told.reports[-1]
    assert report.outcomes[Topic.ORDERS, Outcome.DEAD_LETTERED] == len(refused)
    assert report.outcomes.total() == MORE + 2
    assert not shop.told.faults, "no fault of ours"


async def test_a_profile_beyond_what_its_topic_takes_is_refused() -> None:
    random = Random(SEED)
    count = 55
    shop = Workshop()
    shop.send(
        *(
            signup(
                f"event-{number}",
                "hoarder@example.org",
                preferences={
                    f"{number}-{line}": text for line, text in enumerate(texts(random, 80))
                },
            )
            for number in range(count)
        )
    )
    await shop.work()
    refused = shop.letters()
    assert 0 < len(refused) < count / 4
    for headers in refused.values():
        assert headers["icustomer-reason"] == "too_large"
        assert "profile" in headers["icustomer-detail"]
    (profile,) = (value for _, value in shop.published(Topic.PROFILES))
    assert 0.9 * LARGEST_PROFILE < len(profile or b"") <= LARGEST_PROFILE
